import logging

import pytest

from paksatalker.core import engines
from paksatalker.core.engines import STAGES, Capabilities, EngineInfo, find, installed
from paksatalker.errors import EngineUnavailable, InvalidOption

MISSING = EngineInfo(
    name="dream",
    stage="face",
    capabilities=Capabilities("Speech", "arkit52"),
    factory="collections:OrderedDict",
    requires=("no_such_module_anywhere",),
    install="pip install 'paksatalker[dream]'",
)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_default_that_runs_here(stage: str) -> None:
    info = find(stage)
    assert info in installed(stage)
    assert info.stage == stage
    assert info.missing() == ()


def test_missing_dependency_is_an_error_with_the_command_that_installs_it() -> None:
    with pytest.raises(EngineUnavailable) as caught:
        MISSING.create()
    assert "no_such_module_anywhere is not installed" in str(caught.value)
    assert "pip install 'paksatalker[dream]'" in caught.value.fix


def test_unknown_engine_names_those_that_exist() -> None:
    with pytest.raises(InvalidOption, match="rules"):
        find("face", "nonesuch")


class Broken:
    name = "broken"

    def load(self) -> EngineInfo:
        raise ImportError("libfoo.so is not there")


def test_a_broken_plug_in_takes_nothing_down(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    points = engines.entry_points
    monkeypatch.setattr(engines, "entry_points", lambda group: [Broken(), *points(group=group)])
    logger = logging.getLogger("paksatalker")
    monkeypatch.setattr(logger, "propagate", True)
    assert find("face").name == "rules"
    assert "the face engine 'broken' cannot be loaded: ImportError: libfoo.so is not there" in caplog.text


def test_engine_is_made_with_its_options() -> None:
    info = EngineInfo("dict", "face", Capabilities("a", "b"), "builtins:dict")
    assert info.create(seed=3) == {"seed": 3}
