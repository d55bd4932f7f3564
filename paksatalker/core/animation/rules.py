"""The face engine ``rules``: speech → face motion by rule, streaming, without weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from paksatalker.core import options
from paksatalker.core.animation.blinks import Blinks
from paksatalker.core.animation.breath import breathe
from paksatalker.core.animation.brows import Brows
from paksatalker.core.animation.coarticulation import Articulation, articulate
from paksatalker.core.animation.context import LOOKAHEAD, SpeechContext
from paksatalker.core.animation.emotion import Mix, mix
from paksatalker.core.animation.gaze import Gaze, in_head, write_looks
from paksatalker.core.animation.head import Beats, Head
from paksatalker.core.animation.noise import leaning, smooth, spline_noise, stream_key
from paksatalker.core.animation.visemes import GROUP_OF, PARAMETERS
from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES, EMOTIONS, FaceTrack, Speech

Array = npt.NDArray[np.float64]

#: Frame rates that the formulas are good for: wider than what a video may have.
_FPS = options.Range(1, 240)
#: Frames made at a time: bounds memory for long pieces.
_BLOCK = 250
#: Seconds before a frame within which events may have begun that it shows.
_PAST = 1.5


class RuleFace:
    """Animates a face from timed phones and prosody.

    Args:
        fps: Frames a second, 1–240.
        seed: The same seed and speech give the same frames; another seed another performance.
        expression_scale: Strength of articulation and emotion, 0–2. Lips close for m, b, p at any value above 0.
        head_motion: Strength of head motion, 0–2.
        pose_style: A reproducible manner of moving the head, 0–45; 0 is the average.
        still: Keeps the head within about ±0.5°.
        emotion: One of :data:`~paksatalker.core.timeline.EMOTIONS` instead of what the speech says; None leaves it.
        intensity: Of that emotion, 0–1.

    Raises:
        InvalidOption: A value is out of its range.
    """

    def __init__(
        self,
        fps: float = 25.0,
        seed: int = 0,
        *,
        expression_scale: float = 1.0,
        head_motion: float = 1.0,
        pose_style: int = 0,
        still: bool = False,
        emotion: str | None = None,
        intensity: float = 1.0,
    ) -> None:
        options.require_range("fps", fps, _FPS)
        options.require_range("expression-scale", expression_scale, options.STRENGTH)
        options.require_range("head-motion", head_motion, options.STRENGTH)
        options.require_range("pose-style", pose_style, options.POSE_STYLE)
        options.require_range("emotion-intensity", intensity, options.INTENSITY)
        if emotion is not None:
            options.require_choice("emotion", emotion, EMOTIONS)
        self.fps = fps
        self.seed = seed
        self._scale = expression_scale
        self._head_motion = head_motion
        self._pose_style = pose_style
        self._still = still
        self._emotion = (emotion, intensity) if emotion is not None else None

    def animate(self, pieces: Iterable[Speech]) -> Iterator[FaceTrack]:
        """Animates piece by piece; see :class:`~paksatalker.core.engines.FaceEngine`.

        Frames are made as soon as :data:`~paksatalker.core.animation.context.LOOKAHEAD` seconds of speech beyond them
        are known, and at the latest with the next piece. How the speech is cut does not change them as long as the
        pieces are longer than that.

        Raises:
            ValueError: Pieces overlap, or carry phones or emotions that do not exist.
        """
        performer = Performer(self.fps, self.seed, self._scale, Head(
            self.seed, self._head_motion, self._pose_style, self._still
        ))  # fmt: skip
        context = SpeechContext()
        done = 0
        for piece in pieces:
            context.add(self._directed(piece))
            known = max(context.end - LOOKAHEAD, piece.start)
            for track in self._frames(performer, context, done, math.ceil((known - 1e-6) * self.fps)):
                done += len(track)
                yield track
        context.close()
        yield from self._frames(performer, context, done, math.ceil((context.end - 1e-6) * self.fps))

    def _directed(self, piece: Speech) -> Speech:
        if piece.emotion not in EMOTIONS:
            raise ValueError(f"'{piece.emotion}' is not an emotion")
        if self._emotion is None:
            return piece
        return replace(piece, emotion=self._emotion[0], intensity=self._emotion[1])

    def _frames(self, performer: Performer, context: SpeechContext, done: int, until: int) -> Iterator[FaceTrack]:
        for first in range(done, until, _BLOCK):
            last = min(first + _BLOCK, until)
            yield performer.perform(context, first, last)
            context.forget(last / self.fps)


class Performer:
    """Composes the layers for runs of frames, in order.

    Args:
        fps: Frames a second.
        seed: Of the work.
        scale: Strength of articulation and emotion.
        head: How the head moves.
    """

    def __init__(self, fps: float, seed: int, scale: float, head: Head) -> None:
        self._fps = fps
        self._seed = seed
        self._scale = scale
        self._head = head
        self._brows = Brows(seed)
        self._blinks = Blinks(seed, fps)
        self._gaze = Gaze(seed)
        self._sides = leaning(stream_key(seed, "mouth/stronger"))

    def perform(self, context: SpeechContext, first: int, last: int) -> FaceTrack:
        """The frames from ``first`` up to ``last``; what was decided (blinks, looks) stays decided."""
        times = np.arange(first, last) / self._fps
        spans = context.spans(0.2)
        speech = _presence(spans, times)
        mouth = articulate(context, times, self._fps)
        mood = mix(context.moods, times, self._seed, self._scale)
        beats = Beats(_since(context.accents(), times[0]), context.phrases, context.questions)
        self._decide(context, spans, times)

        coefficients = self._mouth(mouth, mood, times)
        self._add_emotion(coefficients, mouth, mood)
        self._brows.add(coefficients, times, beats, mood.tempo)
        self._brows.add_idle(coefficients, times, mouth.gate)
        rotation = self._head.rotation(times, beats, speech, mood.motion, mood.head)
        gaze = in_head(self._gaze.look(times) + mood.gaze, rotation)
        gaze[:, 1] += 1.5 * self._blink(coefficients, times)
        write_looks(coefficients, gaze)
        self._blinks.forget(times[-1])
        self._gaze.forget(times[-1])
        return FaceTrack(
            fps=self._fps,
            coefficients=np.clip(coefficients, 0.0, 1.0).astype(np.float32),
            head_rotation=rotation.astype(np.float32),
            head_translation=self._head.translation(times, rotation, speech, mood.lean).astype(np.float32),
            gaze=gaze.astype(np.float32),
            seal=(mouth.seal * (self._scale > 0)).astype(np.float32),
            tongue=np.clip(mouth.values[:, -1] * min(self._scale, 1.0), 0.0, 1.0).astype(np.float32),
            activity=(np.maximum(mouth.activity, mood.takeover) * (self._scale > 0)).astype(np.float32),
            breath=breathe(context.phrases, times, self._seed).astype(np.float32),
            first_frame=first,
        )

    def _decide(self, context: SpeechContext, spans: list[tuple[float, float]], times: Array) -> None:
        """Draws gaze shifts and blinks up to the last frame."""
        self._gaze.advance(times[-1] + 0.1, lambda t: float(_presence(spans, np.array([t]))[0]))
        steps = self._blinks.steps(times[-1] + 1e-6)
        if not len(steps):
            return
        pull = np.ones(len(steps))
        for start, end in context.phrases:
            pull = np.maximum(pull, 5.0 * ((steps >= end - 0.05) & (steps < end + 0.30)))
            pull = np.where((steps > start - 0.1) & (steps < start + 0.35), 0.6 * pull, pull)
        pull = np.where(self._gaze.shifts(steps) > 4.0, 8.0 * pull, pull)
        rate = mix(context.moods, steps, self._seed).blinks
        self._blinks.advance(steps, 0.70 * pull * rate)

    def _mouth(self, mouth: Articulation, mood: Mix, times: Array) -> Array:
        coefficients = np.zeros((len(times), len(ARKIT_NAMES)))
        wave = 0.5 * spline_noise(stream_key(self._seed, "mouth/side"), times, 0.9)
        for i, name in enumerate(PARAMETERS):
            style = mood.jaw if GROUP_OF[i] == 0 else mood.lips
            values = mouth.values[:, i] * style * self._scale
            if name == "tongue":
                continue
            if name in ARKIT_INDEX:
                coefficients[:, ARKIT_INDEX[name]] = values
                continue
            lean = 0.05 * (self._sides + wave)
            coefficients[:, ARKIT_INDEX[name + "Left"]] = values * (1.0 + lean)
            coefficients[:, ARKIT_INDEX[name + "Right"]] = values * (1.0 - lean)
        return coefficients

    def _add_emotion(self, coefficients: Array, mouth: Articulation, mood: Mix) -> None:
        """Lays the emotion under the speech: rounded lips do not smile, closed lips are not parted."""
        rounded = np.clip(
            coefficients[:, ARKIT_INDEX["mouthPucker"]] + coefficients[:, ARKIT_INDEX["mouthFunnel"]], 0, 1
        )
        free = np.where(_MOUTH, 1.0 - 0.45 * rounded[:, None], 1.0)
        parted = (mouth.gate * (1.0 - mouth.seal))[:, None]
        coefficients += mood.face * free + mood.talking * free * parted

    def _blink(self, coefficients: Array, times: Array) -> Array:
        """Writes the blinks over whatever the lids do; returns how far they are shut."""
        left, right = self._blinks.curves(times)
        for name, lid in (("Left", left), ("Right", right)):
            column = ARKIT_INDEX["eyeBlink" + name]
            coefficients[:, column] = np.maximum(coefficients[:, column], lid)
            coefficients[:, ARKIT_INDEX["eyeWide" + name]] *= 1.0 - lid
            coefficients[:, ARKIT_INDEX["browDown" + name]] += 0.05 * lid
        return np.maximum(left, right)


_MOUTH = np.array([name.startswith("mouth") for name in ARKIT_NAMES])


def _presence(spans: list[tuple[float, float]], times: Array) -> Array:
    """How much speech there is around [T], 0–1, rising and falling over about 0.6 s."""
    if not spans:
        return np.zeros(len(times))
    start, end = np.asarray(spans).T
    up = smooth((times[:, None] - start + 0.3) / 0.5)
    down = 1.0 - smooth((times[:, None] - end + 0.1) / 0.6)
    return np.asarray((up * down).max(axis=1))


def _since(events: list[tuple[float, float]], time: float) -> list[tuple[float, float]]:
    return [event for event in events if event[0] > time - _PAST]
