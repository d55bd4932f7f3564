import numpy as np
import pytest
import soxr

from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.audio.turns import (
    TurnBegan,
    TurnDetector,
    TurnDropped,
    TurnEnded,
    TurnEvent,
    TurnHinted,
    TurnPaused,
)
from paksatalker.core.timeline import Utterance

RATE = 16000
PACKET = 320  # 20 ms


@pytest.fixture(scope="module")
def sentence() -> tuple[np.ndarray, float, float]:
    """Real speech at 16 kHz, and where its first and its last sound are, seconds."""
    (piece,) = HibariSpeech().speak([Utterance("No, wait a moment please.")])
    phones = [phone for phone in piece.phones if phone.symbol != "SIL"]
    samples = soxr.resample(piece.samples, piece.sample_rate, RATE).astype(np.float32)
    return samples, phones[0].start, phones[-1].end


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def hear(sound: np.ndarray, packet: int = PACKET, **options) -> list[tuple[float, TurnEvent]]:
    """What certainly happens, and when, seconds."""
    detector = TurnDetector(**options)
    found = []
    for start in range(0, len(sound), packet):
        block = sound[start : start + packet]
        found += [((start + len(block)) / RATE, event) for event in detector.feed(block)]
    return [(at, event) for at, event in found if isinstance(event, TurnBegan | TurnEnded)]


def test_a_pause_is_told_once_before_the_end(sentence):
    speech, _, _ = sentence
    sound = np.concatenate([silence(0.5), speech, silence(0.3), speech, silence(1.5)])
    events = TurnDetector(silence=1.0).feed(sound)
    assert [type(event) for event in events] == [TurnHinted, TurnBegan, TurnPaused, TurnPaused, TurnEnded]
    _, _, first, second, end = events
    assert first.end < second.end == end.end
    assert len(first.samples) < len(second.samples)
    np.testing.assert_array_equal(second.samples, end.samples)


@pytest.mark.parametrize("noise", [0.0, 0.003, 0.01])
def test_a_sentence_is_a_turn(sentence, noise):
    speech, first, last = sentence
    sound = np.concatenate([silence(1), 0.4 * speech, silence(1.5)])
    sound += noise * np.random.default_rng(0).standard_normal(len(sound)).astype(np.float32)
    (at, began), (over, ended) = hear(sound)
    assert isinstance(began, TurnBegan)
    assert isinstance(ended, TurnEnded)
    assert 0.08 < at - 1 - first < 0.2
    assert began.start == pytest.approx(1 + first, abs=0.1)
    assert ended.end == pytest.approx(1 + last, abs=0.15)
    assert 0.55 < over - ended.end < 0.7
    length = ended.end - ended.start
    assert length + 0.4 < len(ended.samples) / RATE < length + 0.6
    assert np.abs(ended.samples).max() > 0.1


@pytest.mark.parametrize("milliseconds", [60, 100, 140])
def test_what_is_shorter_than_a_word_is_no_turn(sentence, milliseconds):
    speech, first, _ = sentence
    ramp = np.linspace(0, 1, 40, dtype=np.float32)
    for start in np.arange(first + 0.05, first + 1.2, 0.1):
        burst = speech[round(start * RATE) :][: milliseconds * RATE // 1000].copy()
        burst[:40] *= ramp
        burst[-40:] *= ramp[::-1]
        assert hear(np.concatenate([silence(0.5), burst, silence(0.8)])) == []


def test_the_first_sound_is_a_hint_that_comes_true_or_does_not(sentence):
    speech, first, _ = sentence
    detector = TurnDetector()
    detector.feed(silence(1))
    events = []
    for start in range(round(first * RATE), len(speech), PACKET):
        events += [((start + PACKET) / RATE - first, e) for e in detector.feed(speech[start : start + PACKET])]
    (hint, hinted), (began, _), *_ = events
    assert isinstance(hinted, TurnHinted)
    assert hint < 0.1 < began
    dropped = []
    for start in np.arange(first, first + 1.2, 0.1):
        syllable = speech[round(start * RATE) :][: round(0.13 * RATE)]
        dropped.append([type(e) for e in TurnDetector().feed(np.concatenate([silence(0.5), syllable, silence(0.5)]))])
    assert [TurnHinted, TurnDropped] in dropped
    assert all(events in ([], [TurnHinted, TurnDropped]) for events in dropped)


def test_noise_music_and_knocks_are_no_turns():
    noise = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE).astype(np.float32)
    knocks = silence(2)
    knocks[::8000] = 1
    for sound in (0.05 * noise, 0.3 * tone, knocks, silence(2)):
        assert hear(np.concatenate([silence(0.3), sound, silence(0.7)])) == []


def test_a_pause_ends_a_turn_or_does_not(sentence):
    speech, _, _ = sentence
    sound = np.concatenate([silence(0.5), speech, silence(0.3), speech, silence(1.5)])
    assert [type(event) for _, event in hear(sound, silence=1.0)] == [TurnBegan, TurnEnded]
    assert [type(event) for _, event in hear(sound, silence=0.25)] == 2 * [TurnBegan, TurnEnded]


def test_who_speaks_without_end_is_cut_and_memory_is_bounded(sentence):
    speech = np.tile(sentence[0][round(sentence[1] * RATE) : round(sentence[2] * RATE)], 6)
    ends = [event for _, event in hear(np.concatenate([silence(0.5), speech, silence(1)]), longest=3.0)]
    turns = [event for event in ends if isinstance(event, TurnEnded)]
    assert len(turns) >= 2
    assert all(len(turn.samples) <= 3.6 * RATE for turn in turns)
    detector = TurnDetector()
    detector.feed(silence(20))
    assert sum(map(len, detector._frames)) < RATE


def test_it_does_not_matter_in_which_pieces_it_comes(sentence):
    sound = np.concatenate([silence(0.5), sentence[0], silence(1)])
    (_, began), (_, ended) = hear(sound)
    for packet in (160, 512, 4000, len(sound)):
        (_, other), (_, other_end) = hear(sound, packet)
        assert other.start == pytest.approx(began.start, abs=0.04)
        assert other_end.end == ended.end


def test_what_is_being_said_ends_with_the_sound(sentence):
    detector = TurnDetector()
    hinted, began = detector.feed(sentence[0][: round((sentence[1] + 0.6) * RATE)])
    assert isinstance(hinted, TurnHinted)
    assert isinstance(began, TurnBegan)
    assert detector.speaking
    (ended,) = detector.finish()
    assert isinstance(ended, TurnEnded)
    assert len(ended.samples) > 0.4 * RATE
    assert not detector.speaking
    assert detector.finish() == []
