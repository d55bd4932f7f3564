"""A recording to timed speech by pocketsphinx: forced alignment with a transcript, phone decoding without one."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from paksatalker.core.audio.audible import audible, first_audible, last_audible
from paksatalker.core.audio.decode import MAX_SECONDS, AudioReader
from paksatalker.core.audio.pronunciation import Pronouncer
from paksatalker.core.audio.recording import SPEECH_RATE, Cut, cut_at_pauses
from paksatalker.core.audio.sphinx import ForcedAligner, PhoneDecoder
from paksatalker.core.audio.transcript import TranscriptFollower, TranscriptWord, transcript_words
from paksatalker.core.timeline import Phone, Speech, Word
from paksatalker.errors import TextEmpty, TranscriptMismatch

_log = logging.getLogger(__name__)

_AHEAD = 600  # phones heard beyond a piece before its words are settled: about 50 s
_FITS = 0.94  # misfit: a transcript of something else has 0.95–1.0, the right one 0.3–0.7, in heavy noise 0.9
_ENOUGH = 60  # phones that such a judgement needs
_LOST = 4  # pieces in a row that do not fit before the transcript is given up
_UNSAID = 0.2  # share of the transcript that may be missing at the end of the recording

_AUDIBLE_DB = 35.0
_GAP = 0.1  # seconds without sound that separate two runs of phones
_SURROUND = 0.1  # seconds around the speech that alignment is given
_LONGEST_STOP = 0.15  # seconds
_STOPS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})


@dataclass(frozen=True, slots=True)
class _Heard:
    cut: Cut
    phones: tuple[Phone, ...]  # decoded; seconds from the start of the piece


class PocketsphinxRecording:
    """The ``pocketsphinx`` recording engine: see :class:`~paksatalker.core.engines.RecordingEngine`.

    American English. With a transcript, phone times are within 17 ms (median). Without one the phones are what a
    recogniser that knows no words hears: right for most mouth shapes, wrong in many details.

    Args:
        max_seconds: Longest recording taken.
    """

    def __init__(self, max_seconds: float = MAX_SECONDS) -> None:
        self._max_seconds = max_seconds
        self._pronouncer: Pronouncer | None = None

    def listen(self, recording: Path, transcript: str | None = None) -> Iterator[Speech]:
        """Cuts a recording at its pauses and times its phones.

        With a transcript the pieces come after about a minute of look-ahead. Words carry the text as written; where the
        speaker leaves the transcript, and everywhere without one, ``Word.text`` is empty and a word is a run of phones
        between two silences. There are no phones where there is no speech.

        Args:
            recording: Any file that :class:`~paksatalker.core.audio.decode.AudioReader` reads.
            transcript: What is said in it, from its start to its end.

        Yields:
            Pieces of at most 20 s with the recording's own sound at 48 or 24 kHz, that cover all of it.

        Raises:
            AudioUnreadable: The file cannot be read.
            AudioEmpty: It holds less than 0.2 s.
            AudioTooLong: It is longer than allowed.
            AudioSilent: There is no speech in it.
            TextEmpty: The transcript has no words.
            TranscriptMismatch: The transcript is of something else, or goes on long after the recording ends.
        """
        reader = AudioReader(recording, max_seconds=self._max_seconds)
        if transcript is None:
            return self._decoded(reader)
        if self._pronouncer is None:
            self._pronouncer = Pronouncer()
        words = transcript_words(transcript, self._pronouncer)
        if not words:
            raise TextEmpty("the transcript is empty", "it has no words", "Leave it out, or write what is said")
        return self._aligned(reader, words)

    def _hear(self, reader: AudioReader) -> Iterator[_Heard]:
        decoder = PhoneDecoder()
        for cut in cut_at_pauses(reader):
            yield _Heard(cut, _in_speech(decoder.decode(cut.heard), cut) if cut.speech else ())

    def _decoded(self, reader: AudioReader) -> Iterator[Speech]:
        for heard in self._hear(reader):
            yield _speech(heard.cut, _runs(heard.phones))

    def _aligned(self, reader: AudioReader, words: Sequence[TranscriptWord]) -> Iterator[Speech]:
        aligner = ForcedAligner()
        follower = TranscriptFollower(words)
        source = self._hear(reader)
        queue: deque[_Heard] = deque()
        ending, lost = False, 0
        while True:
            while not ending and (len(queue) < 2 or sum(len(h.phones) for h in queue) < _AHEAD):
                if (heard := next(source, None)) is None:
                    ending = True
                else:
                    queue.append(heard)
            if not queue:
                return
            heard = queue.popleft()
            if not heard.phones:
                yield _speech(heard.cut, ())
                continue
            ahead = [phone.symbol for later in queue for phone in later.phones]
            match = follower.follow([p.symbol for p in heard.phones], ahead, ending=ending)
            fits = match.misfit <= _FITS or len(heard.phones) + len(ahead) < _ENOUGH
            lost = 0 if fits else lost + 1
            if lost and (heard.cut.first == 0 or lost >= _LOST or match.first == 0):
                raise _mismatch(heard.cut.start)
            if ending and (unsaid := len(words) - match.reached) > max(8, _UNSAID * len(words)):
                raise _unsaid(unsaid, words[match.reached])
            yield _speech(heard.cut, _timed(aligner, heard, words[match.first : match.last]))


def _mismatch(start: float) -> TranscriptMismatch:
    where = f" from {int(start // 60)}:{int(start % 60):02d} on" if start >= 1 else ""
    return TranscriptMismatch(
        "the transcript does not fit the recording",
        f"other words are heard{where}, or the recording is too noisy to tell",
        "Check that it is the text of this recording, in English; or leave the transcript out",
    )


def _unsaid(count: int, word: TranscriptWord) -> TranscriptMismatch:
    return TranscriptMismatch(
        "the transcript does not fit the recording",
        f"the recording ends {count} words before the transcript, at “{word.text}”",
        "Shorten the transcript to what is said",
    )


def _speech(cut: Cut, words: tuple[Word, ...]) -> Speech:
    text = " ".join(word.text for word in words if word.text)
    return Speech(cut.samples, cut.sample_rate, words=words, text=text).shifted(cut.start)


def _in_speech(phones: Sequence[Phone], cut: Cut) -> tuple[Phone, ...]:
    """The phones that lie in speech and can be heard for the better part, cut to it."""
    mask = audible(cut.heard, SPEECH_RATE, _AUDIBLE_DB)
    step = len(cut.heard) / SPEECH_RATE / max(len(mask), 1)
    kept = []
    for phone in phones:
        overlaps = [(max(phone.start, a), min(phone.end, b)) for a, b in cut.speech]
        start, end = max(overlaps, key=lambda span: span[1] - span[0])
        inside = mask[int(start / step) : max(int(end / step), int(start / step) + 1)]
        if end - start >= 0.5 * (phone.end - phone.start) and inside.mean() >= 0.5:
            kept.append(Phone(phone.symbol, start, end))
    return tuple(kept)


def _runs(phones: Sequence[Phone]) -> tuple[Word, ...]:
    """Phones grouped between silences, as words without text."""
    runs: list[list[Phone]] = []
    for phone in phones:
        if runs and phone.start - runs[-1][-1].end < _GAP:
            runs[-1].append(phone)
        else:
            runs.append([phone])
    return tuple(Word("", run[0].start, run[-1].end, tuple(run)) for run in runs)


def _timed(aligner: ForcedAligner, heard: _Heard, words: Sequence[TranscriptWord]) -> tuple[Word, ...]:
    """The words with the times of their phones, seconds from the start of the piece."""
    cut = heard.cut
    if not words:
        return _runs(heard.phones)
    start = max(0.0, cut.speech[0][0] - _SURROUND)
    end = cut.speech[-1][1] + _SURROUND
    samples = cut.heard[round(start * SPEECH_RATE) : round(end * SPEECH_RATE)]
    spans = aligner.align(samples, [[symbol for symbol, _ in word.phones] for word in words])
    if spans is None:
        _log.warning("at %.1f s the words of the transcript are not heard; phones are used instead", cut.start)
        return _runs(heard.phones)
    timed = [
        [
            Phone(symbol, a + start, b + start, stress)
            for (symbol, stress), (a, b) in zip(word.phones, found, strict=True)
        ]
        for word, found in zip(words, spans, strict=True)
    ]
    flat = _without_silence([phone for phones in timed for phone in phones], cut)
    result: list[Word] = []
    position = 0
    for word in words:
        phones = tuple(flat[position : position + len(word.phones)])
        position += len(word.phones)
        result.append(Word(word.text, phones[0].start, phones[-1].end, phones))
    return tuple(result)


def _without_silence(phones: list[Phone], cut: Cut) -> list[Phone]:
    """Trims the phones beside pauses: an aligner stretches them over the silence."""
    mask = audible(cut.heard, SPEECH_RATE, _AUDIBLE_DB)
    after = [True, *(b.start - a.end > 0.015 for a, b in pairwise(phones)), True]
    trimmed = []
    for index, phone in enumerate(phones):
        start, end = phone.start, phone.end
        if after[index]:
            start = max(start, end - _LONGEST_STOP) if phone.symbol in _STOPS else first_audible(mask, start, end)
        if after[index + 1]:
            end = last_audible(mask, start, end)
        trimmed.append(Phone(phone.symbol, start, end, phone.stress))
    return trimmed
