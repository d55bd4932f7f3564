import threading
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paksatalker.core import video_stream
from paksatalker.core.progress import Progress
from paksatalker.core.request import Request
from paksatalker.core.sources.source import SpeechSource
from paksatalker.core.timeline import Speech
from paksatalker.core.video_stream import VideoStream
from paksatalker.errors import Cancelled

RATE, FPS = 1000, 25.0


class Animator:
    """Counts the frames of the speech; motion does not matter here."""

    def animate(self, pieces: Iterable[Speech]) -> Iterator[int]:
        for piece in pieces:
            yield round(len(piece.samples) / RATE * FPS)


class Renderer:
    size = (8, 6)

    def __init__(self) -> None:
        self.closed = False

    def render(self, tracks: Iterable[Any]) -> Iterator[np.ndarray]:
        try:
            for count in tracks:
                for _ in range(count):
                    yield np.zeros((6, 8, 3), np.uint8)
        finally:
            self.closed = True


def ramp(seconds: float, start: float) -> Speech:
    samples = np.arange(round(seconds * RATE), dtype=np.float32) / RATE + start
    return Speech(samples, RATE, start, (), "abcde")


def stream(
    renderer: Renderer | None = None,
    cancel: threading.Event | None = None,
    said: list[float] | None = None,
    **options: Any,
) -> VideoStream:
    def pieces() -> Iterator[Speech]:
        for start in (0.0, 1.0, 2.0):
            if said is not None:
                said.append(start)
            yield ramp(1.0, start)

    fake: Any = SimpleNamespace(transparent=False, portrait=SimpleNamespace(notes=("of the photo",)))
    return VideoStream(
        request=Request(image="f", text="a", fps=FPS),
        scene=fake,
        source=SpeechSource("speech", "fake", pieces, characters=15, notes=("of the text",)),
        animator=Animator(),  # type: ignore[arg-type]  # its tracks are numbers
        renderer=renderer or Renderer(),  # type: ignore[arg-type]
        captioner=None,
        engines={"speech": "fake"},
        on_progress=options.get("on_progress"),
        cancel=cancel or threading.Event(),
    )


@pytest.fixture(autouse=True)
def _plain_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_stream, "attach_prosody", lambda pieces, fps: pieces)


def test_frames_carry_their_share_of_the_sound() -> None:
    frames = list(stream())
    assert [frame.index for frame in frames] == list(range(75))
    sound = np.concatenate([frame.audio for frame in frames])
    np.testing.assert_allclose(sound, np.arange(3 * RATE) / RATE, atol=1e-4)


def test_notes_of_photo_and_text_come_together() -> None:
    assert stream().notes == ["of the photo", "of the text"]


def test_speech_is_made_while_frames_are_taken() -> None:
    said: list[float] = []
    frames = iter(stream(said=said))
    assert said == []
    next(frames)
    assert said == [0.0]
    for _ in range(25):
        next(frames)
    assert said == [0.0, 1.0]


def test_listeners_hear_a_piece_before_its_first_frame() -> None:
    heard: list[float] = []
    video = stream()
    video.listen(lambda piece: heard.append(piece.start))
    for frame in video:
        assert heard[-1] == frame.index // 25


def test_progress_is_true() -> None:
    seen: list[Progress] = []
    list(stream(on_progress=seen.append))
    assert [state.frames for state in seen] == list(range(1, 76))
    assert seen[0].frames_expected == 75
    assert not seen[0].exact
    assert seen[-1].fraction == 1.0


def test_an_abandoned_stream_lets_go() -> None:
    renderer = Renderer()
    frames = iter(stream(renderer))
    next(frames)
    frames.close()
    assert renderer.closed


def test_a_stream_can_be_stopped_from_outside() -> None:
    renderer, stop = Renderer(), threading.Event()
    frames = iter(stream(renderer, stop))
    next(frames)
    stop.set()
    with pytest.raises(Cancelled):
        next(frames)
    assert renderer.closed


def test_an_error_in_the_callback_is_the_callers_own() -> None:
    def fail(_: Progress) -> None:
        raise ZeroDivisionError

    renderer = Renderer()
    with pytest.raises(ZeroDivisionError):
        list(stream(renderer, on_progress=fail))
    assert renderer.closed


def test_a_stream_is_iterated_over_once() -> None:
    video = stream()
    list(video)
    with pytest.raises(RuntimeError, match="once"):
        next(iter(video))


def test_free_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    said: list[float] = []
    monkeypatch.setattr(video_stream, "give_back_free_memory", lambda: given.append(said[-1]))
    monkeypatch.setattr(video_stream, "_TIDY_EVERY", 1.5)
    assert len(list(stream(said=said))) == 75
    assert given == [0.0, 2.0]  # while these pieces are made: the first, and that which ends 1.5 s later
