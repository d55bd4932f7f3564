"""A recording to timed speech by pocketsphinx: forced alignment with a transcript, phone decoding without one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from paksatalker.core.audio.decode import MAX_SECONDS, AudioReader
from paksatalker.core.audio.recordings.piece_timing import Heard, in_speech, piece_of, runs, timed
from paksatalker.core.audio.recordings.recording import Cut, cut_at_pauses
from paksatalker.core.audio.recordings.sphinx import ForcedAligner, PhoneDecoder
from paksatalker.core.audio.recordings.transcript import Match, TranscriptFollower, TranscriptWord
from paksatalker.core.audio.word_phones import WordReader
from paksatalker.core.timeline import Speech
from paksatalker.errors import TextEmpty, TranscriptMismatch

_AHEAD = 600  # phones heard beyond a piece before its words are settled: about 50 s
_FITS = 0.94  # misfit: a transcript of something else has 0.95–1.0, the right one 0.3–0.7, in heavy noise 0.9
_ENOUGH = 60  # phones that such a judgement needs
_FEW = 16  # phones that give at least an impression: the right transcript has up to 0.87 then, a wrong one 0.82–1.2
_DOUBT = 0.92  # misfit of so few from which the user is asked to check
_LOST = 4  # pieces in a row that do not fit before the transcript is given up
_STRAYED = 2  # pieces in a row that do not fit before the user is told
_UNSAID = 0.2  # share of the transcript that may be missing at the end of the recording
_DOUBTFUL = (
    "the transcript does not seem to match the recording: other sounds are heard; check that it is what is said, or "
    "leave it out"
)


class PocketsphinxRecording:
    """The ``pocketsphinx`` recording engine: see :class:`~paksatalker.core.engines.RecordingEngine`.

    American English. With a transcript, phone times are within 17 ms (median). Without one the phones are what a
    recogniser that knows no words hears: right for most mouth shapes, wrong in many details.

    Args:
        max_seconds: Longest recording taken.
    """

    def __init__(self, max_seconds: float = MAX_SECONDS) -> None:
        self._max_seconds = max_seconds
        self.notes: list[str] = []
        """What the user should know of the recording that is listened to; complete after its last piece."""

    def listen(self, recording: Path, transcript: str | None = None, language: str = "en") -> Iterator[Speech]:
        """Cuts a recording at its pauses and times its phones.

        With a transcript the pieces come after about a minute of look-ahead. Words carry the text as written; where the
        speaker leaves the transcript, and everywhere without one, ``Word.text`` is empty and a word is a run of phones
        between two silences. There are no phones where there is no speech.

        Args:
            recording: Any file that :class:`~paksatalker.core.audio.decode.AudioReader` reads.
            transcript: What is said in it, from its start to its end.
            language: ISO 639-1 code of the transcript.

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
        self.notes = []
        if transcript is None:
            return self._decoded(reader)
        words = WordReader(language).words(transcript)  # not kept: its dictionary takes 65 MB and is needed only here
        if not words:
            raise TextEmpty("the transcript is empty", "it has no words", "Leave it out, or write what is said")
        return self._aligned(reader, words)

    def _hear(self, reader: AudioReader) -> Iterator[Heard]:
        decoder = PhoneDecoder()
        for cut in cut_at_pauses(reader):
            yield Heard(cut, in_speech(decoder.decode(cut.heard), cut) if cut.speech else ())
        self.notes += reader.warnings

    def _decoded(self, reader: AudioReader) -> Iterator[Speech]:
        for heard in self._hear(reader):
            yield piece_of(heard.cut, runs(heard.phones))

    def _aligned(self, reader: AudioReader, words: Sequence[TranscriptWord]) -> Iterator[Speech]:
        aligner = ForcedAligner()
        follower = TranscriptFollower(words)
        source = self._hear(reader)
        queue: deque[Heard] = deque()
        ending, judge = False, _Judge(self.notes)
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
                yield piece_of(heard.cut, ())
                continue
            ahead = [phone.symbol for later in queue for phone in later.phones]
            match = follower.follow([p.symbol for p in heard.phones], ahead, ending=ending)
            judge.look(match, len(heard.phones) + len(ahead), heard.cut)
            if ending and (unsaid := len(words) - match.reached) > max(8, _UNSAID * len(words)):
                raise _unsaid(unsaid, words[match.reached])
            yield piece_of(heard.cut, timed(aligner, heard, words[match.first : match.last]))


class _Judge:
    """Whether the transcript is that of the recording, piece by piece.

    Args:
        notes: Gets what the user should know.
    """

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._begun = self._told = False
        self._lost = 0
        self._since = 0.0

    def look(self, match: Match, known: int, cut: Cut) -> None:
        """Judges a piece with speech.

        Args:
            match: The words that it seems to have.
            known: How many phones that is told from.
            cut: The piece.

        Raises:
            TranscriptMismatch: The transcript is of something else.
        """
        if not self._begun and _FEW <= known < _ENOUGH and match.misfit > _DOUBT:  # too short to be sure
            self._notes.append(_DOUBTFUL)
        self._begun = True
        if match.misfit <= _FITS or known < _ENOUGH:
            self._lost = 0
            return
        self._lost += 1
        if self._lost == 1:
            self._since = cut.start
        if cut.first == 0 or self._lost >= _LOST or match.first == 0:
            raise _mismatch(cut.start)
        if self._lost == _STRAYED and not self._told:
            self._told = True
            self._notes.append(
                f"from {_clock(self._since)} on other words are heard than the transcript has; check what is said there"
            )


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _mismatch(start: float) -> TranscriptMismatch:
    where = f" from {_clock(start)} on" if start >= 1 else ""
    return TranscriptMismatch(
        "the transcript does not fit the recording",
        f"other words are heard{where}, or the recording is too noisy to tell",
        "Check that it is the text of this recording, and --language its language; or leave the transcript out",
    )


def _unsaid(count: int, word: TranscriptWord) -> TranscriptMismatch:
    return TranscriptMismatch(
        "the transcript does not fit the recording",
        f"the recording ends {count} words before the transcript, at “{word.text}”",
        "Shorten the transcript to what is said",
    )
