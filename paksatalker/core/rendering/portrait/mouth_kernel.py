"""Ray casting of the mouth's inside, pixel by pixel: cavity, tongue and two rows of teeth between two lip curves.

The view is orthographic, so a pixel's ray has one direction in the head's frame; dental arches are elliptic cylinders
and the tongue is an ellipsoid, both hit in closed form. No meshes, no depth buffer, nothing to alias.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled
from paksatalker.core.rendering.portrait.sampling import Floats, bicubic, bilinear, ramp

Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


# Layout of the parameter vector (float32). Lengths in mm are in the head's frame.
LIPS_ORIGIN, LIPS_AXIS, LIPS_STEP, PX_PER_MM = 0, 2, 4, 5
EDGE_PX, SEALED_FADE = 6, 7
UPPER_AT, LOWER_AT, TONGUE_AT = 8, 10, 12  # image position of each part's origin, pixels
UPPER_FRONT, LOWER_FRONT = 14, 16  # (vertical offset of the biting edge, depth) mm
TONGUE_CENTRE, TONGUE_RADII = 18, 21
OPENNESS, OWN_TEETH = 24, 25
LIGHT = 26  # 3: towards the key light, head's frame
CONTRAST, GRAIN = 29, 30
UPPER_ARCH, LOWER_ARCH = 31, 35  # (half width, depth, strip scale, strip edge)
SOURCE_AT = 39  # 2: the upper origin in ``own``, pixels
SOURCE_AXES = 41  # 2 × 3: the head's millimetres → pixels of the photo
COVER = 47
OVERLAP = 48  # 2: how far lip pixels are mirrored over the upper and lower edge, mm
SHADED = 50  # how much of the lips' shade is not in the photo's own teeth yet, 0–1
PARAMETERS = 51

# Rows of the colour table.
CAVITY, MUCOSA, TONGUE, SPARK, DARKEST = 0, 1, 2, 3, 4


@compiled("boolean(float32[::1], float32[::1], float32, float32, float32[::1])")
def _hit_arch(start: Floats, ray: Floats, half_width: float, depth: float, hit: Floats) -> bool:
    """Nearest intersection with the front half of an elliptic cylinder; ``hit`` gets x, y, z and the angle."""
    ia, ib = 1.0 / (half_width * half_width), 1.0 / (depth * depth)
    z = start[2] - depth
    a = ray[0] * ray[0] * ia + ray[2] * ray[2] * ib
    b = start[0] * ray[0] * ia + z * ray[2] * ib
    c = start[0] * start[0] * ia + z * z * ib - 1.0
    root = b * b - a * c
    if root <= 0.0:
        return False
    t = (-b - math.sqrt(root)) / a
    hit[0] = start[0] + t * ray[0]
    hit[1] = start[1] + t * ray[1]
    hit[2] = start[2] + t * ray[2]
    hit[3] = math.atan2(hit[0] / half_width, (depth - hit[2]) / depth)
    return bool(hit[2] < depth)


@compiled("boolean(float32[::1], float32[::1], float32[::1], int64, float32[::1])")
def _hit_tongue(start: Floats, ray: Floats, p: Floats, at: int, hit: Floats) -> bool:
    """Nearest intersection with the tongue's ellipsoid; ``hit`` gets x, y, z and the unit normal."""
    a = b = c = 0.0
    for k in range(3):
        ir = 1.0 / p[at + 3 + k]
        o, d = (start[k] - p[at + k]) * ir, ray[k] * ir
        a += d * d
        b += o * d
        c += o * o
    root = b * b - a * (c - 1.0)
    if root <= 0.0:
        return False
    t = (-b - math.sqrt(root)) / a
    length = 0.0
    for k in range(3):
        hit[k] = start[k] + t * ray[k]
        hit[3 + k] = (hit[k] - p[at + k]) / (p[at + 3 + k] * p[at + 3 + k])
        length += hit[3 + k] * hit[3 + k]
    length = 1.0 / math.sqrt(length)
    for k in range(3):
        hit[3 + k] *= length
    return True


@compiled("float32(float32[::1], float32)")
def _arc_length(arc: Floats, angle: float) -> float:
    position = abs(angle) * (len(arc) - 1) / (0.5 * math.pi)
    i = min(int(position), len(arc) - 2)
    length = arc[i] + (position - i) * (arc[i + 1] - arc[i])
    return float(length if angle >= 0 else -length)


@compiled("void(float32[::1], float32[::1], float32, float32[:,::1])")
def _over(colour: Floats, sample: Floats, light: float, colours: Floats) -> None:
    """Composites a premultiplied sample (RGB, alpha) lit by ``light``; in the dark it is the cavity's colour."""
    dark = max(1 - light, 0.0) * sample[3]
    for c in range(3):
        colour[c] = colour[c] * (1 - sample[3]) + sample[c] * light + colours[CAVITY, c] * dark


@compiled(
    "float32(float32[::1], float32[::1], float32[::1], float32[:,:,::1], float32[::1], int64, int64, float32[::1],"
    " float32[::1])"
)
def _teeth(
    start: Floats,
    ray: Floats,
    p: Floats,
    strip: Floats,
    arc: Floats,
    shape: int,
    front: int,
    hit: Floats,
    sample: Floats,
) -> float:
    """Looks one row of teeth up; ``sample`` gets RGB, alpha, gloss. Returns its light."""
    sample[3] = 0.0
    start[1] -= p[front]
    start[2] -= p[front + 1]
    found = _hit_arch(start, ray, p[shape], p[shape + 1], hit)
    start[1] += p[front]
    start[2] += p[front + 1]
    if not found:
        return 0.0
    scale = p[shape + 2]
    x = _arc_length(arc, hit[3]) * scale + 0.5 * strip.shape[1] - 0.5
    bilinear(strip, x, (hit[1] + p[shape + 3]) * scale - 0.5, sample)
    # Outward normal of the arch against the light; molars lie in the dark of the cheeks.
    nx, nz = math.sin(hit[3]), -math.cos(hit[3])
    facing = nx * p[LIGHT] + nz * p[LIGHT + 2]
    model = 1.0 + p[CONTRAST] * (facing + p[LIGHT + 2])  # 1 for the front teeth
    deep = max(hit[2] - 2.0, 0.0) / 9.5
    return float(min(max(model, 0.35), 1.1) * math.exp(-(deep**1.35)))


@compiled()
def _cast(
    x: int,
    y: int,
    p: Floats,
    at: int,
    inverse: Floats,
    start: Floats,
) -> None:
    dx, dy = x - p[at], y - p[at + 1]
    for k in range(3):
        start[k] = inverse[k, 0] * dx + inverse[k, 1] * dy


@compiled()
def _own_teeth(
    x: int,
    y: int,
    p: Floats,
    inverse: Floats,
    ray: Floats,
    start: Floats,
    own: Floats,
    out: Floats,
    hit: Floats,
) -> None:
    """The photo's pixel of the point of the upper arch that is seen here; ``own`` as in :func:`paint_mouth`."""
    out[3] = 0.0
    _cast(x, y, p, UPPER_AT, inverse, start)
    start[2] -= p[UPPER_FRONT + 1]
    found = _hit_arch(start, ray, p[UPPER_ARCH], p[UPPER_ARCH + 1], hit)
    if not found:  # beyond the arch: its middle plane
        t = (p[UPPER_ARCH + 1] - start[2]) / ray[2]
        for k in range(3):
            hit[k] = start[k] + t * ray[k]
    hit[2] += p[UPPER_FRONT + 1]
    base = SOURCE_AXES
    sx = p[SOURCE_AT] + p[base] * hit[0] + p[base + 1] * hit[1] + p[base + 2] * hit[2]
    sy = p[SOURCE_AT + 1] + p[base + 3] * hit[0] + p[base + 4] * hit[1] + p[base + 5] * hit[2]
    bicubic(own, sx, sy, out)
    out[3] = min(max(out[3], 0.0), 1.0)


@compiled()
def _tongue(p: Floats, tongue: Floats, inside: float, colour: Floats, colours: Floats) -> None:
    """Paints the tongue where it was hit."""
    lambert = max(0.55 * -tongue[5] - 0.75 * tongue[4] + 0.25 * tongue[3] * p[LIGHT], 0.0)
    back = max(tongue[2] - p[TONGUE_CENTRE + 2] + p[TONGUE_RADII + 2], 0.0)  # mm behind the tip
    groove = 1 - 0.16 * math.exp(-((tongue[0] / 1.6) ** 2)) * min(back / 8.0, 1.0)
    deep = math.exp(-((max(tongue[2] - 3.0, 0.0) / 21.0) ** 1.6))
    light = (0.40 + 0.60 * lambert) * groove * deep * inside
    wet = max(0.35 * -tongue[5] - 0.93 * tongue[4], 0.0) ** 16 * 0.14 * deep
    # The far end has no outline: it sinks into the dark.
    solid = min(max(-tongue[5] - 0.9 * tongue[4], 0.0) * 3.0, 1.0) * (1 - ramp(14.0, 24.0, back))
    for c in range(3):
        colour[c] = colour[c] * (1 - solid) + (colours[TONGUE, c] * light + colours[SPARK, c] * wet) * solid


@compiled()
def _shade(
    x: int,
    y: int,
    p: Floats,
    inverse: Floats,
    ray: Floats,
    start: Floats,
    hit: Floats,
    tongue: Floats,
    sample: Floats,
    colour: Floats,
    own_sample: Floats,
    colours: Floats,
    upper: Floats,
    upper_arc: Floats,
    lower: Floats,
    lower_arc: Floats,
    own: Floats,
) -> None:  # fmt: skip
    """The colour seen through one pixel of the open mouth, before the lips' shade."""
    colour[:] = colours[CAVITY]
    inside = 0.86 + 0.14 * p[OPENNESS]
    lit = 1.12 - 0.12 * p[OWN_TEETH]  # wet enamel shines back more than the skin that its white was taken from
    _cast(x, y, p, TONGUE_AT, inverse, start)
    tongue_hit = _hit_tongue(start, ray, p, TONGUE_CENTRE, tongue)
    tongue_depth = tongue[2]
    if tongue_hit:
        _tongue(p, tongue, inside, colour, colours)
    _cast(x, y, p, LOWER_AT, inverse, start)
    light = _teeth(start, ray, p, lower, lower_arc, LOWER_ARCH, LOWER_FRONT, hit, sample)
    if tongue_hit:  # softly: a tongue between the rows must not cut the teeth into a saw
        before = ramp(-0.8, 0.8, tongue_depth - hit[2] - p[LOWER_FRONT + 1] + 0.5)
        for c in range(4):
            sample[c] *= before
    if sample[3] > 0.003:
        light *= 0.94 * inside * lit
        _over(colour, sample, light, colours)
        for c in range(3):
            colour[c] += colours[SPARK, c] * sample[4] * 0.07 * light * sample[3]
    _cast(x, y, p, UPPER_AT, inverse, start)
    light = _teeth(start, ray, p, upper, upper_arc, UPPER_ARCH, UPPER_FRONT, hit, sample)
    if sample[3] > 0.003:
        light *= (0.40 + 0.60 * inside) * lit
        _over(colour, sample, light, colours)
        for c in range(3):
            colour[c] += colours[SPARK, c] * sample[4] * 0.10 * light * sample[3]
    if p[OWN_TEETH] > 0:
        _own_teeth(x, y, p, inverse, ray, start, own, own_sample, hit)
        if own_sample[3] > 0.003:
            _over(colour, own_sample, 1.0, colours)


@compiled()
def _lips_light(
    p: Floats,
    colours: Floats,
    colour: Floats,
    below: float,
    above: float,
    gap: float,
    along: float,
) -> None:
    """The lips' shade on what lies behind them, and the wet rim where their red turns inwards."""
    shade = 1 - (0.40 - 0.18 * p[OWN_TEETH]) * math.exp(-below / (0.6 + 0.08 * gap))
    shade *= 1 - 0.26 * math.exp(-above / 0.8)
    corner = min(along, 1 - along)
    # The cheek's inside closes the corners: dark red, where teeth and cavity would leave black wedges.
    cheek = 1 - ramp(0.0, 0.20, corner)
    cheek *= ramp(0.2, 1.5, gap) * p[SHADED]
    for c in range(3):
        colour[c] += (colours[MUCOSA, c] * 0.62 - colour[c]) * cheek * 0.8
    shade *= 0.62 + 0.38 * ramp(0.0, 0.16, corner)
    shade *= 0.60 + 0.40 * ramp(0.3, 3.6, gap)
    # Inside the lips' red: wet and darker, more of it below than above.
    lower = math.exp(-((above / min(0.15 + 0.17 * gap, 1.1)) ** 2))
    upper = math.exp(-((below / min(0.10 + 0.09 * gap, 0.6)) ** 2))
    rim = max(lower * 0.9, upper * 0.8) * ramp(0.0, 0.10, corner)
    shade = 1 + (shade - 1) * p[SHADED]
    rim *= p[SHADED]
    red = (0.45 + 0.55 * ramp(1.4, 0.0, above)) if lower > upper else (0.28 + 0.27 * ramp(0.8, 0.0, below))
    red *= 0.5 + 0.5 * ramp(0.2, 3.0, gap)
    line = 1 - ramp(0.1, 1.3, gap)  # lips about to meet: a dark red line, not a black one
    for c in range(3):
        lit = colour[c] * shade
        lit += (colours[MUCOSA, c] * 0.36 - lit) * line
        colour[c] = lit + (colours[MUCOSA, c] * red - lit) * rim


@compiled()
def _mend_lip(
    frame: Image,
    x: int,
    y: int,
    p: Floats,
    below: float,
    above: float,
    along: float,
) -> None:
    """Continues the lip's own pixels to its edge where the photo's teeth or gums stick to it.

    ``below`` and ``above`` are pixels inside the upper and lower lip's curve, negative on the lip itself.
    """
    taper = math.sqrt(max(4 * along * (1 - along), 0.0)) * p[PX_PER_MM]
    upper, lower = p[OVERLAP] * taper, p[OVERLAP + 1] * taper
    reach, depth, side = (upper, below + upper, 1.0) if below < above else (lower, above + lower, -1.0)
    if reach < 0.5 or depth <= 0:
        return
    # Mirrored about the line ``reach`` off the edge; the pixels beyond it are lip.
    sx, sy = x + p[LIPS_AXIS + 1] * 2 * depth * side, y - p[LIPS_AXIS] * 2 * depth * side
    i, j = int(sx), int(sy)
    if i < 0 or j < 0 or i > frame.shape[1] - 2 or j > frame.shape[0] - 2:
        return
    fx, fy = sx - i, sy - j
    blend = min(depth / max(0.3 * reach, 0.7), 1.0) * p[COVER]
    for c in range(3):
        top = frame[j, i, c] * (1 - fx) + frame[j, i + 1, c] * fx
        low = frame[j + 1, i, c] * (1 - fx) + frame[j + 1, i + 1, c] * fx
        value = frame[y, x, c] * (1 - blend) + (top * (1 - fy) + low * fy) * blend
        frame[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))


@compiled(
    "void(uint8[:,:,::1], int64[::1], float32[::1], float32[:,::1], float32[:,::1], float32[:,::1],"
    " float32[:,:,::1], float32[::1], float32[:,:,::1], float32[::1], float32[:,:,::1], float32[:,::1])"
)
def paint_mouth(
    frame: Image,
    box: Ints,
    p: Floats,
    lips: Floats,
    inverse: Floats,
    colours: Floats,
    upper: Floats,
    upper_arc: Floats,
    lower: Floats,
    lower_arc: Floats,
    own: Floats,
    noise: Floats,
) -> None:
    """Paints the mouth's inside in place.

    Args:
        frame: uint8 [H, W, 3].
        box: x0, y0, x1, y1 of the pixels looked at.
        p: Parameters, see the layout above.
        lips: [2, n] heights of the upper and lower inner lip along the mouth's axis, pixels.
        inverse: [3, 3] image pixels → head's millimetres.
        colours: [5, 3] cavity, mucosa, tongue, highlight, the darkest of all.
        upper: Unrolled upper teeth [h, w, 5].
        upper_arc: Their arch's table of arc length.
        lower: Unrolled lower teeth [h, w, 5].
        lower_arc: Their arch's table of arc length.
        own: [h, w, 4] the photo's own teeth: RGB times alpha, alpha.
        noise: [n, n] unit grain, n a power of two.
    """
    start, ray = np.empty(3, np.float32), np.ascontiguousarray(inverse[:, 2])
    hit, tongue = np.empty(4, np.float32), np.empty(6, np.float32)
    sample, colour, own_sample = np.empty(5, np.float32), np.empty(3, np.float32), np.empty(4, np.float32)
    per_mm = p[PX_PER_MM]
    last = lips.shape[1] - 1
    edge = p[EDGE_PX]
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - p[LIPS_ORIGIN], y - p[LIPS_ORIGIN + 1]
            along = (dx * p[LIPS_AXIS] + dy * p[LIPS_AXIS + 1]) / p[LIPS_STEP]
            if along < 0 or along >= last:
                continue
            across = dy * p[LIPS_AXIS] - dx * p[LIPS_AXIS + 1]
            i = int(along)
            f = along - i
            top, bottom = lips[0, i] * (1 - f) + lips[0, i + 1] * f, lips[1, i] * (1 - f) + lips[1, i + 1] * f
            slope_top, slope_bottom = (
                (lips[0, i + 1] - lips[0, i]) / p[LIPS_STEP],
                (lips[1, i + 1] - lips[1, i]) / p[LIPS_STEP],
            )
            below = (across - top) / math.sqrt(1 + slope_top * slope_top)
            above = (bottom - across) / math.sqrt(1 + slope_bottom * slope_bottom)
            nearest = min(below, above)
            if p[OVERLAP] > 0 and nearest <= edge:
                _mend_lip(frame, x, y, p, below, above, along / last)
            if nearest <= -edge - 0.7:
                continue
            gap = max(bottom - top, 0.0) / per_mm
            wide = edge + 0.7 * (1 - ramp(0.0, 1.0, gap))  # a closed line must not break up into dots
            cover = ramp(-wide, wide, nearest) * p[COVER]
            if p[SEALED_FADE] > 0:
                cover *= ramp(0.12, 0.12 + p[SEALED_FADE], gap)
            if cover <= 0.003:
                continue
            below_mm, above_mm = max(below, 0.0) / per_mm, max(above, 0.0) / per_mm
            _shade(
                x, y, p, inverse, ray, start, hit, tongue, sample, colour, own_sample, colours, upper, upper_arc,
                lower, lower_arc, own,
            )  # fmt: skip
            _lips_light(p, colours, colour, below_mm, above_mm, gap, along / last)
            mask = noise.shape[0] - 1
            gx, gy = int(x - p[UPPER_AT] + 4096), int(y - p[UPPER_AT + 1] + 4096)
            grain = noise[gy & mask, gx & mask] * p[GRAIN]
            for c in range(3):
                inside = max(colour[c], colours[DARKEST, c]) + grain
                value = frame[y, x, c] * (1 - cover) + inside * cover
                frame[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
