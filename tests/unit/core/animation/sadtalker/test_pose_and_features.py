import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from paksatalker.core.animation.sadtalker import pose
from paksatalker.core.animation.sadtalker.features import MelStream
from paksatalker.core.animation.sadtalker.sound import SoundStream
from paksatalker.core.timeline import Speech
from paksatalker.models.sadtalker import mel
from tests.golden import rule


def golden(name: str) -> dict[str, np.ndarray]:
    with np.load(rule.GOLDEN / "sadtalker" / f"{name}.npz") as data:
        return dict(data)


def test_mel() -> None:
    data = golden("mel")
    frames = mel.frame_count(len(data["wav"]))
    assert frames == data["num_frames"]
    found = mel.log_mel(data["wav"][: frames * mel.FRAME])
    assert np.abs(found - data["mel"]).max() <= 1e-5
    assert np.array_equal(mel.window_columns(np.arange(frames), found.shape[1]), data["frame_indices"])
    assert np.abs(mel.windows(found, np.arange(8))[:, 0] - data["indiv_mels_first8"]).max() <= 1e-5
    assert np.abs(mel.mel_basis().sum(axis=1) - data["mel_basis_row_sums"]).max() <= 1e-7


def _streamed(parts: list[np.ndarray], frames: int = 0) -> np.ndarray:
    stream = MelStream()
    blocks = [block for part in parts for block in stream.push(part)]
    blocks += stream.finish(frames)
    assert [b.first for b in blocks] == np.cumsum([0, *(len(b) for b in blocks)])[:-1].tolist()
    return np.concatenate([block.windows for block in blocks])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60000), st.lists(st.integers(0, 60000), max_size=30))
def test_windows_in_a_stream_are_those_of_the_whole(samples: int, cuts: list[int]) -> None:
    sound = np.random.default_rng(samples).standard_normal(samples).astype(np.float32) * 0.1
    whole = _streamed([sound])
    assert np.array_equal(whole, _streamed(np.split(sound, sorted(min(c, samples) for c in cuts))))
    padded = np.pad(sound, (0, -samples % mel.FRAME))
    assert len(whole) == len(padded) // mel.FRAME
    assert np.abs(whole - mel.windows(mel.log_mel(padded), np.arange(len(whole)))).max() <= 1e-5


def test_more_frames_than_sound_are_silent() -> None:
    assert len(_streamed([np.ones(10)], frames=7)) == 7
    assert list(MelStream().finish()) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.lists(st.integers(0, 90), max_size=8))
def test_smoothing_in_a_stream(count: int, cuts: list[int]) -> None:
    rows = np.random.default_rng(count).standard_normal((count, 6)).astype(np.float32)

    def run(parts: list[np.ndarray]) -> np.ndarray:
        smoother = pose.Smoother()
        return np.concatenate([*(smoother.push(part) for part in parts), smoother.finish()])

    whole = run([rows])
    assert whole.shape == rows.shape
    assert np.array_equal(whole, run(np.split(rows, sorted(min(c, count) for c in cuts))))
    if count >= 13:
        assert np.abs(whole - savgol_filter(rows, 13, 2, axis=0)).max() <= 1e-5


class _Echo:
    """Gives back the sound's first six numbers, and remembers the noise."""

    def __init__(self) -> None:
        self.noise: list[np.ndarray] = []

    def __call__(self, noise: np.ndarray, sound: np.ndarray) -> np.ndarray:
        assert sound.shape == (32, 512)
        self.noise.append(noise)
        return sound[:, :6]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 140), st.lists(st.integers(0, 140), max_size=6))
def test_chunks_cover_every_frame_once(frames: int, cuts: list[int]) -> None:
    sound = np.arange(frames, dtype=np.float32)[:, None].repeat(512, 1)
    stream = pose.PoseStream(_Echo(), seed=5)
    parts = np.split(sound, sorted(min(c, frames) for c in cuts))
    found = np.concatenate([*(stream.push(part) for part in parts), stream.finish()])
    assert np.array_equal(found[:, 0], sound[:, 0])


def test_noise_depends_on_seed_and_chunk_only() -> None:
    echoes = [_Echo(), _Echo(), _Echo()]
    for echo, frames, seed in zip(echoes, (100, 200, 100), (1, 1, 2), strict=True):
        stream = pose.PoseStream(echo, seed)
        stream.push(np.zeros((frames, 512), np.float32))
        stream.finish()
    short, long, other = (np.stack(echo.noise) for echo in echoes)
    assert np.array_equal(short[:3], long[:3])
    assert not np.array_equal(short, other)
    assert not np.array_equal(short[0], short[1])


def test_reference_pose() -> None:
    data = golden("ref_pose")
    found = data["generated"].copy()
    found[:, 64:70] += pose.reference_motion(data["ref"], 0, len(found))
    assert np.abs(found - data["out"]).max() <= 1e-6


def test_a_short_reference_turns_back() -> None:
    ref = np.arange(4, dtype=np.float32)[:, None].repeat(6, axis=1) + 7
    assert pose.reference_motion(ref, 0, 9, turn_back=True)[:, 0].tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert pose.reference_motion(ref, 5, 9, turn_back=True)[:, 0].tolist() == [1, 0, 1, 2]
    assert not pose.reference_motion(ref[:1], 0, 5, turn_back=True).any()
    assert pose.reference_motion(ref, 0, 6)[:, 0].tolist() == [0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_sound_of_any_rate_in_any_pieces(rate: int) -> None:
    samples = np.random.default_rng(0).standard_normal(rate * 2).astype(np.float32) * 0.1

    def run(cuts: list[int]) -> np.ndarray:
        stream, start, out = SoundStream(), 0, []
        for part in np.split(samples, cuts):
            out += stream.push(Speech(part, rate, start=start / rate))
            start += len(part)
        out += stream.finish()
        assert stream.end == pytest.approx(2)
        return np.concatenate(out)

    whole = run([])
    assert len(whole) == 32000
    assert np.array_equal(whole, run([1, 400, rate]))


def test_a_gap_is_silent_and_an_overlap_is_refused() -> None:
    stream = SoundStream()
    one = np.ones(1600, np.float32)
    sound = np.concatenate([*stream.push(Speech(one, 16000)), *stream.push(Speech(one, 16000, start=0.3))])
    assert len(sound) == 6400
    assert not sound[1600:4800].any()
    with pytest.raises(ValueError, match="before the end"):
        list(stream.push(Speech(one, 16000, start=0.35)))


def test_a_change_of_rate_between_pieces() -> None:
    stream = SoundStream()
    parts = [*stream.push(Speech(np.ones(24000, np.float32), 24000))]
    parts += stream.push(Speech(np.ones(8000, np.float32), 16000, start=1.0))
    assert sum(len(p) for p in [*parts, *stream.finish()]) == 24000
