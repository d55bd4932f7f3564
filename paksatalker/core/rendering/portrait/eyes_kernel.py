"""The compiled inner loops of eyeballs and eyelids."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled
from paksatalker.core.rendering.portrait.sampling import Floats, bicubic, bilinear, ramp

Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


# Layout of the parameters shared by both kernels (float32).
ORIGIN, AXIS, LENGTH, PX_PER_MM, EDGE_PX, AMOUNT = 0, 2, 4, 5, 6, 7
# Eyeballs: canvas → crop of the photo (2 × 3), gaze in crop pixels, direction, 1/cos − 1, how far the lid is raised,
# the iris's centre, how far the gaze has turned.
TO_CROP, GAZE, DIRECTION, SQUASH, RAISED, CENTRE, TURNED = 8, 14, 16, 18, 19, 20, 22
# Eyelids: the photo's eye frame in its crop (origin, axis, length), lash strength, crease strength, grain, fan, the
# light in the eye's frame, and how strongly it models the ball under the lid.
SOURCE_ORIGIN, SOURCE_AXIS, SOURCE_LENGTH, LASHES, CREASE, GRAIN, OUTWARD, FRINGE = 8, 10, 12, 13, 14, 15, 16, 17
LIGHT, ROUND = 18, 21
PARAMETERS = 24

#: Radius, in mm, of the bulge that the eyeball makes under a closed lid, and how its slope runs from fold to edge.
BULGE, BULGE_TOP, BULGE_EDGE = 17.0, -0.80, 0.35

#: How dark the upper lid shades the ball at its edge, and how far down that reaches in mm.
LID_SHADE, LID_REACH = 0.34, 1.9


@compiled("float32(float32[::1], float32)")
def lookup(table: Floats, position: float) -> float:
    """Linear interpolation of a table at 0 … 1."""
    x = min(max(position, 0.0), 1.0) * (len(table) - 1)
    i = min(int(x), len(table) - 2)
    f = x - i
    return float(table[i] * (1 - f) + table[i + 1] * f)


@compiled(
    "void(uint8[:,:,::1], int64[::1], float32[::1], float32[:,::1], float32[:,:,::1], float32[:,:,::1],"
    " float32[:,:,::1])"
)
def paint_eyeball(
    frame: Image,
    box: Ints,
    p: Floats,
    lids: Floats,
    plate: Floats,
    iris: Floats,
    residual: Floats,
) -> None:
    """Paints one eyeball inside its lids, in place.

    Args:
        frame: uint8 [H, W, 3].
        box: x0, y0, x1, y1 of the pixels looked at.
        p: Parameters, see the layout above.
        lids: [2, n] heights of the upper and lower lid along the eye, pixels.
        plate: [h, w, 4] the ball without its iris, and each pixel's distance below the photo's upper lid in mm.
        iris: [h, w, 4] RGB times alpha, alpha.
        residual: [h, w, 4] what the photo shows besides: highlights (positive, added), lashes (negative, 255ths of what
            is there), and how much of it stays under a turned gaze.
    """
    white, disc, rest = np.empty(4, np.float32), np.empty(4, np.float32), np.empty(4, np.float32)
    edge = p[EDGE_PX]
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - p[ORIGIN], y - p[ORIGIN + 1]
            along = (dx * p[AXIS] + dy * p[AXIS + 1]) / p[LENGTH]
            if along <= 0 or along >= 1:
                continue
            across = dy * p[AXIS] - dx * p[AXIS + 1]
            below, above = across - lookup(lids[0], along), lookup(lids[1], along) - across
            cover = ramp(-edge, edge, min(below, above)) * p[AMOUNT]
            if cover <= 0.003:
                continue
            qx = p[TO_CROP] * x + p[TO_CROP + 1] * y + p[TO_CROP + 2]
            qy = p[TO_CROP + 3] * x + p[TO_CROP + 4] * y + p[TO_CROP + 5]
            bicubic(plate, qx, qy, white)
            bicubic(residual, qx, qy, rest)
            ux, uy = qx - p[CENTRE] - p[GAZE], qy - p[CENTRE + 1] - p[GAZE + 1]
            stretch = (ux * p[DIRECTION] + uy * p[DIRECTION + 1]) * p[SQUASH]
            ux, uy = ux + stretch * p[DIRECTION], uy + stretch * p[DIRECTION + 1]
            bicubic(iris, ux + p[CENTRE], uy + p[CENTRE + 1], disc)
            alpha = min(max(disc[3], 0.0), 1.0)
            was, now = max(white[3], 0.0), max(below, 0.0) / p[PX_PER_MM]
            shade = (1 - LID_SHADE * math.exp(-now / LID_REACH)) / (1 - LID_SHADE * math.exp(-was / LID_REACH))
            keep = 1 - p[RAISED] * (1 - ramp(0.2, 1.3, was))
            keep *= 1 - p[TURNED] * (1 - min(max(rest[3], 0.0), 1.0))
            for c in range(3):
                value = (white[c] * (1 - alpha) + disc[c]) * shade
                value = value * (1 + rest[c] * keep / 255) if rest[c] < 0 else value + rest[c] * keep
                value = frame[y, x, c] * (1 - cover) + min(max(value, 0.0), 255.0) * cover
                frame[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))


@compiled()
def _lid_skin(
    p: Floats,
    along: float,
    v: float,
    reach: float,
    was: Floats,
    skin: Floats,
    sample: Floats,
) -> None:
    """Skin that the photo shows (or would show) at a place of the lid."""
    top, bottom = lookup(was[0], along), lookup(was[1], along)
    # The fold keeps its size; only the skin that unrolls from under it is stretched.
    whole = max(bottom - top, 0.5)
    kept = min(0.5 * whole, 0.5 * reach)
    down = v * reach
    height = top + (down if down < kept else kept + (down - kept) * (whole - kept) / max(reach - kept, 0.5))
    length = along * p[SOURCE_LENGTH]
    x = p[SOURCE_ORIGIN] + length * p[SOURCE_AXIS] - height * p[SOURCE_AXIS + 1]
    y = p[SOURCE_ORIGIN + 1] + length * p[SOURCE_AXIS + 1] + height * p[SOURCE_AXIS]
    bilinear(skin, x, y, sample)


@compiled()
def _bulge(p: Floats, along: float, v: float) -> float:
    """Light on a lid that lies round over the eyeball, 1 where its middle faces the viewer."""
    nx = min(max((along - 0.5) * p[LENGTH] / (p[PX_PER_MM] * BULGE), -0.9), 0.9)
    ny = BULGE_TOP + (BULGE_EDGE - BULGE_TOP) * v
    nz = -math.sqrt(max(1.0 - nx * nx - ny * ny, 0.05))
    length = math.sqrt(nx * nx + ny * ny + nz * nz)
    facing = (nx * p[LIGHT] + ny * p[LIGHT + 1] + nz * p[LIGHT + 2]) / length
    return float(1.0 + p[ROUND] * (facing + p[LIGHT + 2]))


@compiled()
def _lash(p: Floats, along: float, past: float, hairs: Floats) -> float:
    """Opacity of the lash line on the lid's edge and of single lashes below it."""
    mm, edge = p[PX_PER_MM], p[EDGE_PX]
    outer = along if p[OUTWARD] > 0 else 1 - along  # 1 at the outer corner
    taper = min(max(outer * 4.0, 0.0), 1.0) * (0.65 + 0.5 * outer)
    half = 0.32 * mm * taper
    distance = abs(past - 0.10 * mm) - half
    soft = 0.8 * edge + (0.12 if past < 0.1 * mm else 0.55) * mm
    line = (1 - ramp(-0.8 * edge - 0.1 * mm, soft, distance)) * min(taper * 1.4, 1.0)
    line *= 0.72 + 0.28 * lookup(hairs, along)  # hairs, not a stroke
    fringe = 0.0
    length = (0.9 + 1.6 * outer) * mm
    if 0 < past < length and p[FRINGE] > 0:
        lean = (outer - 0.38) * 0.9 * past / p[LENGTH] * (1.0 if p[OUTWARD] > 0 else -1.0)
        hair = lookup(hairs, along - lean)
        fringe = max(1 - past / (length * (0.35 + 0.65 * hair)), 0.0) * hair * p[FRINGE] * min(taper * 1.4, 1.0)
    return float(max(line, fringe) * p[LASHES])


@compiled(
    "void(uint8[:,:,::1], int64[::1], float32[::1], float32[:,::1], float32[:,::1], float32[:,:,::1], float32[::1],"
    " float32[::1], float32[:,::1])"
)
def paint_lid(
    frame: Image,
    box: Ints,
    p: Floats,
    now: Floats,
    was: Floats,
    skin: Floats,
    lash: Floats,
    hairs: Floats,
    noise: Floats,
) -> None:
    """Paints one closing upper lid in place: skin from its fold to its edge, the fold's crease, lashes.

    Args:
        frame: uint8 [H, W, 3].
        box: x0, y0, x1, y1 of the pixels looked at.
        p: Parameters, see the layout above.
        now: [2, n] heights of the lid's fold and edge along the eye in this frame, pixels.
        was: [2, n] the same in the photo.
        skin: [h, w, 3] crop of the photo without lashes and eye.
        lash: [3] colour of the lashes.
        hairs: [n] 0–1 density of single lashes along the eye.
        noise: [n, n] unit grain, n a power of two.
    """
    sample = np.empty(3, np.float32)
    mm, edge = p[PX_PER_MM], p[EDGE_PX]
    mask = noise.shape[0] - 1
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - p[ORIGIN], y - p[ORIGIN + 1]
            along = (dx * p[AXIS] + dy * p[AXIS + 1]) / p[LENGTH]
            outer = along if p[OUTWARD] > 0 else 1 - along
            if outer <= -0.09 or outer >= 1.22:
                continue
            across = dy * p[AXIS] - dx * p[AXIS + 1]
            fold, rim = lookup(now[0], along), lookup(now[1], along)
            past = across - rim  # pixels below the lid's edge
            if across <= fold or past > 3.0 * mm + edge:
                continue
            ends = ramp(-0.09, 0.16, outer) * ramp(-0.09, 0.16, 1 - outer)
            skin_ends = ramp(-0.09, 0.16, outer) * ramp(-0.22, 0.10, 1 - outer)  # over lashes that fan out
            height = max(rim - fold, 1.0)
            v = min((across - fold) / height, 1.0)
            cover = ramp(0.0, 0.35, v) * (1 - ramp(-edge, edge, past - 0.25 * mm)) * p[AMOUNT] * skin_ends
            if cover > 0.003:
                _lid_skin(p, along, v, height, was, skin, sample)
                shade = 0.04 + _bulge(p, along, v) - 0.08 * ramp(0.75, 1.0, v)
                crease = (v - 0.34) * height / (0.55 * mm)
                shade *= 1 - p[CREASE] * math.exp(-crease * crease)
                gx, gy = int(x - p[ORIGIN] + 4096), int(y - p[ORIGIN + 1] + 4096)
                grain = noise[gy & mask, gx & mask] * p[GRAIN]
                for c in range(3):
                    value = frame[y, x, c] * (1 - cover) + (sample[c] * shade + grain) * cover
                    frame[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
            dark = _lash(p, along, past, hairs) * ends
            if dark > 0.003:
                for c in range(3):
                    value = frame[y, x, c] * (1 - dark) + lash[c] * dark
                    frame[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
