import numpy as np

from paksatalker.evaluation.identity import rest_frames, shape_difference


def test_the_same_face_turned_and_scaled_is_the_same_person(make_motion):
    photo = make_motion(frames=1)
    video = make_motion(angles=[[5, 3, 2]], scale=0.4)
    assert shape_difference(video, photo).mean < 1e-5


def test_a_wider_face_is_not(make_motion):
    photo = make_motion(frames=1)
    video = make_motion(frames=1)
    video.points[:, :, 0] = 256 + (video.points[:, :, 0] - 256) * 1.1
    found = shape_difference(video, photo)
    assert found.mean > 0.02
    assert found.largest > found.mean


def test_rest_is_before_and_after_speech_with_open_eyes(make_motion):
    lids = np.full(100, 0.3)
    lids[98] = 0.02
    rest = rest_frames(make_motion(lids=lids), (0.21, 3.71))
    assert np.flatnonzero(rest).tolist() == [0, 1, 2, 97, 99]


def test_without_silence_the_first_face_counts(make_motion):
    rest = rest_frames(make_motion(frames=5, ok=[False, True, True, True, True]))
    assert np.flatnonzero(rest).tolist() == [1]
