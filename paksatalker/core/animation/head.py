"""How the head moves: wandering, nods and tilts with the speech, posture shifts between phrases.

Everything is a closed formula of time and nearby events, twice continuously differentiable. Real speakers, tracked:
standard deviation of yaw, pitch and roll about 3.3°, median angular speed 18°/s including the tracker's jitter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.noise import bell, bump, chance, smoother, spline_noise, stream_key, uniform
from paksatalker.core.options import POSE_STYLE

Array = npt.NDArray[np.float64]

#: Degrees no axis exceeds.
LIMIT = 8.0
#: Character 0 is the average speaker; 1–45 differ from it.
STYLES = int(POSE_STYLE.high) + 1
_AXES = ("yaw", "pitch", "roll")
#: Wandering: knot spacing in seconds and standard deviation of yaw, pitch, roll in degrees.
_BANDS = ((0.66, (2.45, 1.85, 2.10)), (0.30, (1.30, 1.10, 1.08)), (0.15, (0.34, 0.34, 0.26)))
_POSTURE = (1.9, 1.3, 1.6)  # standard deviation of the pose taken for a phrase, degrees
_NOD = 2.6  # degrees down on a full accent
_STILL = 0.14  # factor on everything when still


@dataclass(frozen=True, slots=True)
class Character:
    """A manner of moving the head.

    Attributes:
        reach: Factors on the wandering of yaw, pitch, roll.
        tempo: Factor on its speed.
        nods: Factor on nods.
        tilts: Factor on tilts and posture shifts.
        pose: Mean yaw, pitch, roll in degrees.
    """

    reach: tuple[float, float, float] = (1.0, 1.0, 1.0)
    tempo: float = 1.0
    nods: float = 1.0
    tilts: float = 1.0
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def of_style(cls, style: int) -> Character:
        """The reproducible character behind a ``pose_style`` of 0–45."""
        if not 0 <= style < STYLES:
            raise ValueError(f"pose_style is {style}, not 0–{STYLES - 1}")
        if style == 0:
            return cls()
        u = 2.0 * uniform(stream_key(style, "head/character"), np.arange(9)) - 1.0
        return cls(
            reach=(1.0 + 0.25 * u[0], 1.0 + 0.25 * u[1], 1.0 + 0.25 * u[2]),
            tempo=1.0 + 0.22 * u[3],
            nods=1.0 + 0.5 * u[4],
            tilts=1.0 + 0.4 * u[5],
            pose=(1.5 * u[6], 0.8 * u[7], 1.3 * u[8]),
        )


@dataclass(frozen=True, slots=True)
class Beats:
    """The events of the speech that the head and brows answer to.

    Attributes:
        accents: Time and strength of prominent syllables.
        phrases: Spans of phrases; the first two may lie before the window.
        questions: Ends of questions.
    """

    accents: Sequence[tuple[float, float]]
    phrases: Sequence[tuple[float, float]]
    questions: Sequence[float]


class Head:
    """Head motion of one work.

    Args:
        seed: Of the work.
        amount: ``head_motion``, 0–2: factor on all motion.
        style: ``pose_style``, 0–45.
        still: Leaves about ±0.5°.
    """

    def __init__(self, seed: int, amount: float = 1.0, style: int = 0, still: bool = False) -> None:
        self._seed = seed
        self._character = Character.of_style(style)
        self._amount = amount * (_STILL if still else 1.0)
        self._still = still
        self._nod_key = stream_key(seed, "head/nods")
        self._posture_keys = [stream_key(seed, f"head/posture/{axis}") for axis in _AXES]

    def rotation(self, times: Array, beats: Beats, speech: Array, motion: Array, offset: Array) -> Array:
        """Yaw, pitch, roll [T, 3] in degrees, within ±:data:`LIMIT`.

        Args:
            times: [T] seconds.
            beats: Events around.
            speech: [T] 0–1 how much is being said.
            motion: [T] factor by the emotion.
            offset: [T, 3] carriage by the emotion, degrees.
        """
        lively = (0.55 + 0.45 * speech) * motion
        pose = self._wander(times) * lively[:, None] + self._posture(times, beats) * motion[:, None]
        pose += np.array(self._character.pose) * smoother(times / 1.2)[:, None]
        if not self._still:
            pose[:, 1] += self._nods(times, beats) * motion
            pose += self._questions(times, beats)
        pose = self._amount * pose + offset * (_STILL if self._still else 1.0)
        pose *= (0.25 + 0.75 * smoother(times / 0.8))[:, None]  # begins near the photo's own pose
        return np.asarray(LIMIT * np.tanh(pose / LIMIT))

    def translation(self, times: Array, rotation: Array, speech: Array, lean: Array) -> Array:
        """Right, down (eye distances) and log scale [T, 3]: the trunk follows the head a little and sways by itself."""
        sway = np.column_stack(
            [spline_noise(stream_key(self._seed, f"head/sway/{axis}"), times, 1.3) for axis in ("x", "y", "z")]
        )
        own = sway * np.array([0.012, 0.007, 0.006]) * (0.6 + 0.4 * speech)[:, None] * min(self._amount, 2.0)
        coupled = np.column_stack([0.0028 * rotation[:, 0], 0.0034 * rotation[:, 1], 0.0007 * rotation[:, 1]])
        moved = own + coupled
        moved[:, 2] += lean
        return np.asarray(moved)

    def _wander(self, times: Array) -> Array:
        character = self._character
        pose = np.zeros((len(times), 3))
        for band, (spacing, sizes) in enumerate(_BANDS):
            for axis, name in enumerate(_AXES):
                key = stream_key(self._seed, f"head/{name}/{band}")
                size = sizes[axis] * character.reach[axis]
                pose[:, axis] += size * spline_noise(key, times, spacing / character.tempo)
        return pose

    def _posture(self, times: Array, beats: Beats) -> Array:
        """A pose for every phrase, taken up as it begins."""
        pose = np.zeros((len(times), 3))
        before = np.zeros(3)
        for i, (start, _) in enumerate(beats.phrases):
            taken = np.array([size * bell(key, start) for size, key in zip(_POSTURE, self._posture_keys, strict=True)])
            taken *= self._character.tilts
            weight = smoother((times - start + 0.25) / 0.8) if i or start > 0.25 else smoother(times / 0.8)
            pose += weight[:, None] * (taken - before)
            before = taken
        return pose

    def _nods(self, times: Array, beats: Beats) -> Array:
        total = np.zeros(len(times))
        for moment, strength in beats.accents:
            if chance(self._nod_key, moment) > 0.80:
                continue  # some accents are left to the brows or the voice
            size = _NOD * strength * (1.0 + 0.25 * bell(self._nod_key ^ 1, moment)) * self._character.nods
            total += size * bump(times, moment - 0.16, moment + 0.06, moment + 0.40)
            total -= 0.22 * size * bump(times, moment - 0.32, moment - 0.12, moment + 0.06)  # lifts before it falls
        return total

    def _questions(self, times: Array, beats: Beats) -> Array:
        pose = np.zeros((len(times), 3))
        for end in beats.questions:
            side = 1.0 if chance(self._nod_key ^ 2, end) < 0.5 else -1.0
            rise = bump(times, end - 0.34, end + 0.08, end + 0.95)
            pose[:, 2] += side * 2.6 * self._character.tilts * rise
            pose[:, 1] -= 1.2 * rise
        return pose
