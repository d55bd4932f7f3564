"""Where a video is cut, and speech that is kept."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.parts import AHEAD, Cutter, Part, SoundPacket, ahead, cut, frames_of
from paksatalker.core.speech_file import SpeechHead, SpeechWriter, read_head, read_sound, read_speech
from paksatalker.core.timeline import FaceTrack, Phone, Prosody, Speech, Word
from paksatalker.errors import AudioUnreadable


def piece(start: float, seconds: float, rate: int = 1000) -> Speech:
    return Speech(np.broadcast_to(np.float32(0), round(seconds * rate)), rate, start)


def pieces(lengths) -> list[Speech]:
    made, at = [], 0.0
    for length in lengths:
        made.append(piece(at, length))
        at = made[-1].end
    return made


@given(st.lists(st.floats(0.05, 20), min_size=1, max_size=60), st.floats(0.5, 30))
def test_parts_cover_the_video(lengths, shortest):
    spoken = pieces(lengths)
    cutter = Cutter(shortest)
    parts = []
    for k, one in enumerate(spoken):
        if part := cutter.add(one):
            parts.append(part)
            known = ahead(cutter.rest)
            assert known[-1].end - part[-1].end >= AHEAD, "so much of what follows is known"
            assert cutter.rest[-1] is spoken[k]
    parts.append(cutter.rest)
    assert [one for part in parts for one in part] == spoken
    length = [part[-1].end - part[0].start for part in parts]
    least = [shortest / 4, *(shortest for _ in parts)]
    assert all(seconds >= least[k] for k, seconds in enumerate(length[:-1]))
    assert len(parts) < 3 or length[-1] >= shortest / 3
    needed = [part[-2].end - part[0].start < least[k] for k, part in enumerate(parts[:-1]) if len(part) > 1]
    assert all(needed), "no longer than needed"


def test_a_long_piece_may_be_several_parts():
    cutter = Cutter(2.0)
    made = [cutter.add(one) for one in pieces([5.0, 5.0, 5.0, 0.1])]
    assert [len(part) for part in made] == [0, 1, 1, 0]
    assert len(cutter.rest) == 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
def test_cut_gives_the_frames_that_are_asked_for(lengths, data):
    total = sum(lengths)
    first = data.draw(st.integers(0, total - 1))
    end = data.draw(st.integers(first + 1, total))
    starts = np.cumsum([0, *lengths[:-1]])
    made = []

    def tracks():
        for start, length in zip(starts, lengths, strict=True):
            made.append(int(start))
            yield FaceTrack.rest(length, 25.0, int(start))

    got = [k for track in cut(tracks(), first, end) for k in range(track.first_frame, track.first_frame + len(track))]
    assert got == list(range(first, end))
    assert all(start < end for start in made), "nothing is made after the last frame"


def test_a_part_has_frames(tmp_path: Path):
    with pytest.raises(ValueError, match="no part"):
        Part((tmp_path / "s",), 5, 5)
    assert frames_of(2.0 + 1e-9, 25.0) == 50


HEAD = SpeechHead("speech", "hibari", 3, 17, last=False, sample_rate=22050, delay=1024)
SOUND = (SoundPacket(-1024, 1024, b"\n{}\n"), SoundPacket(0, 512, b""))


def speech(rng, frames: int = 4) -> Speech:
    word = Word("naïve\n", 0.1 + 1 / 3, 2 / 3, (Phone("a", 1 / 3, 2 / 3, 1),), emphasised=True)
    f0, energy, accent = rng.standard_normal((3, frames)).astype(np.float32)
    prosody = Prosody(25.0, f0, energy, f0 > 0, accent, ((0.1, 1 / 3),))
    samples = rng.standard_normal(500).astype(np.float32)
    return Speech(samples, 22050, 1 / 7, (word,), "naïve\n", prosody, "happy", 1 / 3)


def write(path: Path, own: list[Speech], after: list[Speech]) -> None:
    with SpeechWriter(path, HEAD) as out:
        for one in own:
            out.add(one)
        for one in after:
            out.add(one, ahead=True)
        out.finish(SOUND)
        assert not path.exists()


def test_speech_comes_back_bit_for_bit(tmp_path: Path):
    rng = np.random.default_rng(0)
    first, second = [speech(rng, 0), speech(rng), speech(rng)], [speech(rng)]
    write(tmp_path / "a", first, second)
    write(tmp_path / "b", second, [])
    assert read_head(tmp_path / "a") == HEAD
    assert read_sound(tmp_path / "a") == SOUND
    assert len(list(read_speech([tmp_path / "a"]))) == 4, "with what is ahead"
    for kept, one in zip(read_speech([tmp_path / "a", tmp_path / "b"]), first + second, strict=True):
        assert (kept.words, kept.text, kept.start, kept.end, kept.sample_rate, kept.emotion, kept.intensity) == (
            one.words, one.text, one.start, one.end, one.sample_rate, one.emotion, one.intensity,
        )  # fmt: skip
        assert (kept.prosody.rate, kept.prosody.pauses) == (one.prosody.rate, one.prosody.pauses)
        for name in ("f0", "energy", "voiced", "accent"):
            was, now = getattr(one.prosody, name), getattr(kept.prosody, name)
            assert (was.dtype, was.tobytes()) == (now.dtype, now.tobytes())


def test_nothing_is_left_of_speech_that_failed(tmp_path: Path):
    with pytest.raises(RuntimeError), SpeechWriter(tmp_path / "s", HEAD):
        raise RuntimeError
    with pytest.raises(ValueError, match="analysed"), SpeechWriter(tmp_path / "s", HEAD) as out:
        out.add(piece(0, 1))
    assert list(tmp_path.iterdir()) == []


def read_all(path: Path) -> None:
    list(read_speech([path]))
    read_sound(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b[:-1], lambda b: b"x" + b, lambda b: b"", lambda b: b[: b.index(b'{"sound"')],
        lambda b: b[: b.index(b'{"sound"') - 1], lambda b: b.replace(b'"frames": 4', b'"frames": -1'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(tmp_path: Path, change):
    path = tmp_path / "s"
    write(path, [speech(np.random.default_rng(0))], [])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(AudioUnreadable):
        read_all(path)
