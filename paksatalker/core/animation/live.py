"""A face that lives on a clock of its own: it rests, speaks whenever there is something to say, and can be stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.context import SpeechContext
from paksatalker.core.animation.head import Head
from paksatalker.core.animation.noise import smoother
from paksatalker.core.animation.rules import Performer
from paksatalker.core.timeline import EMOTIONS, FaceTrack, Prosody, Speech, frame_span

Array = npt.NDArray[np.float64]

#: Tracks, and the seconds in which what a change of plan does to them is spread: lips are quick, a head is heavy.
_SETTLES = {
    "coefficients": 0.20, "seal": 0.12, "tongue": 0.16, "activity": 0.30,
    "gaze": 0.24, "head_rotation": 0.60, "head_translation": 0.60, "breath": 0.60,
}  # fmt: skip
_RATE = 16000  # Hz of silence that nobody hears


class LivePerformance:
    """Makes frames one after another, as they are due, without knowing what will be said.

    Between utterances the face breathes, blinks and looks around. Head, gaze and blinks go on through everything: it is
    one performance from the first frame to the last. Where the plan changes (speech begins, or is stopped), the
    difference to what would have been shown fades out, so that nothing jumps.

    Args:
        fps: Frames a second.
        seed: The same seed moves in the same way.
        expression_scale: Strength of articulation and emotion, 0–2.
        head_motion: Strength of head motion, 0–2.

    Attributes:
        done: How many frames were made.
    """

    def __init__(self, fps: float, seed: int = 0, *, expression_scale: float = 1.0, head_motion: float = 1.0) -> None:
        self.fps = fps
        self.done = 0
        self._performer = Performer(fps, seed, expression_scale, Head(seed, head_motion))
        self._context = SpeechContext()
        self._offsets: dict[str, Array] = {}  # what is still shown of the plan before
        self._changed = 0  # the frame from which there is another plan

    def say(self, piece: Speech) -> None:
        """Takes a piece of speech.

        Args:
            piece: With prosody; ``start`` is on the performance's clock, and after all speech that was given before.
                What of it lies before the next frame is lost.

        Raises:
            ValueError: A phone or an emotion that does not exist.
        """
        if piece.emotion not in EMOTIONS:
            raise ValueError(f"'{piece.emotion}' is not an emotion")
        before = self._next()
        self._context.cut(piece.start)  # rest that had been assumed
        self._rest(piece.start, piece.emotion, piece.intensity)
        self._context.add(piece)
        self._change(before)

    def cut(self, at: float) -> None:
        """Ends all speech at ``at``, seconds on the performance's clock."""
        if at < self._context.end:
            before = self._next()
            self._context.cut(at)
            self._change(before)

    def advance(self, frames: int = 1) -> FaceTrack:
        """The next frames."""
        first, last = self.done, self.done + frames
        self._rest(last / self.fps)
        track = self._faded(self._performer.perform(self._context, first, last))
        self._context.forget(last / self.fps)
        self.done = last
        return track

    # --- resting -----------------------------------------------------------------------------------------------------
    def _rest(self, until: float, emotion: str | None = None, intensity: float = 1.0) -> None:
        """Fills up with silence; the mood that there was stays."""
        start = self._context.end
        samples = round((until - start) * _RATE)
        if samples <= 0:
            return
        if emotion is None:
            emotion, intensity = self._mood()
        end = start + samples / _RATE
        first, last = frame_span(start, end, self.fps)
        still = np.zeros(last - first, np.float32)
        prosody = Prosody(self.fps, still, still, still.astype(bool), still, ((start, end),))
        silence = np.zeros(samples, np.float32)
        self._context.add(Speech(silence, _RATE, start=start, prosody=prosody, emotion=emotion, intensity=intensity))

    def _mood(self) -> tuple[str, float]:
        moods = self._context.moods
        return (moods[-1].emotion, moods[-1].intensity) if moods else ("neutral", 1.0)

    # --- changing ----------------------------------------------------------------------------------------------------
    def _next(self) -> FaceTrack | None:
        """The next frame as it would be, to be compared with what it will be."""
        if not self.done:
            return None
        self._rest((self.done + 1) / self.fps)
        return self._performer.perform(self._context, self.done, self.done + 1)

    def _change(self, before: FaceTrack | None) -> None:
        if before is None:
            return
        if self._context.end < (self.done + 1) / self.fps:
            self._rest((self.done + 1) / self.fps)
        after = self._performer.perform(self._context, self.done, self.done + 1)
        left = self._left(np.array([self.done]))
        self._offsets = {
            name: getattr(before, name)[0].astype(np.float64) - getattr(after, name)[0] + left[name][0]
            for name in _SETTLES
        }
        self._changed = self.done

    def _left(self, frames: npt.NDArray[np.int_]) -> dict[str, Any]:
        """What is still shown of the plan before, by track [T, …]."""
        since = (frames - self._changed) / self.fps
        left: dict[str, Any] = {}
        for name, seconds in _SETTLES.items():
            share = 1.0 - smoother(since / seconds)
            offset = self._offsets.get(name, np.float64(0.0))
            left[name] = share.reshape(-1, *([1] * np.ndim(offset))) * offset
        return left

    def _faded(self, track: FaceTrack) -> FaceTrack:
        frames = np.arange(track.first_frame, track.first_frame + len(track))
        if not self._offsets or (frames[0] - self._changed) / self.fps > max(_SETTLES.values()):
            self._offsets = {}
            return track
        rows = {name: getattr(track, name) + values for name, values in self._left(frames).items()}
        for name in ("coefficients", "seal", "tongue", "activity"):
            rows[name] = np.clip(rows[name], 0.0, 1.0)
        return replace(track, **{name: values.astype(np.float32) for name, values in rows.items()})
