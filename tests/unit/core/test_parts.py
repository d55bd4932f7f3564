"""Where a video is cut."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.parts import AHEAD, Cutter, Part, ahead, cut, frames_of
from paksatalker.core.timeline import FaceTrack, Speech


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
