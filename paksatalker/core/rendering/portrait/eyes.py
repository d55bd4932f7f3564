"""Gaze: irises that move over clean eyeballs, under lids, lashes and highlights that stay."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import eyes_kernel as k
from paksatalker.core.rendering.portrait.curves import CurveFrame
from paksatalker.core.rendering.portrait.eye_region import SAMPLES, EyeRegion, clipped_box
from paksatalker.core.rendering.portrait.face import PosedFace, SourceFace
from paksatalker.core.rendering.portrait.fill import fill
from paksatalker.core.rendering.portrait.geometry import rest_points
from paksatalker.core.rendering.portrait.palette import Palette, analyse, luminance
from paksatalker.core.rendering.portrait.topology import EYES

Float = npt.NDArray[np.float32]

#: Radius on which the iris travels, mm: 0.21 mm a degree.
_BALL_RADIUS: Final = 12.0
_IRIS_RADIUS: Final = (4.6, 9.0)  # mm, bounds for the landmarker's
_MAX_GAZE: Final = 32.0  # degrees
_RIM: Final = 1.14  # where iris and white meet, in the landmarker's radii
_RIM_WIDTH: Final = 0.20  # of a sharp photo's iris
_GLINT: Final = 22.0  # grey levels above the iris from which a spot is a highlight
_CORNER: Final = 0.24  # share of the eye's length that the iris's centre keeps from either corner


class Eyeballs:
    """Paints the gaze.

    The eye in the photo is taken apart into a ball without iris, an iris and what is left (highlights, lashes): at the
    photo's own gaze the three add up to the photo again, so nothing jumps when the eyes start to move.

    Args:
        face: The face as photographed.
        palette: The photo's colours; measured if not given.
    """

    def __init__(self, face: SourceFace, palette: Palette | None = None) -> None:
        palette = palette or analyse(face)
        face = replace(face, points=rest_points(face))
        self._eyes = [_Eyeball(face, EyeRegion.of(eye, face.points), palette) for eye in EYES]
        turned = 1.0 - 0.7 * float(np.clip((abs(face.rotation[0, 2]) - 0.42) / 0.2, 0, 1))
        self._mobility = turned * min(eye.mobility for eye in self._eyes)

    def paint(self, frame: npt.NDArray[np.uint8], posed: PosedFace) -> None:
        """Paints both eyes of one frame in place.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous: the warped photo.
            posed: The face in this frame; ``posed.state.gaze`` in degrees right and down.
        """
        for eye in self._eyes:
            eye.paint(frame, posed, self._mobility)


class _Eyeball:
    def __init__(self, face: SourceFace, region: EyeRegion, palette: Palette) -> None:
        self.face = face
        self.region = region
        self.edge = float(np.clip(0.8 * palette.softness, 0.55, 0.6 * face.mm + 0.6))
        image, self.corner = region.crop(face, 5.0)
        frame = region.frame(face.points)
        local_frame = CurveFrame(frame.origin - self.corner, frame.axis, frame.length)
        below, above = _lid_distances(image.shape[:2], local_frame, region, face)
        self.centre = face.points[region.iris, :2] - self.corner
        rim = face.points[region.iris + 1 : region.iris + 5, :2] - self.corner
        radius = float(np.median(np.linalg.norm(rim - self.centre, axis=1)))
        self.radius = float(np.clip(radius, _IRIS_RADIUS[0] * face.mm, _IRIS_RADIUS[1] * face.mm))
        rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
        distance = np.hypot(columns - self.centre[0], rows - self.centre[1]) / self.radius
        blur = float(np.clip(1.8 * palette.softness / self.radius, _RIM_WIDTH, 0.6))
        self.mobility = _mobility(palette.softness / self.radius, region.aperture(face.points) / face.mm)
        ball = _ball(image, distance, (below, above), blur, face.mm)
        iris = _iris(image, distance, (below, above), face.mm, palette.softness)
        alpha = np.clip((_RIM + blur / 2 - distance) / blur, 0, 1)
        alpha = (alpha * alpha * (3 - 2 * alpha)).astype(np.float32)
        model = ball * (1 - alpha[..., None]) + iris * alpha[..., None]
        residual = image - model
        self.plate = np.ascontiguousarray(np.dstack([ball, below]), np.float32)
        self.iris = np.ascontiguousarray(np.dstack([iris * alpha[..., None], alpha]), np.float32)
        # Highlights and lashes stay when the gaze moves; a misfit at the iris's edge would stay as its ghost.
        glint = (luminance(residual) > _GLINT) & (distance < 0.8)
        ghost = (distance > _RIM - 0.95 * blur) & (distance < _RIM + 1.2 * blur)
        stays = np.where((below < 0.8) | (above < 0.6) | ((distance > 0.95) & ~ghost) | glint, 1.0, 0.0)
        stays = stays.astype(np.float32)
        stays = cv2.GaussianBlur(stays, (0, 0), max(0.6, 0.3 * face.mm))
        # What is darker multiplies, so that a lash over a moved iris is not blacker than black.
        residual = np.where(residual < 0, 255 * residual / np.maximum(model, 1.0), residual)
        self.residual = np.ascontiguousarray(np.dstack([residual, stays]), np.float32)

    def paint(self, frame: npt.NDArray[np.uint8], posed: PosedFace, mobility: float) -> None:
        """Paints this eye; leaves the photo's pixels where neither gaze nor lids have moved."""
        face, region = self.face, self.region
        closure = region.closure(face.points, posed.unposed)
        gaze = mobility * np.clip(posed.state.gaze.astype(np.float64), -_MAX_GAZE, _MAX_GAZE)
        amount = max(float(np.abs(gaze).max()) / 0.7, abs(closure) / 0.04)
        if amount < 0.05 or closure > 0.97:
            return
        eye_frame = region.frame(posed.points)
        box = clipped_box(posed.points[[*region.upper, *region.lower]], 2.0, frame.shape)
        if box is None or eye_frame.length < 4:
            return
        lids = np.stack([region.curve(eye_frame, posed.points, row) for row in (region.upper, region.lower)])
        p = np.zeros(k.PARAMETERS, np.float32)
        p[k.ORIGIN : k.ORIGIN + 2], p[k.AXIS : k.AXIS + 2], p[k.LENGTH] = (
            eye_frame.origin,
            eye_frame.axis,
            eye_frame.length,
        )
        p[k.PX_PER_MM], p[k.EDGE_PX], p[k.AMOUNT] = face.mm, self.edge, min(amount, 1.0)
        p[k.TO_CROP : k.TO_CROP + 6] = self._to_crop(posed).ravel()
        sines = np.sin(np.radians(gaze))
        shift = self._within_corners((face.rotation[:2, :2] @ sines) * _BALL_RADIUS * face.mm)
        length = float(np.hypot(*shift))
        p[k.GAZE : k.GAZE + 2] = shift
        p[k.DIRECTION : k.DIRECTION + 2] = shift / length if length > 1e-6 else (1.0, 0.0)
        p[k.SQUASH] = 1.0 / np.sqrt(max(1.0 - float(sines @ sines), 0.25)) - 1.0
        p[k.TURNED] = min(float(np.hypot(*gaze)) / 3.0, 1.0)
        p[k.RAISED] = np.clip(-closure / 0.12, 0.0, 1.0)
        p[k.CENTRE : k.CENTRE + 2] = self.centre
        k.paint_eyeball(frame, box, p, lids.astype(np.float32), self.plate, self.iris, self.residual)

    def _within_corners(self, shift: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A shift [2] of the iris, pixels, shortened so that it does not run into a corner of the eye."""
        frame = self.region.frame(self.face.points)
        here = float((self.centre + self.corner - frame.origin) @ frame.axis) / frame.length
        along = float(shift @ frame.axis) / frame.length
        low, high = min(here, _CORNER), max(here, 1 - _CORNER)
        # Softly: most of the way is free, the last bit is squeezed.
        room = (high - here) if along > 0 else (here - low)
        kept = np.sign(along) * room * np.tanh(abs(along) / room) if room > 1e-3 else 0.0
        return np.asarray(shift + (kept - along) * frame.length * frame.axis)

    def _to_crop(self, posed: PosedFace) -> npt.NDArray[np.float64]:
        """Canvas → crop, [2, 3]: the head's motion undone, pinned to where the eye's corners went."""
        ends = [self.region.upper[0], self.region.upper[-1]]
        inverse = np.linalg.inv(posed.pose.linear[:2, :2])
        shift = self.face.points[ends, :2].mean(axis=0) - self.corner - inverse @ posed.points[ends, :2].mean(axis=0)
        return np.column_stack([inverse, shift])


def _lid_distances(
    shape: tuple[int, ...], frame: CurveFrame, region: EyeRegion, face: SourceFace
) -> tuple[Float, Float]:
    """Millimetres below the upper and above the lower lid for every pixel of the crop (negative beyond)."""
    whole = region.frame(face.points)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    local = frame.local(np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64))
    at = np.linspace(0.0, frame.length, SAMPLES)
    upper = np.interp(local[:, 0], at, region.curve(whole, face.points, region.upper))
    lower = np.interp(local[:, 0], at, region.curve(whole, face.points, region.lower))
    beyond = np.maximum(np.maximum(-local[:, 0], local[:, 0] - frame.length), 0.0)
    below = (local[:, 1] - upper - 2 * beyond) / face.mm
    above = (lower - local[:, 1] - 2 * beyond) / face.mm
    return below.reshape(shape).astype(np.float32), above.reshape(shape).astype(np.float32)


def _mobility(blur: float, aperture: float) -> float:
    """Share of a gaze that an eye can show: a blurred iris cannot be told from the lids, nor a nearly closed eye's.

    Args:
        blur: The photo's softness in radii of the iris.
        aperture: Mean distance of the lids, mm.
    """
    sharp = 1.0 - 0.65 * float(np.clip((blur - 0.20) / 0.15, 0, 1))
    return sharp * float(np.clip((aperture - 2.2) / 2.4, 0, 1))


def _ball(image: Float, distance: Float, lids: tuple[Float, Float], blur: float, mm: float) -> Float:
    """The eyeball with its iris gone: the photo's own white, spread smoothly under the iris and the lids."""
    below, above = lids
    luma = luminance(image)
    opening = (below > 0.5) & (above > 0.4)
    white = (distance > _RIM + 0.55 * blur) & (below > 0.9) & (above > 0.7)
    if white.sum() >= 6:
        white &= luma > 0.80 * float(np.percentile(luma[white], 85))
    if white.sum() < 6:  # next to none: the brightest that the opening shows
        white = opening & (luma >= np.percentile(luma[opening], 80)) if opening.any() else luma >= np.median(luma)
    soft = _feathered(white, 0.3 * mm)
    ball = fill(image, soft, smooth=float(np.sqrt(white.sum())) * 0.15 + 0.8)
    # Out of the light towards the corners; only where the photo shows no white itself.
    depth = np.clip(distance / 2.6, 0, 1) ** 2
    hidden = 1 - np.clip(1.5 * cv2.GaussianBlur(soft, (0, 0), max(0.8, 0.7 * mm)), soft, 1)
    ball = ball * (1.0 - (0.05 + 0.16 * depth) * hidden)[..., None]
    beside = opening & (distance > _RIM + 1.2 * blur) & (below > 0.9)
    if beside.sum() < 6:
        return np.asarray(ball, np.float32)
    # Where the white beside the iris lies in shade, so does the white that the iris uncovers.
    shade = np.clip(luma / np.maximum(luminance(ball), 1.0), 0.35, 1.0)[..., None].astype(np.float32)
    shade = fill(shade, _feathered(beside, 0.3 * mm), smooth=max(1.0, 0.9 * mm))
    return np.asarray(ball * (1 + (shade - 1) * hidden[..., None]), np.float32)


def _feathered(mask: npt.NDArray[np.bool_], width: float) -> Float:
    """A mask with a soft border inside itself, 0–1; as it is where it is too small for one."""
    if width < 0.5:
        return mask.astype(np.float32)
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.clip(depth / (2 * width), 0, 1), np.float32)


def _iris(image: Float, distance: Float, lids: tuple[Float, Float], mm: float, softness: float) -> Float:
    """The whole iris: highlights and the parts under the lids follow its mean radial profile."""
    below, above = lids
    known = (distance < 1.25) & (below > 0.8) & (above > np.where(distance > 0.9, 0.9, 0.4))
    inner = known & (distance < 0.95)
    if inner.sum() > 8:
        luma = luminance(image)
        middle, top = float(np.median(luma[inner])), float(np.percentile(luma[inner], 99.5))
        if top - middle > 35:
            bright = (luma > middle + 0.35 * (top - middle)) & (distance < 0.9)
            reach = 2 * max(1, round(0.35 * mm + softness)) + 1
            known &= ~cv2.dilate(bright.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)
    rings = np.linspace(0, 1.4, 15)
    profile, position = [], []
    for low, high in pairwise(rings):
        ring = known & (distance >= low) & (distance < high)
        if ring.sum() >= 3:
            profile.append(np.median(image[ring], axis=0))
            position.append((low + high) / 2)
    if not profile:
        return image
    mean = np.stack([np.interp(distance, position, [c[k] for c in profile]) for k in range(3)], axis=2)
    detail = fill((image - mean).astype(np.float32), _feathered(known, 0.35 * mm), smooth=max(0.6, 0.25 * mm))
    near = cv2.GaussianBlur(known.astype(np.float32), (0, 0), max(0.8, 0.8 * mm))[..., None]
    detail = detail * np.clip(2.5 * near, 0, 1)
    return np.asarray(mean + detail, np.float32)
