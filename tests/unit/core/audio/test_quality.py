import numpy as np
import pytest
import soxr

from paksatalker.core.audio.quality import QualityMeter, measured
from paksatalker.core.timeline import FloatArray, Phone, Speech, Word

RATE = 24000


def speech(seconds: float = 3.0, rate: int = RATE) -> FloatArray:
    """A buzz with a spectrum that falls as that of speech does, loud and soft in turns."""
    count = round(seconds * rate)
    times = np.arange(count) / rate
    pulses = np.zeros(count)
    pulses[:: rate // 120] = 1.0
    spectrum = np.fft.rfft(pulses)
    hertz = np.fft.rfftfreq(count, 1 / rate)
    buzz = np.fft.irfft(spectrum / (1 + (hertz / 700) ** 1.2), n=count)
    return (0.08 * buzz / buzz.std() * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * times))).astype(np.float32)


def measure(samples: FloatArray, spans: list[tuple[float, float]], rate: int = RATE, cut: int | None = None):
    meter = QualityMeter()
    cut = cut or len(samples)
    for first in range(0, len(samples), cut):
        start = first / rate
        meter.add(samples[first : first + cut], rate, [(a - start, b - start) for a, b in spans])
    return meter.result()


def with_pauses(noise_db: float) -> tuple[FloatArray, list[tuple[float, float]]]:
    voice = speech()
    silence = np.zeros(RATE, np.float32)
    samples = np.concatenate([silence, voice, silence])
    level = voice.std() * 10 ** (noise_db / 20)
    noise = np.random.default_rng(0).normal(0, level, len(samples)).astype(np.float32)
    return samples + noise, [(1.0, 4.0)]


def test_clean_speech_has_no_flaw() -> None:
    samples, spans = with_pauses(-45)
    found = measure(samples, spans)
    assert found.notes() == ()
    assert found.seconds == pytest.approx(5)
    assert found.speech == pytest.approx(3, abs=0.02)
    assert found.snr_db == pytest.approx(45, abs=1.5)


@pytest.mark.parametrize("noise_db", [-6, -12])
def test_noise_is_told_with_its_figure(noise_db: float) -> None:
    samples, spans = with_pauses(noise_db)
    found = measure(samples, spans)
    assert found.snr_db == pytest.approx(-noise_db, abs=2)
    assert "noisy" in found.notes()[0]


def test_noise_is_heard_even_where_somebody_always_speaks() -> None:
    voice = speech()
    noise = np.random.default_rng(0).normal(0, voice.std() / 2, len(voice)).astype(np.float32)
    clean, noisy = measure(voice, [(0, 3)]), measure(voice + noise, [(0, 3)])
    assert noisy.snr_db is not None
    assert clean.snr_db is not None
    assert noisy.snr_db < 15 < clean.snr_db + 10
    assert noisy.snr_db < clean.snr_db


def test_clipping_is_told() -> None:
    samples, spans = with_pauses(-60)
    found = measure(np.clip(samples * 6, -1, 1), spans)
    assert found.clipped > 0.005
    assert any("clipped" in note for note in found.notes())


@pytest.mark.parametrize("rate", [8000, 24000, 48000])
def test_a_telephone_is_told_at_any_rate_it_is_stored_at(rate: int) -> None:
    samples, spans = with_pauses(-60)
    narrow = soxr.resample(soxr.resample(samples, RATE, 8000), 8000, rate).astype(np.float32)
    found = measure(narrow, spans, rate)
    assert found.narrow
    assert any("telephone" in note for note in found.notes())


def test_a_few_clicks_do_not_hide_a_telephone() -> None:
    samples, spans = with_pauses(-60)
    narrow = soxr.resample(soxr.resample(samples, RATE, 8000), 8000, RATE).astype(np.float32)
    narrow[RATE * 2] = narrow[RATE * 3] = 1.0
    assert measure(narrow, spans).narrow


def test_pieces_measure_as_the_whole() -> None:
    samples, spans = with_pauses(-30)
    whole, pieces = measure(samples, spans), measure(samples, spans, cut=2048 * 10)
    assert pieces.speech == pytest.approx(whole.speech, abs=0.1)
    assert pieces.snr_db == pytest.approx(whole.snr_db, abs=1)
    assert pieces.bandwidth == pytest.approx(whole.bandwidth, rel=0.1)


def test_nothing_and_silence() -> None:
    assert QualityMeter().result().notes() == ()
    found = measure(np.zeros(RATE, np.float32), [])
    assert (found.speech, found.snr_db, found.bandwidth) == (0.0, None, 0.0)
    assert found.notes() == ()


def test_pieces_are_handed_on_and_measured_where_their_phones_are() -> None:
    samples, _ = with_pauses(-12)
    word = Word("buzz", 11.0, 14.0, (Phone("B", 11.0, 14.0),))
    piece = Speech(samples, RATE, start=10.0, words=(word,))
    meter = QualityMeter()
    assert list(measured([piece], meter)) == [piece]
    assert meter.result().snr_db == pytest.approx(12, abs=2)
