from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.timeline import ARKIT_INDEX
from paksatalker.errors import InvalidOption
from paksatalker.evaluation.reenactment import HEAD_LIMIT, calmest_frame, driving_track, reenact
from paksatalker.models.base import WeightsStore


def test_the_driving_track_is_relative_to_the_source_frame(make_motion):
    motion = make_motion(angles=[[2, 1, 0], [6, -1, 3], [30, 0, 0]])
    motion.scores[:, ARKIT_INDEX["jawOpen"]] = [0.3, 0.7, 0.1]
    motion.scores[:, ARKIT_INDEX["eyeLookOutLeft"]] = [0.0, 0.5, 0.0]
    track = driving_track(motion, source=0)
    np.testing.assert_allclose(track.coefficient("jawOpen"), [0, 0.4, -0.2], atol=1e-6)
    np.testing.assert_allclose(track.head_rotation[0], 0, atol=1e-4)
    np.testing.assert_allclose(track.head_rotation[1], [4, -2, 3], atol=0.3)
    assert track.head_rotation[2, 0] == HEAD_LIMIT  # held there
    assert track.gaze[1, 0] > 0  # the left eye looks outwards: to the viewer's right
    assert (driving_track(motion, 0, head_limit=0).head_rotation == 0).all()


def test_lips_are_driven_from_the_score_that_the_renderer_starts_at(make_motion):
    motion = make_motion(angles=[[0, 0, 0]] * 2)
    lip, jaw = ARKIT_INDEX["mouthLowerDownLeft"], ARKIT_INDEX["jawOpen"]
    motion.scores[:, lip], motion.scores[:, jaw] = [0.25, 0.0], [0.3, 0.1]
    photo = motion.scores[0].astype(float)
    photo[lip], photo[jaw] = 0.22, 0.4
    track = driving_track(motion, 0, photo=photo)
    np.testing.assert_allclose(track.coefficients[:, lip], [0.03, -0.22], atol=1e-6)
    np.testing.assert_allclose(track.coefficients[:, jaw], [0.0, -0.2], atol=1e-6)


def test_a_smile_is_driven_by_what_its_score_stands_for(make_motion):
    motion = make_motion(angles=[[0, 0, 0]] * 4)
    smile = ARKIT_INDEX["mouthSmileLeft"]
    motion.scores[:, smile] = [0.0, 0.2, 0.5, 0.9]
    from_serious, from_smiling = driving_track(motion, 0), driving_track(motion, 3)
    shown = from_serious.coefficients[:, smile]
    assert shown[0] == 0
    assert shown[1] > 0.2 + 0.1  # the landmarker noticed the smile late
    assert (np.diff(shown) > 0).all()
    np.testing.assert_allclose(from_smiling.coefficients[:, smile], shown - shown[3], atol=1e-6)


def test_the_calmest_frame_is_a_portrait(make_motion):
    motion = make_motion(opening=[0.2, 0.1, 0.0, 0.0, 0.0], angles=[[0, 0, 0]] * 3 + [[20, 0, 0], [0, 0, 0]])
    motion.scores[2, ARKIT_INDEX["eyeBlinkLeft"]] = 1
    assert calmest_frame(motion) == 4


@pytest.mark.parametrize(("frame", "says"), [(3, "0 to 2"), (-1, "0 to 2"), (1, "no face")])
def test_a_source_frame_that_cannot_be_the_photo_is_refused(make_motion, frame, says, tmp_path):
    motion = make_motion(ok=[True, False, True])
    with pytest.raises(InvalidOption, match=says):
        reenact(Path("speaker.mp4"), WeightsStore(tmp_path), frame, truth=motion)
