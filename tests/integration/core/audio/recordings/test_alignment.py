import itertools
from pathlib import Path

import numpy as np
import pytest
import soxr

from paksatalker.core import engines
from paksatalker.core.audio.recordings.alignment import PocketsphinxRecording
from paksatalker.core.audio.recordings.sphinx import ForcedAligner
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import Speech, Utterance
from paksatalker.errors import AudioSilent, TextEmpty, TranscriptMismatch

SENTENCES = (
    "Hello and welcome to the show.",
    "Today I want to explain how a single photo can learn to speak.",
    "We bought apples, pears, and a very large melon; then we left.",
    "It cost $9.99 at 3:30 pm.",
    "The weather in the mountains changes quickly, so take a warm jacket with you.",
    "When the old train finally arrived, nobody was waiting at the station any more.",
)
TEXT = " ".join(SENTENCES)
OTHER = (
    "Please call Stella and ask her to bring these things with her from the store. Six spoons of fresh snow peas, five "
    "thick slabs of blue cheese, and maybe a snack for her brother Bob. We also need a small plastic snake."
)


@pytest.fixture(scope="module")
def spoken() -> list[Speech]:
    return list(HibariSpeech().speak(Utterance(s, pause_after=0.45) for s in SENTENCES))


@pytest.fixture(scope="module")
def recording(spoken: list[Speech], tmp_path_factory: pytest.TempPathFactory, write_wav) -> Path:
    samples = np.concatenate([p.samples for p in spoken])
    return write_wav(tmp_path_factory.mktemp("recording") / "speech.wav", soxr.resample(samples, 24000, 44100), 44100)


@pytest.fixture(scope="module")
def aligned(recording: Path) -> list[Speech]:
    return list(PocketsphinxRecording().listen(recording, TEXT))


@pytest.fixture(scope="module")
def decoded(recording: Path) -> list[Speech]:
    return list(PocketsphinxRecording().listen(recording))


def test_it_is_registered_and_is_a_recording_engine() -> None:
    assert isinstance(engines.find("recording", "pocketsphinx").create(), engines.RecordingEngine)


def test_pieces_cover_the_recording_at_full_quality(aligned: list[Speech], decoded: list[Speech], spoken: list[Speech]):
    for pieces in (aligned, decoded):
        assert {p.sample_rate for p in pieces} == {48000}
        position = 0
        for piece in pieces:
            assert piece.start * piece.sample_rate == pytest.approx(position, abs=1e-3)
            assert piece.duration <= 20.1
            position += len(piece.samples)
        assert position / 48000 == pytest.approx(spoken[-1].end, abs=0.01)


def test_alignment_finds_the_true_phones(aligned: list[Speech], spoken: list[Speech]) -> None:
    truth = [p for piece in spoken for p in piece.phones]
    found = [p for piece in aligned for p in piece.phones]
    assert [(p.symbol, p.stress) for p in found] == [(p.symbol, p.stress) for p in truth]
    errors = np.array([abs(a.start - b.start) for a, b in zip(found, truth, strict=True)])
    assert np.median(errors) <= 0.02
    assert np.mean(errors <= 0.06) >= 0.9


def test_speech_without_a_pause_is_timed_in_parts(spoken: list[Speech]) -> None:
    talk = [piece for piece in spoken if piece.words]
    samples = soxr.resample(np.concatenate([p.samples for p in talk]), 24000, 16000)
    assert len(samples) > 16 * 16000
    words, truth, passed = [], [], 0.0
    for piece in talk:
        words += [[p.symbol for p in w.phones] for w in piece.words]
        truth += [p.start - piece.start + passed for p in piece.phones]
        passed += piece.duration
    found = ForcedAligner().align(samples, words)
    assert found is not None
    assert [len(w) for w in found] == [len(w) for w in words]
    starts = [a for word in found for a, _ in word]
    assert starts == sorted(starts)
    errors = np.abs(np.array(starts) - truth)
    assert np.median(errors) <= 0.02
    assert np.mean(errors <= 0.06) >= 0.9


def test_words_carry_the_written_text(aligned: list[Speech]) -> None:
    assert " ".join(w.text for p in aligned for w in p.words) == TEXT
    assert " ".join(p.text for p in aligned if p.text) == TEXT


def test_phones_lie_in_order_inside_their_piece(aligned: list[Speech], decoded: list[Speech]) -> None:
    for piece in (*aligned, *decoded):
        phones = piece.phones
        assert all(p.end > p.start for p in phones)
        assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(phones))
        assert not phones or (piece.start - 1e-6 <= phones[0].start and phones[-1].end <= piece.end + 1e-6)


def test_without_a_transcript_there_are_runs_of_phones(decoded: list[Speech], spoken: list[Speech]) -> None:
    words = [w for p in decoded for w in p.words]
    assert {w.text for w in words} == {""}
    assert all(b.start - a.end >= 0.099 for a, b in itertools.pairwise(words))
    heard, said = sum(len(w.phones) for w in words), sum(len(p.phones) for p in spoken)
    assert 0.7 * said < heard < 1.2 * said


def test_no_phones_in_silence(aligned: list[Speech], decoded: list[Speech], spoken: list[Speech]) -> None:
    pauses = [
        (a.end, b.start) for a, b in itertools.pairwise([p for s in spoken for p in s.phones]) if b.start - a.end > 0.3
    ]
    assert pauses
    for phone in (p for piece in (*aligned, *decoded) for p in piece.phones):
        assert all(min(phone.end, b - 0.1) - max(phone.start, a + 0.15) <= 0 for a, b in pauses)


def test_the_same_recording_gives_the_same_phones(recording: Path, decoded: list[Speech]) -> None:
    assert [p.words for p in PocketsphinxRecording().listen(recording)] == [p.words for p in decoded]


def test_a_transcript_of_something_else_is_refused_before_anything_comes(recording: Path) -> None:
    with pytest.raises(TranscriptMismatch):
        next(PocketsphinxRecording().listen(recording, OTHER))


def test_a_transcript_that_goes_on_is_refused(recording: Path) -> None:
    with pytest.raises(TranscriptMismatch, match="before the transcript"):
        next(PocketsphinxRecording().listen(recording, f"{TEXT} {OTHER}"))


def test_a_transcript_without_words_is_refused(recording: Path) -> None:
    with pytest.raises(TextEmpty):
        PocketsphinxRecording().listen(recording, " … ")


def test_music_is_not_speech(tmp_path: Path, write_wav) -> None:
    times = np.arange(24000 * 4) / 24000
    chord = sum(np.sin(2 * np.pi * f * times) for f in (220, 277.2, 329.6)) * np.exp(-3 * (times * 2 % 1)) * 0.2
    with pytest.raises(AudioSilent):
        next(PocketsphinxRecording().listen(write_wav(tmp_path / "music.wav", chord, 24000)))


@pytest.mark.parametrize("transcript", [None, TEXT])
def test_a_recording_that_is_cut_off_leaves_a_note(recording: Path, tmp_path: Path, transcript: str | None) -> None:
    engine = PocketsphinxRecording()
    list(engine.listen(recording, transcript))
    assert engine.notes == []
    cut = tmp_path / "cut.wav"
    cut.write_bytes(recording.read_bytes()[: recording.stat().st_size * 95 // 100])
    list(engine.listen(cut, transcript))
    assert len(engine.notes) == 1
    assert "could be read" in engine.notes[0]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_short_recording_of_something_else_leaves_a_note(
    spoken: list[Speech], tmp_path: Path, write_wav, number: int
) -> None:
    samples = [piece for piece in spoken if piece.words][number].samples
    path, engine = write_wav(tmp_path / "short.wav", samples, 24000), PocketsphinxRecording()
    list(engine.listen(path, SENTENCES[number]))
    assert engine.notes == []
    list(engine.listen(path, " ".join(OTHER.split()[: len(SENTENCES[number].split())])))
    assert len(engine.notes) == 1
    assert "does not seem to match" in engine.notes[0]
