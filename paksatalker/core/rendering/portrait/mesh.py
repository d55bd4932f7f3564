"""The mesh around the face: hair, ears, neck, shoulders, with a guessed depth, and how it follows the head."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.body import HeadAxes, breath_offset, head_weight
from paksatalker.core.rendering.portrait.face import Points, PosedFace, SourceFace
from paksatalker.core.rendering.portrait.patch import WarpPatch

Floats = npt.NDArray[np.float64]

_RINGS = (1.07, 1.16, 1.28)  # copies of the face's outline, from its centre
_COARSER = 2.5  # mesh spacing on the body, against that around the head


class OuterMesh:
    """Everything of the person outside the face's outline. Immutable after construction.

    Args:
        face: The face as photographed.
        points: float64 [478, 3] its landmarks as :class:`FaceGeometry` has them.
        alpha: float32 [H, W] the person's matte; triangles without any of it are left out.
    """

    def __init__(self, face: SourceFace, points: Points, alpha: npt.NDArray[np.float32]) -> None:
        height, width = alpha.shape
        axes = HeadAxes.of(face)
        oval = list(topo.OVAL)
        outline = points[oval, :2]
        flat = _vertices(face, outline, axes, alpha)
        both = np.concatenate([outline, flat])
        triangles = Delaunay(both).simplices.astype(np.int32)  # also across the face, under its own mesh: no cracks
        self._triangles = np.ascontiguousarray(triangles[_touches(both, triangles, alpha)])
        self._outline_points = points[oval]
        self._points = np.column_stack([flat, _depth(face, points, flat)])
        self._weight = head_weight(axes, flat, (width, height))[:, None]
        self._breath = breath_offset(axes, flat)
        distance, nearest = _nearest(outline, flat, 6)
        share = 1 / (distance + 2) ** 2
        share /= share.sum(axis=1, keepdims=True)
        share *= np.exp(-((distance[:, :1] / (0.22 * face.height)) ** 1.5))
        self._spill = np.zeros((len(flat), len(oval)))
        np.put_along_axis(self._spill, nearest, share, axis=1)
        self._source = both
        #: Vertices that belong to a triangle that is drawn.
        self.used = np.unique(self._triangles)

    def place(self, posed: PosedFace) -> WarpPatch:
        """Where the mesh lies in one frame: head motion by weight, breath, and the outline's own expression fading."""
        oval = list(topo.OVAL)
        moved = self._points + self._weight * (posed.pose.apply(self._points) - self._points)
        expression = (posed.unposed[oval] - self._outline_points) @ posed.pose.linear.T
        target = moved[:, :2] + self._spill @ expression[:, :2] + posed.state.breath * self._breath
        return WarpPatch(self._source, np.concatenate([posed.points[oval, :2], target]), self._triangles)


class EyeSockets:
    """The photo's eyes under the lids: rigid with the head, a little larger than the openings."""

    def __init__(self, points: Points) -> None:
        self._rims = []
        for eye in topo.EYES:
            loop = points[list(eye.upper + eye.lower[-2:0:-1])]
            centre = loop.mean(axis=0)
            self._rims.append(np.concatenate([centre[None], centre + (loop - centre) * [1.2, 1.8, 1.0]]))
        count = len(self._rims[0]) - 1
        self._fan = np.array([(0, 1 + k, 1 + (k + 1) % count) for k in range(count)], np.int32)

    def place(self, posed: PosedFace) -> list[WarpPatch]:
        """Where they lie in one frame."""
        return [
            WarpPatch(rim[:, :2], np.ascontiguousarray(posed.pose.apply(rim)[:, :2]), self._fan) for rim in self._rims
        ]


def _vertices(face: SourceFace, outline: Floats, axes: HeadAxes, alpha: npt.NDArray[np.float32]) -> Floats:
    """Rings round the outline, a fine grid around the head, a coarse one over the rest of the person."""
    height, width = alpha.shape
    centre = outline.mean(axis=0)
    rings = np.concatenate([centre + (outline - centre) * scale for scale in _RINGS])
    reach = 0.35 * face.height  # the frame's edge may move in by this much
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    box = np.array([[columns[0], rows[0]], [columns[-1], rows[-1]]], float) + np.array([[-reach], [reach]])
    fine = max(6.0, face.width / 11)
    grids = []
    for spacing, wanted_near in ((fine, True), (fine * _COARSER, False)):
        xs, ys = (np.arange(box[0, k], box[1, k] + spacing, spacing) for k in (0, 1))
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        near = (axes.above_chin(grid) > -0.9) & (axes.aside(grid) < 1.5) & (axes.above_chin(grid) < 2.2)
        grids.append(grid[near == wanted_near])
    grid = np.concatenate(grids)
    grid = grid[~_inside(centre + (outline - centre) * 1.36, grid)]
    around = np.all((rings > -reach) & (rings < [width + reach, height + reach]), axis=1)
    return np.concatenate([rings[around], grid])


def _nearest(anchors: Floats, points: Floats, count: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Distances [n, count] of points to their nearest anchors, closest first, and which anchors those are."""
    distance = np.linalg.norm(points[:, None] - anchors[None], axis=2)
    order = np.argsort(distance, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(distance, order, axis=1), order


def _inside(polygon: Floats, points: Floats) -> npt.NDArray[np.bool_]:
    """Which points [n, 2] lie inside a polygon (even-odd rule)."""
    x, y = points[:, :1], points[:, 1:]
    x0, y0 = polygon[:, 0], polygon[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return np.asarray(crossing.sum(axis=1) % 2 == 1)


def _touches(
    vertices: Floats, triangles: npt.NDArray[np.int32], alpha: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Which triangles have any of the person in their bounding box; outside the canvas its edge counts."""
    height, width = alpha.shape
    total = cv2.integral(np.asarray(alpha > 0, np.uint8))
    corners = vertices[triangles]
    low = np.floor(corners.min(axis=1)).astype(int) - 1
    high = np.ceil(corners.max(axis=1)).astype(int) + 2
    x0, x1 = np.clip(low[:, 0], 0, width - 1), np.clip(high[:, 0], 1, width)
    y0, y1 = np.clip(low[:, 1], 0, height - 1), np.clip(high[:, 1], 1, height)
    return np.asarray(total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0] > 0)


def _depth(face: SourceFace, points: Points, flat: Floats) -> Floats:
    """Depth [n] of vertices around the face: the outline's, receding with distance as a head does.

    On the side that a turned head shows us the surface runs back steeply; on the far side it hides behind the outline.
    """
    outline = points[list(topo.OVAL)]
    distance, nearest = _nearest(outline[:, :2], flat, 4)
    share = 1 / (distance + 1e-3)
    share /= share.sum(axis=1, keepdims=True)
    facing = face.rotation @ np.array([0.0, 0.0, -1.0])
    side = (flat[:, 0] - outline[:, 0].mean()) / face.width * 2 * np.sign(facing[0])
    slope = 0.75 * (1 - np.clip(1.8 * abs(facing[0]) * np.clip(side, 0, 1), 0, 1))
    return np.asarray((outline[nearest, 2] * share).sum(axis=1) + np.minimum(distance[:, 0] * slope, 0.45 * face.width))
