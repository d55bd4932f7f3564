"""Where the speech comes from: a text that a voice speaks, or a recording that is listened to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from paksatalker.config.settings import Settings
from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.audio.quality import QualityMeter, measured
from paksatalker.core.audio.recordings.recording_level import RecordingLevel
from paksatalker.core.engines import EngineInfo, RecordingEngine, find, installed
from paksatalker.core.languages import primary
from paksatalker.core.parts import Part
from paksatalker.core.request import Request, SpeechRequest
from paksatalker.core.sources.briefs import WriterGetter, check_brief, expected_characters, written
from paksatalker.core.sources.casting import Casting
from paksatalker.core.sources.direction import direct
from paksatalker.core.sources.speaking import speak_directed
from paksatalker.core.sources.transcripts import read_transcript
from paksatalker.core.sources.voices import EngineGetter, find_speaker
from paksatalker.core.speech_file import read_head, read_speech
from paksatalker.core.text.language import document_language
from paksatalker.core.text.load import load_text
from paksatalker.core.text.moderation import Moderator
from paksatalker.core.text.mood import mood_of
from paksatalker.core.text.writing.writer import Writer
from paksatalker.core.timeline import Speech
from paksatalker.errors import EncodingFailed

#: Rest before and after a spoken text, seconds.
LEAD_IN, LEAD_OUT = 0.1, 0.2


@dataclass(frozen=True, slots=True)
class SpeechSource:
    """Speech that is about to be made.

    Attributes:
        stage: ``speech`` or ``recording``.
        engine: Name of the engine.
        pieces: Starts making it.
        characters: Length of the text, where there is one to be spoken.
        duration: Seconds of the recording, where its header tells.
        notes: What the user should know, one sentence each.
        late_notes: What there is to know besides when all is spoken.
    """

    stage: str
    engine: str
    pieces: Callable[[], Iterator[Speech]]
    characters: int = 0
    duration: float | None = None
    notes: tuple[str, ...] = ()
    late_notes: Callable[[], tuple[str, ...]] = tuple


def open_source(
    request: SpeechRequest,
    settings: Settings,
    engine: EngineGetter,
    *,
    moderator: Moderator | None = None,
    writer: WriterGetter | None = None,
    cancelled: Callable[[], bool] = bool,
) -> SpeechSource:
    """Finds the engine that a request needs and checks the text or the recording.

    Args:
        request: What to make.
        settings: Limits.
        engine: Makes an engine, or gives one that is still warm.
        moderator: Is asked about all text before it is spoken.
        writer: Makes the language model that writes after a brief, or gives one that is still warm.
        cancelled: Whether a text that is being written is not wanted any more.

    Raises:
        TextEmpty: Nothing to say.
        TextRefused: The moderator does not let it through.
        TextTooLong: More characters than the settings allow.
        TextUnspeakable: In a script that the voice cannot read.
        TextUnreadable: The text file cannot be read.
        UnknownVoice: No such voice.
        AudioUnreadable: The recording cannot be decoded.
        AudioTooLong: It is longer than the settings allow.
        EngineUnavailable: The engine cannot run here.
    """
    if isinstance(request, Request) and request.audio is not None:
        return _from_recording(request, settings, engine, cancelled)
    if isinstance(request, Request) and request.brief is not None:
        return _from_brief(request, engine, moderator or Moderator(), (writer or Writer)(), cancelled)
    return _from_text(request, settings, engine, moderator or Moderator())


def from_file(part: Part, fps: float) -> SpeechSource:
    """Speech that was kept, for a part of a video.

    Raises:
        AudioUnreadable: The file is no such file.
    """
    head = read_head(part.speech[-1])
    return SpeechSource(
        stage=head.stage,
        engine=head.engine,
        pieces=partial(_kept, part, last=head.last),
        duration=(part.end - part.first) / fps,
    )


def _kept(part: Part, *, last: bool) -> Iterator[Speech]:
    """What was kept; whoever wants to know more than that would make other frames than the whole has.

    Raises:
        EncodingFailed: They do.
    """
    yield from read_speech(part.speech)
    if not last:
        raise EncodingFailed("the part cannot be made", "too little of what follows it was kept", "Cut the video anew")


def _from_text(request: SpeechRequest, settings: Settings, engine: EngineGetter, moderator: Moderator) -> SpeechSource:
    text = request.text if request.text_file is None else load_text(Path(request.text_file))
    language = request.primary_language or document_language(text or "", _voice_language(request, engine))
    directed = direct(request, text or "", language, settings.max_text_characters, partial(_spoken, request, engine))
    moderator.review(directed.script.text, directed.respelled())
    casting = Casting(request, engine, language, directed.script.speakers, _letters(directed.script.text))
    casting.check(directed.script.voices)
    return SpeechSource(
        stage="speech",
        engine=casting.main.info.name,
        pieces=lambda: _between_rests(speak_directed(casting.speak, moderator.watch(directed.sentences()))),
        characters=len(directed.script.text),
        notes=(*directed.notes, *casting.notes),
        late_notes=lambda: casting.foreign_notes,
    )


def _from_brief(
    request: Request,
    engine: EngineGetter,
    moderator: Moderator,
    writer: Writer,
    cancelled: Callable[[], bool],
) -> SpeechSource:
    check_brief(request)
    moderator.check(request.brief or "")
    language = request.primary_language or _voice_language(request, engine)
    casting = Casting(request, engine, language, (), 0)
    sentences = partial(written, request, writer, engine, language, moderator=moderator, cancelled=cancelled)
    return SpeechSource(
        stage="speech",
        engine=casting.main.info.name,
        pieces=lambda: _between_rests(speak_directed(casting.speak, sentences())),
        characters=expected_characters(request, language),
        notes=(f"the text is written by {writer.model}",),
        late_notes=lambda: casting.foreign_notes,
    )


def _spoken(request: SpeechRequest, engine: EngineGetter) -> set[str]:
    """Languages that a sentence can be spoken in: those of all voices, unless voice or language is chosen."""
    if request.voice != "auto" or request.language != "auto":
        return set()
    infos = installed("speech") if request.speech_engine == "auto" else (find("speech", request.speech_engine),)
    return {primary(v.language) for info in infos if info.hindrance() is None for v in engine(info).voices()}


def _voice_language(request: SpeechRequest, engine: EngineGetter) -> str:
    """What the chosen voice speaks: the likeliest language of a text that nobody has looked at."""
    return primary(find_speaker(request.voice, request.speech_engine, engine).voice.language)


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _between_rests(pieces: Iterator[Speech]) -> Iterator[Speech]:
    """Silence before and after all speech: the person is seen at rest, speaks, and comes to rest again."""
    end, rate = 0.0, 0
    for piece in pieces:
        if not rate:
            rate = piece.sample_rate
            yield Speech(np.zeros(round(LEAD_IN * rate), np.float32), rate)
        moved = piece.shifted(round(LEAD_IN * rate) / rate)
        end = moved.end
        yield moved
    if rate:
        yield Speech(np.zeros(round(LEAD_OUT * rate), np.float32), rate, start=end)


def _from_recording(
    request: Request, settings: Settings, engine: EngineGetter, cancelled: Callable[[], bool]
) -> SpeechSource:
    info = find("recording", request.recording_engine)
    listener: RecordingEngine = engine(info)
    path = Path(request.audio or "")
    reader = AudioReader(path, max_seconds=settings.max_audio_minutes * 60)
    level = None if request.loudness is None else RecordingLevel(reader, request.loudness, cancelled)
    meter = QualityMeter()
    transcript = read_transcript(request, settings.max_text_characters)

    def heard() -> Iterator[Speech]:
        return listener.listen(path) if transcript is None else transcript.listen(listener, path)

    def felt() -> Iterator[Speech]:
        return _felt(measured(heard(), meter), request)

    return SpeechSource(
        stage="recording",
        engine=info.name,
        pieces=lambda: level.apply(felt()) if level else felt(),
        duration=reader.duration,
        notes=_heard_only(info) if transcript is None else (),
        late_notes=lambda: (*(level.notes if level else ()), *getattr(listener, "notes", ()), *meter.result().notes()),
    )


def _heard_only(info: EngineInfo) -> tuple[str, ...]:
    """What would understand the words, where the engine at hand only hears sounds."""
    better = next((e for e in installed("recording") if e.priority > info.priority), None)
    if better is None:
        return ()
    hindrance = better.hindrance()
    how = hindrance.fix if hindrance else f"Choose the recording engine '{better.name}'"
    return (f"the recording is heard by its sounds only, without words; for words and better lips: {how}",)


def _felt(pieces: Iterator[Speech], request: Request) -> Iterator[Speech]:
    """A recording's pieces with the emotion that the user asks for."""
    for piece in pieces:
        emotion, intensity = request.emotion, request.emotion_intensity
        if emotion == "auto":
            emotion, felt = mood_of(piece.text)
            intensity *= felt
        yield replace(piece, emotion=emotion, intensity=intensity)
