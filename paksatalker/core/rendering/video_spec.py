"""What is to be encoded: what the encoder and the muxers of all formats know of a video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """What is to be encoded.

    Attributes:
        size: Width and height, pixels, both even.
        fps: Frames a second, exact.
        sample_rate: Of the sound, Hz; 0 for a silent video.
        format: One of :data:`~paksatalker.core.options.FORMATS`.
        preset: One of :data:`~paksatalker.core.options.PRESETS`: how much effort goes into quality and size.
        alpha: Whether frames are RGBA.
    """

    size: tuple[int, int]
    fps: Fraction
    sample_rate: int
    format: str
    preset: str
    alpha: bool
