"""Where a video is cut, and speech that is kept."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.parts import Part, cut, frames_of, plan
from paksatalker.core.speech_file import SpeechWriter, read_speech, speech_head
from paksatalker.core.timeline import FaceTrack, Phone, Speech, Word
from paksatalker.errors import AudioUnreadable


@given(
    st.lists(st.floats(0.05, 20), min_size=1, max_size=60),
    st.sampled_from([10.0, 25.0, 29.97, 60.0]),
    st.integers(1, 12),
)
def test_parts_cover_the_video(lengths, fps, parts):
    ends = [float(e) for e in np.cumsum(lengths)]
    spans = plan(ends, fps, parts)
    assert 1 <= len(spans) <= parts
    assert spans[0][0] == 0
    assert spans[-1][1] == frames_of(ends[-1], fps)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    allowed = {frames_of(e, fps) for e in ends}
    assert {end for _, end in spans} <= allowed
    if len(spans) > 1:
        assert all(end - first >= 10 * fps - 1 for first, end in spans)


def test_parts_are_about_equally_long():
    spans = plan([float(k) for k in range(4, 604, 4)], 25.0, 4)
    assert [end - first for first, end in spans] == [3800, 3700, 3700, 3800] or all(
        abs((end - first) - 3750) <= 100 for first, end in spans
    )


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
        Part(tmp_path / "s", 5, 5)
    with pytest.raises(ValueError, match="nothing to cut"):
        plan([], 25.0, 2)


def speech(rng) -> Speech:
    word = Word("naïve\n", 0.1 + 1 / 3, 2 / 3, (Phone("a", 1 / 3, 2 / 3, 1),), emphasised=True)
    return Speech(rng.standard_normal(500).astype(np.float32), 22050, 1 / 7, (word,), "naïve\n", None, "happy", 1 / 3)


def test_speech_comes_back_bit_for_bit(tmp_path: Path):
    rng = np.random.default_rng(0)
    pieces = [Speech(np.zeros(0, np.float32), 22050), speech(rng), speech(rng)]
    with SpeechWriter(tmp_path / "s", "speech", "hibari") as out:
        for piece in pieces:
            out.add(piece)
        assert not (tmp_path / "s").exists()
    assert speech_head(tmp_path / "s") == {"stage": "speech", "engine": "hibari"}
    for kept, piece in zip(read_speech(tmp_path / "s"), pieces, strict=True):
        assert np.array_equal(kept.samples, piece.samples)
        assert (kept.words, kept.text, kept.start, kept.sample_rate, kept.emotion, kept.intensity) == (
            piece.words, piece.text, piece.start, piece.sample_rate, piece.emotion, piece.intensity,
        )  # fmt: skip


def test_nothing_is_left_of_speech_that_failed(tmp_path: Path):
    with pytest.raises(RuntimeError), SpeechWriter(tmp_path / "s", "speech", "hibari"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b"x" + b, lambda b: b"", lambda b: b + b"{}\n"])
def test_a_damaged_file_is_refused(tmp_path: Path, change):
    path = tmp_path / "s"
    with SpeechWriter(path, "speech", "hibari") as out:
        out.add(speech(np.random.default_rng(0)))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(AudioUnreadable):
        list(read_speech(path))
