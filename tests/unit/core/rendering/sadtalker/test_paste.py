"""Pasting a face back shows no seam."""

import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.sadtalker.paste import FacePaste

BOX = (60, 40, 260, 250)


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[0:300, 0:320].astype(np.float32)
    waves = 120 + 60 * np.sin(x / 23) + 40 * np.cos(y / 31 + x / 57)
    return np.clip(np.stack([waves, waves * 0.8 + 20, 255 - waves], axis=-1), 0, 255).astype(np.uint8)


def crop(picture, size=256):
    left, top, right, bottom = BOX
    return cv2.resize(picture[top:bottom, left:right], (size, size), interpolation=cv2.INTER_CUBIC)


def seam(frame, picture):
    """How much steeper the picture is across the border of the box than it was, 99th percentile over the border."""
    left, top, right, bottom = BOX
    new, old = frame.astype(float), picture.astype(float)
    steps = [
        np.abs(np.abs(i[:, x] - i[:, x - 1]) - np.abs(j[:, x] - j[:, x - 1]))
        for i, j in ((new[top:bottom], old[top:bottom]),)
        for x in (left, right)
    ] + [
        np.abs(
            np.abs(new[y, left:right] - new[y - 1, left:right]) - np.abs(old[y, left:right] - old[y - 1, left:right])
        )
        for y in (top, bottom)
    ]
    return float(np.percentile(np.concatenate(steps), 99))


def test_the_crop_itself_changes_nothing(picture):
    frame = FacePaste(picture, BOX)(crop(picture))
    assert np.abs(frame.astype(int) - picture).max() <= 4
    assert np.abs(frame.astype(int) - picture).mean() < 0.5


def test_outside_the_box_nothing_changes(picture):
    frame = FacePaste(picture, BOX)(np.full((256, 256, 3), 255, np.uint8))
    left, top, right, bottom = BOX
    frame[top:bottom, left:right] = picture[top:bottom, left:right]
    np.testing.assert_array_equal(frame, picture)


@pytest.mark.parametrize("shift", [-60, 45])
def test_a_face_of_another_brightness_has_no_seam_and_keeps_its_features(picture, shift):
    face = np.clip(crop(picture).astype(int) // 2 + 60 + shift, 0, 255)
    plain = FacePaste(picture, BOX)(face.astype(np.uint8))
    face[100:150, 100:150] = np.clip(face[100:150, 100:150] - 30, 0, 255)
    frame = FacePaste(picture, BOX)(face.astype(np.uint8))
    assert seam(frame, picture) <= 3
    hard = picture.copy()
    hard[BOX[1] : BOX[3], BOX[0] : BOX[2]] = cv2.resize(face.astype(np.uint8), (200, 210))
    assert seam(hard, picture) > 20
    darker = plain[140, 160].astype(int) - frame[140, 160]  # the patch is as much darker as it was drawn
    assert 25 <= darker.min() <= darker.max() <= 31


def test_noise_at_the_border_fades(picture):
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    assert seam(FacePaste(picture, BOX)(noise), picture) <= 6


def test_a_box_that_fills_the_picture_takes_the_face_as_it_is(picture):
    face = np.full((256, 256, 3), 77, np.uint8)
    frame = FacePaste(picture, (0, 0, 320, 300))(face)
    assert np.abs(frame.astype(int) - 77).max() == 0


def test_a_side_at_the_pictures_border_has_no_fading(picture):
    face = cv2.resize(picture[:, :200], (256, 256))
    face[:, :3] = 255
    frame = FacePaste(picture, (0, 0, 200, 300))(face)
    assert frame[150, 0].min() > 200
    assert np.abs(frame[:, 200:].astype(int) - picture[:, 200:]).max() == 0


@pytest.mark.parametrize("box", [(-1, 0, 50, 50), (0, 0, 400, 50), (10, 10, 15, 90), (50, 50, 40, 90)])
def test_a_box_outside_the_picture_is_refused(picture, box):
    with pytest.raises(ValueError, match="box"):
        FacePaste(picture, box)
