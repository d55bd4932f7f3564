"""Text → speech → a sound file: what ``generate`` says, without the picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

from paksatalker.core.audio.sound_file import SoundFile, SoundSink, WavStream
from paksatalker.core.cancelling import until_cancelled
from paksatalker.core.options import require_choice
from paksatalker.core.outputs import check_no_clash, for_json
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.provenance.signing import Place, Seal, find_signer
from paksatalker.core.request import SpeechRequest
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import Speech
from paksatalker.core.timeline_file import TimelineFile
from paksatalker.errors import InvalidOption

_FORMATS = ("srt", "vtt")
_FileBeside = SubtitleWriter | TimelineFile


@dataclass(frozen=True, slots=True)
class SpeechProgress:
    """How far the speech is.

    Attributes:
        seconds: Of speech made so far.
        fraction: Share of the text that is spoken, 0–1.
        realtime: Seconds of speech made in a second.
    """

    seconds: float
    fraction: float
    realtime: float


@dataclass(frozen=True, slots=True)
class SpokenResult:
    """A finished sound file.

    Attributes:
        path: The file; None where the sound went into a stream.
        duration: Seconds.
        sample_rate: Of the voice, Hz.
        first_sound_seconds: From the start to the first speech.
        seconds: From the start to the finished file.
        realtime: Seconds of sound made in a second.
        engine: Name of the speech engine.
        subtitles: The subtitle file, if one was asked for.
        timeline: The timeline file, if one was asked for.
        notes: What the user should know, one sentence each.
        provenance: Where the signed manifest (C2PA) is: ``embedded``, ``sidecar`` or ``none``.
        manifest: The file with it, if it lies beside the sound.
    """

    path: Path | None
    duration: float
    sample_rate: int
    first_sound_seconds: float
    seconds: float
    realtime: float
    engine: str
    subtitles: Path | None = None
    timeline: Path | None = None
    notes: tuple[str, ...] = ()
    provenance: Place = "none"
    manifest: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: paths as strings, seconds rounded to milliseconds."""
        return for_json(asdict(self))


def say(
    output: Path | str | IO[bytes],
    text: str | None = None,
    *,
    format: str | None = None,  # noqa: A002  (the option's own name)
    subtitles: str | None = None,
    timeline: Path | str | None = None,
    pipeline: Pipeline | None = None,
    on_progress: Callable[[SpeechProgress], None] | None = None,
    cancel: threading.Event | None = None,
    provenance: bool | None = None,
    **options: Any,
) -> SpokenResult:
    """Speaks a text into a sound file. Memory is flat in its length.

    Args:
        output: The file (``.wav``, ``.flac``, ``.mp3``, ``.ogg``, ``.opus`` or ``.m4a``), which appears when it is
            complete; or a binary stream, which gets a WAV piece by piece.
        text: What to say; or give ``text_file``.
        format: One of :data:`~paksatalker.core.options.SOUND_FORMATS`; None goes by the suffix.
        subtitles: ``srt`` or ``vtt`` for a file beside the sound, or None.
        timeline: Where to write words and phones with their times, a JSON line for each piece; None for nowhere.
        pipeline: One whose voices are warm; None makes one.
        on_progress: Called after every piece.
        cancel: Set it from any thread to stop.
        provenance: Whether the file is signed (C2PA); None signs it if there is a certificate. A stream cannot be.
        **options: The other fields of :class:`~paksatalker.core.request.SpeechRequest`.

    Raises:
        PaksaTalkerError: Any of the errors of ``docs/errors.md``; nothing is left behind then.
    """
    began = time.monotonic()
    _refuse_unknown(options)
    request = SpeechRequest(text=text, **options)
    path = Path(output) if isinstance(output, (str, Path)) else None
    sink: SoundSink = WavStream(output) if not isinstance(output, (str, Path)) else SoundFile(Path(output), format)
    seal = _seal(sink, provenance)
    files = _Files(request, path, subtitles, None if timeline is None else Path(timeline), seal)
    with ExitStack() as stack:
        used = pipeline or stack.enter_context(Pipeline())
        for part in (seal, sink, *files.parts):
            stack.enter_context(part)
        source = used.speech(request)
        counter = _Counter(began, source.characters, on_progress)
        pieces = stack.enter_context(closing(until_cancelled(source.pieces(), cancel)))
        _write(pieces, sink, files.parts, counter)
        if isinstance(sink, SoundFile):
            seal.sign(sink.unfinished, request, {source.stage: source.engine})
    seconds = time.monotonic() - began
    return SpokenResult(
        path=path,
        duration=counter.end,
        sample_rate=counter.sample_rate,
        first_sound_seconds=counter.first or 0.0,
        seconds=seconds,
        realtime=counter.end / seconds,
        engine=source.engine,
        subtitles=files.subtitles,
        timeline=files.timeline,
        notes=(*source.notes, *source.late_notes()),
        provenance=seal.place,
        manifest=seal.sidecar,
    )


def _write(pieces: Iterable[Speech], sink: SoundSink, beside: Sequence[_FileBeside], counter: _Counter) -> None:
    for piece in pieces:
        sink.write(piece.samples, piece.sample_rate)
        for file in beside:
            file.add(piece)
        counter.add(piece)
    counter.finish()
    for part in (sink, *beside):
        part.complete()


def _seal(sink: SoundSink, provenance: bool | None) -> Seal:
    """What signs the file.

    Raises:
        InvalidOption: A stream is to be signed.
    """
    if isinstance(sink, SoundFile):
        return Seal(find_signer(provenance), sink.path, sink.format)
    if provenance:
        why = "a stream is gone before it is whole"
        raise InvalidOption("--provenance cannot be used with a stream", why, "Write the sound into a file")
    return Seal(None, Path("-"), "wav")


class _Files:
    """The files beside the sound."""

    def __init__(
        self, request: SpeechRequest, path: Path | None, subtitles: str | None, timeline: Path | None, seal: Seal
    ) -> None:
        outputs = {} if path is None else {"the sound": path}
        self.subtitles = None
        self.timeline = timeline
        if subtitles is not None:
            require_choice("subtitles", subtitles, _FORMATS)
            if path is None:
                why = "the sound goes into a stream, so that they have no name"
                raise InvalidOption("--subtitles cannot be written", why, "Write the sound into a file")
            outputs["the subtitles"] = self.subtitles = path.with_suffix(f".{subtitles}")
        if timeline is not None:
            outputs["the timeline"] = timeline
        if seal.sidecar is not None:
            outputs["the manifest"] = seal.sidecar
        inputs = {"the text": request.text_file, "the dictionary": request.dictionary}
        check_no_clash(inputs, outputs)
        self.parts: list[_FileBeside] = []
        if self.subtitles is not None:
            self.parts.append(SubtitleWriter(self.subtitles))
        if timeline is not None:
            self.parts.append(TimelineFile(timeline))


class _Counter:
    """What the pieces come to."""

    def __init__(self, began: float, characters: int, report: Callable[[SpeechProgress], None] | None) -> None:
        self._began = began
        self._characters = characters
        self._spoken = 0
        self._report = report
        self.first: float | None = None
        self.end = 0.0
        self.sample_rate = 0

    def add(self, piece: Speech) -> None:
        elapsed = time.monotonic() - self._began
        if self.first is None and piece.words:
            self.first = elapsed
        self._spoken += len(piece.text)
        self.end, self.sample_rate = piece.end, piece.sample_rate
        self._tell(min(1.0, self._spoken / max(1, self._characters)))

    def finish(self) -> None:
        """All is spoken."""
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        if self._report is not None:
            elapsed = time.monotonic() - self._began
            self._report(SpeechProgress(self.end, share, self.end / max(elapsed, 1e-6)))


def _refuse_unknown(options: dict[str, Any]) -> None:
    known = {field.name for field in fields(SpeechRequest)}
    if unknown := sorted(set(options) - known):
        raise InvalidOption(f"there is no option '{unknown[0]}'", fix=f"Choose among: {', '.join(sorted(known))}")
