"""Phones → mouth motion: dominance functions with closures on top.

Every phone pulls each articulator towards its target with a strength that is full during the phone and fades before and
after it (Cohen & Massaro 1993). Fading has compact support and differs by articulator and direction: lip rounding is
prepared long before its sound, the tongue is quick, the jaw slow. Because fading takes fixed time, short phones are
outvoted by their neighbours: fast speech is reduced by itself. What must happen whatever the neighbours want (lips of
m, b, p; lower lip of f, v) is laid over the blend as closures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.context import SOUND, Sound, SpeechContext, merged
from paksatalker.core.animation.noise import smooth
from paksatalker.core.animation.visemes import (
    BILABIALS,
    GROUP_OF,
    GROUPS,
    HUSHING,
    INDEX,
    LABIODENTALS,
    OPENING,
    PARAMETERS,
    REST,
    SIBILANTS,
    VISEMES,
    Closure,
    Segment,
    closures,
    segments,
)
from paksatalker.core.timeline import FloatArray, Phone, Speech

Array = npt.NDArray[np.float64]

#: Seconds that articulators run ahead of the sound, by group of :data:`GROUPS`: the mouth is seen before it is heard.
_LEAD = np.array([0.035, 0.040, 0.050, 0.015])
#: Seconds over which a phone's say grows before it and fades after it, by group. With them lips part and meet about as
#: fast as a tracked speaker's: 3 eye distances a second in the fastest hundredth of frames.
_RISE = np.array([0.195, 0.132, 0.200, 0.070])
_FALL = np.array([0.210, 0.132, 0.130, 0.070])
#: At most this much of a phone's ends is shared ground with its neighbours, seconds.
_SHARED = 0.030
#: The mouth leaves rest and comes back within these times around speech: start, seconds; length, seconds.
_OPENS = (-0.125, 0.115)
_SHUTS = (0.015, 0.125)
_GROUP = np.asarray(GROUP_OF)
#: Lip opening that counts as 1 in :func:`intended_opening`, eye distances.
_WIDEST = 0.28


def _shares(groups: tuple[float, float, float] = (0.0, 0.0, 0.0), **single: float) -> Array:
    """[len(PARAMETERS)] how far a gesture overrides each parameter, by group (jaw, aperture, shape) and by name."""
    shares = np.array([(*groups, 0.0)[group] for group in GROUP_OF])
    for name, value in single.items():
        shares[INDEX[name]] = value
    return shares


#: Shapes that must be seen however short the phone is: phones, target, and how far it overrides each parameter.
_GESTURES: tuple[tuple[frozenset[str], Array, Array], ...] = (
    (frozenset({"W"}), VISEMES["W"].target, _shares((0.85, 0.85, 0.90))),
    (frozenset({"R"}), VISEMES["R"].target, _shares((0.3, 0.3, 0.55))),
    (HUSHING, VISEMES["SH"].target, _shares((0.0, 0.5, 0.75))),
    (SIBILANTS, VISEMES["S"].target, _shares(jawOpen=0.85, mouthLowerDown=0.5)),  # hissing needs the teeth together
    (LABIODENTALS, VISEMES["F"].target, _shares((1.0, 1.0, 0.0))),
)
#: What a closure takes away: all that parts the lips, most of the rounding (closed lips protrude less than open ones).
_CLOSED = np.array(
    [
        {"mouthLowerDown": 1.0, "mouthUpperUp": 1.0, "mouthRollLower": 1.0, "mouthShrugLower": 1.0,
         "mouthFunnel": 0.9, "mouthPucker": 0.55, "jawOpen": 0.35}.get(name, 0.0)
        for name in PARAMETERS
    ]
)  # fmt: skip
#: The lower lip of f and v rises to the upper teeth: it takes away this much of the gap.
_TUCK_SEAL = 0.48


@dataclass(frozen=True, slots=True)
class Articulation:
    """The mouth over time.

    Attributes:
        values: [T, len(PARAMETERS)].
        seal: [T] 0–1, lips pressed together.
        gate: [T] 0–1, 1 while speaking, 0 in silence: no opening passes without it.
        activity: [T] 0–1, as in :class:`~paksatalker.core.timeline.FaceTrack`.
    """

    values: Array
    seal: Array
    gate: Array
    activity: Array


def articulate(context: SpeechContext, times: Array, fps: float) -> Articulation:
    """What the mouth does at ``times`` [T]; ``context`` reaches :data:`LOOKAHEAD` further unless speech has ended."""
    sounds = _near(context.sounds, times)
    spans = [s for s in context.spans() if s[1] > times[0] - 1.0 and s[0] < times[-1] + 1.0]
    gate = _speaking(spans, times)
    values = _blend(sounds, spans, times)
    heard = [s for s in sounds if s.symbol == SOUND]
    if heard:
        values = _follow_loudness(values, heard, context, times)
    return _finish(Articulation(values, gate * 0.0, gate, _activity(context.phrases, times)), sounds, times, fps)


def intended_opening(
    speech: Speech | Sequence[Speech] | Sequence[Phone], fps: float, frames: int | None = None, rest: float = 0.0
) -> FloatArray:
    """The mouth opening that the phones ask for, at frame instants: the reference to measure lip sync against.

    Args:
        speech: Phones in order, or speech that carries them.
        fps: Frames a second.
        frames: Length of the result; up to the last phone's (or the speech's) end if not given.
        rest: Opening of the photo's own mouth in eye distances, with which it begins; 0 if shut.

    Returns:
        [T] 0 (lips meet) to 1 (the widest vowel, fully articulated). Depends on the phones' symbols, times
        and stress alone: not on loudness, emotion or style.
    """
    items: list[Speech | Phone] = [speech] if isinstance(speech, Speech) else list(speech)
    phones = [p for item in items for p in (item.phones if isinstance(item, Speech) else (item,))]
    end = max((item.end for item in items), default=0.0)
    count = int(np.ceil((end - 1e-6) * fps)) if frames is None else frames
    if not phones or not count:
        return np.zeros(count, np.float32)
    marked = any(p.stress > 0 for p in phones)
    sounds = [Sound(p.symbol, p.start, p.end, p.stress if marked else -1) for p in phones if p.symbol != "SIL"]
    times = np.arange(count) / fps
    spans = merged(sounds)
    opened = np.zeros(count)
    for a in range(0, count, 500):
        part = slice(a, a + 500)
        near = _near(sounds, times[part])
        gate = _speaking(spans, times[part])
        blend = Articulation(_blend(near, spans, times[part]), gate * 0.0, gate, gate)
        opened[part] = opening(_finish(blend, near, times[part], fps)) + rest * (1.0 - _activity(spans, times[part]))
    return np.clip(opened / _WIDEST, 0.0, 1.0).astype(np.float32)


def opening(mouth: Articulation) -> Array:
    """Lip opening [T] in eye distances that an articulation makes on the expression basis (see :data:`OPENING`)."""
    total = sum(weight * mouth.values[:, INDEX[name]] for name, weight in OPENING.items())
    return np.asarray(total * (1.0 - mouth.seal))


def _near(sounds: Sequence[Sound], times: Array) -> list[Sound]:
    return [s for s in sounds if s.end > times[0] - 0.6 and s.start < times[-1] + 0.6]


# --- dominance -------------------------------------------------------------------------------------------------------
def _blend(sounds: Sequence[Sound], spans: Sequence[tuple[float, float]], times: Array) -> Array:
    parts = [segment for sound in sounds for segment in segments(sound)]
    parts += _rests(spans, times)
    start = np.array([p.start for p in parts])
    end = np.array([p.end for p in parts])
    target = np.array([p.target for p in parts])
    force = np.array([p.dominance for p in parts])
    shared = np.minimum(_SHARED, 0.25 * (end - start))
    values = np.zeros((len(times), len(PARAMETERS)))
    for group in range(len(GROUPS)):
        now = times[:, None] + _LEAD[group]
        early = np.clip((start + shared - now) / _RISE[group], 0.0, 1.0)
        late = np.clip((now - end + shared) / _FALL[group], 0.0, 1.0)
        weight = force[:, group] * ((1.0 - early**2) * (1.0 - late**2)) ** 3
        weight /= weight.sum(axis=1, keepdims=True) + 1e-9
        columns = group == _GROUP
        values[:, columns] = weight @ target[:, columns]
    return values


def _rests(spans: Sequence[tuple[float, float]], times: Array) -> list[Segment]:
    """Rest fills all time without speech."""
    borders = [times[0] - 2.0, *(t for span in spans for t in span), times[-1] + 2.0]
    return [
        Segment(a, b, REST.target, REST.dominance)
        for a, b in zip(borders[::2], borders[1::2], strict=True)
        if b - a > 0.03
    ]


def _follow_loudness(values: Array, heard: Sequence[Sound], context: SpeechContext, times: Array) -> Array:
    """Opens the mouth by loudness where only sound is known: the documented path for recordings without phones.

    Syllables are loud in their vowel, so the envelope of loudness, a little ahead and smoothed over about 80 ms, opens
    jaw and lips; unvoiced sound (hiss) opens them less. It is blended in where the sounds around have no phones.
    """
    taps = np.linspace(-0.06, 0.06, 7)
    window = np.hanning(9)[1:-1]
    window /= window.sum()
    loud, voiced = np.zeros(len(times)), np.zeros(len(times))
    for tap, weight in zip(taps, window, strict=True):
        at = times + 0.03 + tap
        loud += weight * context.energy(at)
        voiced += weight * context.voicing(at)
    amount = np.clip((loud - 0.18) / 0.72, 0.0, 1.1) ** 1.4 * (0.35 + 0.65 * voiced)
    share = _speaking([(s.start, s.end) for s in heard], times)[:, None]
    return np.asarray(values * (1.0 - share) + share * amount[:, None] * VISEMES[SOUND].target)


# --- silence ---------------------------------------------------------------------------------------------------------
def _box(
    spans: Sequence[tuple[float, float]], times: Array, rise: tuple[float, float], fall: tuple[float, float]
) -> Array:
    """Highest of the boxes over the spans: up from ``start + rise[0]`` in ``rise[1]`` seconds, down likewise."""
    if not spans:
        return np.zeros(len(times))
    start, end = np.asarray(spans).T
    up = smooth((times[:, None] - start - rise[0]) / rise[1])
    down = 1.0 - smooth((times[:, None] - end - fall[0]) / fall[1])
    return np.asarray((up * down).max(axis=1))


def _speaking(spans: Sequence[tuple[float, float]], times: Array) -> Array:
    return _box(spans, times, _OPENS, _SHUTS)


def _activity(phrases: Sequence[tuple[float, float]], times: Array) -> Array:
    """0 before all speech, then 1: a little ahead of the first sound the mouth is taken over for good.

    Between sentences the lips rest on each other. Were the mouth given back to the photo in silence, one that smiles
    with open lips would flash its teeth in every pause.
    """
    if not phrases:
        return np.zeros(len(times))
    return smooth((times - phrases[0][0] + 0.15) / 0.13)


# --- closures --------------------------------------------------------------------------------------------------------
def _curve(marks: Sequence[Closure], times: Array) -> Array:
    """Highest of the closures at ``times`` [T], 1 while held."""
    curve = np.zeros(len(times))
    for mark in marks:
        a, b = np.searchsorted(times, (mark.start - mark.rise - 1e-9, mark.end + mark.fall + 1e-9))
        t = times[a:b]
        up = smooth((t - mark.start + mark.rise) / mark.rise)
        down = 1.0 - smooth((t - mark.end) / mark.fall)
        curve[a:b] = np.maximum(curve[a:b], np.minimum(up, down))
    return curve


def _finish(mouth: Articulation, sounds: list[Sound], times: Array, fps: float) -> Articulation:
    """Lays gestures and closures over the blend, and silence over everything."""
    values = mouth.values
    for symbols, target, shares in _GESTURES:
        curve = _curve(closures(sounds, symbols, fps), times)
        values = values + (target - values) * curve[:, None] * shares
    seal = _curve(closures(sounds, BILABIALS, fps), times)
    values = values * (1.0 - seal[:, None] * _CLOSED)
    tuck = _curve(closures(sounds, LABIODENTALS, fps), times)
    seal = np.maximum(seal, _TUCK_SEAL * tuck)
    return replace(mouth, values=values * mouth.gate[:, None], seal=seal)
