"""Feet that stay where they stand.

A foot is down while it is slow and not much higher than the other. From then on its ankle is held, and the leg is bent
to reach it (two bones, law of cosines; the knee keeps its direction). When it lifts, the correction fades.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body.skeleton import JOINTS, PARENTS, Skeleton
from paksatalker.core.tracks import BodyTrack

Floats = npt.NDArray[np.float64]

#: A foot comes down below this height over the lower foot (m) and this speed (m/s), and goes up beyond the second.
_HEIGHT = (0.03, 0.06)
_SPEED = (0.5, 1.0)
#: Farthest that a foot is held from where the motion has it; beyond that it steps. Metres.
_FARTHEST = 0.2
#: Time in which a correction fades, seconds.
_FADE_S = 0.25
#: Share of the leg's length that is used at most, so that the knee never snaps.
_STRAIGHT = 0.995


@dataclass(slots=True)
class _Foot:
    """One leg and what is remembered of it."""

    hip: int
    knee: int
    ankle: int
    toe: int
    held: Floats | None = None
    correction: Floats = field(default_factory=lambda: np.zeros(3))
    last: Floats | None = None
    last_toe: Floats | None = None


class FootLock:
    """Holds the feet of motion that streams through; one recording each.

    Args:
        skeleton: Proportions of who moves.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._feet = [
            _Foot(JOINTS[f"{side}_hip"], JOINTS[f"{side}_knee"], JOINTS[f"{side}_ankle"], JOINTS[f"{side}_foot"])
            for side in ("left", "right")
        ]

    def apply(self, track: BodyTrack) -> BodyTrack:
        """The next run of frames, its legs changed."""
        where, turned = self._skeleton.world(track.pose, track.root)
        pose = track.pose.astype(np.float32).copy()
        for row in range(len(track)):
            ground = min(float(where[row, foot.toe, 1]) for foot in self._feet)
            for foot in self._feet:
                target = self._target(foot, where[row], ground, track.fps)
                if target is not None:
                    _bend(pose[row], foot, where[row], turned[row], target)
        return replace(track, pose=pose)

    def _target(self, foot: _Foot, where: Floats, ground: float, fps: float) -> Floats | None:
        """Where the ankle shall be; None leaves it."""
        ankle, toe = where[foot.ankle], where[foot.toe]
        speed = 0.0
        if foot.last is not None and foot.last_toe is not None:
            speed = min(_flat(ankle - foot.last), _flat(toe - foot.last_toe)) * fps
        foot.last, foot.last_toe = ankle.copy(), toe.copy()
        height = float(toe[1]) - ground
        held = foot.held is not None
        down = height < _HEIGHT[held] and speed < _SPEED[held]
        if down and foot.held is None:
            foot.held = ankle + foot.correction
        if foot.held is not None:
            wanted = foot.held - ankle
            wanted[1] = 0.0  # the floor is the motion's own; only sliding is taken away
            if down and _flat(wanted) <= _FARTHEST:
                foot.correction = wanted
                return np.asarray(ankle + wanted)
            foot.held = None
        foot.correction = foot.correction * max(0.0, 1 - 1 / (_FADE_S * fps))
        return np.asarray(ankle + foot.correction) if _flat(foot.correction) > 1e-4 else None


def _flat(step: Floats) -> float:
    return float(np.hypot(step[0], step[2]))


def _bend(pose: npt.NDArray[np.float32], foot: _Foot, where: Floats, turned: Floats, target: Floats) -> None:
    """Changes hip, knee and ankle of one frame so that the ankle is at the target and the foot keeps its direction."""
    hip, knee, ankle = where[foot.hip], where[foot.knee], where[foot.ankle]
    thigh, shin = float(np.linalg.norm(knee - hip)), float(np.linalg.norm(ankle - knee))
    reach = float(np.clip(np.linalg.norm(target - hip), abs(thigh - shin) + 1e-3, _STRAIGHT * (thigh + shin)))
    axis = np.cross(ankle - knee, knee - hip)  # turning the shin about it straightens the leg
    length = np.linalg.norm(axis)
    axis = axis / length if length > 1e-4 else -turned[foot.knee][:, 0]
    inner = _inner_angle(thigh, shin, reach) - _inner_angle(thigh, shin, float(np.linalg.norm(ankle - hip)))
    straighten = Rotation.from_rotvec(axis * inner)
    bent = knee + straighten.apply(ankle - knee)
    swing = _between(bent - hip, target - hip)
    hip_world = swing * Rotation.from_matrix(turned[foot.hip])
    knee_world = swing * straighten * Rotation.from_matrix(turned[foot.knee])
    above = Rotation.from_matrix(turned[PARENTS[foot.hip]])
    pose[foot.hip] = (above.inv() * hip_world).as_rotvec()
    pose[foot.knee] = (hip_world.inv() * knee_world).as_rotvec()
    pose[foot.ankle] = (knee_world.inv() * Rotation.from_matrix(turned[foot.ankle])).as_rotvec()


def _inner_angle(thigh: float, shin: float, reach: float) -> float:
    """Angle at the knee of a leg whose ankle is so far from the hip."""
    return float(np.arccos(np.clip((thigh**2 + shin**2 - reach**2) / (2 * thigh * shin), -1, 1)))


def _between(one: Floats, other: Floats) -> Rotation:
    """The smallest rotation that turns one direction into another."""
    one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
    axis = np.cross(one, other)
    sine = np.linalg.norm(axis)
    if sine < 1e-12:
        return Rotation.identity()
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, float(one @ other)))
