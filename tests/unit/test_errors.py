import inspect

import pytest

from paksatalker import errors
from paksatalker.errors import PaksaTalkerError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, PaksaTalkerError)]


def test_every_error_has_its_own_exit_code() -> None:
    codes = [c.exit_code for c in CLASSES]
    assert len(codes) == len(set(codes))
    assert all(0 < code < 256 for code in codes)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda c: c.__name__)
def test_message_is_one_line_with_what_why_and_fix(kind: type[PaksaTalkerError]) -> None:
    error = kind("cannot do it", "the cause", "Do this")
    assert str(error) == "cannot do it: the cause. Do this"
    assert error.code == kind.__name__
    assert inspect.getdoc(kind)
