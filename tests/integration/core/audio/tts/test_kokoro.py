"""With the real network, where it has been downloaded: paksatalker models download kokoro."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt
from swift_f0 import SwiftF0

from paksatalker.core import engines
from paksatalker.core.audio.loudness import PEAK, integrated_loudness
from paksatalker.core.audio.tts.blend import SavedVoices, parse_blend
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.kokoro import KokoroSpeech
from paksatalker.core.timeline import ARPABET, Speech, Utterance
from paksatalker.models.base import State, WeightsStore

pytestmark = pytest.mark.skipif(
    WeightsStore().status("kokoro").state not in (State.VERIFIED, State.UNVERIFIED),
    reason="the voices are not here; run: paksatalker models download kokoro",
)

SCRIPT = (
    Utterance(
        "Hello there, this is a longer test of the voice and of all that it says.",
        "happy",
        0.7,
        pause_after=0.35,
    ),
    Utterance("It costs $9.99 today.", pause_after=0.0),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> KokoroSpeech:
    saved = SavedVoices(tmp_path_factory.mktemp("voices"))
    saved.save("mine", parse_blend("af_heart:0.6+am_puck:0.4"))
    return KokoroSpeech(saved=saved)


@pytest.fixture(scope="module")
def pieces(engine: KokoroSpeech) -> list[Speech]:
    return list(engine.speak(SCRIPT, "af_heart"))


def joined(pieces: Iterable[Speech]) -> Speech:
    first, *rest = pieces
    samples = np.concatenate([piece.samples for piece in (first, *rest)])
    return replace(first, samples=samples, words=tuple(word for piece in (first, *rest) for word in piece.words))


def pitch_of(piece: Speech) -> float:
    found = SwiftF0().detect(piece.samples, piece.sample_rate)
    return float(np.median(found.pitch_hz[found.confidence > 0.9]))


def test_it_is_registered_and_is_a_speech_engine() -> None:
    assert isinstance(engines.find("speech", "kokoro").create(), engines.SpeechEngine)
    assert engines.find("speech").name == "hibari", "it stays the default"


def test_it_has_its_voices_and_the_users_own(engine: KokoroSpeech) -> None:
    found = {voice.name: voice for voice in engine.voices()}
    assert len(found) == 55
    assert (found["bf_emma"].language, found["bf_emma"].gender) == ("en-GB", "female")
    assert (found["mine"].language, found["mine"].gender) == ("en-US", "")


def test_pieces_follow_each_other_and_carry_timed_words(pieces: list[Speech]) -> None:
    position = 0
    for piece in pieces:
        assert piece.start * piece.sample_rate == pytest.approx(position, abs=1e-6)
        position += len(piece.samples)
        phones = piece.phones
        assert all(p.symbol in ARPABET and p.end - p.start > 0.01 for p in phones)
        assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(phones))
        assert piece.start <= phones[0].start
        assert phones[-1].end <= piece.end
    assert pieces[0].text == "Hello"
    assert pieces[0].duration < 0.9, "the beginning comes first"
    assert " ".join(w.text for p in pieces for w in p.words) == " ".join(u.text for u in SCRIPT)
    assert [p.emotion for p in pieces] == ["happy"] * (len(pieces) - 1) + ["neutral"]


def test_level_is_even_without_clipping_or_clicks(pieces: list[Speech]) -> None:
    for piece in pieces:
        if piece.duration > 1.5:
            assert -19 < integrated_loudness(piece.samples, piece.sample_rate) < -14
        assert np.abs(piece.samples).max() <= PEAK
    sound = joined(pieces).samples
    for at in np.cumsum([0, *(len(piece.samples) for piece in pieces)])[:-1]:
        seam, around = sound[max(0, at - 60) : at + 60], sound[max(0, at - 4800) : at + 4800]
        assert np.abs(np.diff(seam, 2)).max() <= np.abs(np.diff(around, 2)).max() + 1e-9
    assert max(abs(sound[0]), abs(sound[-1])) < 1e-3


def test_what_begins_in_the_middle_of_a_sentence_has_the_phase_of_the_whole(engine: KokoroSpeech) -> None:
    """Else the two would cancel where they are blended."""
    speaker = engine._speaker("af_heart")
    said = speaker.pronounce("All our mowers are in our barn, and all are in order.")
    plan = speaker.plan(said.symbols, Delivery(), 0)
    whole, late = plan.say(), plan.say(start=1.01)
    assert len(whole) == len(late)
    assert not late[:24000].any()
    band = butter(4, (80, 400), "bandpass", fs=24000, output="sos")  # the fundamental
    one, other = (sosfiltfilt(band, samples[29000:-12000]) for samples in (whole, late))
    assert np.corrcoef(one, other)[0, 1] > 0.6


def test_the_beginning_of_a_sentence_is_the_sentences_own(engine: KokoroSpeech) -> None:
    """Made in parts or at once: the same words at the same times, as long and as loud."""
    text = Utterance("Our quarterly revenue grew, which surprised everyone in the room.")
    parted = list(engine.speak([text]))
    whole = list(engine.speak([Utterance("Well.", pause_after=0.5), text]))[-1]
    words = [word for piece in parted for word in piece.words]
    assert len(parted) > 1
    offset = whole.words[0].start - words[0].start
    for one, other in zip(words, whole.words, strict=True):
        assert one.text == other.text
        assert other.start - one.start == pytest.approx(offset, abs=0.013)
    level = integrated_loudness(joined(parted).samples, 24000)
    assert level == pytest.approx(integrated_loudness(whole.samples, 24000), abs=1.5)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_pace(engine: KokoroSpeech, pieces: list[Speech], speed: float) -> None:
    spoken = joined(engine.speak(SCRIPT[1:], "af_heart", speed))
    normal = pieces[-1].words[-1].end - pieces[-1].words[0].start
    assert spoken.words[-1].end - spoken.words[0].start == pytest.approx(normal / speed, rel=0.25)


@pytest.mark.parametrize("pitch", [-6.0, 6.0])
def test_pitch_moves_the_voice_and_keeps_its_pace(engine: KokoroSpeech, pieces: list[Speech], pitch: float) -> None:
    piece = joined(engine.speak(SCRIPT[1:], "af_heart", pitch=pitch))
    semitones = 12 * np.log2(pitch_of(piece) / pitch_of(pieces[-1]))
    assert semitones == pytest.approx(pitch, abs=1.0)
    assert piece.duration == pytest.approx(pieces[-1].duration, rel=0.1)


def test_a_mixture_is_neither_of_its_parts(engine: KokoroSpeech) -> None:
    female, male, mixed, saved = (
        joined(engine.speak(SCRIPT[1:], name)) for name in ("af_heart", "am_puck", "af_heart:0.6+am_puck:0.4", "mine")
    )
    assert pitch_of(male) < pitch_of(mixed) < pitch_of(female)
    np.testing.assert_array_equal(mixed.samples, saved.samples)
