"""Motion as BVH, which Blender, Maya, MotionBuilder and game engines read. Centimetres and degrees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body.skeleton import JOINT_NAMES, PARENTS, Skeleton
from paksatalker.core.tracks import BodyTrack

_CM = 100.0
#: Length of bones that end in the air, metres.
_TIP = 0.02
Floats = npt.NDArray[np.float64]


def order() -> list[int]:
    """The joints as the file has them: depth first."""
    found: list[int] = []

    def visit(joint: int) -> None:
        found.append(joint)
        for child, parent in enumerate(PARENTS):
            if parent == joint:
                visit(child)

    visit(0)
    return found


def hierarchy(skeleton: Skeleton) -> str:
    """The head of the file: the skeleton in its T-pose."""
    lines = ["HIERARCHY"]

    def visit(joint: int, depth: int) -> None:
        pad = "\t" * depth
        # readers differ in whether the root's channels replace its offset or add to it: 0 is right for both
        x, y, z = skeleton.offsets[joint] * _CM if depth else np.zeros(3)
        lines.append(f"{pad}{'JOINT' if depth else 'ROOT'} {JOINT_NAMES[joint]}")
        lines.append(f"{pad}{{")
        lines.append(f"{pad}\tOFFSET {x:.4f} {y:.4f} {z:.4f}")
        places = "" if depth else "Xposition Yposition Zposition "
        lines.append(f"{pad}\tCHANNELS {3 if depth else 6} {places}Zrotation Xrotation Yrotation")
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            visit(child, depth + 1)
        if not children:
            direction = skeleton.offsets[joint] / max(float(np.linalg.norm(skeleton.offsets[joint])), 1e-9)
            x, y, z = direction * _TIP * _CM
            lines.extend([f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET {x:.4f} {y:.4f} {z:.4f}", f"{pad}\t}}"])
        lines.append(f"{pad}}}")

    visit(0, 0)
    return "\n".join(lines) + "\n"


class BvhText:
    """The lines of a motion, run by run. Angles never jump by a turn from frame to frame.

    Args:
        skeleton: Whose motion it is.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._order = order()
        self._last: Floats | None = None

    def head(self, frames: int, fps: float) -> str:
        """What stands before the first frame."""
        return f"{hierarchy(self._skeleton)}MOTION\nFrames: {frames}\nFrame Time: {1 / fps:.8f}\n"

    def lines(self, track: BodyTrack) -> Iterator[str]:
        """One line a frame."""
        turned = Rotation.from_rotvec(track.pose[:, self._order].reshape(-1, 3).astype(np.float64))
        angles = euler_zxy(turned).reshape(len(track), -1, 3)
        where = (track.root + self._skeleton.offsets[0]) * _CM
        for place, row in zip(where, angles, strict=True):
            now = row if self._last is None else _nearest(row, self._last)
            self._last = now
            yield " ".join(f"{value:.6f}" for value in (*place, *now.ravel())) + "\n"


def euler_zxy(turned: Rotation) -> Floats:
    """Degrees [N, 3] about Z, then X, then Y of the turned axes; at X = ±90° Y is 0."""
    m = turned.as_matrix()
    x = np.arcsin(np.clip(m[:, 2, 1], -1, 1))
    locked = np.abs(m[:, 2, 1]) > 1 - 1e-9
    z = np.where(locked, np.arctan2(m[:, 1, 0], m[:, 0, 0]), np.arctan2(-m[:, 0, 1], m[:, 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-m[:, 2, 0], m[:, 2, 2]))
    return np.asarray(np.degrees(np.stack([z, x, y], axis=-1)))


def _nearest(angles: Floats, before: Floats) -> Floats:
    """The same rotations [J, 3] by the angles nearest to the frame before; (z, x, y) is also (z+180, 180−x, y+180)."""
    other = np.stack([angles[:, 0] + 180, 180 - angles[:, 1], angles[:, 2] + 180], axis=-1)
    one, two = (choice - 360 * np.round((choice - before) / 360) for choice in (angles, other))
    closer = np.abs(two - before).sum(axis=-1, keepdims=True) < np.abs(one - before).sum(axis=-1, keepdims=True)
    return np.asarray(np.where(closer, two, one))
