"""The skeleton that motion is shown on: joints and hierarchy of SMPL-X, with the proportions of an average adult.

SMPL-X's own body shapes are for research only; angles mean the same on any skeleton of this hierarchy in a T-pose.
Axes: x to the person's left, y up, z forward; metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

Floats = npt.NDArray[np.float64]

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")

JOINT_NAMES: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "jaw", "left_eye_smplhf",
    "right_eye_smplhf",
    *(f"{side}_{finger}{bone}" for side in ("left", "right") for finger in _FINGERS for bone in (1, 2, 3)),
)  # fmt: skip
JOINTS = {name: index for index, name in enumerate(JOINT_NAMES)}

#: Parent of each joint; −1 for the root.
PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    *(parent for wrist, first in ((20, 25), (21, 40)) for finger in range(5)
      for parent in (wrist, first + 3 * finger, first + 3 * finger + 1)),
)  # fmt: skip

#: Left half and middle, metres from the parent joint; the right half is its mirror image.
_LEFT: dict[str, tuple[float, float, float]] = {
    # The root's position is that of a point 35 cm above the pelvis, as in SMPL-X.
    "pelvis": (0, -0.351, 0.012),
    "left_hip": (0.06, -0.09, -0.01), "left_knee": (0.045, -0.375, -0.005), "left_ankle": (-0.015, -0.4, -0.04),
    "left_foot": (0.04, -0.06, 0.12),
    "spine1": (0, 0.11, -0.03), "spine2": (0, 0.13, 0.01), "spine3": (0, 0.055, 0.02), "neck": (0, 0.165, -0.035),
    "head": (0, 0.17, 0.035), "jaw": (0, -0.02, 0.01), "left_eye_smplhf": (0.03, 0.05, 0.07),
    "left_collar": (0.045, 0.085, -0.01), "left_shoulder": (0.115, 0.045, -0.015), "left_elbow": (0.255, 0, -0.02),
    "left_wrist": (0.25, 0, 0),
    "left_index1": (0.1, -0.01, 0.02), "left_index2": (0.033, 0, 0), "left_index3": (0.022, 0, 0),
    "left_middle1": (0.105, -0.005, 0), "left_middle2": (0.036, 0, 0), "left_middle3": (0.025, 0, 0),
    "left_pinky1": (0.085, -0.015, -0.04), "left_pinky2": (0.02, 0, -0.004), "left_pinky3": (0.017, 0, -0.002),
    "left_ring1": (0.097, -0.008, -0.02), "left_ring2": (0.033, 0, -0.002), "left_ring3": (0.024, 0, -0.002),
    "left_thumb1": (0.035, -0.015, 0.03), "left_thumb2": (0.028, -0.006, 0.025), "left_thumb3": (0.024, 0, 0.018),
}  # fmt: skip


def _offsets() -> Floats:
    rows = []
    for name in JOINT_NAMES:
        x, y, z = _LEFT[name.replace("right_", "left_")]
        rows.append((-x if name.startswith("right_") else x, y, z))
    return np.array(rows, np.float64)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joints in a T-pose.

    Attributes:
        offsets: float64 [55, 3] each joint from its parent; the root's from the point whose position is tracked.
    """

    offsets: Floats

    def world(self, pose: npt.ArrayLike, root: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Where the joints are and how they are turned.

        Args:
            pose: [T, 55, 3] axis-angle against the parent.
            root: [T, 3] metres.

        Returns:
            Positions float64 [T, 55, 3] and rotation matrices float64 [T, 55, 3, 3].
        """
        angles = np.asarray(pose, np.float64)
        local = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(*angles.shape[:2], 3, 3)
        turned = np.empty_like(local)
        where = np.empty_like(angles)
        for joint, parent in enumerate(PARENTS):
            if parent < 0:
                turned[:, joint], where[:, joint] = local[:, joint], np.asarray(root) + self.offsets[joint]
            else:
                turned[:, joint] = turned[:, parent] @ local[:, joint]
                where[:, joint] = where[:, parent] + turned[:, parent] @ self.offsets[joint]
        return where, turned


def average_adult() -> Skeleton:
    """About 1.7 m tall."""
    return Skeleton(_offsets())


def rest_pose() -> npt.NDArray[np.float32]:
    """Standing at ease: axis-angle float32 [55, 3]; arms hang down, hands are a little curled."""
    pose = np.zeros((len(JOINT_NAMES), 3), np.float32)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[JOINTS[f"{side}_collar"]] = (0, 0, -0.12 * sign)
        pose[JOINTS[f"{side}_shoulder"]] = (0.1, 0.1 * sign, -1.12 * sign)
        pose[JOINTS[f"{side}_elbow"]] = (0, -0.35 * sign, 0)
        for finger in _FINGERS[:-1]:
            for bone in (1, 2, 3):
                pose[JOINTS[f"{side}_{finger}{bone}"]] = (0, 0, -0.3 * sign)
    return pose
