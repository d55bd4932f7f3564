import numpy as np
import pytest

from paksatalker.core.audio.loudness import (
    Leveller,
    LoudnessMeter,
    amplified,
    integrated_loudness,
    limit_peaks,
    true_peaks,
)


def tone(level_db: float, rate: int, seconds: float = 3.0, hz: float = 997.0) -> np.ndarray:
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_a_full_scale_tone_reads_as_bs1770_says(rate: int) -> None:
    # BS.1770: a 0 dB FS, 997 Hz sine in one channel reads −3.01 LKFS.
    assert integrated_loudness(tone(0, rate), rate) == pytest.approx(-3.01, abs=0.1)


def test_silence_does_not_count() -> None:
    speech = tone(-20, 24000)
    padded = np.concatenate([speech, np.zeros(240000, np.float32)])
    assert integrated_loudness(padded, 24000) == pytest.approx(integrated_loudness(speech, 24000), abs=0.3)
    assert integrated_loudness(np.zeros(24000, np.float32), 24000) == -np.inf


def test_the_limiter_holds_its_ceiling_and_leaves_quiet_sound_alone() -> None:
    rng = np.random.default_rng(0)
    loud = (rng.standard_normal(24000) * 0.8).astype(np.float32)
    limited = limit_peaks(loud, 24000)
    assert true_peaks(limited).max() <= 10 ** (-1 / 20)
    quiet = loud * 0.1
    np.testing.assert_array_equal(limit_peaks(quiet, 24000), quiet)


def test_what_is_amplified_is_louder_as_far_as_peaks_let_it() -> None:
    sound = tone(-20, 24000)
    np.testing.assert_allclose(amplified(sound, 24000, 6.0), sound * 10 ** (6 / 20), rtol=1e-5)
    assert true_peaks(amplified(sound, 24000, 30.0)).max() <= 10 ** (-1 / 20)
    rising = np.linspace(-20.0, 0.0, len(sound))
    np.testing.assert_allclose(amplified(sound, 24000, rising)[[1, -2]], sound[[1, -2]] * [0.1, 1.0], rtol=1e-3)


def test_the_leveller_reaches_its_target_and_is_steady() -> None:
    leveller = Leveller(target=-18)
    levels = [integrated_loudness(leveller.apply(tone(db, 24000), 24000), 24000) for db in (-26, -24, -28)]
    assert levels[0] == pytest.approx(-18, abs=0.1)
    assert max(levels) - min(levels) < 4


def test_short_or_silent_pieces_keep_the_gain() -> None:
    leveller = Leveller(target=-18, gain_db=6.0)
    short = tone(-30, 24000, seconds=0.2)
    np.testing.assert_allclose(leveller.apply(short, 24000), short * 10 ** (6 / 20), rtol=1e-5)
    assert not leveller.apply(np.zeros(48000, np.float32), 24000).any()


def test_peaks_between_samples_are_found() -> None:
    between = np.sin(2 * np.pi * (np.arange(2400) / 4 + 1 / 8)).astype(np.float32)  # samples at ±0.707 only
    assert np.abs(between).max() < 0.71
    assert true_peaks(between)[100:-100].max() == pytest.approx(1.0, abs=0.03)
    assert len(true_peaks(np.zeros(0, np.float32))) == 0


def test_the_rest_of_a_sentence_starts_with_the_gain_of_its_beginning() -> None:
    leveller = Leveller(target=-18, gain_db=6.0)
    first = leveller.apply(tone(-22, 24000, 0.9), 24000, partial=True)
    assert integrated_loudness(first, 24000) == pytest.approx(-18, abs=0.3), "typical would be too loud"
    sound = tone(-30, 24000)
    rest = leveller.apply(sound, 24000, joined=True)
    gain = float(first[1000] / tone(-22, 24000, 0.9)[1000])
    np.testing.assert_allclose(rest[:10], sound[:10] * gain, rtol=1e-2, atol=1e-6)
    assert integrated_loudness(np.concatenate([first, rest]), 24000) == pytest.approx(-18, abs=0.2)
    wild = Leveller(target=-18, gain_db=6.0).apply(tone(-50, 24000, 0.9), 24000, partial=True)
    assert integrated_loudness(wild, 24000) == pytest.approx(-42, abs=0.3), "a whisper may be meant"


@pytest.mark.parametrize(("beginning", "rest"), [(-18.2, -22.9), (-30.0, -22.0)])
def test_a_short_sentence_in_two_parts_has_the_loudness_wanted(beginning: float, rest: float) -> None:
    """A voice whose first word was loud came out at −16.8 LUFS: what was given too loud was taken off the rest."""
    leveller = Leveller(gain_db=8.0)
    made = [leveller.apply(tone(beginning, 24000, 0.9), 24000, partial=True)]
    made.append(leveller.apply(tone(rest, 24000, 1.0), 24000, joined=True))
    assert integrated_loudness(np.concatenate(made), 24000) == pytest.approx(-16, abs=0.5)


def test_what_the_limiter_takes_is_made_up_for() -> None:
    time = np.arange(3 * 24000) / 24000
    clicks = np.where(time % 0.1 < 0.004, 1.0, 0.1)  # peaks far above what lies between them
    sound = (0.1 * clicks * np.sin(2 * np.pi * 500 * time)).astype(np.float32)
    made = Leveller().apply(sound, 24000)
    assert integrated_loudness(made, 24000) == pytest.approx(-16, abs=0.3)
    assert true_peaks(made).max() <= 10 ** (-1 / 20)


def test_sound_in_pieces_is_as_loud_as_in_one() -> None:
    pieces = [tone(db, 24000, 2.0) for db in (-20, -26, -50, -23)]
    meter = LoudnessMeter()
    assert meter.loudness == -np.inf
    for piece in pieces:
        meter.add(piece, 24000)
    whole = integrated_loudness(np.concatenate(pieces), 24000)
    assert meter.loudness == pytest.approx(whole, abs=0.3)


@pytest.mark.parametrize("levels", [(-30, -24, -25, -23, -24), (-20, -27, -26, -27, -27), (-24, -30, -22, -29, -23)])
def test_all_pieces_together_have_the_loudness_wanted(levels: tuple[int, ...]) -> None:
    """A first sentence that is softer or louder than the rest set the level of a whole text."""
    leveller = Leveller(target=-16)
    made = np.concatenate([leveller.apply(tone(db, 24000, hz=500), 24000) for db in levels])
    assert integrated_loudness(made, 24000) == pytest.approx(-16, abs=0.5)
    assert true_peaks(made).max() <= 10 ** (-1 / 20)
