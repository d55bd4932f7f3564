import pytest
from py3langid import langid

from paksatalker.core.text.language_model import LanguageModel


def test_a_model_that_is_laid_out_otherwise_is_loaded_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def set_languages(self, languages: list[str]) -> None:
            self.languages = languages

        def classify(self, _: str) -> tuple[str, float]:
            return self.languages[-1], 0.5

    monkeypatch.setattr(langid, "MODEL_FILE", "another.xz")
    monkeypatch.setattr(langid.LanguageIdentifier, "from_model_file", lambda *_, **__: Library())
    assert LanguageModel(("en", "fr")).classify("Bonjour") == ("fr", 0.5)
