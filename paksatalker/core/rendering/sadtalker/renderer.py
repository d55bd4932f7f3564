"""Coefficients to frames: the renderer of the engine ``sadtalker``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.sadtalker.paste import Box, FacePaste
from paksatalker.core.rendering.sadtalker.windows import windows
from paksatalker.core.timeline import FloatArray
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.errors import EngineUnavailable

Image = npt.NDArray[np.uint8]
#: What happens to a face on its way into the picture.
Finish = Callable[[Image], Image]


class FaceDrawer(Protocol):
    """Draws the face of one photo; :class:`~paksatalker.models.sadtalker.talking_head.TalkingHead` does."""

    @property
    def batch(self) -> int:
        """Faces drawn at a time."""
        ...

    def draw(self, windows: FloatArray, degrees: FloatArray | None = None) -> Image:
        """Faces uint8 [B, S, S, 3] for windows [B, C, 27] and angles [B, 3]."""
        ...


class SadTalkerRenderer:
    """Draws frames of one photo in a stream: memory does not depend on how many.

    Args:
        head: Draws the face.
        reference: The photo's own coefficients, float32 [73].
        taken: How many of a track's coefficients the networks read, 70 or 73.
        finish: Makes the frame of a face, see :func:`whole_picture` and :func:`face_only`.
        size: Width and height of the frames, pixels; both even.
        enhance: Improves a face before that, or None.
    """

    def __init__(
        self,
        head: FaceDrawer,
        reference: FloatArray,
        *,
        taken: int,
        finish: Finish,
        size: tuple[int, int],
        enhance: Finish | None = None,
    ) -> None:
        if size[0] % 2 or size[1] % 2:
            raise ValueError(f"frames must have even sides, not {size[0]} × {size[1]}")
        self.reference = reference
        self._head = head
        self._taken = taken
        self._finish = finish
        self._size = size
        self._enhance = enhance

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels; both even."""
        return self._size

    def render(self, tracks: Iterable[CoefficientTrack]) -> Iterator[Image]:
        """Renders every frame of the tracks in order, 13 frames behind them.

        Yields:
            uint8 [H, W, 3] RGB.

        Raises:
            EngineUnavailable: The GPU's memory does not suffice for one frame.
        """
        for group in windows(tracks, self.reference[: self._taken], self._head.batch):
            with _full_memory_explained():
                faces = self._head.draw(group.coefficients, group.degrees)
            for face in faces:
                yield self._finish(self._improved(face))

    def _improved(self, face: Image) -> Image:
        if self._enhance is None:
            return face
        with _full_memory_explained():
            return self._enhance(face)


@contextmanager
def _full_memory_explained() -> Iterator[None]:
    """A GPU that is full with one frame is an error of ours."""
    try:
        yield
    except RuntimeError as error:
        if "out of memory" not in str(error).lower():
            raise
        raise EngineUnavailable(
            "the renderer 'sadtalker' cannot run",
            "the GPU's memory does not suffice for a single frame",
            "Close what else uses the GPU, or hide it: CUDA_VISIBLE_DEVICES= paksatalker …",
        ) from error


def whole_picture(picture: Image, box: Box) -> Finish:
    """Puts faces back into the picture they were cut out of."""
    return FacePaste(picture, box)


def face_only(size: tuple[int, int]) -> Finish:
    """Shows the face alone, width × height pixels."""

    def finish(face: Image) -> Image:
        if face.shape[1::-1] == size:
            return face
        method = cv2.INTER_AREA if face.shape[1] > size[0] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(face, size, interpolation=method), np.uint8)

    return finish
