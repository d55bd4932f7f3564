"""A video to landmarks over time: decodes frame by frame and finds the largest face in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.error import FFmpegError
from PIL import Image, ImageOps

from paksatalker.core.files import is_address
from paksatalker.core.timeline import ARKIT_NAMES
from paksatalker.errors import ImageUnreadable, NoFace, VideoUnreadable
from paksatalker.evaluation.geometry import Array, eye_distance, head_angles
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.landmarker import FaceLandmarker, FaceLandmarks

Image8 = npt.NDArray[np.uint8]

#: A close-up is this many face sizes wide, and has this many pixels.
_CLOSE_UP = 2.3
_CLOSE_UP_PIXELS = 512
#: A playlist inside the file must not make FFmpeg open other files or the network.
NO_PROTOCOLS = {"protocol_whitelist": "none"}


@dataclass(frozen=True, slots=True)
class FaceMotion:
    """The largest face of a video, frame by frame.

    Rows without a face (``ok`` false) repeat the last found face, so that every array can be filtered in time.

    Attributes:
        points: float32 [T, 478, 3] pixels: x right, y down, z away from the viewer.
        rotation: float32 [T, 3, 3] head to image axes.
        scores: float32 [T, 52] expression scores in ARKit order (``tongueOut`` 0), 0–1.
        ok: bool [T] whether a face was found.
        times: float64 [T] when the frame is shown, seconds on the container's clock.
        fps: Rows a second.
        width: Of the frames, pixels.
        height: Of the frames, pixels.
    """

    points: npt.NDArray[np.float32]
    rotation: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    ok: npt.NDArray[np.bool_]
    times: Array
    fps: float
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.points)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self) / self.fps

    @property
    def eye_distance(self) -> Array:
        """Outer eye corners [T], pixels: the unit of the measures."""
        return eye_distance(self.points.astype(np.float64))

    @property
    def angles(self) -> Array:
        """Yaw, pitch, roll [T, 3], degrees; see :func:`~paksatalker.evaluation.geometry.head_angles`."""
        return head_angles(self.rotation.astype(np.float64))

    def save(self, path: Path) -> None:
        """Writes a compressed ``.npz`` of plain arrays (no pickle)."""
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> FaceMotion:
        """Reads what :meth:`save` wrote. Pickled arrays are refused."""
        with np.load(path, allow_pickle=False) as data:
            return cls(
                points=data["points"].astype(np.float32),
                rotation=data["rotation"].astype(np.float32),
                scores=data["scores"].astype(np.float32),
                ok=data["ok"].astype(np.bool_),
                times=data["times"].astype(np.float64),
                fps=float(data["fps"]),
                width=int(data["width"]),
                height=int(data["height"]),
            )


def track_video(
    path: Path,
    store: WeightsStore,
    max_frames: int | None = None,
    every: int = 1,
    progress: Callable[[int], None] | None = None,
) -> FaceMotion:
    """Tracks the largest face of a video, each frame on its own (no temporal smoothing that would hide jitter).

    Args:
        path: A local video file of any format FFmpeg reads.
        store: Where the face landmarker lies.
        max_frames: How many frames are looked at; all when None.
        every: Looks at every ``every``-th frame only.
        progress: Called after each frame with the number of frames done.

    Raises:
        VideoUnreadable: The file cannot be decoded or shows no face.
        WeightsMissing: The face landmarker is not in the store.
    """
    found: list[FaceLandmarks | None] = []
    times: list[float] = []
    size = (0, 0)
    fps = 0.0
    with FaceLandmarker(store.path("face-landmarker")) as landmarker:
        for frame in read_frames(path, max_frames, every):
            faces = landmarker.detect(frame.image)
            found.append(faces[0] if faces else None)
            times.append(frame.time)
            size, fps = (frame.image.shape[1], frame.image.shape[0]), frame.fps
            if progress:
                progress(len(found))
    if not any(found):
        raise VideoUnreadable(
            f"{path.name} cannot be tracked",
            f"none of its {len(found)} frames shows a face",
            "Give a video in which the speaker faces the camera",
        )
    return FaceMotion(**_arrays(found), times=np.array(times), fps=fps / every, width=size[0], height=size[1])


def track_image(path: Path, store: WeightsStore) -> FaceMotion:
    """The largest face of a photo as a motion of one frame, looked at close up, as a video shows it.

    Raises:
        ImageUnreadable: The file is not an image.
        NoFace: It shows no face.
    """
    try:
        with Image.open(path) as photo:
            rgb = np.asarray(ImageOps.exif_transpose(photo).convert("RGB"), np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageUnreadable(f"{path.name} cannot be read", str(error), "Give a PNG, JPEG or WebP file") from error
    with FaceLandmarker(store.path("face-landmarker")) as landmarker:
        return track_frame(_close_up(rgb, landmarker), landmarker)


def _close_up(rgb: Image8, landmarker: FaceLandmarker) -> Image8:
    """The square around the largest face that a portrait video shows; landmarks of a small face are coarse."""
    faces = landmarker.detect(rgb)
    if not faces:
        return rgb
    left, top, right, bottom = faces[0].box
    half = _CLOSE_UP * max(right - left, bottom - top) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    height, width = rgb.shape[:2]
    rows = slice(max(0, int(y - half)), min(height, int(y + half)))
    columns = slice(max(0, int(x - half)), min(width, int(x + half)))
    crop = Image.fromarray(np.ascontiguousarray(rgb[rows, columns]))
    factor = _CLOSE_UP_PIXELS / max(crop.size)
    size = (max(1, round(crop.width * factor)), max(1, round(crop.height * factor)))
    return np.asarray(crop.resize(size, Image.Resampling.LANCZOS), np.uint8)


def track_frame(rgb: Image8, landmarker: FaceLandmarker) -> FaceMotion:
    """The largest face of an image uint8 [H, W, 3] as a motion of one frame.

    Raises:
        NoFace: It shows no face.
    """
    faces = landmarker.detect(rgb)
    if not faces:
        raise NoFace("the picture cannot be measured", "no face was found in it", "Give the photo of a face")
    height, width = rgb.shape[:2]
    return FaceMotion(**_arrays([faces[0]]), times=np.zeros(1), fps=1.0, width=width, height=height)


def track_frames(frames: Iterator[Image8], fps: float, landmarker: FaceLandmarker) -> FaceMotion:
    """Tracks frames that never were in a file, e.g. straight from a renderer.

    Args:
        frames: uint8 [H, W, 3] RGB, all of one size.
        fps: Frames a second.
        landmarker: Finds the faces; the largest of each frame is taken.

    Raises:
        VideoUnreadable: No frame shows a face.
    """
    found: list[FaceLandmarks | None] = []
    size = (0, 0)
    for image in frames:
        faces = landmarker.detect(image)
        found.append(faces[0] if faces else None)
        size = (image.shape[1], image.shape[0])
    if not any(found):
        raise VideoUnreadable("the frames cannot be tracked", f"none of {len(found)} shows a face")
    return FaceMotion(**_arrays(found), times=np.arange(len(found)) / fps, fps=fps, width=size[0], height=size[1])


def _arrays(found: list[FaceLandmarks | None]) -> dict[str, Any]:
    first = next(face for face in found if face is not None)
    last, filled = first, []
    for face in found:
        last = face or last
        filled.append(last)
    return {
        "points": np.array([face.points for face in filled], np.float32),
        "rotation": np.array([face.rotation for face in filled], np.float32),
        "scores": np.array([[face.scores.get(name, 0.0) for name in ARKIT_NAMES] for face in filled], np.float32),
        "ok": np.array([face is not None for face in found]),
    }


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One decoded picture.

    Attributes:
        index: Position in the stream, from 0.
        time: When it is shown, seconds on the container's clock.
        fps: Of the stream.
        image: uint8 [H, W, 3] RGB, upright.
    """

    index: int
    time: float
    fps: float
    image: Image8


def read_frames(path: Path, max_frames: int | None = None, every: int = 1) -> Iterator[DecodedFrame]:
    """Decodes a video one frame at a time; memory does not grow with its length.

    Args:
        path: A local file.
        max_frames: How many frames are yielded at most.
        every: Yields every ``every``-th frame.

    Raises:
        VideoUnreadable: The file is missing, is not a video, or breaks off before the first frame.
    """
    if is_address(path):
        raise VideoUnreadable(
            f"cannot read the video {path.name}", "addresses are not followed", "Download it first and give the file"
        )
    count = 0
    try:
        with path.open("rb") as file, av.open(file, "r", options=NO_PROTOCOLS) as container:
            stream = _video_stream(container, path)
            fps = float(stream.average_rate or stream.guessed_rate or 25)
            for index, frame in enumerate(container.decode(stream)):
                if index % every:
                    continue
                if max_frames is not None and count >= max_frames:
                    return
                count += 1
                time = float(frame.time) if frame.time is not None else index / fps
                yield DecodedFrame(index, time, fps, _upright(frame))
    except (OSError, FFmpegError, ValueError) as error:
        where = f" after {count} frames" if count else ""
        raise VideoUnreadable(
            f"{path.name} cannot be decoded{where}", str(error) or type(error).__name__, "Give a complete video file"
        ) from error
    if count == 0:
        raise VideoUnreadable(f"{path.name} cannot be decoded", "it holds no frames", "Give a complete video file")


def _video_stream(container: InputContainer, path: Path) -> Any:
    if not container.streams.video:
        raise VideoUnreadable(f"{path.name} cannot be scored", "it has no picture", "Give a video file")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _upright(frame: Any) -> Image8:
    """RGB with the display rotation that phones write applied."""
    image: Image8 = frame.to_ndarray(format="rgb24")
    turns = round(float(getattr(frame, "rotation", 0) or 0) / 90) % 4  # counter-clockwise, degrees
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
