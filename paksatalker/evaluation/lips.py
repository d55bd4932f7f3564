"""Is the mouth where the sound is: opening, its agreement with the phones, closures, stillness, and lip shape error.

The *opening* is the distance of the inner lips' middle points (13 and 14) in eye distances. A real speaker's has a mean
of .06–.15, a standard deviation of .04–.08 and a 95th percentile of .12–.33.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from paksatalker.core.timeline import Phone
from paksatalker.evaluation.geometry import LIPS, Array, align, eye_distance
from paksatalker.evaluation.tracking import FaceMotion

#: How wide the mouth is open at the heart of a phone, as a share of the widest vowel: hand-set from phonetics (jaw
#: height of vowels, degree of constriction of consonants), on purpose not the animation's own table.
PHONE_OPENNESS: dict[str, float] = {
    "AA": 1.0, "AE": 0.95, "AH": 0.7, "AO": 0.8, "AW": 0.9, "AY": 0.95, "EH": 0.75, "EY": 0.6, "ER": 0.4, "IH": 0.45,
    "IY": 0.35, "OW": 0.6, "OY": 0.65, "UH": 0.4, "UW": 0.25, "B": 0.0, "M": 0.0, "P": 0.0, "F": 0.1, "V": 0.1,
    "CH": 0.2, "JH": 0.2, "SH": 0.2, "ZH": 0.2, "S": 0.15, "Z": 0.15, "D": 0.25, "T": 0.25, "N": 0.25, "L": 0.35,
    "R": 0.3, "TH": 0.25, "DH": 0.25, "G": 0.35, "K": 0.35, "NG": 0.35, "HH": 0.5, "W": 0.15, "Y": 0.3, "SIL": 0.0,
}  # fmt: skip
#: Phones whose lips meet.
BILABIALS = frozenset({"B", "M", "P"})
#: Below this opening (eye distances) the lips count as closed.
CLOSED = 0.02
#: How long after its last sound a mouth comes to rest, and how early it moves for the next, seconds.
RELEASE, ATTACK = 0.16, 0.12
#: How far two openings must be apart in height to count as two (eye distances).
_PROMINENCE = 0.02


def opening(motion: FaceMotion) -> Array:
    """Inner-lip distance over eye distance [T]; NaN where no face was found."""
    points = motion.points.astype(np.float64)
    gap = np.linalg.norm(points[:, 13] - points[:, 14], axis=-1) / eye_distance(points)
    return np.where(motion.ok, gap, np.nan)


def phone_openness(phones: Sequence[Phone], times: Array, spread: float = 0.035) -> Array:
    """How open the mouth should be [T] at ``times`` (seconds) by the phones alone, 0–1.

    A step function of :data:`PHONE_OPENNESS`, smoothed by a Gaussian of ``spread`` seconds, about what the jaw needs.
    Independent of the animation that is judged.
    """
    if len(times) == 0:
        return np.zeros(0)
    rate = 200.0
    first = min(times.min(), 0.0) - 1.0
    steps = np.zeros(int(np.ceil((times.max() + 1.0 - first) * rate)) + 1)
    for phone in phones:
        a, b = (round((t - first) * rate) for t in (phone.start, phone.end))
        steps[max(a, 0) : max(b, 0)] = PHONE_OPENNESS[phone.symbol]
    smooth = gaussian_filter1d(steps, spread * rate)
    return np.interp(times, first + np.arange(len(smooth)) / rate, smooth)


@dataclass(frozen=True, slots=True)
class Correlation:
    """Agreement of two signals.

    Attributes:
        r: Pearson's r as they are.
        best_r: The highest r over the lags tried.
        best_lag: By how many seconds the measured signal is late at that r (negative: early).
    """

    r: float
    best_r: float
    best_lag: float


def opening_correlation(measured: Array, intended: Array, fps: float, max_lag: float = 0.3) -> Correlation:
    """Pearson's r of measured and intended opening [T], at lag 0 and at the best lag within ``max_lag`` seconds.

    NaNs in ``measured`` are left out.

    Raises:
        ValueError: The lengths differ.
    """
    if len(measured) != len(intended):
        raise ValueError(f"signals differ in length: {len(measured)} and {len(intended)}")
    reach = min(round(max_lag * fps), max(len(measured) - 3, 0))
    by_lag = {lag: _pearson_at(measured, intended, lag) for lag in range(-reach, reach + 1)}
    best = max(by_lag, key=lambda lag: (by_lag[lag], -abs(lag)))
    return Correlation(by_lag[0], by_lag[best], best / fps)


def _pearson_at(measured: Array, intended: Array, lag: int) -> float:
    late, early = (measured[lag:], intended[: len(intended) - lag]) if lag >= 0 else (measured[:lag], intended[-lag:])
    return pearson(late, early)


def pearson(a: Array, b: Array) -> float:
    """Pearson's r of a [N] and b [N] over the finite pairs; 0 if one is constant or fewer than three are left."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3:
        return 0.0
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    norm = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum() / norm) if norm > 1e-12 else 0.0


@dataclass(frozen=True, slots=True)
class Closure:
    """One bilabial and the smallest opening (eye distances) within its span ± the tolerance."""

    phone: Phone
    smallest: float

    @property
    def closed(self) -> bool:
        """Whether the lips met."""
        return self.smallest < CLOSED


def closures(motion: FaceMotion, phones: Sequence[Phone], tolerance_frames: float = 1.0) -> tuple[Closure, ...]:
    """For every P, B and M inside the video: how far the lips closed within its span ± ``tolerance_frames``.

    Bilabials that follow each other without gap (as in "stop board") are one closure.
    """
    gap = opening(motion)
    reach = tolerance_frames / motion.fps + 1e-6
    result = []
    for phone in _merged(phones):
        inside = (motion.times >= phone.start - reach) & (motion.times <= phone.end + reach) & motion.ok
        if inside.any():
            result.append(Closure(phone, float(gap[inside].min())))
    return tuple(result)


def _merged(phones: Sequence[Phone]) -> list[Phone]:
    merged: list[Phone] = []
    for phone in (p for p in phones if p.symbol in BILABIALS):
        if merged and phone.start - merged[-1].end < 1e-3:
            merged[-1] = Phone(merged[-1].symbol, merged[-1].start, phone.end, phone.stress)
        else:
            merged.append(phone)
    return merged


@dataclass(frozen=True, slots=True)
class Stillness:
    """What the mouth does in pauses.

    Attributes:
        pauses: How many pauses were long enough to be judged.
        rest: The opening that counts as rest, eye distances.
        largest: Largest deviation from rest, eye distances.
        at: Where that is, seconds.
    """

    pauses: int
    rest: float
    largest: float
    at: float


def silence_stillness(
    motion: FaceMotion,
    pauses: Sequence[tuple[float, float]],
    rest: float | None = None,
    *,
    shortest: float = 0.3,
    release: float = RELEASE,
    attack: float = ATTACK,
) -> Stillness | None:
    """Largest deviation of the opening from rest in pauses.

    Args:
        motion: The tracked video.
        pauses: Spans without speech, seconds.
        rest: Opening at rest, e.g. the photo's; the median of the pauses when None.
        shortest: Shorter pauses are not judged, seconds.
        release: How long the mouth may take to come to rest after the last sound, seconds.
        attack: How early it may start to move for the next sound, seconds.

    Returns:
        None when no pause has a frame to judge.
    """
    gap = opening(motion)
    inside = np.zeros(len(gap), bool)
    count = 0
    for start, end in pauses:
        rows = (motion.times >= start + release) & (motion.times <= end - attack) & motion.ok
        if end - start > shortest and rows.any():
            count += 1
            inside |= rows
    if not count:
        return None
    centre = float(np.median(gap[inside])) if rest is None else rest
    deviation = np.where(inside, np.abs(gap - centre), -1.0)
    worst = int(deviation.argmax())
    return Stillness(count, centre, float(deviation[worst]), float(motion.times[worst]))


@dataclass(frozen=True, slots=True)
class OpeningStatistics:
    """How lively a mouth is: mean, standard deviation and 95th percentile (eye distances), openings a second."""

    mean: float
    sd: float
    p95: float
    per_second: float


def opening_statistics(motion: FaceMotion) -> OpeningStatistics:
    """Statistics of the opening over the whole video (a real speaker opens 1.2–2.7 times a second)."""
    gap = opening(motion)
    seen = gap[np.isfinite(gap)]
    peaks, _ = find_peaks(seen, height=CLOSED, prominence=_PROMINENCE)
    return OpeningStatistics(
        mean=float(seen.mean()),
        sd=float(seen.std()),
        p95=float(np.percentile(seen, 95)),
        per_second=len(peaks) / (len(seen) / motion.fps),
    )


@dataclass(frozen=True, slots=True)
class LipsError:
    """Distance of two mouths.

    Attributes:
        error: Mean distance of the forty lip points after alignment, eye distances.
        baseline: The same for a face that never changes its expression.
    """

    error: float
    baseline: float

    @property
    def ratio(self) -> float:
        """Share of the motion that is missing or wrong; 1 is as bad as not moving at all."""
        return self.error / self.baseline


def lips_error(measured: FaceMotion, truth: FaceMotion, source: int = 0, *, depth: bool = False) -> LipsError:
    """How far the lips of one video are from those of another, frame by frame, after alignment of the skulls.

    Every frame of both is laid on frame ``source`` of ``truth`` by a similarity in three dimensions fitted on the
    stable points of the skull, so head motion and crop do not count.

    Args:
        measured: E.g. a re-enactment, re-tracked.
        truth: E.g. the video it was driven by.
        source: The frame of ``truth`` whose unchanging expression is the baseline.
        depth: Whether depth counts, which the landmarker guesses; otherwise distances are in the image plane.

    Raises:
        ValueError: The lengths differ.
    """
    if len(measured) != len(truth):
        raise ValueError(f"motions differ in length: {len(measured)} and {len(truth)}")
    both = measured.ok & truth.ok
    axes = 3 if depth else 2
    reference = truth.points[source].astype(np.float64)
    drawn, real = (lip_shape(motion, reference)[both, :, :axes] for motion in (measured, truth))
    still = reference[list(LIPS), :axes] / float(eye_distance(reference))
    return LipsError(_distance(drawn, real), _distance(still, real))


def _distance(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b, axis=-1).mean())


def lip_shape(motion: FaceMotion, reference: Array) -> Array:
    """Lip points [T, 40, 3] in the frame of ``reference`` [478, 3], in eye distances."""
    aligned = align(motion.points.astype(np.float64), reference)
    return aligned[:, list(LIPS)] / float(eye_distance(reference))
