"""How feelings show: additions to the face, the carriage of the head, and how lively everything is.

The shapes follow the prototypical action units of each emotion (Ekman & Friesen, FACS), kept well below full strength:
they lie under speech. What would part the lips is shown only while the mouth is speaking, so that a happy mouth still
closes and a silent mouth stays as it is in the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.context import Mood
from paksatalker.core.animation.noise import leaning, smoother, spline_noise, stream_key
from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES

Array = npt.NDArray[np.float64]

#: Half the time a change of emotion takes, and the time the first one takes to appear, seconds.
_CROSSFADE = 0.35
_APPEAR = 0.7


@dataclass(frozen=True, slots=True)
class Feeling:
    """One emotion at full intensity.

    Attributes:
        face: Additions by ARKit name; a name without side stands for both.
        talking: More of the same while the mouth speaks.
        head: Offset of yaw, pitch, roll in degrees.
        lean: Offset of the log scale: towards the camera (+) or away.
        gaze: Offset right, down in degrees.
        jaw: Factor on jaw opening while speaking.
        lips: Factor on lip shapes while speaking.
        motion: Factor on head motion.
        tempo: Factor on how often nods, brow raises happen.
        blinks: Factor on the blink rate.
        takeover: How far the photo's own mouth is taken over even in pauses, 0–1: a sad face must not grin.
    """

    face: dict[str, float] = field(default_factory=dict)
    talking: dict[str, float] = field(default_factory=dict)
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lean: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    jaw: float = 1.0
    lips: float = 1.0
    motion: float = 1.0
    tempo: float = 1.0
    blinks: float = 1.0
    takeover: float = 0.0


FEELINGS: MappingProxyType[str, Feeling] = MappingProxyType(
    {
        "neutral": Feeling(),
        "happy": Feeling(
            face={
                "mouthSmile": 0.46, "mouthShrugLower": 0.03, "cheekSquint": 0.45, "eyeSquint": 0.18,
                "browOuterUp": 0.10, "browInnerUp": 0.08,
            },
            talking={"mouthSmile": 0.18, "mouthUpperUp": 0.08},
            head=(0.0, -0.8, 1.0), jaw=1.05, lips=1.05, motion=1.12, tempo=1.15, blinks=1.1,
        ),
        "sad": Feeling(
            face={"browInnerUp": 0.70, "browDown": 0.10, "mouthFrown": 0.42, "mouthShrugLower": 0.12, "eyeBlink": 0.13},
            head=(0.0, 3.2, 1.5), lean=-0.006, gaze=(0.0, 3.0),
            jaw=0.82, lips=0.85, motion=0.62, tempo=0.5, blinks=0.85, takeover=1.0,
        ),
        "angry": Feeling(
            face={"browDown": 0.75, "eyeSquint": 0.32, "noseSneer": 0.30, "mouthPress": 0.18, "mouthFrown": 0.20},
            talking={"mouthUpperUp": 0.07, "mouthLowerDown": 0.08},
            head=(0.0, 2.2, 0.0), lean=0.014, jaw=1.10, lips=1.15, motion=1.12, tempo=1.35, blinks=0.7, takeover=1.0,
        ),
        "surprised": Feeling(
            face={"browInnerUp": 0.62, "browOuterUp": 0.58, "eyeWide": 0.48},
            talking={"jawOpen": 0.06},
            head=(0.0, -1.8, 0.0), lean=-0.008, jaw=1.18, lips=1.0, motion=1.0, tempo=1.0, blinks=0.65, takeover=0.6,
        ),
        "fearful": Feeling(
            face={"browInnerUp": 0.70, "browOuterUp": 0.22, "browDown": 0.14, "eyeWide": 0.40, "mouthStretch": 0.13},
            talking={"mouthStretch": 0.10},
            head=(1.0, -0.8, -1.0), lean=-0.018, jaw=0.92, lips=0.95, motion=0.85, tempo=0.8, blinks=1.45, takeover=1.0,
        ),
        "disgusted": Feeling(
            face={
                "noseSneer": 0.70, "browDown": 0.42, "eyeSquint": 0.26, "cheekSquint": 0.22,
                "mouthFrown": 0.18, "mouthShrugLower": 0.10, "mouthUpperUp": 0.04,
            },
            talking={"mouthUpperUp": 0.14},
            head=(2.5, -1.8, -2.0), lean=-0.010, jaw=0.95, lips=1.0, motion=0.85, tempo=0.8, blinks=1.05, takeover=1.0,
        ),
        "calm": Feeling(
            face={"mouthSmile": 0.10, "eyeBlink": 0.07, "browInnerUp": 0.04, "cheekSquint": 0.05},
            jaw=0.90, lips=0.94, motion=0.66, tempo=0.6, blinks=0.8,
        ),
        "excited": Feeling(
            face={
                "mouthSmile": 0.38, "mouthShrugLower": 0.02, "cheekSquint": 0.28, "eyeWide": 0.20,
                "browOuterUp": 0.32, "browInnerUp": 0.24,
            },
            talking={"mouthSmile": 0.14, "mouthUpperUp": 0.06, "jawOpen": 0.03},
            head=(0.0, -1.0, 0.0), lean=0.010, jaw=1.18, lips=1.12, motion=1.25, tempo=1.6, blinks=1.25,
        ),
    }
)  # fmt: skip

#: A smile of 0.42 raises corners on both sides alike; nobody's does: the character's stronger side gets this much more.
_LOPSIDED = 0.08


def expand(shape: dict[str, float]) -> Array:
    """ARKit vector [52] of a shape in which a name without side stands for both."""
    row = np.zeros(len(ARKIT_NAMES))
    for name, value in shape.items():
        for full in (name,) if name in ARKIT_INDEX else (name + "Left", name + "Right"):
            row[ARKIT_INDEX[full]] = value
    return row


@dataclass(frozen=True, slots=True)
class Mix:
    """The blend of feelings over time, each row already weighed by intensity.

    Attributes:
        face: [T, 52] always shown.
        talking: [T, 52] to be shown as far as the mouth speaks.
        head: [T, 3] degrees.
        lean: [T] log scale.
        gaze: [T, 2] degrees.
        jaw: [T] factor, like the four after it.
        lips: [T].
        motion: [T].
        tempo: [T].
        blinks: [T].
        takeover: [T] 0–1.
    """

    face: Array
    talking: Array
    head: Array
    lean: Array
    gaze: Array
    jaw: Array
    lips: Array
    motion: Array
    tempo: Array
    blinks: Array
    takeover: Array


def mix(moods: Sequence[Mood], times: Array, seed: int, scale: float = 1.0) -> Mix:
    """Blends the moods at ``times`` [T], cross-fading over 0.7 s around each change.

    Args:
        moods: Contiguous spans in order; the first appears over 0.7 s, the last holds.
        times: Seconds.
        seed: Of the slow swell of ±10% that keeps a held expression alive.
        scale: Factor on the visible strength (``expression_scale``).
    """
    count = len(times)
    face, talking = np.zeros((count, len(ARKIT_NAMES))), np.zeros((count, len(ARKIT_NAMES)))
    head, lean, gaze = np.zeros((count, 3)), np.zeros(count), np.zeros((count, 2))
    factors, takeover = np.ones((5, count)), np.zeros(count)
    swell = 1.0 + 0.10 * np.clip(spline_noise(stream_key(seed, "emotion/swell"), times, 0.9), -1.5, 1.5)
    side = _LOPSIDED * leaning(stream_key(seed, "emotion/side"))
    lopsided = np.array([1.0 + side * (n.endswith("Left") - n.endswith("Right")) for n in ARKIT_NAMES])
    for i, mood in enumerate(moods):
        feeling = FEELINGS[mood.emotion]
        come = smoother(times / _APPEAR) if mood.start <= 0.0 else _step(times, mood.start)
        leave = _step(times, mood.end) if i + 1 < len(moods) else np.zeros(count)
        weight = (come - leave) * mood.intensity
        if not weight.any():
            continue
        shown = (weight * swell * scale)[:, None]
        face += shown * expand(feeling.face) * lopsided
        talking += shown * expand(feeling.talking) * lopsided
        head += weight[:, None] * min(scale, 1.3) * np.array(feeling.head)
        lean += weight * feeling.lean
        gaze += weight[:, None] * np.array(feeling.gaze)
        takeover += weight * feeling.takeover
        wanted = np.array([feeling.jaw, feeling.lips, feeling.motion, feeling.tempo, feeling.blinks])
        factors += (wanted[:, None] - 1.0) * weight
    jaw, lips, motion, tempo, blinks = factors
    return Mix(face, talking, head, lean, gaze, jaw, lips, motion, tempo, blinks, takeover)


def _step(times: Array, border: float) -> Array:
    return smoother((times - border + _CROSSFADE) / (2.0 * _CROSSFADE))
