import pytest

from paksatalker.core.languages import primary


@pytest.mark.parametrize("tag", ["pt", "pt-BR", "PT_br", "pt-Latn-BR"])
def test_a_language_is_the_same_in_every_region(tag: str) -> None:
    assert primary(tag) == "pt"
    assert primary("") == ""
