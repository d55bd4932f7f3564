"""Rows of teeth: how a dental arch lies in the head, and what its teeth and gums look like unrolled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.palette import Palette

Float = npt.NDArray[np.float32]

#: Mean crown widths and heights in mm from the midline outwards (Wheeler's Dental Anatomy, rounded).
_UPPER_CROWNS: Final = ((8.6, 10.2), (6.7, 9.0), (7.6, 9.8), (7.0, 8.3), (6.6, 7.6), (10.0, 7.2))
_LOWER_CROWNS: Final = ((5.3, 8.8), (5.8, 9.0), (6.8, 9.8), (7.0, 8.4), (7.0, 7.8), (10.5, 7.2))
#: Height of an unrolled strip, and where in it the biting edge of the front teeth lies, mm from its top.
STRIP_MM: Final = 21.0
UPPER_EDGE_MM: Final = 17.0
LOWER_EDGE_MM: Final = 4.0


@dataclass(frozen=True, slots=True)
class Arch:
    """The front of a dental arch: an ellipse seen from above, in mm; its frontmost point is the origin.

    Attributes:
        half_width: Semi-axis to the sides.
        depth: Semi-axis to the back.
        strip: float32 [H, W, 5] unrolled: RGB (times alpha), alpha 0–1, gloss 0–1.
        scale: Strip pixels a millimetre.
        edge: Height of the biting edge in the strip, mm.
        arc: float32 [n] arc length in mm at angles 0 … π/2 from the front, evenly spaced.
    """

    half_width: float
    depth: float
    strip: Float
    scale: float
    edge: float
    arc: Float


def build_arch(upper: bool, palette: Palette, pixels_per_mm: float, seed: int = 0) -> Arch:
    """Paints one row of teeth for a photo.

    Args:
        upper: Upper or lower row.
        palette: The photo's colours.
        pixels_per_mm: Canvas scale; the strip is a little finer.
        seed: Irregularities of the teeth.
    """
    half_width, depth = (26.5, 35.0) if upper else (24.0, 33.0)
    angle = np.linspace(0.0, np.pi / 2, 129)
    step = np.hypot(np.diff(half_width * np.sin(angle)), np.diff(depth * (1 - np.cos(angle))))
    arc = np.concatenate([[0.0], np.cumsum(step)]).astype(np.float32)
    scale = float(np.clip(1.7 * pixels_per_mm, 2.0, 20.0))
    factor = max(1, round(9.0 / scale))
    rng = np.random.default_rng([seed, int(upper)])
    strip = _Strip(upper, scale * factor, rng).paint(palette)
    strip = _resample(strip, factor, 0.6 * palette.softness * scale / max(pixels_per_mm, 1e-3))
    edge = UPPER_EDGE_MM if upper else LOWER_EDGE_MM
    return Arch(half_width, depth, np.ascontiguousarray(strip, np.float32), scale, edge, arc)


def _resample(strip: Float, factor: int, blur: float) -> Float:
    """Shrinks by a whole factor and blurs (standard deviation in pixels after shrinking), channel by channel."""
    planes = []
    size = (strip.shape[1] // factor, strip.shape[0] // factor)
    for full in np.moveaxis(strip, 2, 0):
        plane = cv2.resize(full, size, interpolation=cv2.INTER_AREA) if factor > 1 else full
        planes.append(cv2.GaussianBlur(plane, (0, 0), blur) if blur > 0.6 else plane)
    return np.dstack(planes)


def _sigmoid(x: npt.NDArray[np.floating[Any]]) -> Float:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))), np.float32)


class _Crown(NamedTuple):
    """One tooth's place: its number from the midline, its side (−1, 1), centre, width and height in mm."""

    number: int
    side: float
    centre: float
    width: float
    height: float


class _Strip:
    """Paints teeth from the molars to the incisors onto one unrolled strip; x mm from the midline, y from the top."""

    def __init__(self, upper: bool, scale: float, rng: np.random.Generator) -> None:
        self.upper = upper
        self.scale = scale
        self.rng = rng
        crowns = _UPPER_CROWNS if upper else _LOWER_CROWNS
        self.half = sum(width for width, _ in crowns)
        self.crowns = crowns
        rows, columns = round(STRIP_MM * scale), 2 * round(self.half * scale)
        self.y = ((np.arange(rows, dtype=np.float32) + 0.5) / scale)[:, None]
        self.x = ((np.arange(columns, dtype=np.float32) + 0.5) / scale - self.half)[None]
        self.edge = UPPER_EDGE_MM if upper else LOWER_EDGE_MM
        self.rgb = np.zeros((rows, columns, 3), np.float32)
        self.alpha = np.zeros((rows, columns), np.float32)
        self.gloss = np.zeros((rows, columns), np.float32)

    def paint(self, palette: Palette) -> Float:
        self._gums(palette)
        placed = []
        start = 0.0
        for index, (width, height) in enumerate(self.crowns):
            placed += [_Crown(index, side, side * (start + width / 2), width, height) for side in (-1.0, 1.0)]
            start += width
        for crown in reversed(placed):
            self._tooth(palette, crown)
        rgb = self.rgb * self.alpha[..., None]
        return np.dstack([rgb, self.alpha, self.gloss]).astype(np.float32)

    def _beyond(self, y: Float) -> Float:
        """Millimetres from the front teeth's biting edge towards the gum."""
        return (self.edge - y) if self.upper else (y - self.edge)

    def _gums(self, palette: Palette) -> None:
        """Gum behind and between the crowns, dim enamel in the gaps: teeth touch, they are not palings."""
        towards_gum = self._beyond(self.y)
        lip = palette.lip / max(float(palette.white.max()), 1.0)
        coral = 0.5 * palette.tint((0.74, 0.46, 0.44)) + 0.5 * palette.white * np.minimum(lip * 1.15, 0.95)
        bulge = 0.86 + 0.14 * np.exp(-(((towards_gum - 11.5) / 2.2) ** 2)) - 0.012 * np.maximum(towards_gum - 13.0, 0)
        bulge = bulge + 0.035 * np.cos(self.x * 0.8)
        stipple = cv2.GaussianBlur(
            self.rng.normal(0, 1, self.alpha.shape).astype(np.float32), (0, 0), 0.25 * self.scale
        )
        stipple *= 0.02 / max(float(stipple.std()), 1e-6)
        gum = coral[None, None] * (bulge + stipple)[..., None]
        gap = palette.tint((0.67, 0.58, 0.49))
        root = _sigmoid((towards_gum - 6.0 - 0.03 * np.abs(self.x)) * 3.0)[..., None]
        self.rgb[:] = gum * root + gap * (1 - root)
        self.alpha[:] = _sigmoid((towards_gum - 1.7) * 6.0)
        self.gloss[:] = 0.25 * root[..., 0] * np.clip(bulge - 0.86, 0, 1) * 5

    def _tooth(self, palette: Palette, crown: _Crown) -> None:
        index, side, centre, width, height = crown
        rng = self.rng
        tilt, shift, tone = (
            rng.normal(0, 0.018),
            rng.normal(0, 0.12),
            1 + float(np.clip(rng.normal(0, 0.011), -0.02, 0.02)),
        )
        half = width / 2 * (1 + rng.normal(0, 0.015))
        reach = half + 1.0
        first = max(0, int((centre - reach + self.half) * self.scale))
        last = min(self.x.shape[1], int((centre + reach + self.half) * self.scale) + 1)
        columns = slice(first, last)
        shorter = (0.8 if index == 1 else 0.0) if self.upper else (0.3 if index == 2 else 0.0)
        shorter = shorter + max(0, index - 2) * 0.35 + shift
        v = (self._beyond(self.y) - shorter + np.zeros_like(self.x[:, columns])).astype(np.float32)
        u = ((self.x[:, columns] - centre - tilt * (v - 4)) / half * side).astype(np.float32)  # +1: towards the back
        t = np.clip(v / height, 0, 1).astype(np.float32)
        body = self._outline(index, u, v, t, height)
        strength = np.clip(body * 1.35, 0, 1)
        colour = self._enamel(palette, index, u, v, t) * tone
        self.rgb[:, columns] += (colour - self.rgb[:, columns]) * strength[..., None]
        # The groove between neighbours, softly shaded.
        groove = (
            np.exp(-(((1.0 - np.abs(u)) * half / 0.28) ** 2)) * np.clip(v / 0.8, 0, 1) * np.clip((height - v), 0, 1)
        )
        self.rgb[:, columns] *= (1 - 0.11 * groove)[..., None]
        self.alpha[:, columns] = np.maximum(self.alpha[:, columns], body)
        streak = np.exp(-(((u + 0.25) / 0.22) ** 2) - (((t - 0.52) / 0.24) ** 2))
        self.gloss[:, columns] = self.gloss[:, columns] * (1 - strength) + streak * strength * rng.uniform(0.6, 1.0)

    def _outline(self, index: int, u: Float, v: Float, t: Float, height: float) -> Float:
        """Coverage: contact near the biting edge, narrower neck, rounded corners (the back one more)."""
        waist = 1.0 - 0.17 * np.clip((t - 0.25) / 0.75, 0, 1) ** 1.4
        radius = np.where(u > 0, 1.9, 1.1) * (1.5 if index == 2 else 1.0)
        corner = np.clip(1 - v / radius, 0, 1)
        limit = waist * (1 - 0.22 * corner**2.2)
        bow = (
            (0.9 * np.abs(u) ** 1.7)
            if index == 2
            else 0.14 * np.abs(u) ** 2.5 + (0.10 * u if index < 2 else 0.25 * u * u)
        )
        sides = _sigmoid((limit * 0.992 - np.abs(u)) * 26)
        bottom = _sigmoid((v - bow) * 12)
        neck = _sigmoid((height * (1 - 0.13 * u**2) - v) * 7)
        return np.asarray(sides * bottom * neck, np.float32)

    def _enamel(self, palette: Palette, index: int, u: Float, v: Float, t: Float) -> Float:
        """Ivory body, warmer neck and canine, a translucent edge with faint lobes, rounded to the sides."""
        body = palette.tint((0.965, 0.925, 0.865) if index != 2 else (0.945, 0.895, 0.82))
        neck = palette.tint((0.86, 0.775, 0.66))
        edge = palette.tint((0.74, 0.76, 0.78))
        warm = (np.clip((t - 0.55) / 0.45, 0, 1) ** 1.3 * 0.75)[..., None]
        colour = body * (1 - warm) + neck * warm
        lobes = 0.85 + 0.15 * np.cos(u * 7.5)
        clear = (np.clip(1 - v / (1.5 * lobes), 0, 1) ** 1.4 * (0.45 if index < 2 else 0.25))[..., None]
        colour = colour * (1 - clear) + edge * clear
        round_ = 0.80 + 0.20 * np.sqrt(np.clip(1 - (u / 1.04) ** 2, 0, 1))
        crown = 0.94 + 0.06 * np.sin(np.pi * np.clip(t * 0.9 + 0.1, 0, 1))
        return np.asarray(colour * (round_ * crown)[..., None], np.float32)
