import inspect
import re
from pathlib import Path

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


def test_what_a_library_says_in_several_lines_stays_one_line() -> None:
    assert str(errors.ImageUnreadable("cannot read it", "first\nsecond", "Do this")) == (
        "cannot read it: first second. Do this"
    )


def test_errors_with_and_without_a_class_are_told_alike() -> None:
    error = errors.NoFace("cannot see it", "it is\ndark", "Light it")
    assert error.to_dict() == errors.error_dict("NoFace", "cannot see it", "it is\ndark", "Light it")
    assert error.to_dict()["message"] == error.message
    assert errors.error_dict("Stopping", "the service stops", "", "Wait")["message"] == "the service stops. Wait"


def test_the_documented_table_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    documented = {name: int(code) for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.M)}
    assert documented == {c.__name__: c.exit_code for c in CLASSES if c is not PaksaTalkerError}
