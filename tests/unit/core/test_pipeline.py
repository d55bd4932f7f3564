import pytest

from paksatalker.core import pipeline
from paksatalker.core.engines import Capabilities, EngineInfo
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.request import Request
from paksatalker.errors import EnginesIncompatible, InvalidOption


def test_engines_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = {
        "face": EngineInfo("mime", "face", Capabilities("Speech", "flame"), "a:b"),
        "renderer": EngineInfo("paper", "renderer", Capabilities("arkit52", "frames"), "a:b"),
    }
    monkeypatch.setattr(pipeline, "find", lambda stage, name: infos[stage])
    with Pipeline() as made, pytest.raises(EnginesIncompatible, match="gives flame, the renderer takes arkit52"):
        made.stream(Request(image="f", text="a"))


def test_an_option_that_no_engine_looks_at_is_refused() -> None:
    request = Request(image="f", text="a", yaw=(0.0, 20.0))
    with Pipeline() as made, pytest.raises(InvalidOption, match=r"--yaw has no effect.* do not know it"):
        made.stream(request)
