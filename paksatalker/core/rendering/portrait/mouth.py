"""The inside of the mouth: what shows between the lips when they part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from paksatalker.core.rendering.portrait import mouth_kernel as k
from paksatalker.core.rendering.portrait.curves import CurveFrame, heights
from paksatalker.core.rendering.portrait.face import Points, PosedFace, SourceFace
from paksatalker.core.rendering.portrait.geometry import rest_points
from paksatalker.core.rendering.portrait.palette import Palette, analyse, luminance
from paksatalker.core.rendering.portrait.teeth import Arch, build_arch
from paksatalker.core.rendering.portrait.topology import LOWER_INNER, UPPER_INNER

Float = npt.NDArray[np.float32]

#: Anatomy in mm. The lips meet a little above the upper incisors' edge; the lower ones stand just behind and below.
_TEETH_BEHIND_LIPS = 4.5
_BEHIND_FROM_ABOVE = 0.4  # share of that which hides teeth from a camera above: lips lie closer to them than the mesh's
_UPPER_EDGE_BELOW_LIPS = 3.0
_LOWER_EDGE_BELOW_LIPS = 3.7
_OVERJET = 2.6
_JAW_SHARE = 0.92  # incisors lie nearer to the jaw's joint than the chin does
_TONGUE_RADII: Final = (19.0, 9.0, 24.0)
_TONGUE_TIP_DEPTH = 8.5
#: How far an open mouth's landmarks miss the lips: so much of the photo's teeth and gums sticks to them, mm.
_TEETH_ON_LIPS: Final = (2.5, 0.5)
_SHINE_ON_LIPS: Final = (1.0, 0.3)  # the same where the teeth were too few to be known as such
_UPPER_LIP_EDGE: Final = 0  # the red's upper border in the middle
_SAMPLES = 97  # of the lip curves


@dataclass(frozen=True, slots=True)
class OwnTeeth:
    """The teeth that the photo shows.

    Attributes:
        pixels: float32 [h, w, 4] RGB times alpha, alpha 0–1, a crop of the photo.
        corner: [2] where the crop's first pixel lies in the photo.
        edge: How far below the upper lip's middle the teeth end, mm.
    """

    pixels: Float
    corner: npt.NDArray[np.float64]
    edge: float


class MouthInterior:
    """Paints cavity, tongue and teeth between the lips.

    Args:
        face: The face as photographed.
        palette: The photo's colours; measured if not given.
        seed: Irregularities of teeth and grain.
    """

    def __init__(self, face: SourceFace, palette: Palette | None = None, seed: int = 0) -> None:
        palette = palette or analyse(face)
        face = replace(face, points=rest_points(face))
        self._face = face
        self._palette = palette
        self.own_teeth = find_own_teeth(face)
        if self.own_teeth:
            palette = replace(palette, white=_enamel(self.own_teeth))
        self._upper = build_arch(True, palette, face.mm, seed)
        self._lower = build_arch(False, palette, face.mm, seed)
        self._colours = _colours(palette)
        self._noise = _grain_tile(seed, palette.softness)
        self._origin_up, self._origin_low, self._sealed = self._origins()
        self._edge = self.own_teeth.edge if self.own_teeth else _UPPER_EDGE_BELOW_LIPS
        self._constants = self._constant_parameters()
        rest = self._lip_curves(face.points)
        self._rest_gap = np.zeros(_SAMPLES, np.float32) if rest is None else rest[1][1] - rest[1][0]
        self._own = self.own_teeth.pixels if self.own_teeth else np.zeros((1, 1, 4), np.float32)

    def paint(self, frame: npt.NDArray[np.uint8], posed: PosedFace) -> None:
        """Paints one frame in place; nothing where the lips are closed.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous: the warped photo.
            posed: The face in this frame.
        """
        lips = self._lip_curves(posed.points)
        if lips is None:
            return
        frame_of_lips, curves, box = lips
        away = self._displaced(posed.unposed)
        if away <= 0.1:
            return
        box = np.array(
            [max(box[0], 0), max(box[1], 0), min(box[2], frame.shape[1]), min(box[3], frame.shape[0])], np.int64
        )
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        parameters, inverse = self._parameters(frame_of_lips, posed, curves)
        parameters[k.COVER] = min((away - 0.1) / 1.2, 1.0)
        if self._sealed == 0:
            lip = float(np.linalg.norm(posed.points[_UPPER_LIP_EDGE] - posed.points[UPPER_INNER[5]])) / self._face.mm
            parameters[k.OVERLAP] = min(parameters[k.OVERLAP], 0.42 * lip)
        if self.own_teeth:
            parameters[k.SHADED] = np.clip(self._opened(posed.unposed) / 6.0, 0.15, 1.0)
        k.paint_mouth(
            frame, box, parameters, curves, inverse, self._colours, self._upper.strip, self._upper.arc,
            self._lower.strip, self._lower.arc, self._own, self._noise,
        )  # fmt: skip

    def _displaced(self, unposed: Points) -> float:
        """How far the lips of an open mouth are from where the photo has them, mm; while they stay, so do its pixels.

        Not how far it has opened: lips that move together take the photo's teeth along, beside those that are painted.
        """
        if self._sealed > 0:
            return 10.0
        lips = [*UPPER_INNER, *LOWER_INNER]
        return float(np.linalg.norm((unposed - self._face.points)[lips, :2], axis=1).max()) / self._face.mm

    def _opened(self, unposed: Points) -> float:
        """How much further or less open the mouth is than in the photo, mm."""
        lips = self._lip_curves(unposed)
        gap = 0.0 if lips is None else lips[1][1] - lips[1][0]
        return float(np.abs(gap - self._rest_gap).max()) / self._face.mm

    def _lip_curves(self, points: Points) -> tuple[CurveFrame, Float, npt.NDArray[np.int64]] | None:
        """Heights [2, n] of the inner lips along the mouth and the pixels they span; None if the lips are closed."""
        upper, lower = points[list(UPPER_INNER)], points[list(LOWER_INNER)]
        frame = CurveFrame.between(upper[0], upper[-1])
        if frame.length < 4:
            return None
        local_up, local_low = frame.local(upper), frame.local(lower)
        at = np.linspace(0, frame.length, _SAMPLES)
        top, bottom = heights(local_up, at), heights(local_low, at)
        # A smooth curve may run inside the straight edges of the mesh's hole; cover the hole in any case.
        top = np.minimum(top, np.interp(at, np.maximum.accumulate(local_up[:, 0]), local_up[:, 1]))
        bottom = np.maximum(bottom, np.interp(at, np.maximum.accumulate(local_low[:, 0]), local_low[:, 1]))
        if self._sealed > 0 and float((bottom - top).max()) < 0.15 * self._face.mm:
            return None
        outline = np.concatenate([upper[:, :2], lower[:, :2]])
        pad = 2 + int(2 * self._face.mm)
        low, high = np.floor(outline.min(axis=0)).astype(int) - pad, np.ceil(outline.max(axis=0)).astype(int) + pad
        return frame, np.stack([top, bottom]).astype(np.float32), np.array([*low, *high], np.int64)

    def _origins(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Where upper and lower teeth hang: behind the line on which the photo's lips would meet."""
        points, mm = self._face.points, self._face.mm
        up, low = points[UPPER_INNER[5]], points[LOWER_INNER[5]]
        gap = float(np.linalg.norm((low - up)[:2])) / mm
        back = self._face.rotation @ np.array([0.0, 0.0, _TEETH_BEHIND_LIPS * mm])
        back[1] *= _BEHIND_FROM_ABOVE
        if gap < 2.0:
            middle = (up + low) / 2
            return middle + back, middle + back, 0.45
        meeting = up if self.own_teeth else up + (low - up) * 0.3
        return meeting + back, low - (low - up) * 0.15 + back, 0.0

    def _constant_parameters(self) -> Float:
        p = np.zeros(k.PARAMETERS, np.float32)
        palette, face = self._palette, self._face
        p[k.PX_PER_MM] = face.mm
        p[k.EDGE_PX] = np.clip(0.9 * palette.softness, 0.6, 0.45 * face.mm + 0.6)
        p[k.SEALED_FADE] = self._sealed
        light = face.rotation.T @ palette.light
        p[k.LIGHT : k.LIGHT + 3] = light
        p[k.CONTRAST] = min(palette.contrast, 0.6)
        p[k.GRAIN] = palette.grain
        if self._sealed == 0:
            p[k.OVERLAP : k.OVERLAP + 2] = _TEETH_ON_LIPS if self.own_teeth else _SHINE_ON_LIPS
        p[k.SHADED] = 1.0
        p[k.OWN_TEETH] = float(self.own_teeth is not None)
        for at, arch in ((k.UPPER_ARCH, self._upper), (k.LOWER_ARCH, self._lower)):
            p[at : at + 4] = _shape(arch)
        if self.own_teeth:
            p[k.SOURCE_AT : k.SOURCE_AT + 2] = self._origin_up[:2] - self.own_teeth.corner
        p[k.SOURCE_AXES : k.SOURCE_AXES + 6] = (face.rotation[:2] * face.mm).ravel()
        return p

    def _parameters(self, lips: CurveFrame, posed: PosedFace, curves: Float) -> tuple[Float, Float]:
        face, p = self._face, self._constants.copy()
        axes = posed.pose.linear @ face.rotation * face.mm
        inverse = np.linalg.inv(axes)
        p[k.LIPS_ORIGIN : k.LIPS_ORIGIN + 2] = lips.origin
        p[k.LIPS_AXIS : k.LIPS_AXIS + 2] = lips.axis
        p[k.LIPS_STEP] = lips.length / (_SAMPLES - 1)
        upper = posed.pose.apply(self._origin_up)
        lower = posed.pose.apply(self._origin_low + _JAW_SHARE * posed.jaw)
        p[k.UPPER_AT : k.UPPER_AT + 2] = upper[:2]
        p[k.LOWER_AT : k.LOWER_AT + 2] = lower[:2]
        lower_edge = _LOWER_EDGE_BELOW_LIPS if self.own_teeth is None else 1.6
        p[k.UPPER_FRONT : k.UPPER_FRONT + 2] = self._edge, 0.0
        p[k.LOWER_FRONT : k.LOWER_FRONT + 2] = lower_edge, _OVERJET
        gap = float((curves[1] - curves[0]).max()) / face.mm
        p[k.OPENNESS] = np.clip((gap - 1.0) / 14.0, 0.0, 1.0)
        self._place_tongue(p, inverse @ (lower - upper), posed.state.tongue, lower_edge)
        p[k.TONGUE_AT : k.TONGUE_AT + 2] = upper[:2]
        return p, np.ascontiguousarray(inverse, np.float32)

    def _place_tongue(self, p: Float, jaw: npt.NDArray[np.float64], raised: float, lower_edge: float) -> None:
        """Lies behind the lower teeth; raised, its tip comes up to the upper incisors' edge and between the rows."""
        raised = float(np.clip(raised, 0.0, 1.0))
        width, height, length = _TONGUE_RADII
        height = height - 4.5 * raised
        resting = 0.75 * jaw[1] + lower_edge - 2.5 + height
        between = self._edge + height - 0.8
        tip = (1 - raised) * (_TONGUE_TIP_DEPTH + jaw[2]) - raised * 0.8
        p[k.TONGUE_CENTRE : k.TONGUE_CENTRE + 3] = jaw[0], (1 - raised) * resting + raised * between, tip + length
        p[k.TONGUE_RADII : k.TONGUE_RADII + 3] = width - 3.0 * raised, height, length


def _enamel(own: OwnTeeth) -> Float:
    """The bright enamel of the photo's own teeth."""
    solid = own.pixels[own.pixels[..., 3] > 0.95][:, :3]
    if len(solid) < 8:
        solid = own.pixels[own.pixels[..., 3] > 0.3][:, :3]
    level = luminance(solid)
    bright = solid[level >= np.percentile(level, 70)].mean(axis=0)
    return np.asarray(np.clip(bright / 0.97, 8, 246), np.float32)


def _shape(arch: Arch) -> tuple[float, float, float, float]:
    return arch.half_width, arch.depth, arch.scale, arch.edge


def _colours(palette: Palette) -> Float:
    """Cavity, mucosa, tongue, highlight, and the darkest that any of them may get: [5, 3]."""
    lip, white = palette.lip, palette.white
    neutral = float(luminance(lip))
    blood = palette.tint((0.30, 0.085, 0.075))
    cavity = np.maximum(0.32 * blood + 0.06 * lip, palette.black * 0.9)
    mucosa = np.maximum(0.72 * lip + 0.10 * blood, palette.black)
    tongue = 0.45 * lip * min(1.25, 150.0 / max(neutral, 1.0)) + 0.55 * palette.tint((0.80, 0.45, 0.43))
    darkest = np.minimum(0.8 * palette.black, 0.55 * lip)  # a faded or hazy photo has no black
    return np.ascontiguousarray(np.stack([cavity, mucosa, tongue, white, darkest]), np.float32)


def _grain_tile(seed: int, softness: float) -> Float:
    tile = np.random.default_rng([seed, 7]).normal(0, 1, (128, 128)).astype(np.float32)
    tile = cv2.GaussianBlur(tile, (0, 0), float(np.clip(0.5 * softness, 0.35, 1.2)), borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(tile / max(float(tile.std()), 1e-6), np.float32)


def find_own_teeth(face: SourceFace) -> OwnTeeth | None:
    """The upper teeth if the photo's mouth is open and shows some: bright, pale pixels between the inner lips."""
    points, mm = face.points, face.mm
    loop = points[[*UPPER_INNER, *LOWER_INNER[-2:0:-1]], :2]
    gap = float(np.linalg.norm((points[UPPER_INNER[5]] - points[LOWER_INNER[5]])[:2])) / mm
    pad = max(3, round(2 * mm))
    corner = np.maximum(np.floor(loop.min(axis=0)).astype(int) - pad, 0)
    end = np.minimum(np.ceil(loop.max(axis=0)).astype(int) + pad + 1, face.image.shape[1::-1])
    if gap < 3.0 or np.any(end - corner < 6):
        return None
    crop = face.image[corner[1] : end[1], corner[0] : end[0]].astype(np.float32)
    inside = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round((loop - corner) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    tooth = _toothness(crop, inside > 127)
    if tooth is None:
        return None
    above, edge_row = _above_biting_edge(tooth, inside, mm)
    # The landmarks' lips and the photo's differ by a fraction of a millimetre: stay clear of the lips' own pixels.
    soft = max(0.6, 0.35 * mm)
    alpha = cv2.GaussianBlur(inside.astype(np.float32) / 255, (0, 0), soft + 0.3 * mm)
    alpha = np.clip((alpha - 0.70) / 0.26, 0, 1) * above
    edge = (edge_row + corner[1] - points[UPPER_INNER[5], 1]) / mm
    pixels = np.dstack([crop * alpha[..., None], alpha]).astype(np.float32)
    return OwnTeeth(np.ascontiguousarray(pixels), corner.astype(np.float64), float(np.clip(edge, 1.0, 12.0)))


def _toothness(crop: Float, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
    """Tooth pixels of an open mouth: brighter and paler than the lips around; None if there are too few."""
    luma = luminance(crop)
    pale = (crop.max(axis=2) - crop.min(axis=2)) / np.maximum(crop.max(axis=2), 1.0)
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8), iterations=2).astype(bool) & ~inside
    if inside.sum() < 20 or ring.sum() < 10:
        return None
    lip_luma, lip_pale = float(np.median(luma[ring])), float(np.median(pale[ring]))
    tooth = inside & (luma > max(1.12 * lip_luma, 0.64 * float(np.percentile(luma[inside], 95))))
    tooth &= pale < max(0.8 * lip_pale, 0.06)
    columns = inside.any(axis=0).sum()
    row_of_teeth = tooth.sum() > 0.30 * inside.sum() and (tooth.sum(axis=0) > 2).sum() > 0.45 * columns
    return tooth if row_of_teeth else None


def _end_of_first_run(tooth: npt.NDArray[np.bool_], bridge: int) -> npt.NDArray[np.intp]:
    """Last row of each column's uppermost run of teeth (−1: none): below a dark line begins the lower lip or row.

    Args:
        tooth: [h, w].
        bridge: Gaps of up to so many rows belong to the run.
    """
    kernel = np.ones((bridge + 1, 1), np.uint8)
    run = cv2.morphologyEx(tooth.astype(np.uint8), cv2.MORPH_CLOSE, kernel).astype(bool)
    started = np.maximum.accumulate(run, axis=0)
    unbroken = started & ~np.maximum.accumulate(started & ~run, axis=0)
    rows = np.arange(tooth.shape[0])[:, None]
    return np.asarray(np.where(unbroken, rows, -1).max(axis=0), np.intp)


def _above_biting_edge(tooth: npt.NDArray[np.bool_], inside: npt.NDArray[np.uint8], mm: float) -> tuple[Float, float]:
    """Weight of the pixels down to where each column's teeth end, and the row of that edge in the middle."""
    rows = np.arange(tooth.shape[0], dtype=np.float32)[:, None]
    has = tooth.sum(axis=0) > max(1.0, 1.2 * mm)
    lowest = _end_of_first_run(tooth, max(1, round(0.7 * mm)))
    bottom = np.where(inside > 127, rows, -1).max(axis=0)
    lowest = np.where(has, lowest, bottom).astype(np.float32)
    columns = np.nonzero(has)[0]
    if not len(columns):
        return np.ones_like(rows) * (inside > 0), float(bottom.max())
    lowest[: columns[0]], lowest[columns[-1] :] = lowest[columns[0]], lowest[columns[-1]]
    lowest = median_filter(lowest, 2 * round(2.5 * mm) + 1, mode="nearest")
    smooth = cv2.GaussianBlur(lowest[None], (0, 0), max(1.0, 1.2 * mm), borderType=cv2.BORDER_REPLICATE)[0]
    middle = columns[len(columns) // 4 : max(len(columns) * 3 // 4, len(columns) // 4 + 1)]
    weight = np.clip((smooth[None] - 0.1 * mm - rows) / max(1.0, 0.6 * mm) + 0.5, 0, 1)
    edge = float(np.median(lowest[middle]))
    hidden = float(np.median((bottom - lowest)[middle])) < 0.9 * mm  # by the lower lip: they go on a little
    return weight, edge + (0.9 * mm if hidden else 0.0)
