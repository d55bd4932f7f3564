"""Text or recording → speech → performance → frames → video: the stages, put one after another.

Every stage is a generator that pulls from the one before it, so a video of any length flows through in flat memory and
its first frame is there before its last sentence is spoken.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.cancelling import stop_if_cancelled
from paksatalker.core.engines import EngineInfo, FaceEngine, Renderer, find
from paksatalker.core.outputs import Output, Result
from paksatalker.core.parts import CAN_BEGIN_ANYWHERE, Part
from paksatalker.core.progress import ProgressCallback
from paksatalker.core.provenance.signing import find_signer
from paksatalker.core.rendering.captions import Captioner
from paksatalker.core.rendering.hls import PieceListener
from paksatalker.core.rendering.label import Label
from paksatalker.core.rendering.scene import Scene, set_scene
from paksatalker.core.rendering.scene_cache import SceneCache
from paksatalker.core.request import SPECIAL_OPTIONS, Request, SpeechRequest
from paksatalker.core.sources.source import SpeechSource, from_file, open_source
from paksatalker.core.text.moderation import ModerationHook, Moderator
from paksatalker.core.text.writing.writer import Writer
from paksatalker.core.video_stream import VideoStream
from paksatalker.errors import EnginesIncompatible, InvalidOption
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache

_BESIDE = ("timeline", "on_progress", "cancel", "provenance")  # options that are no fields of a request


class Pipeline:
    """Makes talking videos. Keeps voices and networks warm between videos; use one for many.

    A pipeline makes one video at a time. Close it, or use it as a context manager.

    Args:
        settings: Limits and folders; None reads the environment.
        store: Where the networks are; None takes the settings' folder.
        moderation: Is asked about all text before it is spoken, besides the word list of the settings.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        store: WeightsStore | None = None,
        moderation: ModerationHook | None = None,
    ) -> None:
        self.settings = settings or get_settings()
        self.store = store or WeightsStore(self.settings.weights)
        self._moderation = moderation
        self._engines: dict[tuple[str, str], Any] = {}
        self._writer: Writer | None = None
        self._models = ModelCache(self.settings.model_cache_bytes)
        self._scenes = SceneCache(self.store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of everything that was kept warm."""
        self._engines.clear()
        self._models.clear()
        self._scenes.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def stream(
        self,
        request: Request,
        *,
        on_progress: ProgressCallback | None = None,
        cancel: threading.Event | None = None,
        part: Part | None = None,
    ) -> VideoStream:
        """Starts a video and returns its frames, to be iterated over as they are made.

        Photo, options and engines are checked here; text and recording before the first frame.

        Args:
            request: What to make.
            on_progress: Called after every frame.
            cancel: Set it from any thread to stop; the iteration then raises ``Cancelled``.
            part: Make only these frames of it, without sound, see :mod:`paksatalker.core.parallel`.

        Raises:
            PaksaTalkerError: Any of the errors of ``docs/errors.md`` that concern the input.
        """
        face, renderer = find("face", request.face_engine), find("renderer", request.renderer)
        _check_fit(face, renderer)
        _check_used(request, face, renderer)
        if part is not None:
            _check_begins_anywhere(renderer)
        source = self.speech(request, cancel) if part is None else from_file(part, request.fps)
        scene = self._scene(request, known=part is not None)
        stop_if_cancelled(cancel)
        offer = self._offer(request)
        threads = self.settings.worker_threads
        drawn: Renderer[Any] = renderer.create(scene=scene, threads=threads, **_taken(renderer, offer))
        offer["reference"] = getattr(drawn, "reference", None)
        offer["duration"] = source.duration
        animator: FaceEngine[Any] = face.create(
            fps=request.fps,
            seed=request.seed,
            expression_scale=request.expression_scale,
            head_motion=request.head_motion,
            pose_style=request.pose_style,
            still=request.still,
            **_taken(face, offer),
        )
        return VideoStream(
            request=request,
            scene=scene,
            source=source,
            animator=animator,
            renderer=drawn,
            captioner=Captioner(drawn.size, self.settings.font) if request.subtitles == "burn" else None,
            label=Label(request.label, drawn.size, self.settings.font) if request.label else None,
            engines={"face": face.name, "renderer": renderer.name, source.stage: source.engine},
            on_progress=on_progress,
            cancel=cancel or threading.Event(),
            part=part,
        )

    def generate(
        self,
        request: Request,
        output: Path | str,
        *,
        timeline: Path | str | None = None,
        on_progress: ProgressCallback | None = None,
        on_piece: PieceListener | None = None,
        cancel: threading.Event | None = None,
        provenance: bool | None = None,
    ) -> Result:
        """Makes a video file.

        Args:
            request: What to make.
            output: The video: ``.mp4``, ``.webm`` or ``.gif``. It appears when it is complete, never before.
            timeline: Where to write words and phones with their times, a JSON line for each piece; None for nowhere.
            on_progress: Called after every frame.
            on_piece: Called with the pieces of the same video as a stream, which plays before the file is complete
                (``mp4`` only, see :mod:`paksatalker.core.rendering.hls`); on a thread of its own.
            cancel: Set it from any thread to stop.
            provenance: Whether the video is signed (C2PA); None signs it if there is a certificate, see
                :func:`~paksatalker.core.provenance.signing.find_signer`.

        Raises:
            PaksaTalkerError: Any of the errors of ``docs/errors.md``; nothing is left behind then.
        """
        signer, words = find_signer(provenance), None if timeline is None else Path(timeline)
        with Output(request, Path(output), words, on_piece, signer=signer) as out:
            stream = self.stream(request, on_progress=on_progress, cancel=cancel)
            out.open(stream)
            with closing(iter(stream)) as frames:
                for frame in frames:
                    out.write(frame)
            return out.finish()

    def speech(self, request: SpeechRequest, cancel: threading.Event | None = None) -> SpeechSource:
        """What is to be said, checked and ready to be spoken.

        Args:
            request: What to say and how.
            cancel: Set when a text that is being written is not wanted any more.

        Raises:
            PaksaTalkerError: As :func:`~paksatalker.core.sources.source.open_source` has them.
        """
        moderator = Moderator.of(self.settings.blocklist, self._moderation)
        stopped = bool if cancel is None else cancel.is_set
        return open_source(
            request, self.settings, self._engine, moderator=moderator, writer=self._make_writer, cancelled=stopped
        )

    def _scene(self, request: Request, *, known: bool) -> Scene:
        """The scene of a video; of one that is made in parts the last one may still be known."""
        options: dict[str, Any] = {
            "face": request.face, "aspect": request.aspect, "size": request.short_side,
            "background": request.background, "max_pixels": self.settings.max_image_pixels,
        }  # fmt: skip
        if known:
            return self._scenes.get(request.image, **options)
        return set_scene(request.image, self.store, **options)

    def _make_writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(settings=self.settings, store=self.store)
        return self._writer

    def _offer(self, request: Request) -> dict[str, Any]:
        """What face engines and renderers can have; each takes what its ``EngineInfo.options`` names."""
        video = None if request.reference_video is None else Path(request.reference_video)
        special = {name: getattr(request, name) for name in SPECIAL_OPTIONS}
        return {"store": self.store, "models": self._models, **special, "reference_video": video}

    def _engine(self, info: EngineInfo) -> Any:
        """An engine of the speech or recording stage, made once."""
        key = (info.stage, info.name)
        if key not in self._engines:
            limits = {"max_seconds": self.settings.max_audio_minutes * 60} if info.stage == "recording" else {}
            store = {"store": self.store} if info.weights else {}
            self._engines[key] = info.create(**limits, **store)
        return self._engines[key]


def _taken(info: EngineInfo, offer: dict[str, Any]) -> dict[str, Any]:
    return {name: offer[name] for name in info.options}


def _check_used(request: Request, face: EngineInfo, renderer: EngineInfo) -> None:
    """Refuses options that were given and that neither engine would look at."""
    plain = {field.name: field.default for field in fields(request)}
    for name in SPECIAL_OPTIONS:
        given = getattr(request, name)
        if given and given != plain[name] and name not in (*face.options, *renderer.options):
            flag = f"--{name.replace('_', '-')}"
            raise InvalidOption(
                f"{flag} has no effect", f"the engines '{face.name}' and '{renderer.name}' do not know it",
                f"Add --engine sadtalker, or leave {flag} out",
            )  # fmt: skip


def _check_fit(face: EngineInfo, renderer: EngineInfo) -> None:
    if face.capabilities.gives != renderer.capabilities.takes:
        raise EnginesIncompatible(
            f"the face engine '{face.name}' does not fit the renderer '{renderer.name}'",
            f"it gives {face.capabilities.gives}, the renderer takes {renderer.capabilities.takes}",
            "Choose a pair that fits: paksatalker engines",
        )


def _check_begins_anywhere(renderer: EngineInfo) -> None:
    if renderer.name not in CAN_BEGIN_ANYWHERE:
        raise EnginesIncompatible(
            f"the renderer '{renderer.name}' cannot make parts of a video", "a frame of it needs those before",
            "Choose the renderer 'portrait', or make the video in one go",
        )  # fmt: skip


def generate(output: Path | str, **options: Any) -> Result:
    """Makes one talking video with a pipeline of its own.

    Args:
        output: The video file.
        **options: The fields of :class:`~paksatalker.core.request.Request`, and ``timeline``, ``on_progress``,
            ``cancel`` and ``provenance`` as :meth:`Pipeline.generate` has them.

    Raises:
        PaksaTalkerError: Any of the errors of ``docs/errors.md``.
    """
    extra = {name: options.pop(name) for name in _BESIDE if name in options}
    with Pipeline() as pipeline:
        return pipeline.generate(Request(**options), output, **extra)
