"""The renderer streams, holds its frames' order and size, and tells when memory is too small."""

import numpy as np
import pytest

from paksatalker.core.rendering.sadtalker.renderer import SadTalkerRenderer, face_only, whole_picture
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.errors import EngineUnavailable
from paksatalker.models.mediapipe.ibug import IBUG_68, ibug_68


class Head:
    """Draws the first coefficient of the middle frame as a grey."""

    def __init__(self, batch=3, error=None):
        self.batch, self.error, self.seen = batch, error, []

    def draw(self, windows, degrees=None):
        if self.error:
            raise self.error
        self.seen.append((windows.shape, degrees))
        return np.repeat(windows[:, 0, 13].astype(np.uint8), 64 * 64 * 3).reshape(-1, 64, 64, 3)


def track(count, first=0, degrees=None):
    values = np.zeros((count, 70), np.float32)
    values[:, 0] = np.arange(first, first + count)
    return CoefficientTrack(25.0, values, degrees, first)


def renderer(head, **options):
    options = {"taken": 70, "finish": face_only((48, 64)), "size": (48, 64)} | options
    return SadTalkerRenderer(head, np.zeros(73, np.float32), **options)


def test_every_frame_comes_once_in_order_at_its_size():
    head = Head()
    frames = list(renderer(head).render([track(5), track(0, 5), track(15, 5)]))
    assert [int(f[0, 0, 0]) for f in frames] == list(range(20))
    assert {f.shape for f in frames} == {(64, 48, 3)}
    assert all(shape[1:] == (70, 27) and degrees is None for shape, degrees in head.seen)


def test_the_networks_of_full_mode_read_73():
    head = Head()
    list(renderer(head, taken=73).render([track(2)]))
    assert head.seen[0][0] == (2, 73, 27)


def test_it_takes_no_more_than_it_needs():
    pulled = []

    def endless():
        k = 0
        while True:
            pulled.append(k)
            yield track(1, k)
            k += 1

    frames = renderer(Head(batch=1)).render(endless())
    next(frames)
    assert len(pulled) == 14
    frames.close()


def test_a_face_is_enhanced_before_it_is_put_in_place():
    frame = next(renderer(Head(), enhance=lambda face: face + 100).render([track(1)]))
    assert int(frame[0, 0, 0]) == 100


def test_in_the_whole_picture_only_the_face_moves():
    picture = np.full((80, 90, 3), 50, np.uint8)
    made = renderer(Head(), finish=whole_picture(picture, (10, 10, 70, 60)), size=(90, 80))
    (frame,) = made.render([track(1)])
    assert frame.shape == (80, 90, 3)
    assert (frame[:10] == 50).all()


def test_too_little_memory_is_told():
    with pytest.raises(EngineUnavailable, match="single frame"):
        list(renderer(Head(error=RuntimeError("CUDA out of memory. Tried to allocate"))).render([track(1)]))
    with pytest.raises(RuntimeError, match="else"):
        list(renderer(Head(error=RuntimeError("something else"))).render([track(1)]))

    def full(face):
        raise RuntimeError("CUDA out of memory")

    with pytest.raises(EngineUnavailable, match="single frame"):
        list(renderer(Head(), enhance=full).render([track(1)]))


def test_odd_sizes_are_refused():
    with pytest.raises(ValueError, match="even"):
        renderer(Head(), size=(47, 64))


def test_68_points():
    assert len(set(IBUG_68)) == 68
    points = np.arange(478 * 3, dtype=float).reshape(478, 3)
    assert ibug_68(points).shape == (68, 2)
    np.testing.assert_array_equal(ibug_68(points)[30], points[4, :2])
