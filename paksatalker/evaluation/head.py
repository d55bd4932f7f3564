"""How the head moves: spread of its angles, speed and smoothness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import savgol_filter

from paksatalker.evaluation.tracking import FaceMotion


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """Head motion of a video. Triples are yaw, pitch, roll.

    Attributes:
        sd: Standard deviations, degrees (real speakers: about 3.3, 3.3, 3.2).
        range: Largest minus smallest, degrees.
        speed: Median angular speed about any axis, degrees a second (real speakers: about 18).
        jerk: Root mean square of the third derivative of the angles, degrees/s³, after a 9-frame quadratic smoothing;
            None for clips too short for it.
    """

    sd: tuple[float, float, float]
    range: tuple[float, float, float]
    speed: float
    jerk: float | None


def head_motion(motion: FaceMotion) -> HeadMotion:
    """Measures the head motion over all frames that show a face.

    Raises:
        ValueError: Fewer than two frames show a face.
    """
    if motion.ok.sum() < 2:
        raise ValueError("head motion needs two frames with a face")
    rotation = motion.rotation[motion.ok].astype(np.float64)
    angles = motion.angles[motion.ok]
    turn = np.einsum("tij,tik->tjk", rotation[:-1], rotation[1:])
    cosine = (np.trace(turn, axis1=1, axis2=2) - 1) / 2
    speed = np.degrees(np.arccos(np.clip(cosine, -1, 1))) * motion.fps
    jerk = None
    if len(angles) >= 9:
        third = savgol_filter(angles, 9, 3, deriv=3, delta=1 / motion.fps, axis=0)
        jerk = float(np.sqrt((third**2).sum(axis=-1).mean()))
    spread, reach = angles.std(axis=0), np.ptp(angles, axis=0)
    return HeadMotion(
        sd=(float(spread[0]), float(spread[1]), float(spread[2])),
        range=(float(reach[0]), float(reach[1]), float(reach[2])),
        speed=float(np.median(speed)),
        jerk=jerk,
    )
