import weakref

import numpy as np
import pytest

from paksatalker.core.audio.recordings import alignment
from paksatalker.core.audio.recordings.alignment import _Judge
from paksatalker.core.audio.recordings.recording import Cut
from paksatalker.core.audio.recordings.transcript import Match, TranscriptWord
from paksatalker.errors import TranscriptMismatch
from paksatalker.evaluation.memory import write_recording

_NOTHING = np.zeros(0, np.float32)


def judged(*misfits: float, known: int = 300) -> list[str]:
    """The notes about pieces of 10 s with these misfits, the first of them at the start of the transcript."""
    notes: list[str] = []
    judge = _Judge(notes)
    for index, misfit in enumerate(misfits):
        cut = Cut(_NOTHING, 1, 10 * index, _NOTHING, ((0.0, 10.0),))
        judge.look(Match(20 * index, 20 * index + 20, misfit, 500), known, cut)
    return notes


def test_a_right_transcript_leaves_no_note() -> None:
    assert judged(0.3, 0.6, 0.9, 0.94, 0.7) == []
    assert judged(0.5, 0.97, 0.5, 0.97, 0.5) == []  # one piece that is hard to understand now and then


def test_where_the_speaker_leaves_the_transcript_the_user_is_told_once() -> None:
    (note,) = judged(0.5, 0.6, 0.97, 0.99, 0.5, 0.98, 0.98, 0.5)
    assert note.startswith("from 0:20 on other words are heard")


def test_a_transcript_that_is_left_for_good_is_refused() -> None:
    with pytest.raises(TranscriptMismatch, match="from 0:50 on"):
        judged(0.5, 0.6, 0.97, 0.99, 0.98, 0.99)
    with pytest.raises(TranscriptMismatch):
        judged(0.97)


def test_few_phones_only_raise_a_doubt() -> None:
    assert judged(0.99, 0.99, 0.99, known=12) == []
    (note,) = judged(0.99, 0.99, 0.99, 0.99, known=40)
    assert note.startswith("the transcript does not seem to match")


def test_the_dictionary_of_a_transcript_is_not_kept(tmp_path, monkeypatch) -> None:
    """It takes 65 MB, more than anything else that a recording needs."""
    readers = []

    class Reader(alignment.WordReader):
        def words(self, text: str) -> list[TranscriptWord]:
            readers.append(weakref.ref(self))
            return [TranscriptWord(text, (("AA", 1),))]

    monkeypatch.setattr(alignment, "WordReader", Reader)
    path = tmp_path / "a.wav"
    write_recording(path, np.zeros(8000, np.float32), 16000, 0.5)
    pieces = alignment.PocketsphinxRecording().listen(path, "Hello.")
    assert [reader() for reader in readers] == [None]
    del pieces
