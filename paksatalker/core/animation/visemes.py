"""What the mouth aims at for every phone: ARPAbet → articulator targets in ARKit terms.

The targets are meant for a basis in which ``jawOpen`` 1 opens the lips by 0.34 eye distances, ``mouthLowerDown`` by
0.23 (it carries some jaw with it), ``mouthUpperUp`` by 0.17 and ``mouthFunnel`` by 0.10: see :data:`OPENING`. Jaw and
lips are kept apart (as in JALI, Edwards, Landreth, Fiume & Singh 2016): open vowels are made by the jaw, spread and
rounded ones by the lips; sounds made by the tongue alone ask for little of either and give way to their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.context import SOUND, Sound

Array = npt.NDArray[np.float64]

#: Articulator parameters. Paired ARKit coefficients (``…Left``/``…Right``) share one parameter.
PARAMETERS: tuple[str, ...] = (
    "jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthPress", "mouthRollLower", "mouthShrugLower",
    "mouthFunnel", "mouthPucker", "mouthStretch", "mouthSmile", "tongue",
)  # fmt: skip
INDEX = MappingProxyType({name: i for i, name in enumerate(PARAMETERS)})

#: Articulators that move together, with their own inertia and their own say in a blend.
GROUPS: tuple[str, ...] = ("jaw", "aperture", "shape", "tongue")
GROUP_OF: tuple[int, ...] = (0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3)

#: Lip opening that a parameter at 1 makes, in eye distances (inner lips, points 13 and 14 of the face mesh).
OPENING = MappingProxyType(
    {"jawOpen": 0.34, "mouthLowerDown": 0.23, "mouthUpperUp": 0.17, "mouthFunnel": 0.10, "mouthStretch": 0.05}
)

VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"})
BILABIALS = frozenset({"P", "B", "M"})
LABIODENTALS = frozenset({"F", "V"})
HUSHING = frozenset({"SH", "ZH", "CH", "JH"})
SIBILANTS = HUSHING | {"S", "Z"}


@dataclass(frozen=True, slots=True)
class Viseme:
    """A mouth shape and how firmly each articulator insists on it.

    Attributes:
        target: [len(PARAMETERS)] values 0–1.
        dominance: [len(GROUPS)] say in a blend with the neighbours, 0 (none) to about 1.5.
    """

    target: Array
    dominance: Array


@dataclass(frozen=True, slots=True)
class Segment:
    """A viseme over a stretch of time, already weighed by stress and loudness."""

    start: float
    end: float
    target: Array
    dominance: Array


def _viseme(
    jaw: float, lower: float, upper: float, *, jaws: float, lips: float, shape: float, tip: float = 0.0, **extra: float
) -> Viseme:
    values = {"jawOpen": jaw, "mouthLowerDown": lower, "mouthUpperUp": upper, "tongue": tip, **extra}
    target = np.zeros(len(PARAMETERS))
    for name, value in values.items():
        target[INDEX[name]] = value
    return Viseme(target, np.array([jaws, lips, shape, 1.0 if tip else 0.3]))


def _round(funnel: float, pucker: float) -> dict[str, float]:
    return {"mouthFunnel": funnel, "mouthPucker": pucker}


def _spread(stretch: float, smile: float) -> dict[str, float]:
    return {"mouthStretch": stretch, "mouthSmile": smile}


#: Rest between phrases, and the shape of every sound. Numbers: jaw, lower lip down, upper lip up.
REST = _viseme(0.0, 0.0, 0.0, jaws=0.5, lips=0.5, shape=0.35)
_V = {"jaws": 1.0, "lips": 1.0, "shape": 0.9}  # vowels
_R = {"jaws": 0.9, "lips": 0.9, "shape": 1.5}  # rounded sounds: the lips insist
_T = {"jaws": 0.35, "lips": 0.4, "shape": 0.2}  # made by the tongue tip: jaw and lips give way
_K = {"jaws": 0.25, "lips": 0.25, "shape": 0.12}  # made far back: invisible but for a little jaw
VISEMES: MappingProxyType[str, Viseme] = MappingProxyType(
    {
        "AA": _viseme(0.54, 0.20, 0.10, **_V),
        "AE": _viseme(0.46, 0.26, 0.14, **_V, **_spread(0.18, 0.08)),
        "AH": _viseme(0.36, 0.18, 0.08, **_V),
        "AO": _viseme(0.44, 0.10, 0.04, **{**_R, "shape": 1.1}, **_round(0.45, 0.20)),
        "EH": _viseme(0.34, 0.24, 0.13, **_V, **_spread(0.18, 0.07)),
        "ER": _viseme(0.18, 0.12, 0.06, **{**_V, "shape": 1.1}, **_round(0.30, 0.35)),
        "IH": _viseme(0.21, 0.20, 0.10, **_V, **_spread(0.16, 0.07)),
        "IY": _viseme(0.12, 0.17, 0.11, **_V, **_spread(0.30, 0.20)),
        "UH": _viseme(0.18, 0.08, 0.04, **{**_R, "shape": 1.2}, **_round(0.30, 0.50)),
        "UW": _viseme(0.07, 0.03, 0.01, **_R, **_round(0.26, 1.00)),
        "O": _viseme(0.34, 0.08, 0.03, **_R, **_round(0.55, 0.40)),  # first part of OW, OY
        "A": _viseme(0.48, 0.20, 0.10, **_V),  # first part of AW, AY
        "W": _viseme(0.04, 0.02, 0.0, **{**_R, "jaws": 0.8, "shape": 1.7}, **_round(0.20, 1.00)),
        "Y": _viseme(0.10, 0.16, 0.09, jaws=0.5, lips=0.6, shape=0.6, **_spread(0.24, 0.14)),
        "R": _viseme(0.12, 0.10, 0.05, jaws=0.5, lips=0.6, shape=1.1, tip=0.2, **_round(0.30, 0.58)),
        "L": _viseme(0.17, 0.17, 0.07, jaws=0.4, lips=0.5, shape=0.2, tip=0.95),
        "N": _viseme(0.11, 0.14, 0.07, **_T, tip=0.75),
        "D": _viseme(0.10, 0.16, 0.08, **_T, tip=0.75),
        "T": _viseme(0.09, 0.16, 0.08, **_T, tip=0.75),
        "TH": _viseme(0.14, 0.18, 0.08, jaws=0.6, lips=0.7, shape=0.25, tip=1.0),
        "DH": _viseme(0.13, 0.17, 0.08, jaws=0.5, lips=0.6, shape=0.25, tip=1.0),
        "S": _viseme(0.03, 0.12, 0.14, jaws=1.1, lips=0.9, shape=0.5, tip=0.35, **_spread(0.22, 0.10)),
        "Z": _viseme(0.03, 0.12, 0.13, jaws=1.1, lips=0.9, shape=0.5, tip=0.35, **_spread(0.20, 0.09)),
        "SH": _viseme(0.03, 0.09, 0.11, jaws=1.1, lips=1.0, shape=1.3, **_round(0.45, 0.58)),
        "ZH": _viseme(0.03, 0.09, 0.11, jaws=1.1, lips=1.0, shape=1.2, **_round(0.43, 0.55)),
        "CH": _viseme(0.03, 0.09, 0.11, jaws=1.1, lips=1.0, shape=1.2, **_round(0.45, 0.55)),
        "JH": _viseme(0.04, 0.09, 0.10, jaws=1.0, lips=1.0, shape=1.1, **_round(0.42, 0.52)),
        "K": _viseme(0.16, 0.12, 0.06, **_K),
        "G": _viseme(0.16, 0.12, 0.06, **_K),
        "NG": _viseme(0.14, 0.12, 0.05, **_K),
        "HH": _viseme(0.20, 0.14, 0.07, jaws=0.08, lips=0.08, shape=0.04),
        "P": _viseme(0.04, 0.0, 0.0, jaws=0.9, lips=1.5, shape=0.10, mouthPress=0.30),
        "B": _viseme(0.05, 0.0, 0.0, jaws=0.9, lips=1.5, shape=0.10, mouthPress=0.25),
        "M": _viseme(0.05, 0.0, 0.0, jaws=0.8, lips=1.5, shape=0.10, mouthPress=0.20),
        "F": _viseme(0.05, 0.0, 0.32, jaws=1.1, lips=1.5, shape=0.15, mouthRollLower=0.70, mouthShrugLower=0.10),
        "V": _viseme(0.06, 0.0, 0.30, jaws=1.0, lips=1.4, shape=0.15, mouthRollLower=0.62, mouthShrugLower=0.08),
        SOUND: _viseme(0.40, 0.20, 0.10, **_V),
    }
)
#: Diphthongs as two shapes and the share of the time that belongs to the first.
DIPHTHONGS: MappingProxyType[str, tuple[str, str, float]] = MappingProxyType(
    {
        "AW": ("A", "UW", 0.58),
        "AY": ("A", "IY", 0.60),
        "EY": ("EH", "IY", 0.45),
        "OW": ("O", "UW", 0.50),
        "OY": ("AO", "IY", 0.55),
    }
)
_WEAK = frozenset({"AH", "IH", "ER", "UH"})  # vowels that an unstressed syllable reduces to a schwa
_SCALED = np.array([1.0 if name != "tongue" else 0.0 for name in PARAMETERS])
_SHAPED = np.array([0.5 if GROUP_OF[i] == 2 else 1.0 for i in range(len(PARAMETERS))])


def effort(sound: Sound) -> float:
    """How fully a sound is articulated, about 0.55–1.3: by stress, loudness and duration.

    Unstressed vowels are undershot and short ones do not reach their target (Lindblom 1963).
    """
    if sound.symbol not in VOWELS:
        return 1.0 if sound.loudness < 0 else float(np.clip(0.85 + 0.25 * sound.loudness, 0.8, 1.15))
    stress = {1: 1.10, 2: 1.0, 0: 0.68 if sound.symbol in _WEAK else 0.84}.get(sound.stress, 0.95)
    loudness = 1.0 if sound.loudness < 0 else float(np.clip(0.62 + 0.56 * sound.loudness, 0.6, 1.25))
    duration = 1.0 - 0.35 * float(np.exp(-max(sound.end - sound.start - 0.03, 0.0) / 0.05))
    return stress * loudness * duration


def segments(sound: Sound) -> list[Segment]:
    """The shapes a sound passes through: one, or two for a diphthong."""
    scale = 1.0 + (effort(sound) - 1.0) * _SCALED * _SHAPED  # weak vowels lose opening before they lose shape
    if sound.symbol in DIPHTHONGS:
        first, second, share = DIPHTHONGS[sound.symbol]
        middle = sound.start + share * (sound.end - sound.start)
        parts = [(first, sound.start, middle), (second, middle, sound.end)]
    else:
        parts = [(sound.symbol, sound.start, sound.end)]
    return [Segment(a, b, VISEMES[name].target * scale, VISEMES[name].dominance) for name, a, b in parts]


@dataclass(frozen=True, slots=True)
class Closure:
    """A moment at which a shape must be reached (lips or teeth meet, lips round), held from ``start`` to ``end``."""

    start: float
    end: float
    rise: float
    fall: float


#: Where in the phone the closure is centred (a stop closes first and bursts later), its share of the phone, and the
#: seconds it takes to come and go.
_TIMING: dict[str, tuple[float, float, float, float]] = {
    "P": (0.36, 0.50, 0.070, 0.050),
    "B": (0.42, 0.55, 0.070, 0.055),
    "M": (0.50, 0.55, 0.075, 0.070),
    "F": (0.50, 0.40, 0.090, 0.090),
    "V": (0.50, 0.35, 0.085, 0.090),
    **dict.fromkeys(("S", "Z", "SH", "ZH"), (0.50, 0.30, 0.075, 0.075)),
    **dict.fromkeys(("CH", "JH"), (0.45, 0.40, 0.070, 0.075)),
    "W": (0.30, 0.60, 0.095, 0.080),
    "R": (0.40, 0.40, 0.085, 0.080),
}
#: Ramps never get shorter than this: a lip needs about that long for its fastest moves.
_FASTEST = 0.025


def closures(sounds: list[Sound], symbols: frozenset[str], fps: float) -> list[Closure]:
    """Moments of the given phones. Each is held for at least one frame, so that a frame falls into it at any rate."""
    holds: list[tuple[float, float, str]] = []
    for sound in sounds:
        if sound.symbol not in symbols:
            continue
        phase, share, _, _ = _TIMING[sound.symbol]
        length = sound.end - sound.start
        centre = sound.start + phase * length
        half = 0.5 * max(share * length, 1.02 / fps)
        start, end = centre - half, centre + half
        if holds and start - holds[-1][1] < 2 * _FASTEST:  # no time to part in between
            holds[-1] = (holds[-1][0], max(end, holds[-1][1]), sound.symbol)
        else:
            holds.append((start, end, sound.symbol))
    found = []
    for i, (start, end, symbol) in enumerate(holds):
        before = start - holds[i - 1][1] if i else np.inf
        after = holds[i + 1][0] - end if i + 1 < len(holds) else np.inf
        _, _, rise, fall = _TIMING[symbol]
        found.append(Closure(start, end, min(rise, 0.45 * before), min(fall, 0.45 * after)))
    return found
