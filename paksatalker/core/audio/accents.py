"""Which syllables stand out, and how much: prominence from pitch, loudness and length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.phones import is_vowel
from paksatalker.core.timeline import FloatArray, Phone, Word

#: English speakers put one to two pitch accents into a second of speech (in ToBI-labelled news reading: 1.6).
_PER_SECOND = 1.7
_APART = 0.28  # seconds between two accents
_WIDTH = 0.07  # seconds: standard deviation of the bump that an accent makes
_AROUND = 0.04  # seconds by which the pitch peak may lie outside the vowel
_SEMITONES = 3.0  # a rise by this much over the speaker's median counts as one


@dataclass(frozen=True, slots=True)
class Contour:
    """What prominence is judged by, sampled at ``times`` [T] (seconds).

    Attributes:
        times: Seconds on the audio clock, evenly spaced.
        pitch: Semitones above the speaker's median [T]; NaN where unvoiced.
        energy: 0–1 [T].
    """

    times: npt.NDArray[np.float64]
    pitch: npt.NDArray[np.float64]
    energy: FloatArray


@dataclass(frozen=True, slots=True)
class _Nucleus:
    moment: float
    score: float


def accents(phones: Sequence[Phone], contour: Contour) -> list[tuple[float, float]]:
    """The accented syllables.

    Candidates are vowels with primary stress (all vowels when nothing is known about stress, peaks of loudness when
    there are no phones). Of these the most prominent are kept, at most 1.7 per second of speech, 0.28 s apart.

    Returns:
        Moments in order, seconds, with strengths 0.3–1.
    """
    if len(contour.times) < 2:
        return []
    candidates = _from_phones(phones, contour) if phones else _from_energy(contour)
    if not candidates:
        return []
    step = contour.times[1] - contour.times[0]
    speaking = sum(p.end - p.start for p in phones) if phones else float((contour.energy > 0.2).sum()) * step
    chosen: list[_Nucleus] = []
    for nucleus in sorted(candidates, key=lambda n: (-n.score, n.moment)):
        if len(chosen) >= max(1, round(_PER_SECOND * speaking)):
            break
        if all(abs(nucleus.moment - other.moment) >= _APART for other in chosen):
            chosen.append(nucleus)
    return [(n.moment, float(np.clip(0.55 + 0.35 * n.score, 0.3, 1.0))) for n in sorted(chosen, key=lambda n: n.moment)]


def emphasised(found: Sequence[tuple[float, float]], words: Sequence[Word]) -> list[tuple[float, float]]:
    """The accents with those of stressed words raised to full strength and their neighbours lowered.

    Args:
        found: Moments, seconds, with strengths, in order.
        words: Words of the same piece; each that the script stresses gets an accent on its main vowel.
    """
    result = list(found)
    for word in words:
        vowels = [p for p in word.phones if is_vowel(p.symbol)]
        if not word.emphasised or not vowels:
            continue
        main = next((p for p in vowels if p.stress == 1), vowels[0])
        moment = (main.start + main.end) / 2
        outside = [
            (at, 0.7 * strength if abs(at - moment) < 1.0 and strength < 1.0 else strength) for at, strength in result
        ]
        result = [(at, s) for at, s in outside if not word.start <= at <= word.end] + [(moment, 1.0)]
    return sorted(result)


def accent_track(found: Sequence[tuple[float, float]], times: npt.NDArray[np.float64]) -> FloatArray:
    """Accents as a curve [T]: a bump of each one's strength, 0.07 s wide, the larger where they overlap."""
    track = np.zeros(len(times))
    for moment, strength in found:
        track = np.maximum(track, strength * np.exp(-0.5 * ((times - moment) / _WIDTH) ** 2))
    return np.where(track < 0.01, 0.0, track).astype(np.float32)


def _from_phones(phones: Sequence[Phone], contour: Contour) -> list[_Nucleus]:
    vowels = [p for p in phones if is_vowel(p.symbol)]
    stressed = [p for p in vowels if p.stress == 1] or vowels
    if not stressed:
        return []
    usual = float(np.median([p.end - p.start for p in vowels]))
    loud = contour.energy[contour.energy > 0.2]
    level = float(loud.mean()) if len(loud) else 0.5
    found = []
    for phone in stressed:
        middle = (phone.start + phone.end) / 2
        inside = _between(contour, phone.start - _AROUND, phone.end + _AROUND)
        pitch = contour.pitch[inside]
        energy = contour.energy[inside]
        rise = float(np.nanmax(pitch)) / _SEMITONES if np.isfinite(pitch).any() else -0.5
        loudness = (float(energy.max()) - level) / 0.2 if len(energy) else 0.0
        length = np.log2((phone.end - phone.start) / usual)
        found.append(_Nucleus(middle, _score(rise, loudness, length)))
    return found


def _from_energy(contour: Contour) -> list[_Nucleus]:
    energy = contour.energy
    peaks = np.flatnonzero((energy[1:-1] >= energy[:-2]) & (energy[1:-1] > energy[2:]) & (energy[1:-1] > 0.4)) + 1
    if not len(peaks):
        return []
    level = float(energy[energy > 0.2].mean())
    found = []
    for peak in peaks:
        pitch = contour.pitch[max(0, peak - 1) : peak + 2]
        rise = float(np.nanmax(pitch)) / _SEMITONES if np.isfinite(pitch).any() else -0.5
        found.append(_Nucleus(float(contour.times[peak]), _score(rise, (float(energy[peak]) - level) / 0.2, 0.0)))
    return found


def _score(rise: float, loudness: float, length: float) -> float:
    """Weights after Rosenberg & Hirschberg (2009): pitch and loudness tell about equally much, length less."""
    return float(0.45 * np.clip(rise, -1, 2) + 0.35 * np.clip(loudness, -1, 1.5) + 0.2 * np.clip(length, -1, 1.5))


def _between(contour: Contour, start: float, end: float) -> slice:
    first, last = np.searchsorted(contour.times, (start, end))
    return slice(int(first), max(int(last), int(first) + 1))
