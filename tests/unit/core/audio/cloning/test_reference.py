import numpy as np
import pytest

from paksatalker.core.audio.cloning import reference
from paksatalker.core.audio.cloning.reference import two_halves
from paksatalker.core.audio.quality import Quality
from paksatalker.errors import InvalidOption, ReferenceUnsuitable


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def voice(seed: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return unit(np.abs(random.normal(size=256)) + 0.25 * random.normal(size=(count, 256)))


def test_one_voice_is_alike_in_halves_and_two_are_not() -> None:
    alike, _ = two_halves(voice(0, 30))
    apart, share = two_halves(np.concatenate([voice(0, 20), voice(1, 10)]))
    assert alike > 0.9 > apart
    assert share == pytest.approx(1 / 3, abs=0.02)


def test_too_few_windows_tell_nothing() -> None:
    assert two_halves(voice(0, 1)) == (1.0, 0.0)
    assert two_halves(np.repeat(voice(0, 1), 5, axis=0)) == (1.0, 0.0)


GOOD = {"seconds": 30.0, "speech": 25.0, "level_db": -20.0, "snr_db": 40.0, "clipped": 0.0, "bandwidth": 11000.0}


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ({"speech": 3.25}, "3.2 s of speech"),
        ({"snr_db": 6.0}, "6 dB above"),
        ({"clipped": 0.04}, "4.0% of the samples"),
    ],
)
def test_unfit_recordings_are_refused_with_the_figure(flaw: dict[str, float], said: str) -> None:
    with pytest.raises(ReferenceUnsuitable, match=said):
        reference._check(Quality(**{**GOOD, **flaw}))


@pytest.mark.parametrize(
    ("flaw", "said"),
    [({"bandwidth": 3400.0}, "above its band"), ({"snr_db": 12.0}, "12 dB"), ({"speech": 6.0}, "6.0 s of speech")],
)
def test_what_could_be_better_is_said(flaw: dict[str, float], said: str) -> None:
    quality = Quality(**{**GOOD, **flaw})
    reference._check(quality)
    assert any(said in note for note in reference._notes(quality))
    assert reference._notes(Quality(**GOOD)) == ()


def test_number_of_recordings() -> None:
    with pytest.raises(InvalidOption):
        reference.read_references([], None)  # type: ignore[arg-type]
