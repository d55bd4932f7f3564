from dataclasses import replace

import cv2
import numpy as np

from paksatalker.core.rendering.portrait.matte import foreground_colours, person_matte, settled_colours
from paksatalker.core.rendering.portrait.plate import background_plate


def on_plain_wall(face, mask):
    image = face.image // 3
    image[mask == 0] = (210, 200, 190)
    return type(face)(image, face.points, face.rotation, face.scores)


def test_matte_is_whole_inside_and_empty_outside(face, mask) -> None:
    alpha = person_matte(on_plain_wall(face, mask), mask)
    assert alpha.dtype == np.float32
    assert alpha[90:140, 100:156].min() == 1
    assert alpha[:100, :20].max() == 0


def test_other_people_are_left_out(face, mask) -> None:
    crowd = mask.copy()
    cv2.circle(crowd, (25, 60), 18, 1.0, -1)
    alpha = person_matte(on_plain_wall(face, crowd), crowd)
    assert alpha[50:70, 15:30].max() == 0
    assert alpha[110, 128] == 1


def test_a_hat_that_the_mask_missed_comes_along(face, mask) -> None:
    wall = on_plain_wall(face, mask)
    image = wall.image.copy()
    cv2.rectangle(image, (95, 8), (160, 30), (20, 20, 120), -1)
    hatted = type(face)(image, face.points, face.rotation, face.scores)
    assert person_matte(hatted, mask)[12:18, 105:150].mean() > 0.8


def test_hair_of_the_background_s_colour_stays_with_the_head(face, mask) -> None:
    leaves, skin = (70, 66, 60), (190, 150, 130)
    image = np.full_like(face.image, 200)
    image[mask > 0] = skin
    hair = (mask > 0) & (np.indices(mask.shape)[1] < 85) & (np.indices(mask.shape)[0] < 100)
    image[:, :100][np.indices(mask.shape)[0][:, :100] < 130] = leaves
    image[(mask > 0) & ~hair] = skin
    unsure = np.where(hair, np.float32(0.75), mask)
    core = cv2.erode(hair.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert core.sum() > 300
    assert person_matte(replace(face, image=image), unsure)[core].mean() > 0.9


def test_background_that_the_matte_took_leaves_no_line() -> None:
    behind = np.full((40, 60, 3), 20, np.uint8)
    image = behind.copy()
    image[:, :30] = (200, 120, 60)
    alpha = np.tile(np.clip((38 - np.arange(60, dtype=np.float32)) / 8, 0, 1), (40, 1))  # up to 8 pixels too far

    def rim(colours) -> float:
        over = colours * alpha[..., None] + behind * (1 - alpha[..., None])
        return float(np.abs(over - image)[:, 31:].max())

    averaged = foreground_colours(image, alpha, 16)
    settled = settled_colours(averaged, image, alpha, behind)
    assert rim(averaged) > 25
    assert rim(settled) < 12
    np.testing.assert_array_equal(settled[:, :30], image[:, :30])


def test_an_empty_mask_still_keeps_the_face(face) -> None:
    alpha = person_matte(face, np.zeros(face.image.shape[:2], np.float32))
    assert alpha[110, 128] == 1


def test_foreground_is_free_of_the_background() -> None:
    alpha = np.tile(np.clip((np.arange(64, dtype=np.float32) - 28) / 8, 0, 1), (64, 1))
    red, green = np.array([200, 30, 30]), np.array([30, 200, 30])
    image = np.round(alpha[..., None] * red + (1 - alpha[..., None]) * green).astype(np.uint8)
    colours = foreground_colours(image, alpha, 16)
    assert np.abs(colours[:, 31:].astype(int) - red).max() < 25  # even where a third is background
    np.testing.assert_array_equal(colours[:, 40:], image[:, 40:])


def test_plate_continues_the_background_and_leaves_the_rest_alone() -> None:
    image = np.tile(np.linspace(60, 180, 240).astype(np.uint8)[:, None, None], (1, 320, 3))
    alpha = np.zeros((240, 320), np.float32)
    cv2.circle(alpha, (160, 140), 60, 1.0, -1)
    clean = image.copy()
    image[alpha > 0] = (255, 0, 0)
    plate = background_plate(image, alpha, 6)
    assert np.abs(plate[:, 110].astype(int) - clean[:, 110]).max() < 30
    away = cv2.dilate(np.asarray(alpha > 0, np.uint8), np.ones((41, 41), np.uint8)) == 0
    np.testing.assert_array_equal(plate[away], clean[away])


def test_plate_of_a_person_who_fills_the_frame() -> None:
    image = np.full((64, 64, 3), 90, np.uint8)
    assert background_plate(image, np.ones((64, 64), np.float32), 4).shape == image.shape


def test_a_backdrop_that_darkens_beside_a_large_head_is_not_the_person(face) -> None:
    height, width = face.image.shape[:2]
    person = np.zeros((height, width), np.float32)
    cv2.ellipse(person, (width // 2, height // 2 + 30), (96, 120), 0, 0, 360, 1.0, -1)
    person[height // 2 + 30 :] = np.maximum(person[height // 2 + 30 :], person[height // 2 + 30])
    wall = np.linspace(190, 60, height)[:, None, None] * np.ones((1, width, 3))
    image = np.where(person[..., None] > 0, (200, 150, 130), wall).astype(np.uint8)
    alpha = person_matte(replace(face, image=image), person)
    beside = np.s_[height // 2 :, :16]
    assert alpha[beside].mean() < 0.05


def test_plate_goes_on_with_the_background_s_texture() -> None:
    rng = np.random.default_rng(1)
    image = cv2.GaussianBlur(rng.integers(0, 255, (240, 240, 3), dtype=np.uint8), (0, 0), 1.0)
    alpha = np.zeros((240, 240), np.float32)
    alpha[60:180, 80:160] = 1
    plate = background_plate(image, alpha, 6).astype(float)
    inside = plate[70:170, 84:100] - cv2.GaussianBlur(plate, (0, 0), 4)[70:170, 84:100]
    outside = image[70:170, 20:60] - cv2.GaussianBlur(image.astype(float), (0, 0), 4)[70:170, 20:60]
    assert inside.std() > 0.5 * outside.std()
