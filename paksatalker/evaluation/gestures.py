"""Measures of body motion, as the EMAGE paper and its tools define them (Liu et al., CVPR 2024).

Positions are those of joints [T, 165] in metres, vertices [T, C] those of a mesh.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg import sqrtm
from scipy.signal import argrelextrema

Floats = npt.NDArray[np.float64]

#: Joints whose beats count: spine, neck, head, arms.
BEAT_JOINTS: tuple[int, ...] = (3, 6, 9, *range(12, 22))
_BEAT_ORDER = 7
_BEAT_SPEED = 0.10
_SIGMA_S = 0.3
_EPS = 1e-6


def l1_diversity(positions: npt.ArrayLike) -> float:
    """How far a motion departs from its own mean pose: the sum of distances in all coordinates, per frame.

    Args:
        positions: [T, 165] or [T, 55, 3] metres of the joints; the result is in the same unit.
    """
    values = np.asarray(positions, np.float64)
    return float(np.abs(values - values.mean(axis=0)).sum() / len(values))


def mean_squared_error(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Mean squared difference of vertices [T, V, 3], in the square of their unit.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    return float(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2))


def vertex_velocity_error(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """LVD: how the steps of vertices from frame to frame differ, summed up and divided by frames and coordinates.

    Args:
        one: [T, V, 3] vertices; the result is in their unit a frame.
        other: As many, of the same shape.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return float(np.abs(np.diff(first, axis=0) - np.diff(second, axis=0)).sum() / first.size)


def motion_beats(
    positions: npt.ArrayLike, mean_velocity: npt.ArrayLike, fps: float, part: slice = slice(None)
) -> list[npt.NDArray[np.int64]]:
    """Frames at which each joint pauses between movements.

    Args:
        positions: [T, 165] or [T, 55, 3] metres.
        mean_velocity: [55] usual speed of each joint, in the unit of the positions per second.
        fps: Frames a second.
        part: The frames that are looked at; beats count from its start. Motion beyond them still counts for speed.

    Returns:
        For each of the 55 joints int64 [N], ascending.
    """
    joints = np.asarray(positions, np.float64).reshape(len(np.asarray(positions)), -1, 3)
    velocity = np.gradient(joints, 1 / fps, axis=0)  # central differences, one-sided at both ends
    speed = np.linalg.norm(velocity, axis=-1)[part] / np.asarray(mean_velocity, np.float64)
    beats = []
    for track in speed.T:
        low = argrelextrema(track, np.less, order=_BEAT_ORDER)[0]
        beats.append(low[track[low] > _BEAT_SPEED])
    return beats


def beat_alignment(onsets: npt.ArrayLike, beats: Sequence[npt.NDArray[np.int64]], fps: float) -> float:
    """BC: how near a beat of motion is to the onsets of sound, 0–1.

    Args:
        onsets: Times in seconds.
        beats: Of all 55 joints, from :func:`motion_beats`.
        fps: Frames a second.
    """
    times = np.asarray(onsets, np.float64)
    total = 0.0
    for joint in BEAT_JOINTS:
        frames = beats[joint]
        if len(frames) and len(times):
            apart = np.abs(times[:, None] - frames[None] / fps).min(axis=1)
            total += float(np.exp(-(apart**2) / (2 * _SIGMA_S**2)).mean())
    return total / len(BEAT_JOINTS)


def weighted(scores: Sequence[float], lengths: Sequence[float]) -> float:
    """The mean of several clips' scores, weighted by their lengths."""
    return float(np.average(scores, weights=lengths))


def frechet_distance(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The Fréchet distance of two sets of features [N, D], taken as Gaussian."""
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    gap = first.mean(axis=0) - second.mean(axis=0)
    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    offset = np.eye(len(a)) * _EPS
    root = sqrtm((a + offset) @ (b + offset))
    return float(gap @ gap + np.trace(a) + np.trace(b) - 2 * np.trace(np.real(root)))
