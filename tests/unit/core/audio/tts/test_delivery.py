import numpy as np
import pytest

from paksatalker.core.audio.tts.delivery import MANNERS, STRESS_LENGTH, STRESS_PITCH, Delivery, hump, manner_of
from paksatalker.core.timeline import EMOTIONS, Utterance
from paksatalker.errors import InvalidOption

F0 = np.array([0.0, 100.0, 200.0, 400.0, 0.0])
BORDERS = np.arange(6) * 0.1


def test_every_emotion_has_a_manner_and_none_without_intensity():
    assert set(MANNERS) == set(EMOTIONS)
    assert manner_of(Utterance("x", emotion="angry", intensity=0.0)) == MANNERS["neutral"]
    half = manner_of(Utterance("x", emotion="sad", intensity=0.5))
    assert MANNERS["sad"].rate < half.rate < 1
    assert half.pitch == pytest.approx(MANNERS["sad"].pitch / 2)


def test_emotion_comes_on_top_of_the_utterances_own_rate_and_pitch():
    found = Delivery(1.2, 1.0).of(Utterance("x", emotion="happy", rate=1.1, pitch=2.0))
    assert found.speed == pytest.approx(1.2 * 1.1 * MANNERS["happy"].rate)
    assert found.pitch == pytest.approx(3.0 + MANNERS["happy"].pitch)
    assert Delivery(2.0).of(Utterance("x", emotion="excited")).speed == 2.0, "no faster than voices can"


def test_lengths_stretch_stressed_words_and_pauses():
    lengths = Delivery(pauses=1.5, stresses=((2, 3),)).lengths("a,bcd")
    assert lengths == pytest.approx([1, 1.5, STRESS_LENGTH, STRESS_LENGTH, 1])
    assert Delivery().lengths("a,b") == pytest.approx([1, 1, 1])


def test_a_wider_melody_keeps_its_mean_and_its_silences():
    factor = Delivery(range=1.5).melody(F0, BORDERS, 0.5)
    moved = F0 * factor
    assert moved[2] == pytest.approx(200)
    assert moved[3] / moved[1] == pytest.approx(4**1.5, rel=0.01)
    assert factor[0] == factor[4] == 1
    assert Delivery(range=1.5).melody(np.zeros(3), BORDERS, 0.5) == pytest.approx([1, 1, 1])


def test_a_stressed_word_is_higher_and_pitch_is_for_all():
    factor = Delivery(pitch=12, stresses=((2, 2),)).melody(F0, BORDERS, 0.5)
    assert factor[0] == pytest.approx(2.0)
    assert factor[2] == pytest.approx(2 * 2 ** (STRESS_PITCH / 12))
    assert Delivery(pitch=3).is_plain
    assert not Delivery(stresses=((0, 1),)).is_plain


def test_the_edges_of_a_hump_are_smooth():
    values = hump(np.linspace(0, 1, 1001), 0.4, 0.6)
    assert values[500] == 1
    assert values[[0, 1000]] == pytest.approx([0, 0])
    assert np.abs(np.diff(values)).max() < 0.03


@pytest.mark.parametrize(("speed", "pitch", "named"), [(0.4, 0, "--speed"), (2.1, 0, "--speed"), (1, 6.5, "--pitch")])
def test_no_other_speed_and_pitch_can_be_asked_for(speed: float, pitch: float, named: str) -> None:
    assert Delivery.asked(0.5, -6) == Delivery(0.5, -6)
    with pytest.raises(InvalidOption, match=named):
        Delivery.asked(speed, pitch)
