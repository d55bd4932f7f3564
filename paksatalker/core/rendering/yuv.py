"""RGB to the video codecs' YUV 4:2:0, BT.709, limited range."""

from __future__ import annotations

import av
import cv2
import numpy as np
import numpy.typing as npt

_RED, _BLUE = 0.2126, 0.0722  # BT.709 luma weights
_GREEN = 1.0 - _RED - _BLUE
_LUMA, _CHROMA = 219.0 / 255.0, 224.0 / 255.0  # limited range: 16–235 and 16–240


def _matrix() -> npt.NDArray[np.float32]:
    luma = np.array([_RED, _GREEN, _BLUE])
    blue = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - _BLUE))
    red = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - _RED))
    rows = np.stack([luma * _LUMA, blue * _CHROMA, red * _CHROMA])
    return np.column_stack([rows, [16.0, 128.0, 128.0]]).astype(np.float32)


_MATRIX = _matrix()
_MATRIX_RGBA = np.insert(_MATRIX, 3, 0.0, axis=1)


def to_yuv(image: npt.NDArray[np.uint8]) -> av.VideoFrame:
    """A frame ``yuv420p`` of an image uint8 [H, W, 3], or ``yuva420p`` of [H, W, 4]; H and W even.

    Exact to rounding, and twice as fast as swscale, whose fast paths are up to 2 steps too dark.
    """
    height, width, channels = image.shape
    yuv = cv2.transform(image, _MATRIX if channels == 3 else _MATRIX_RGBA)
    chroma = cv2.resize(yuv, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    frame = av.VideoFrame(width, height, "yuv420p" if channels == 3 else "yuva420p")
    planes = [yuv[:, :, 0], chroma[:, :, 1], chroma[:, :, 2]]
    if channels == 4:
        planes.append(image[:, :, 3])
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: values.shape[0], : values.shape[1]] = values
    frame.colorspace = frame.color_primaries = frame.color_trc = 1  # BT.709
    frame.color_range = 1  # limited
    return frame
