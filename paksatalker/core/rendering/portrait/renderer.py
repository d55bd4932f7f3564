"""The portrait renderer: bends a photo of a person into the frames of a talking video."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import kernels
from paksatalker.core.rendering.portrait.body import HeadAxes, head_freedom
from paksatalker.core.rendering.portrait.face import FaceState, SourceFace
from paksatalker.core.rendering.portrait.features import Paint, drawn_features
from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.glasses import glasses_likelihood
from paksatalker.core.rendering.portrait.matte import foreground_colours, person_matte, settled_colours
from paksatalker.core.rendering.portrait.mesh import EyeSockets, OuterMesh
from paksatalker.core.rendering.portrait.patch import WarpPatch
from paksatalker.core.rendering.portrait.plate import background_plate
from paksatalker.core.rendering.portrait.source import PhotoSampler
from paksatalker.core.timeline import FaceTrack

Image = npt.NDArray[np.uint8]


class PortraitRenderer:
    """Renders face tracks as frames of one photo. Every frame is a pure function of the photo and one row of a track.

    Args:
        face: The face on its canvas; the canvas is the frame.
        person_mask: float32 [H, W] probability that a pixel shows a person.
        background: None keeps the photo's own, painted on behind the person; an image uint8 [H, W, 3] replaces it;
            ``"transparent"`` gives RGBA frames with straight alpha.
        threads: Frames rendered at once; None takes the processors this process may use. The frames are the same.
        features: What is painted on the bent photo, in order; None makes shading, eyes, lids and mouth interior.
        cut_out: The mask is exact, the photo's own alpha. Else it is refined by what the photo shows at its edge.

    Raises:
        ValueError: The canvas is odd-sized, or mask or background do not fit it.
    """

    def __init__(
        self,
        face: SourceFace,
        person_mask: npt.NDArray[np.float32],
        background: Image | Literal["transparent"] | None = None,
        threads: int | None = None,
        features: Sequence[Paint] | None = None,
        *,
        cut_out: bool = False,
    ) -> None:
        height, width = face.image.shape[:2]
        if height % 2 or width % 2:
            raise ValueError(f"a canvas must have even sides, not {width}×{height}")
        if person_mask.shape != (height, width):
            raise ValueError(f"the mask is {person_mask.shape}, the canvas {(height, width)}")
        if isinstance(background, np.ndarray) and background.shape != face.image.shape:
            raise ValueError(f"the background is {background.shape}, the canvas {face.image.shape}")
        self._size = (width, height)
        self._threads = threads or _processors()
        self._paints = drawn_features(face) if features is None else tuple(features)
        alpha = person_mask if cut_out else person_matte(face, person_mask)
        self._geometry = FaceGeometry(
            face,
            brow_scale=1 - 0.8 * glasses_likelihood(face),
            head_scale=head_freedom(HeadAxes.of(face), alpha),
        )
        self._transparent = isinstance(background, str)
        margin = max(2, round(0.04 * face.width))
        if isinstance(background, np.ndarray):
            self._plate = np.ascontiguousarray(background)
        else:
            self._plate = background_plate(face.image, alpha, margin)
        colours = foreground_colours(face.image, alpha, max(8, round(0.25 * face.width)))
        if background is None:
            colours = settled_colours(colours, face.image, alpha, self._plate)
        self._photo = PhotoSampler(colours, alpha, round(0.35 * face.height))
        self._mesh = OuterMesh(face, self._geometry.points, alpha)
        self._eyes = EyeSockets(self._geometry.points)
        self._flat = np.ascontiguousarray(self._geometry.points[:, :2])
        self._scratch = threading.local()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels; both even."""
        return self._size

    def render(self, tracks: Iterable[FaceTrack]) -> Iterator[Image]:
        """Renders every frame of the tracks in order, a few at a time in parallel; the look-ahead is bounded.

        Closing the iterator ends its threads.

        Yields:
            uint8 [H, W, 3] RGB, or [H, W, 4] RGBA with straight alpha.
        """
        ahead = 2 * self._threads
        pending: deque[Future[Image]] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="portrait") as pool:
            try:
                for state in _states(tracks):
                    pending.append(pool.submit(self.frame, state))
                    if len(pending) > ahead:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def frame(self, state: FaceState) -> Image:
        """Renders one frame: uint8 [H, W, 3] RGB, or [H, W, 4] RGBA with straight alpha."""
        posed = self._geometry.pose(state)
        skin = WarpPatch(self._flat, np.ascontiguousarray(posed.points[:, :2]), self._geometry.triangles)
        person, left, top = self._person([self._mesh.place(posed), *self._eyes.place(posed), skin])
        frame = self._plate.copy()
        if self._transparent:
            frame[top : top + person.shape[0], left : left + person.shape[1]] = person[..., :3]
        else:
            kernels.blend_over(frame, person, left, top)
        for paint in self._paints:
            paint(frame, posed)
        if not self._transparent:
            return frame
        alpha = np.zeros(frame.shape[:2], np.uint8)
        alpha[top : top + person.shape[0], left : left + person.shape[1]] = person[..., 3]
        return np.asarray(cv2.merge([frame, alpha]), np.uint8)

    def _person(self, layers: list[WarpPatch]) -> tuple[Image, int, int]:
        """The bent person: straight-alpha RGBA of the window that the outermost layer covers, and its corner."""
        width, height = self._size
        used = layers[0].target[self._mesh.used]
        left, top = (int(v) for v in np.clip(np.floor(used.min(axis=0)), 0, (width - 1, height - 1)))
        right, bottom = (int(v) for v in np.clip(np.ceil(used.max(axis=0)) + 1, (left + 1, top + 1), (width, height)))
        maps: npt.NDArray[np.float32] | None = getattr(self._scratch, "maps", None)
        if maps is None:
            maps = self._scratch.maps = np.empty((2, height, width), np.float32)
        return self._photo.draw(layers, (left, top, right, bottom), maps), left, top


def _processors() -> int:
    """Processors this process may use; containers and taskset may allow fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _states(tracks: Iterable[FaceTrack]) -> Iterator[FaceState]:
    for track in tracks:
        yield from track_states(track)


def track_states(track: FaceTrack) -> Iterator[FaceState]:
    """The rows of a track, one by one."""
    for row in range(len(track)):
        yield FaceState(
            coefficients=track.coefficients[row],
            head_rotation=track.head_rotation[row],
            head_translation=track.head_translation[row],
            gaze=track.gaze[row],
            seal=float(track.seal[row]),
            tongue=float(track.tongue[row]),
            activity=float(track.activity[row]),
            breath=float(track.breath[row]),
        )
