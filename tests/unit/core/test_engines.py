import importlib
import inspect
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from paksatalker.core import engines
from paksatalker.core.engines import STAGES, Capabilities, EngineInfo, find, installed
from paksatalker.errors import EngineUnavailable, InvalidOption
from paksatalker.models.base import WeightsStore

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


def test_what_lacks_only_its_model_is_taken_before_what_lacks_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    model = EngineInfo("model", "face", Capabilities("a", "b"), "builtins:dict", weights=("face-landmarker",))
    monkeypatch.setattr(EngineInfo, "missing_weights", lambda info, store=None: info.weights)
    monkeypatch.setattr(engines, "installed", lambda stage: (MISSING, model))
    assert find("face") is model
    monkeypatch.setattr(engines, "installed", lambda stage: (MISSING,))
    with pytest.raises(EngineUnavailable, match="pip install 'paksatalker"):
        find("face")
    monkeypatch.setattr(engines, "installed", lambda stage: ())
    with pytest.raises(EngineUnavailable, match="there is no face engine"):
        find("face")


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


class TestWeights:
    INFO = EngineInfo("w", "recording", Capabilities("audio", "Speech"), "builtins:dict", weights=("whisper-base",))

    def test_an_engine_without_its_weights_says_how_to_get_them(self, tmp_path: Path) -> None:
        store = WeightsStore(tmp_path)
        assert self.INFO.missing_weights(store) == ("whisper-base",)
        hindrance = self.INFO.hindrance(store)
        assert hindrance is not None
        assert hindrance.fix == "Run: paksatalker models download whisper-base"

    def test_auto_passes_over_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        best = replace(self.INFO, priority=99)
        plain = EngineInfo("p", "recording", Capabilities("audio", "Speech"), "builtins:dict")
        monkeypatch.setattr(engines, "installed", lambda _stage: (best, plain))
        monkeypatch.setattr(engines, "WeightsStore", lambda: WeightsStore(tmp_path))
        assert find("recording") is plain
        assert find("recording", "w") is best


@pytest.mark.parametrize("stage", ["speech", "recording"])
def test_engines_take_what_the_pipeline_gives_them(stage: str) -> None:
    for info in installed(stage):
        if info.missing():
            continue
        module, _, name = info.factory.partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        expected = {"store"} if info.weights else set()
        assert expected | ({"max_seconds"} if stage == "recording" else set()) <= set(parameters), info.name
