"""A recording to timed speech by Whisper and forced alignment: words without anybody writing them down."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from paksatalker.config.allocator import give_back_free_memory
from paksatalker.core.audio.decode import MAX_SECONDS, AudioReader
from paksatalker.core.audio.letters import letter_phones
from paksatalker.core.audio.recordings.alignment import PocketsphinxRecording
from paksatalker.core.audio.recordings.piece_timing import Heard, aligned, in_speech, piece_of, runs, spread
from paksatalker.core.audio.recordings.recording import SPEECH_RATE, Cut, cut_at_pauses
from paksatalker.core.audio.recordings.sphinx import ForcedAligner, PhoneDecoder
from paksatalker.core.audio.recordings.transcript import TranscriptWord
from paksatalker.core.audio.recordings.whisper import UNSPACED, WINDOW, HeardWord, Recogniser
from paksatalker.core.audio.word_phones import WordReader
from paksatalker.core.timeline import Speech, Word
from paksatalker.errors import InvalidOption
from paksatalker.models.base import WeightsStore

_log = logging.getLogger(__name__)

#: Entry of the weights manifest.
WEIGHTS = "whisper-base"

_GROUP = WINDOW - 1.0  # seconds of pieces that are recognised together: a window costs the same, however full
_OUTSIDE = 0.4  # seconds from all speech at which a word is not believed
_STRAY = 0.5  # seconds (median) that aligned words may be away from where Whisper has them
_ENOUGH = 5.0  # seconds of speech that tell the language


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word to be timed: what it is, how it is said, and roughly when (seconds from the start of its group)."""

    word: TranscriptWord
    start: float
    end: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


class WhisperRecording:
    """The ``whisper`` recording engine: see :class:`~paksatalker.core.engines.RecordingEngine`.

    Args:
        max_seconds: Longest recording taken.
        language: ISO 639-1 code of what is spoken; None listens for it at the start of each recording.
        recogniser: Understands speech; None loads Whisper from the weights store when it is first needed.
        store: Where Whisper is; None takes the settings' folder.

    Raises:
        WeightsMissing: The model is not installed.
        WeightsCorrupt: It is not the file it should be.
    """

    def __init__(
        self,
        max_seconds: float = MAX_SECONDS,
        language: str | None = None,
        recogniser: Recogniser | None = None,
        store: WeightsStore | None = None,
    ) -> None:
        self._max_seconds = max_seconds
        self._language = language
        self._recogniser = recogniser
        self._folder = (store or WeightsStore()).path(WEIGHTS) if recogniser is None else Path()
        self._with_transcript = PocketsphinxRecording(max_seconds)
        self._readers: dict[str, WordReader] = {}
        self._sure = False
        self.language: str | None = None
        """Language of the recording that is being listened to, once it is known."""
        self.notes: list[str] = []
        """What the user should know of the recording that is listened to; complete after its last piece."""

    def listen(self, recording: Path, transcript: str | None = None, language: str = "en") -> Iterator[Speech]:
        """Cuts a recording at its pauses, understands it, and times its phones.

        A transcript is taken as given, and aligned as the ``pocketsphinx`` engine does. Without one, pieces come half a
        minute late at most. Where there is speech but no word is understood, ``Word.text`` is empty and a word is a run
        of phones as they are heard.

        Args:
            recording: Any file that :class:`~paksatalker.core.audio.decode.AudioReader` reads.
            transcript: What is said in it, from its start to its end.
            language: ISO 639-1 code of the transcript.

        Yields:
            Pieces of at most 20 s with the recording's own sound at 48 or 24 kHz, that cover all of it.

        Raises:
            InvalidOption: Whisper does not know the language.
            PaksaTalkerError: The errors of the ``pocketsphinx`` engine.
        """
        if transcript is not None:
            self.language = language
            pieces = self._with_transcript.listen(recording, transcript, language)
            self.notes = self._with_transcript.notes
            return pieces
        self.notes = []
        self.language, self._sure = self._language, self._language is not None
        return self._understood(AudioReader(recording, max_seconds=self._max_seconds))

    def _understood(self, reader: AudioReader) -> Iterator[Speech]:
        recogniser = self._recogniser = self._recogniser or Recogniser(self._folder)
        timer = _Timer()
        for group in _groups(cut_at_pauses(reader)):
            if not any(cut.speech for cut in group):
                yield from (piece_of(cut, ()) for cut in group)
                continue
            sound = np.concatenate([_speech_only(cut) for cut in group])
            language = self._spoken_language(recogniser, sound, sum(b - a for cut in group for a, b in cut.speech))
            give_back_free_memory()  # the network needs 90 MB for a moment
            try:
                heard = recogniser.words(sound, language)
            except ValueError as error:
                raise InvalidOption(
                    f"--language cannot be '{language}'", str(error), "Give a code such as en"
                ) from error
            yield from timer.pieces(group, self._said(heard, language), language)
        self.notes += reader.warnings

    def _spoken_language(self, recogniser: Recogniser, sound: np.ndarray, speech: float) -> str:
        """The language, listened for until there was enough speech to be sure."""
        if self.language is None or not self._sure:
            self.language, probability = recogniser.language(sound)
            self._sure = speech >= _ENOUGH
            _log.info("the language seems to be '%s' (%.0f%%)", self.language, 100 * probability)
        return self.language

    def _said(self, heard: Sequence[HeardWord], language: str) -> list[_Spoken]:
        """How the words are pronounced. Words that are read together ("$9.99 at") share their time."""
        if language in UNSPACED:
            phones = [(word, letter_phones(word.text, language)) for word in heard]
            return [_Spoken(TranscriptWord(word.text, said), word.start, word.end) for word, said in phones if said]
        reader = self._readers.setdefault(language, WordReader(language))
        parts = [(part, word) for word in heard for part in word.text.split()]
        spoken: list[_Spoken] = []
        position = 0
        for word in reader.words(" ".join(part for part, _ in parts)):
            count = len(word.text.split())
            owners = [owner for _, owner in parts[position : position + count]]
            position += count
            spoken.append(_Spoken(word, owners[0].start, owners[-1].end))
        return spoken


class _Timer:
    """Deals words out to the pieces of a group and times them there."""

    def __init__(self) -> None:
        self._aligner = ForcedAligner()
        self._decoder: PhoneDecoder | None = None

    def pieces(self, group: Sequence[Cut], words: Sequence[_Spoken], language: str) -> Iterator[Speech]:
        starts = np.cumsum([0.0, *(len(cut.heard) / SPEECH_RATE for cut in group)])
        dealt = _dealt(group, starts, words)
        for cut, start, said in zip(group, starts[:-1], dealt, strict=True):
            piece = piece_of(cut, self._timed(cut, float(start), said) if cut.speech else ())
            yield replace(piece, text=piece.text.replace(" ", "")) if language in UNSPACED else piece

    def _timed(self, cut: Cut, start: float, said: Sequence[_Spoken]) -> tuple[Word, ...]:
        if not said:  # speech that is not understood still moves the lips
            self._decoder = self._decoder or PhoneDecoder()
            heard = Heard(cut, in_speech(self._decoder.decode(cut.heard), cut))
            return runs(heard.phones)
        words = [spoken.word for spoken in said]
        found = aligned(self._aligner, cut, words)
        if found is not None:
            away = [abs((w.start + w.end) / 2 - (s.middle - start)) for w, s in zip(found, said, strict=True)]
            if float(np.median(away)) <= _STRAY:
                return found
        _log.info("at %.1f s the words cannot be aligned; their rough times are used", cut.start)
        return spread(words, [(spoken.start - start, spoken.end - start) for spoken in said], cut)


def _groups(cuts: Iterator[Cut]) -> Iterator[list[Cut]]:
    """Neighbouring pieces that fit into a window together."""
    group: list[Cut] = []
    seconds = 0.0
    for cut in cuts:
        length = len(cut.heard) / SPEECH_RATE
        if group and seconds + length > _GROUP:
            yield group
            group, seconds = [], 0.0
        group.append(cut)
        seconds += length
    if group:
        yield group


def _speech_only(cut: Cut) -> np.ndarray:
    """The sound of a piece with silence where nobody speaks, so that there is nothing to make words of."""
    gate = np.zeros(len(cut.heard), np.float32)
    for start, end in cut.speech:
        gate[max(0, round((start - 0.1) * SPEECH_RATE)) : round((end + 0.1) * SPEECH_RATE)] = 1.0
    return np.asarray(cut.heard * gate, dtype=np.float32)


def _dealt(group: Sequence[Cut], starts: np.ndarray, words: Sequence[_Spoken]) -> list[list[_Spoken]]:
    """The words of each piece: that whose speech they overlap most, in order; words far from all speech are dropped."""
    dealt: list[list[_Spoken]] = [[] for _ in group]
    current = 0
    for word in words:
        scores = []
        for cut, start in zip(group[current:], starts[current:], strict=False):
            overlaps = [min(word.end, start + b) - max(word.start, start + a) for a, b in cut.speech]
            scores.append(max(overlaps, default=-np.inf))
        best = int(np.argmax(scores))
        if scores[best] < -_OUTSIDE:
            continue
        current += best
        dealt[current].append(word)
    return dealt
