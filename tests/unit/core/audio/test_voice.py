import numpy as np
import pytest
import soxr

from paksatalker.core.audio.recordings.sphinx import PhoneDecoder
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.audio.voice import LOOKAHEAD, PIECE, VoicePhones
from paksatalker.core.timeline import Phone, Utterance

STEP = 0.01
LIPS = ("P", "B", "M")


@pytest.fixture(scope="module")
def said():
    """Speech and its phones."""
    pieces = list(HibariSpeech().speak([Utterance("My mother may buy some more bread tomorrow morning.")]))
    return pieces[0].samples, pieces[0].sample_rate, pieces[0].phones


def sounding(phones: list[Phone] | tuple[Phone, ...], length: float, symbols: tuple[str, ...] = ()) -> np.ndarray:
    """Where there are phones, or those, every 10 ms."""
    found = np.zeros(round(length / STEP), bool)
    for phone in phones:
        if phone.symbol != "SIL" and (not symbols or phone.symbol in symbols):
            found[round(phone.start / STEP) : round(phone.end / STEP)] = True
    return found


@pytest.mark.parametrize("rate", [16000, 48000])
@pytest.mark.parametrize("packet", [0.02, 0.5])
def test_phones_are_known_soon_and_as_good_as_those_of_the_whole(said, rate, packet):
    samples, own, true = said
    sound = soxr.resample(samples, own, rate).astype(np.float32)
    voice = VoicePhones(rate)
    pieces, size = [], round(packet * rate)
    for start in range(0, len(sound), size):
        pieces += voice.feed(sound[start : start + size])
        heard = min(start + size, len(sound)) / rate
        assert len(pieces) * PIECE >= heard - LOOKAHEAD - PIECE - 0.1
    pieces += voice.feed(np.zeros(rate, np.float32))
    for number, piece in enumerate(pieces):
        assert piece.start == pytest.approx(number * PIECE)
        assert len(piece.samples) == round(PIECE * rate)
        assert all(piece.start - 1e-6 <= phone.start < phone.end <= piece.end + 1e-6 for phone in piece.phones)
    together = np.concatenate([piece.samples for piece in pieces])[: len(sound)]
    np.testing.assert_array_equal(together, sound)
    phones = [phone for piece in pieces for phone in piece.phones]
    length = pieces[-1].end
    mask = sounding(true, length)
    assert (sounding(phones, length) == mask).mean() > 0.8
    lips = sounding(true, length, LIPS)
    whole = PhoneDecoder().decode(soxr.resample(samples, own, 16000).astype(np.float32))
    hits, best = (float(sounding(found, length, LIPS)[lips].mean()) for found in (phones, whole))
    assert hits > max(0.3, best - 0.25)


def test_silence_has_no_phones_and_memory_is_flat():
    voice = VoicePhones(16000)
    noise = 0.001 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    for _ in range(20):
        for piece in voice.feed(noise):
            assert piece.phones == ()
    assert len(voice._heard) < 16000 * 1.2
    assert len(voice._sound) < 16000 * 0.7
    assert len(voice._spoken) < 32


def test_a_rate_that_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="22051"):
        VoicePhones(22051)
