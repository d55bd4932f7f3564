"""What is measured of pasting back: a seam is seen, and ours has none."""

import numpy as np

from paksatalker.core.rendering.sadtalker.paste import FacePaste
from paksatalker.evaluation import paste_back

BOX = (40, 30, 160, 130)


def picture():
    y, x = np.mgrid[:180, :200]
    return np.stack([90 + x * 0.4, 60 + y * 0.5, 120 + (x + y) * 0.1], axis=2).astype(np.uint8)


def test_a_face_that_is_simply_copied_has_a_seam_as_high_as_its_cast():
    frame = picture()
    frame[30:130, 40:160] += 9
    assert abs(paste_back.seam(frame, picture(), BOX) - 9) < 0.01


def test_one_side_is_enough():
    frame = picture()
    frame[30:130, 155:160, 1] += 7  # a line along the right side, of one colour
    assert paste_back.seam(frame, picture(), BOX) > 6


def test_nothing_added_is_no_seam():
    assert paste_back.seam(picture(), picture(), BOX) == 0


def test_ours_has_none():
    face = picture()[30:130, 40:160] + np.uint8(9)
    assert paste_back.seam(FacePaste(picture(), BOX)(face), picture(), BOX) < 1
