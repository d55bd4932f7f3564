"""A video of a face to SadTalker's coefficients: what a reference for head motion or blinks is read from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import torch
from av.error import FFmpegError

from paksatalker.core.animation.sadtalker.pose import Array
from paksatalker.errors import FaceTooSmall, VideoUnreadable
from paksatalker.models.mediapipe.ibug import ibug_68
from paksatalker.models.mediapipe.landmarker import FaceLandmarker
from paksatalker.models.sadtalker.alignment import align
from paksatalker.models.sadtalker.face_recon import FaceCoefficients, FaceRecon
from paksatalker.models.sadtalker.mel import FPS

_LOG = logging.getLogger(__name__)
Picture = npt.NDArray[np.uint8]

#: More of a video is not looked at: about a tenth of a second a frame, and short references are gone through again.
LONGEST_S = 30
_BATCH = 16
#: A face with margins, in widths of its points: what is aligned of a large frame.
_MARGIN = 1.0
#: A playlist inside the file must not make FFmpeg open other files or the network.
_NO_PROTOCOLS = {"protocol_whitelist": "none"}


def read_reference(path: Path, landmarker_model: Path, recon: FaceRecon) -> Array:
    """The coefficients of the largest face in a video.

    Frames without a face take those of the frame before.

    Args:
        path: A video of any format that FFmpeg reads; its first 30 seconds are looked at.
        landmarker_model: Path of ``face_landmarker.task``.
        recon: The network that measures faces.

    Returns:
        float32 [T, 70] at 25 frames a second: expression 64, angles 3, translation 3.

    Raises:
        VideoUnreadable: It cannot be decoded or shows no face.
    """
    found: list[Array] = []
    seen: list[int] = []
    waiting: list[Picture] = []
    count = 0
    with FaceLandmarker(landmarker_model) as landmarker:
        for count, image in enumerate(_frames(path), start=1):
            if (face := _aligned(image, landmarker)) is not None:
                seen.append(count - 1)
                waiting.append(face)
            if len(waiting) == _BATCH:
                found.append(_measure(recon, waiting))
                waiting = []
    if waiting:
        found.append(_measure(recon, waiting))
    if not found:
        why = f"none of its {count} frames shows a face"
        raise VideoUnreadable(f"{path.name} is no reference", why, "Give a video in which somebody faces the camera")
    rows = np.concatenate(found)
    return rows[np.maximum(np.searchsorted(seen, np.arange(count), side="right") - 1, 0)]


def _aligned(image: Picture, landmarker: FaceLandmarker) -> Picture | None:
    faces = landmarker.detect(image)
    if not faces:
        return None
    left, top, right, bottom = faces[0].box
    margin = _MARGIN * max(right - left, bottom - top)
    x, y = max(0, int(left - margin)), max(0, int(top - margin))
    cut = np.ascontiguousarray(image[y : int(bottom + margin) + 1, x : int(right + margin) + 1])
    try:
        return align(cut, ibug_68(faces[0].points) - (x, y)).image
    except FaceTooSmall:
        return None


@torch.inference_mode()
def _measure(recon: FaceRecon, faces: list[Picture]) -> Array:
    device = next(recon.parameters()).device
    pixels = torch.from_numpy(np.stack(faces)).to(device).permute(0, 3, 1, 2).float() / 255
    rows: Array = FaceCoefficients.split(recon(pixels)).motion.cpu().numpy()
    return rows


def _frames(path: Path) -> Iterator[Picture]:
    """RGB frames as they are shown at every 25th of a second."""
    count = 0
    try:
        with path.open("rb") as file, av.open(file, "r", options=_NO_PROTOCOLS) as container:
            if not container.streams.video:
                raise VideoUnreadable(f"{path.name} is no reference", "it has no picture", "Give a video file")
            stream: Any = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or FPS)
            first: float | None = None
            for index, frame in enumerate(container.decode(stream)):
                time = float(frame.time) if frame.time is not None else index / rate
                first = time if first is None else first
                until = int((time - first + 1 / rate) * FPS + 1e-6)
                if until > count:
                    image = _upright(frame)
                    for _ in range(count, min(until, LONGEST_S * FPS)):
                        yield image
                    count = until
                if count >= LONGEST_S * FPS:
                    _LOG.info("%s: only the first %d s are taken as a reference", path.name, LONGEST_S)
                    return
    except (OSError, FFmpegError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise VideoUnreadable(f"{path.name} cannot be decoded", why, "Give a complete video file") from error


def _upright(frame: Any) -> Picture:
    """RGB with the display rotation that phones write applied."""
    image: Picture = frame.to_ndarray(format="rgb24")
    turns = round(float(getattr(frame, "rotation", 0) or 0) / 90) % 4  # counter-clockwise, degrees
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
