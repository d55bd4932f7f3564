"""How far a piece of work is: what the pipeline reports and a progress bar shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A true account of how far a video is.

    Attributes:
        stage: ``analyse``, ``render`` or ``finish``.
        frames: Frames written so far.
        frames_expected: Frames the video will have: exact for a recording, and for a text once its last sentence is
            spoken; before that extrapolated from the share of the text that is spoken. None before anything is known.
        exact: Whether ``frames_expected`` is exact.
        frames_per_second: Speed since the first frame.
        seconds_left: Expected, or None before there is a speed.
    """

    stage: str
    frames: int = 0
    frames_expected: int | None = None
    exact: bool = False
    frames_per_second: float = 0.0
    seconds_left: float | None = None

    @property
    def fraction(self) -> float | None:
        """0–1, or None before anything is known."""
        if not self.frames_expected:
            return None
        return min(1.0, self.frames / self.frames_expected)


ProgressCallback = Callable[[Progress], None]


class FrameCounter:
    """Counts finished frames and extrapolates.

    Args:
        fps: Frames a second of video.
        text_length: Characters to be spoken, when speech is synthesised.
        duration: Seconds of the recording, when there is one.
        report: Called with every count.
    """

    def __init__(self, fps: float, text_length: int, duration: float | None, report: ProgressCallback | None) -> None:
        self._fps = fps
        self._text_length = text_length
        self._duration = duration
        self._report = report or (lambda _: None)
        self._spoken_characters = 0
        self._spoken_seconds = 0.0
        self._all_spoken = False
        self._frames = 0
        self._began = time.monotonic()

    def spoken(self, characters: int, until: float) -> None:
        """Notes that speech up to ``until`` seconds on the clock is made from so many more characters."""
        self._spoken_characters += characters
        self._spoken_seconds = until

    def all_spoken(self) -> None:
        """Notes that the last piece of speech is there: the length is known exactly from now on."""
        self._all_spoken = True

    def frame(self) -> None:
        """Counts one more frame and reports."""
        self._frames += 1
        if self._frames == 1:
            self._began = time.monotonic()
        self._report(self.state("render"))

    def state(self, stage: str) -> Progress:
        """The account as of now."""
        expected = self._expected_seconds()
        elapsed = time.monotonic() - self._began
        speed = (self._frames - 1) / elapsed if self._frames > 1 and elapsed > 0 else 0.0
        frames = None if expected is None else max(self._frames, round(expected * self._fps))
        return Progress(
            stage=stage,
            frames=self._frames,
            frames_expected=frames,
            exact=self._all_spoken or self._duration is not None,
            frames_per_second=speed,
            seconds_left=(frames - self._frames) / speed if frames is not None and speed else None,
        )

    def _expected_seconds(self) -> float | None:
        if self._all_spoken:
            return self._spoken_seconds
        if self._duration is not None:
            return self._duration
        if not self._spoken_characters:
            return None
        return self._spoken_seconds * max(1.0, self._text_length / self._spoken_characters)
