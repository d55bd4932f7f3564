import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.audio.accents import Contour, accent_track, accents
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.timeline import Phone, Speech, Word, frame_span

RATE = 24000


def voice(hz: float, seconds: float, level: float = 0.3) -> np.ndarray:
    """A sawtooth-like tone: what a pitch detector sees of a vowel."""
    times = np.arange(round(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * hz * n * times) / n for n in range(1, 12))
    return (level * tone / 2).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def speech(*parts: np.ndarray, start: float = 0.0, spans: tuple[tuple[float, float], ...] = ()) -> Speech:
    words = tuple(Word("ah", a + start, b + start, (Phone("AA", a + start, b + start, stress=1),)) for a, b in spans)
    return Speech(np.concatenate(parts), RATE, start, words)


def one(piece: Speech, rate: float = 25.0):
    return next(iter(attach_prosody([piece], rate))).prosody


def test_pitch_and_voicing() -> None:
    prosody = one(speech(silence(0.4), voice(180, 1.0), silence(0.4), voice(120, 1.0)), rate=100)
    assert np.median(prosody.f0[60:120]) == pytest.approx(180, rel=0.02)
    assert np.median(prosody.f0[200:260]) == pytest.approx(120, rel=0.02)
    assert not prosody.voiced[:35].any()
    assert prosody.voiced[60:120].all()
    np.testing.assert_array_equal(prosody.voiced, prosody.f0 > 0)


def test_energy_is_relative_to_the_speaker() -> None:
    for level in (0.02, 0.5):
        loud = voice(150, 1.0, level)
        prosody = one(speech(silence(0.5), loud, loud / 4, silence(0.5)), rate=100)
        assert prosody.energy[80:120].mean() == pytest.approx(1.0, abs=0.1)
        assert 0.5 < prosody.energy[170:230].mean() < 0.9
        assert prosody.energy[5:40].max() < 0.05


def test_noise_under_the_voice_counts_as_silence() -> None:
    noise = (np.random.default_rng(0).standard_normal(3 * RATE) * 0.01).astype(np.float32)
    piece = speech(np.concatenate([silence(1), voice(150, 1), silence(1)]) + noise)
    prosody = one(piece, rate=50)
    assert prosody.energy[5:45].max() < 0.2
    assert prosody.energy[60:90].min() > 0.7
    assert [round(t, 1) for span in prosody.pauses for t in span] == [0.0, 1.0, 2.0, 3.0]


def test_pauses_agree_with_the_phones() -> None:
    parts = (voice(150, 0.5), silence(0.3), voice(150, 0.5), silence(0.05), voice(150, 0.4), silence(0.25))
    piece = speech(*parts, start=1.0, spans=((0.0, 0.5), (0.8, 1.3), (1.35, 1.75)))
    assert [pytest.approx(span) for span in one(piece).pauses] == [(1.5, 1.8), (2.75, 3.0)]


def test_a_pause_across_the_border_of_two_pieces_is_seen_whole() -> None:
    pieces = [
        speech(voice(150, 0.5), silence(0.09), spans=((0.0, 0.5),)),
        speech(silence(0.05), voice(150, 0.5), start=0.59, spans=((0.05, 0.55),)),
    ]
    pauses = [p.prosody.pauses for p in attach_prosody(pieces, 25)]
    assert [pytest.approx(s) for s in pauses[0]] == [(0.5, 0.59)]
    assert [pytest.approx(s) for s in pauses[1]] == [(0.59, 0.64)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 20000), min_size=1, max_size=6), st.sampled_from([24.0, 25.0, 29.97, 30.0, 60.0]))
def test_rows_are_the_frames_of_the_clock_each_once(lengths: list[int], rate: float) -> None:
    position, pieces = 0, []
    for length in lengths:
        pieces.append(Speech(np.zeros(length, np.float32), RATE, position / RATE))
        position += length
    rows = [len(p.prosody.f0) for p in attach_prosody(pieces, rate)]
    assert sum(rows) == frame_span(0, position / RATE, rate)[1]


def test_it_streams_and_repeats_itself() -> None:
    taken = []

    def pieces():
        for index in range(3):
            taken.append(index)
            yield speech(voice(150 + 20 * index, 0.5), silence(0.2), start=index * 0.7)

    first = next(iter(attach_prosody(pieces(), 25)))
    assert taken == [0]
    again = next(iter(attach_prosody(pieces(), 25)))
    np.testing.assert_array_equal(first.prosody.f0, again.prosody.f0)
    np.testing.assert_array_equal(first.prosody.energy, again.prosody.energy)


def flat(seconds: float) -> Contour:
    times = np.arange(0, seconds, 0.01)
    return Contour(times, np.zeros(len(times)), np.full(len(times), 0.8, np.float32))


def syllables(count: int, step: float = 0.2) -> list[Phone]:
    return [Phone("AA", i * step, (i + 1) * step, stress=int(i % 2 == 0)) for i in range(count)]


def test_the_high_and_loud_syllable_is_the_strongest_accent() -> None:
    contour = flat(2.0)
    contour.pitch[80:100] = 4.0
    contour.energy[80:100] = 1.0
    found = accents(syllables(10), contour)
    moment, strength = max(found, key=lambda item: item[1])
    assert moment == pytest.approx(0.9)
    assert strength > 0.8


@given(st.integers(1, 60))
def test_accents_are_on_stressed_vowels_apart_and_not_too_many(count: int) -> None:
    phones = syllables(count, 0.15)
    found = accents(phones, flat(count * 0.15 + 0.1))
    middles = {round((p.start + p.end) / 2, 6) for p in phones if p.stress == 1}
    assert {round(moment, 6) for moment, _ in found} <= middles
    assert 1 <= len(found) <= max(1, round(2.5 * count * 0.15))
    assert all(b[0] - a[0] >= 0.28 - 1e-9 for a, b in itertools.pairwise(found))
    assert all(0.3 <= strength <= 1 for _, strength in found)


def test_the_track_peaks_at_the_accents() -> None:
    times = np.arange(0, 2, 0.04)
    track = accent_track([(0.4, 0.5), (1.2, 1.0)], times)
    assert times[track.argmax()] == pytest.approx(1.2)
    assert track[10] == pytest.approx(0.5)
    assert track[20] < 0.05
    assert track.min() == 0


def test_no_sound_no_accents() -> None:
    contour = Contour(np.arange(0, 1, 0.01), np.full(100, np.nan), np.zeros(100, np.float32))
    assert accents([], contour) == []
    prosody = one(speech(silence(1.0)))
    assert not prosody.accent.any()
    assert not prosody.energy.any()
