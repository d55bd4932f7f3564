"""Who says what: a voice and its engine for every sentence, and one clock for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

import numpy as np

from paksatalker.core.engines import EngineInfo, SpeechEngine, Voice, find, installed
from paksatalker.core.languages import primary
from paksatalker.core.request import SpeechRequest
from paksatalker.core.sources.voices import EngineGetter, Speaker, find_speaker
from paksatalker.core.timeline import Speech, Utterance
from paksatalker.errors import InvalidOption, TextEmpty, TextUnspeakable

_SHOWN = 8  # voices that a message names
#: Letters below which the language of a text is too uncertain to refuse a voice that the user chose.
_TELLING = 24


@dataclass(frozen=True, slots=True)
class _Role:
    """Who speaks in which language; what a voice is chosen for."""

    voice: str
    speaker: str
    language: str


class Casting:
    """Chooses voices, and has them speak.

    A voice that is named (by a tag, ``--speaker`` or ``--voice``) speaks whatever it is named for. Else each sentence
    is spoken by the best voice of its language, and the speakers of a script by different ones; a language that has no
    voice here is read by the voice of the text's main language, and a note says so.

    Args:
        request: What is asked for.
        make: Makes an engine, or gives one that is still warm.
        language: The text's main language, a primary tag.
        speakers: Names of the script's speakers in the order in which they appear.
        letters: How much of the text is in that language; decides whether a chosen voice of another is refused.

    Raises:
        UnknownVoice: A named voice is none.
        InvalidOption: ``--speaker`` names nobody in the script.
        TextUnspeakable: No voice here speaks the main language, or the chosen one does not.
        PaksaTalkerError: A voice is known but cannot speak here; the message says what is missing.
    """

    def __init__(
        self, request: SpeechRequest, make: EngineGetter, language: str, speakers: tuple[str, ...], letters: int
    ) -> None:
        self._request = request
        self._make = make
        self._language = language
        self._speakers = speakers
        self._named = self._named_voices()
        self._roles: dict[_Role, Speaker] = {}
        self._foreign: dict[tuple[str, str], int] = {}
        self.main = find_speaker(request.voice, request.speech_engine, make)
        if request.voice == "auto":
            self.main = self._best(self.main)
        elif (language and not _speaks(self.main.voice, language)) and (
            request.language != "auto" or letters >= _TELLING
        ):
            raise self._cannot_read(self.main)
        for voice in self._named.values():
            self._find(voice)

    def check(self, voices: Iterable[str]) -> None:
        """Finds out now, rather than in the middle of the work, whether the voices that tags name can speak."""
        for voice in voices:
            self._find(voice)

    @property
    def notes(self) -> tuple[str, ...]:
        """Who of several speakers has which voice."""
        cast = {s: self._speaker(_Role("", s, self._language)).voice.name for s in self._speakers}
        if len(set(cast.values())) > 1:
            return (f"voices: {', '.join(f'{name} is {voice}' for name, voice in cast.items())}",)
        if len(cast) > 1:
            return (f"{len(cast)} speakers share the voice {self.main.voice.name}: no other speaks '{self._language}'",)
        return tuple(f"'{name}:' is taken as the name of the speaker and is not spoken" for name in cast)

    @property
    def foreign_notes(self) -> tuple[str, ...]:
        """Which sentences were read by a voice of another language; complete when all is spoken."""
        notes = []
        for (language, voice), count in self._foreign.items():
            sentences = "1 sentence is" if count == 1 else f"{count} sentences are"
            notes.append(f"{sentences} in '{language}', read by the voice '{voice}' as if in its own language")
        return tuple(notes)

    def speak(self, utterances: Iterable[Utterance]) -> Iterator[Speech]:
        """Speaks each utterance in its voice.

        Yields:
            Pieces that follow each other sample by sample, all at the rate of the first.

        Raises:
            TextEmpty: Nothing in the utterances can be said.
        """
        position, rate, said = 0, 0, False
        for name, group in groupby(self._cast(utterances), key=lambda pair: pair[0].info.name):
            engine = self._engine(name)
            spoken = engine.speak(
                (utterance for _, utterance in group),
                voice=self._voice_of(name),
                speed=self._request.speed,
                pitch=self._request.pitch,
            )
            try:
                for piece in spoken:
                    said = said or bool(piece.words)
                    rate = rate or piece.sample_rate
                    moved = _resampled(piece, rate)
                    moved = moved.shifted(position / rate - moved.start)
                    position += len(moved.samples)
                    yield moved
            except TextEmpty:
                continue  # a sentence without words; another may have some
        if not said:
            raise TextEmpty("there is nothing to say", "the text has no words", "Write at least one word")

    def _cast(self, utterances: Iterable[Utterance]) -> Iterator[tuple[Speaker, Utterance]]:
        for utterance in utterances:
            language = utterance.language or self._language
            speaker = self._speaker(_Role(utterance.voice, utterance.speaker, language))
            if language and not _speaks(speaker.voice, language) and any(map(str.isalpha, utterance.text)):
                key = (language, speaker.voice.name)
                self._foreign[key] = self._foreign.get(key, 0) + 1
            volume = utterance.volume + self._request.volume
            yield speaker, replace(utterance, voice=speaker.voice.name, volume=volume)

    def _speaker(self, role: _Role) -> Speaker:
        if role not in self._roles:
            self._roles[role] = self._chosen(role)
        return self._roles[role]

    def _chosen(self, role: _Role) -> Speaker:
        if named := role.voice or self._named.get(role.speaker):
            return self._find(named)
        number = self._free_speakers().index(role.speaker) if role.speaker in self._free_speakers() else 0
        if not number and (self._request.voice != "auto" or role.language == self._language):
            return self.main
        pool = self._pool(role.language) or self._pool(primary(self.main.voice.language))
        taken = {self._find(voice).voice.name for voice in self._named.values()}
        if number:  # the first of them is the main voice
            taken.add(self.main.voice.name)
            number -= 1
        free = [s for s in pool if s.voice.name not in taken] or pool or [self.main]
        return free[number % len(free)]

    def _best(self, default: Speaker) -> Speaker:
        """The voice for the main language: the default one if it speaks it."""
        if primary(default.voice.language) == self._language and self._is_region(default.voice.language):
            return default
        if not (found := self._pool(self._language)):
            raise self._unspoken()
        return found[0]

    def _free_speakers(self) -> list[str]:
        """Speakers that no voice is named for."""
        return [speaker for speaker in self._speakers if speaker not in self._named]

    def _pool(self, language: str) -> list[Speaker]:
        """The voices of a language, the best first, then women and men in turn. The default stays in front."""
        found = [speaker for info in self._runnable() for speaker in self._voices_of(info, language)]
        found.sort(key=lambda speaker: not self._is_region(speaker.voice.language))
        return _in_turn(found)

    def _voices_of(self, info: EngineInfo, language: str) -> list[Speaker]:
        """An engine's voices of a language, all if that is empty; its own choice stays in front."""
        engine: SpeechEngine = self._make(info)
        first = engine.voice("auto") if engine.voices() else None
        voices = [voice for voice in engine.voices() if not language or primary(voice.language) == language]
        voices.sort(key=lambda voice: voice != first)
        return [Speaker(info, engine, voice) for voice in voices]

    def _is_region(self, tag: str) -> bool:
        wanted = self._request.language.replace("_", "-").lower()
        return "-" not in wanted or tag.lower() == wanted

    def _runnable(self) -> tuple[EngineInfo, ...]:
        if self._request.speech_engine != "auto":
            return (find("speech", self._request.speech_engine),)
        return tuple(info for info in installed("speech") if not info.missing() and not info.missing_weights())

    def _engine(self, name: str) -> SpeechEngine:
        engine: SpeechEngine = self._make(find("speech", name))
        return engine

    def _voice_of(self, engine: str) -> str:
        return self.main.voice.name if self.main.info.name == engine else "auto"

    def _find(self, voice: str) -> Speaker:
        return find_speaker(voice, self._request.speech_engine, self._make)

    def _named_voices(self) -> dict[str, str]:
        named = {}
        known = {speaker.casefold(): speaker for speaker in self._speakers}
        for name, voice in self._request.speaker_voices().items():
            if name.casefold() not in known:
                has = f"its speakers are {', '.join(self._speakers)}" if self._speakers else "it names no speakers"
                raise InvalidOption(f"nobody in the text is called '{name}'", has, "See: paksatalker script check FILE")
            named[known[name.casefold()]] = voice
        return named

    def _cannot_read(self, chosen: Speaker) -> TextUnspeakable:
        names = [speaker.voice.name for speaker in self._pool(self._language)]
        fix = _choose(names) if names else self._unspoken().fix
        return TextUnspeakable(
            f"the voice '{chosen.voice.name}' cannot read this text",
            f"the voice speaks {chosen.voice.language}, the text is in '{self._language}'",
            f"{fix}; or, if that is wrong, say what it is written in by --language",
        )

    def _unspoken(self) -> TextUnspeakable:
        infos = installed("speech") if self._request.speech_engine == "auto" else self._runnable()
        able = [i for i in infos if any(primary(tag) == self._language for tag in i.capabilities.languages)]
        for info in able:
            if hindrance := info.hindrance():
                return self._no_voice(hindrance.fix)
            lacking = getattr(self._make(info), "lacking", None)
            if lacking is not None and (command := lacking(self._language)):
                return self._no_voice(f"Run: {command}")
        spoken = {primary(v.language) for info in self._runnable() for v in self._make(info).voices()}
        return self._no_voice(f"Installed voices speak: {', '.join(sorted(spoken)) or 'nothing'}")

    def _no_voice(self, fix: str) -> TextUnspeakable:
        return TextUnspeakable("no installed voice can read this text", f"it is in '{self._language}'", fix)


def _in_turn(speakers: list[Speaker]) -> list[Speaker]:
    """The first, then in turn one of the other gender and one of the same, each in the order that they had."""
    if not speakers:
        return []
    first, *rest = speakers
    same = [s for s in rest if s.voice.gender == first.voice.gender]
    others = [s for s in rest if s.voice.gender != first.voice.gender]
    turns = zip_longest(others, same)
    return [first, *(speaker for turn in turns for speaker in turn if speaker is not None)]


def _speaks(voice: Voice, language: str) -> bool:
    """Whether a voice speaks a language, given by its primary tag."""
    return language in (primary(voice.language), *voice.also)


def _choose(names: list[str]) -> str:
    return f"Choose one of: {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"


def _resampled(piece: Speech, rate: int) -> Speech:
    if piece.sample_rate == rate:
        return piece
    import soxr  # only where engines of different rates speak in turn

    samples = np.asarray(soxr.resample(piece.samples, piece.sample_rate, rate), np.float32)
    return replace(piece, samples=samples, sample_rate=rate)
