"""Where every landmark of the face lies in one frame: expression, lips, lids, head pose."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.basis import load_basis
from paksatalker.core.rendering.portrait.expression import OwnExpression
from paksatalker.core.rendering.portrait.face import FaceState, HeadPose, Points, PosedFace, SourceFace
from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES

_UPPER_SHARE = 0.35  # of a correction of the gap; the mandible does most of it
_DRAWN = sorted({*topo.LIPS, *(i for eye in topo.EYES for i in eye.upper + eye.lower + eye.ring)})
_AROUND_EYES = ("brow", "eyeSquint", "eyeWide", "cheekSquint")
_LID_SHAPE = np.array([0, 0.8, 1, 1, 1, 1, 1, 0.8, 0])[:, None]
#: How far the nine inner pairs part, from the image's left corner to the right one, by the person's left and right.
_ALONG_LIPS = np.sin(np.pi * np.arange(1, 10) / 10)[:, None] ** 0.7 * np.column_stack(
    [np.linspace(0, 1, 9), np.linspace(1, 0, 9)]
)
#: What narrows a mouth: rounding, and taking a smile away. Speech draws corners in freely by half of the limit, then
#: less and less: a smile's stretched lips pressed into a kiss look like a tongue, and the cheeks' folds break.
_NARROWING = ("mouthPucker", "mouthFunnel", "mouthSmile", "mouthStretch")
_NARROWEST = 0.38  # of the photo's width
_JAW = [ARKIT_INDEX[name] for name in ("jawOpen", "jawLeft", "jawRight", "jawForward")]


def head_rotation(yaw: float, pitch: float, roll: float) -> npt.NDArray[np.float64]:
    """Rotation [3, 3] in image axes (x right, y down, z away) from degrees.

    Positive yaw turns the face to the image's right, positive pitch nods down, positive roll tilts clockwise as seen.
    """
    y, p, r = math.radians(yaw), math.radians(pitch), math.radians(roll)
    turn = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    nod = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    tilt = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    rotation: npt.NDArray[np.float64] = tilt @ turn @ nod
    return rotation


class FaceGeometry:
    """Poses one face. Immutable after construction, so frames may be posed in parallel.

    Args:
        face: The face as photographed.
        brow_scale: How far brows and lids' surroundings follow their coefficients, 0–1; below 1 for glasses, which must
            not bend.
        head_scale: How far the head follows its rotation and shift, 0–1; below 1 where the frame cuts it off.

    Attributes:
        points: float64 [478, 3] the photo's landmarks with the depth of averted ones corrected.
        triangles: int32 [n, 3] of the skin and over the hole at the mouth, far ones first.
        pivot: [3] the point in the neck that the head turns about.
    """

    def __init__(self, face: SourceFace, brow_scale: float = 1.0, head_scale: float = 1.0) -> None:
        basis = load_basis()
        self.face = face
        self.points: Points = rest_points(face)
        scale = np.ones(len(ARKIT_NAMES))
        scale[[i for i, name in enumerate(ARKIT_NAMES) if name.startswith(_AROUND_EYES)]] = brow_scale
        self._head_scale = head_scale
        offsets = basis.offsets.astype(np.float64) @ face.rotation.T * face.eye_distance * scale[:, None, None]
        self._offsets = offsets.reshape(len(ARKIT_NAMES), -1)
        self._jaw = offsets[_JAW][:, [14, 17, 18]].mean(axis=1)
        self._expression = OwnExpression(face.scores)
        self._widening = _widening(offsets, self.points)
        self._down = face.rotation @ np.array([0.0, 1.0, 0.0])
        self._gap_floor = np.minimum(self._gaps(self.points), 0.0)  # a photo's own crossing lips are left alone
        self._upper_follow, self._lower_follow = _lip_followers(self.points, face)
        left, right = self.points[list(topo.CHEEKS)]
        self._parted = self._own_gap()
        self.pivot = (left + right) / 2 + np.array([0.0, 0.35 * face.height, 0.10 * face.width])
        self.triangles = self._ordered(basis.triangles)

    def pose(self, state: FaceState) -> PosedFace:
        """Applies one frame's controls."""
        coefficients = self._expression.weights(state)
        coefficients *= self._kept_wide(coefficients, float(np.clip(state.activity, 0, 1)))
        points = self.points + (coefficients @ self._offsets).reshape(-1, 3)
        self._part_lips(points, self._expression.parting(state))
        self._close_lips(points, float(np.clip(state.seal, 0, 1)), float(np.clip(state.activity, 0, 1)))
        for eye in topo.EYES:
            self._close_lids(points, eye, min(max(state[eye.blink], 0.0), 1.0))
        yaw, pitch, roll = (self._head_scale * float(v) for v in state.head_rotation)
        right, down, log_scale = (self._head_scale * float(v) for v in state.head_translation)
        pose = HeadPose(
            linear=math.exp(log_scale) * head_rotation(yaw, pitch, roll),
            pivot=self.pivot,
            translation=np.array([right, down, 0.0]) * self.face.eye_distance,
        )
        return PosedFace(
            points=pose.apply(points), unposed=points, pose=pose, jaw=coefficients[_JAW] @ self._jaw, state=state
        )

    def _kept_wide(self, coefficients: npt.NDArray[np.float64], activity: float) -> npt.NDArray[np.float64]:
        """Factors [52] that keep speech from narrowing the mouth beyond recognition; 1 but for what narrows it."""
        change = coefficients * self._widening
        narrower = -float(change.sum())
        free = 0.5 * _NARROWEST
        if narrower <= free or activity <= 0:
            return np.ones(len(coefficients))
        allowed = free + free * (1 - math.exp(-(narrower - free) / free))
        share = 1 - activity * (1 - allowed / narrower)
        return np.where(change < 0, share, 1.0)

    def _gaps(self, points: Points) -> npt.NDArray[np.float64]:
        between = points[list(topo.LOWER_INNER[1:-1])] - points[list(topo.UPPER_INNER[1:-1])]
        return np.asarray(between @ self._down)

    def _own_gap(self) -> npt.NDArray[np.float64]:
        """What parts the photo's lips [9, 3] once speech has taken its scores: lips that the scores do not tell of."""
        still = np.zeros(len(ARKIT_NAMES), np.float32)
        nowhere = np.zeros(3, np.float32)
        weights = self._expression.weights(FaceState(still, nowhere, nowhere, nowhere[:2], activity=1.0))
        points = self.points + (weights @ self._offsets).reshape(-1, 3)
        between = points[list(topo.LOWER_INNER[1:-1])] - points[list(topo.UPPER_INNER[1:-1])]
        return np.asarray(np.where((between @ self._down > 0)[:, None], between, 0.0))

    def _part_lips(self, points: Points, parting: npt.NDArray[np.float64]) -> None:
        """Moves the lips apart, both alike, by eye distances [2] at the person's left and right."""
        if not parting.any():
            return
        apart = _ALONG_LIPS @ parting * self.face.eye_distance
        points += (self._lower_follow - self._upper_follow) @ (0.5 * apart[:, None] * self._down)

    def _close_lips(self, points: Points, seal: float, activity: float) -> None:
        """Takes the photo's own gap away by ``activity``, keeps the lips from crossing, and seals them.

        ``seal`` brings each inner pair to one point; the skin around follows.
        """
        upper, lower = list(topo.UPPER_INNER[1:-1]), list(topo.LOWER_INNER[1:-1])
        correction = activity * self._parted
        between = points[lower] - points[upper] - correction
        crossing = np.minimum(between @ self._down - self._gap_floor, 0.0)[:, None] * self._down
        correction = correction + crossing + seal * (between - crossing)
        if not np.any(correction):
            return
        up, down = _UPPER_SHARE * correction, -(1 - _UPPER_SHARE) * correction
        points += self._upper_follow @ up + self._lower_follow @ down
        if seal >= 1:
            points[lower] = points[upper]

    def _close_lids(self, points: Points, eye: topo.EyeIndices, blink: float) -> None:
        """Brings the upper lid down onto the lower one, which comes up a bit."""
        if blink <= 0:
            return
        upper, lower, ring, outer = (list(row) for row in (eye.upper, eye.lower, eye.ring, eye.outer_ring))
        aperture = self.points[upper] - self.points[lower]
        lift = 0.12 * blink * _LID_SHAPE * aperture
        points[lower[1:-1]] += lift[1:-1]
        travel = blink * (points[lower] - points[upper])
        points[upper[1:-1]] += travel[1:-1]
        points[ring] += 0.30 * travel
        points[outer] += 0.06 * travel

    def _ordered(self, skin: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The mouth first, then the skin from far to near, so that a turned nose hides the cheek behind it."""
        depth = self.points[skin, 2].mean(axis=1)
        return np.concatenate([np.array(topo.MOUTH, np.int32), skin[np.argsort(-depth, kind="stable")]])


def _widening(offsets: npt.NDArray[np.float64], points: Points) -> npt.NDArray[np.float64]:
    """How much each of :data:`_NARROWING` widens the mouth [52] at 1, as a share of its width; 0 for all others."""
    left, right = topo.UPPER_ROWS[-1][0], topo.UPPER_ROWS[-1][-1]
    along = points[right] - points[left]
    change = (offsets[:, right] - offsets[:, left]) @ along / (along @ along)
    return np.array([c if n.startswith(_NARROWING) else 0.0 for n, c in zip(ARKIT_NAMES, change, strict=True)])


def _lip_followers(points: Points, face: SourceFace) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How every landmark follows the nine inner points of the upper and of the lower lip: two matrices [478, 9].

    The inner points follow themselves exactly; the rows of each lip follow their own point, less and less outwards; the
    skin beyond follows smoothly by distance, so that a closing lip takes the chin along instead of squeezing it.
    """
    head = (points - points[topo.NOSE_BRIDGE]) @ face.rotation / face.eye_distance
    lips = set(topo.LIPS)
    skin = np.array([i for i in range(topo.SKIN_POINTS) if i not in lips])
    matrices = []
    for sign, inner, rows in ((-1, topo.UPPER_INNER, topo.UPPER_ROWS), (1, topo.LOWER_INNER, topo.LOWER_ROWS)):
        follow = np.zeros((topo.POINTS, 9))
        follow[list(inner[1:-1]), range(9)] = 1
        for row, share in zip(rows, (0.92, 0.80, 0.62), strict=True):
            follow[list(row[1:-1]), range(9)] = share
        edge = head[list(rows[-1][1:-1])]
        across = np.exp(-(((head[skin, None, 0] - edge[None, :, 0]) / 0.07) ** 2))
        across /= across.sum(axis=1, keepdims=True) + 1e-3
        beyond = sign * (head[skin, 1] - across @ edge[:, 1] / (across.sum(axis=1) + 1e-9))
        reach = np.exp(-((np.clip(beyond, 0, None) / (0.30 if sign > 0 else 0.12)) ** 2)) * (beyond > -0.02)
        outside = np.clip(np.abs(head[skin, 0] - head[[61, 291], 0].mean()) / 0.36, 0, 1)
        follow[skin] = 0.62 * across * (reach * (1 - outside**2))[:, None]
        matrices.append(follow)
    return matrices[0], matrices[1]


def rest_points(face: SourceFace) -> Points:
    """The photo's landmarks [478, 3] with the depth of averted ones and of the lips corrected: where nothing moves."""
    basis = load_basis()
    points = flatten_averted(face, basis.triangles)
    points[:, 2] += _lip_relief(basis.reference) * face.eye_distance * face.rotation[2, 2]
    return points


def flatten_averted(face: SourceFace, triangles: npt.NDArray[np.int32]) -> Points:
    """Brings landmarks that face away from the camera onto the visible outline and its depth.

    On a three-quarter view the far cheek's landmarks lie behind the cheek or beyond it; turned as they are they would
    unfold a second copy of the cheek's edge, or the background.
    """
    points = face.points.copy()
    corners = points[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    centre = points[: topo.SKIN_POINTS].mean(axis=0) + np.array([0, 0, face.width / 2])
    normal[((corners.mean(axis=1) - centre) * normal).sum(axis=1) < 0] *= -1
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], normal)
    facing = normals[: topo.SKIN_POINTS, 2] / (np.linalg.norm(normals[: topo.SKIN_POINTS], axis=1) + 1e-9)
    turned = float(np.clip((abs(face.rotation[0, 2]) - 0.22) / 0.15, 0, 1))
    averted = np.where(facing > -0.38, turned, 0.0)  # all alike: a ridge of depth between them would fold over
    hidden = np.clip((facing + 0.12) / 0.08, 0, 1) * float(np.clip((abs(face.rotation[0, 2]) - 0.16) / 0.12, 0, 1))
    hidden[_DRAWN] = 0  # mouth and eyes are drawn where the photo has them
    visible = np.flatnonzero(averted == 0)
    outline = np.flatnonzero((hidden == 0) & (facing < 0))
    if hidden.any() and len(visible) and len(outline):
        skin = points[: topo.SKIN_POINTS]
        rim = outline[_nearest(skin, skin[outline])]
        skin[:, :2] += hidden[:, None] * (skin[rim, :2] - skin[:, :2])
        depth = visible[_nearest(skin[:, :2], skin[visible, :2])]
        skin[:, 2] += averted * (skin[depth, 2] - skin[:, 2])
    return points


def _nearest(points: Points, anchors: Points) -> npt.NDArray[np.intp]:
    """Index [n] of the anchor nearest to each point."""
    return np.asarray(np.argmin(((points[:, None] - anchors[None]) ** 2).sum(axis=2), axis=1))


def _lip_relief(reference: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Depth [478], in eye distances, that the landmarker leaves out around the mouth.

    On a turning and nodding head real lips lie about a tenth of an eye distance further out than the landmarker says:
    structure from motion over a tracked video, against the eye corners.
    """
    x, y = reference[:, 0].astype(np.float64), reference[:, 1].astype(np.float64)
    below_nose = np.clip((y - 0.55) / 0.25, 0, 1) * (1 - 0.4 * np.clip((y - 1.1) / 0.3, 0, 1))
    return np.asarray(-0.12 * np.exp(-((x / 0.38) ** 2)) * below_nose)


def smoothstep(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cubic ramp from 0 at 0 to 1 at 1."""
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
