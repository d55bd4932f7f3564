"""The frames of one video with their sound: its stages, pulled by whoever takes the frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.config.allocator import give_back_free_memory
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.cancelling import until_cancelled
from paksatalker.core.engines import FaceEngine, Renderer
from paksatalker.core.parts import Part, cut
from paksatalker.core.progress import FrameCounter, ProgressCallback
from paksatalker.core.rendering.captions import Captioner
from paksatalker.core.rendering.label import Label
from paksatalker.core.rendering.scene import Scene
from paksatalker.core.request import Request
from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.sources.source import SpeechSource
from paksatalker.core.timeline import Speech, VideoFrame

Listener = Callable[[Speech], None]

_TIDY_EVERY = 30.0  # seconds of speech after which the heaps have gathered some 10 MB that are free


class VideoStream:
    """The frames of a video with their sound, made as they are iterated over. Can be iterated over once.

    Attributes:
        size: Width and height, pixels.
        fps: Frames a second.
        transparent: Whether frames are RGBA.
        notes: What the user should know about the input; complete after the last frame.
        engines: Name of the engine of each stage.
    """

    def __init__(
        self,
        *,
        request: Request,
        scene: Scene,
        source: SpeechSource,
        animator: FaceEngine[Any],
        renderer: Renderer[Any],
        captioner: Captioner | None,
        engines: dict[str, str],
        on_progress: ProgressCallback | None,
        cancel: threading.Event,
        label: Label | None = None,
        part: Part | None = None,
    ) -> None:
        self.size = renderer.size
        self.fps = request.fps
        self.transparent = scene.transparent
        self.engines = engines
        self.notes: list[str] = [*scene.portrait.notes, *source.notes]
        self._source = source
        self._animator = animator
        self._renderer = renderer
        self._cancel = cancel
        self._begun = False
        self._part = part
        self._sound = SoundTrack(request.fps)
        self._counter = FrameCounter(request.fps, source.characters, source.duration, on_progress)
        self._listeners: list[Listener] = [self._sound.add] if part is None else []
        self._captioner, self._label = captioner, label
        if captioner is not None:
            self._listeners.append(captioner.add)

    def listen(self, listener: Listener) -> None:
        """Has every piece of speech handed to ``listener`` before its first frame is made."""
        self._listeners.append(listener)

    def __iter__(self) -> Generator[VideoFrame, None, None]:
        """The frames in order.

        Raises:
            Cancelled: The work was stopped from outside.
            RuntimeError: They have been iterated over before.
        """
        if self._begun:
            raise RuntimeError("the frames of a video are made once: start another stream")
        self._begun = True
        with ExitStack() as stack:
            pieces = stack.enter_context(closing(self._pieces()))
            if self._part is None:
                tracks = self._animator.animate(attach_prosody(pieces, self.fps))
            else:  # its speech was analysed when it was kept
                tracks = cut(self._animator.animate(pieces), self._part.first, self._part.end)
            images = stack.enter_context(closing(until_cancelled(self._renderer.render(tracks), self._cancel)))
            for index, image in enumerate(images, 0 if self._part is None else self._part.first):
                yield VideoFrame(index, self._lettered(image, index), self._sound.take(index), self._sound.sample_rate)
                self._counter.frame()

    def _lettered(self, image: npt.NDArray[np.uint8], index: int) -> npt.NDArray[np.uint8]:
        """A frame with the subtitles and the label that belong into the picture."""
        if self._captioner is not None:
            image = self._captioner.draw(image, index / self.fps)
        return image if self._label is None else self._label.draw(image)

    def _pieces(self) -> Generator[Speech, None, None]:
        tidy = 0.0
        with closing(until_cancelled(self._source.pieces(), self._cancel)) as pieces:
            for piece in pieces:
                if piece.end >= tidy:
                    give_back_free_memory()
                    tidy = piece.end + _TIDY_EVERY
                for listener in self._listeners:
                    listener(piece)
                if self._part is None:
                    self._counter.spoken(len(piece.text), piece.end)
                yield piece
        self.notes += self._source.late_notes()
        if self._part is None:
            self._counter.all_spoken()
