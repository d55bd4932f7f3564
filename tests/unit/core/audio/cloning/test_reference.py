import numpy as np
import pytest

from paksatalker.core.audio.cloning import reference
from paksatalker.core.audio.cloning.reference import group_sounds, two_groups
from paksatalker.core.audio.quality import Quality
from paksatalker.errors import InvalidOption, ReferenceUnsuitable

torch = pytest.importorskip("torch")


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def voice(seed: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return unit(np.abs(random.normal(size=256)) + 0.25 * random.normal(size=(count, 256)))


def test_one_voice_is_alike_in_groups_and_two_are_not() -> None:
    alike, _ = two_groups(voice(0, 30))
    apart, belongs = two_groups(np.concatenate([voice(0, 20), voice(1, 10)]))
    assert alike > 0.9 > apart
    assert len(set(belongs[:20])) == len(set(belongs[20:])) == 1
    assert belongs[0] != belongs[-1]


def test_too_few_windows_tell_nothing() -> None:
    for windows in (voice(0, 1), np.repeat(voice(0, 1), 5, axis=0)):
        likeness, belongs = two_groups(windows)
        assert likeness == 1.0
        assert not belongs.any()


@pytest.mark.parametrize("extra", [-9600, -1, 0, 1, 9599])
def test_groups_share_all_sound_between_them(extra: int) -> None:
    samples = np.arange(25600 + 9 * 9600 + extra, dtype=np.float32)
    belongs = np.array([False] * 6 + [True] * 4)
    first, second = group_sounds(samples, belongs)
    np.testing.assert_array_equal(np.concatenate([first, second]), samples)
    assert second[0] == 6 * 9600 + 8000


class Encoders:
    """A voice in each part of the sound, by its level."""

    def __init__(self, alike: float) -> None:
        self._alike = alike

    def windows(self, samples: torch.Tensor) -> torch.Tensor:
        count = (len(samples) - 25600) // 9600 + 1
        levels = [float(samples[i * 9600 + 12800]) for i in range(count)]
        return torch.from_numpy(np.concatenate([voice(0 if level < 0.5 else 1, 1) for level in levels]))

    def embed(self, samples: torch.Tensor) -> torch.Tensor:
        second = float(samples.mean()) > 0.5
        return torch.tensor([self._alike, (1 - self._alike**2) ** 0.5] if second else [1.0, 0.0])


@pytest.mark.parametrize(
    ("alike", "seconds", "refused"),
    [(0.45, 8, True), (0.55, 8, False), (0.35, 2.5, True), (0.45, 2.5, False), (0.1, 1, False), (-0.2, 8, True)],
)
def test_two_networks_have_to_hear_two_speakers(alike: float, seconds: float, refused: bool) -> None:
    samples = np.zeros(16000 * 12, np.float32)
    samples[-round(seconds * 16000) :] = 1.0
    encoders = Encoders(alike)
    if not refused:
        reference._check_one_speaker(samples, encoders, encoders)  # type: ignore[arg-type]
        return
    with pytest.raises(ReferenceUnsuitable, match="two speakers: a part of"):
        reference._check_one_speaker(samples, encoders, encoders)  # type: ignore[arg-type]


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
        reference.read_references([], None, None)  # type: ignore[arg-type]
