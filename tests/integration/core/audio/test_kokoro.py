"""With the real network, where it has been downloaded: paksatalker models download kokoro."""

import itertools

import numpy as np
import pytest
from swift_f0 import SwiftF0

from paksatalker.core import engines
from paksatalker.core.audio.blend import SavedVoices, parse_blend
from paksatalker.core.audio.kokoro import KokoroSpeech
from paksatalker.core.audio.loudness import PEAK, integrated_loudness
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
    assert pieces[0].text == "Hello there,", "the first clause comes first"
    assert " ".join(w.text for p in pieces for w in p.words) == " ".join(u.text for u in SCRIPT)
    assert [p.emotion for p in pieces] == ["happy", "happy", "neutral"]


def test_level_is_even_without_clipping_or_clicks(pieces: list[Speech]) -> None:
    for piece in pieces:
        if piece.duration > 1.5:
            assert -19 < integrated_loudness(piece.samples, piece.sample_rate) < -14
        assert np.abs(piece.samples).max() <= PEAK
        assert abs(piece.samples[0]) < 1e-3
        assert abs(piece.samples[-1]) < 1e-3


def test_the_same_text_gives_the_same_samples(pieces: list[Speech]) -> None:
    again = list(KokoroSpeech().speak(SCRIPT, "af_heart"))
    for one, other in zip(pieces, again, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_pace(engine: KokoroSpeech, pieces: list[Speech], speed: float) -> None:
    spoken = list(engine.speak(SCRIPT[1:], "af_heart", speed))
    normal = pieces[-1].words[-1].end - pieces[-1].words[0].start
    assert spoken[0].words[-1].end - spoken[0].words[0].start == pytest.approx(normal / speed, rel=0.25)


@pytest.mark.parametrize("pitch", [-6.0, 6.0])
def test_pitch_moves_the_voice_and_keeps_its_pace(engine: KokoroSpeech, pieces: list[Speech], pitch: float) -> None:
    piece = next(iter(engine.speak(SCRIPT[1:], "af_heart", pitch=pitch)))
    semitones = 12 * np.log2(pitch_of(piece) / pitch_of(pieces[-1]))
    assert semitones == pytest.approx(pitch, abs=1.0)
    assert piece.duration == pytest.approx(pieces[-1].duration, rel=0.1)


def test_a_mixture_is_neither_of_its_parts(engine: KokoroSpeech) -> None:
    female, male, mixed, saved = (
        next(iter(engine.speak(SCRIPT[1:], name)))
        for name in ("af_heart", "am_puck", "af_heart:0.6+am_puck:0.4", "mine")
    )
    assert pitch_of(male) < pitch_of(mixed) < pitch_of(female)
    np.testing.assert_array_equal(mixed.samples, saved.samples)
