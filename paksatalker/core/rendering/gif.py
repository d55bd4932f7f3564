"""Animated GIFs: one palette for the whole film, a dither that stands still.

A palette that changes from frame to frame makes the picture boil and the file large. The colours are taken from the
first seconds, which are held back until they are known, plus those that a mouth shows when it opens.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from paksatalker.core.rendering.video_spec import VideoSpec
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import EncodingFailed

_HELD_FRAMES = 40
_HELD_BYTES = 48 << 20
_SAMPLE_SIDE = 160  # frames are shrunk to this for choosing colours
_CLOCK = 100  # a GIF counts in hundredths of a second
_MAX_RATE = 50  # browsers play anything faster at 10 frames a second
_BITS = 6  # of each channel in the lookup from colour to palette
_MOUTH = ((24, 10, 12), (58, 22, 24), (96, 40, 42), (140, 66, 68), (182, 98, 96), (236, 228, 214), (208, 194, 176))
#: Threshold matrix of ordered dithering (Bayer, 8 × 8), −½ to ½.
_BAYER2 = np.array([[0, 2], [3, 1]])
_BAYER4 = np.block([[4 * _BAYER2 + d for d in row] for row in _BAYER2])
_BAYER = np.block([[4 * _BAYER4 + d for d in row] for row in _BAYER2]) / 64.0 - 0.5 + 1 / 128
_DITHER = 9.0  # steps, about the distance of neighbouring palette colours


class GifMuxer:
    """Writes an endless GIF. The sound is dropped."""

    def __init__(self, path: Path, spec: VideoSpec) -> None:
        self._spec = spec
        self._container = av.open(str(path), "w", format="gif", container_options={"loop": "0"})
        self._stream = self._container.add_stream("gif", rate=spec.fps)
        self._stream.width, self._stream.height = spec.size
        self._stream.pix_fmt = "pal8"
        self._stream.codec_context.time_base = Fraction(1, _CLOCK)
        self._every = max(1, -(-spec.fps // _MAX_RATE))
        self._count = 0
        self._closed = False
        self._held: list[tuple[int, npt.NDArray[np.uint8]]] = []
        self._quantiser: Quantiser | None = None
        self._container.start_encoding()

    def write(self, frame: VideoFrame) -> None:
        """Encodes a frame, or holds it back until the palette is known."""
        index = self._count
        self._count += 1
        if index % self._every:
            return
        if self._quantiser is None:
            self._held.append((index, frame.image))
            if len(self._held) >= _HELD_FRAMES or len(self._held) * frame.image.nbytes >= _HELD_BYTES:
                self._release()
        else:
            self._encode(index, frame.image, self._quantiser)

    def flush(self) -> None:
        """Encodes what is still held back and completes the file."""
        if not self._count:
            raise EncodingFailed("cannot make a video", "there are no frames", "Give a text or a recording")
        if self._held:
            self._release()
        self._container.mux(self._stream.encode(None))
        self.close()

    def close(self) -> None:
        """Lets go of the file, complete or not."""
        if not self._closed:
            self._closed = True
            self._container.close()

    def _release(self) -> None:
        self._quantiser = Quantiser([image for _, image in self._held], self._spec.alpha)
        for index, image in self._held:
            self._encode(index, image, self._quantiser)
        self._held = []

    def _encode(self, index: int, image: npt.NDArray[np.uint8], quantiser: Quantiser) -> None:
        frame = quantiser.frame(image)
        frame.pts = round(index * _CLOCK / self._spec.fps)
        frame.time_base = Fraction(1, _CLOCK)
        self._container.mux(self._stream.encode(frame))


class Quantiser:
    """Maps colours to a palette chosen from sample frames.

    Args:
        samples: Frames uint8 [H, W, 3 or 4].
        alpha: Whether the last palette entry is kept for transparent pixels.
    """

    def __init__(self, samples: list[npt.NDArray[np.uint8]], alpha: bool) -> None:
        self._alpha = alpha
        count = 255 if alpha else 256
        self.palette = np.concatenate([_choose(samples, count - len(_MOUTH)), np.array(_MOUTH, np.uint8)])
        self._table = _nearest(self.palette)
        self._dither: npt.NDArray[np.int16] | None = None

    def frame(self, image: npt.NDArray[np.uint8]) -> av.VideoFrame:
        """The frame in ``pal8``."""
        height, width = image.shape[:2]
        if self._dither is None:
            tiled = np.tile(_BAYER * _DITHER, (-(-height // 8), -(-width // 8)))[:height, :width]
            self._dither = np.repeat(np.rint(tiled).astype(np.int16)[:, :, None], 3, axis=2)
        noisy = cv2.add(image[:, :, :3], self._dither, dtype=cv2.CV_8U) >> (8 - _BITS)
        r, g, b = (noisy[:, :, c].astype(np.int32) for c in range(3))
        indices = self._table[(r << 2 * _BITS) | (g << _BITS) | b]
        colours = np.full((256, 4), 255, np.uint8)  # alpha first
        colours[: len(self.palette), 1:] = self.palette
        if self._alpha:
            colours[255] = 0
            indices = np.where(image[:, :, 3] < 128, np.uint8(255), indices)
        return _paletted(indices, colours)


def _paletted(indices: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8]) -> av.VideoFrame:
    pair: Any = (indices, colours)  # PyAV's stubs do not know that pal8 takes a pair
    return av.VideoFrame.from_ndarray(pair, format="pal8")


def _choose(samples: list[npt.NDArray[np.uint8]], count: int) -> npt.NDArray[np.uint8]:
    """The palette [count, 3] that fits the samples best (median cut, then k-means)."""
    height, width = samples[0].shape[:2]
    scale = min(1.0, _SAMPLE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    few = samples[:: max(1, len(samples) // 8)]
    strip = np.concatenate([cv2.resize(s[:, :, :3], size, interpolation=cv2.INTER_AREA) for s in few])
    image = Image.fromarray(strip).quantize(count, method=Image.Quantize.MEDIANCUT, kmeans=1)
    values = np.array(image.getpalette(), np.uint8).reshape(-1, 3)[:count]
    return np.pad(values, ((0, count - len(values)), (0, 0)))


def _nearest(palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Index of the nearest colour for every colour of ``_BITS`` bits a channel, [2^(3·bits)]."""
    steps = (np.arange(1 << _BITS, dtype=np.float32) + 0.5) * (256 >> _BITS)
    weights = np.sqrt(np.array([0.3, 0.59, 0.11], np.float32))  # errors weigh by how bright they look
    colours = palette.astype(np.float32) * weights
    table = np.empty((1 << _BITS, 1 << 2 * _BITS), np.uint8)
    green, blue = np.meshgrid(steps, steps, indexing="ij")
    norm = (colours**2).sum(axis=1)
    for index, red in enumerate(steps):
        grid = np.stack([np.full_like(green, red), green, blue], axis=-1).reshape(-1, 3) * weights
        table[index] = (norm - 2 * grid @ colours.T).argmin(axis=1)
    return table.ravel()
