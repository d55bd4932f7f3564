import cv2
import numpy as np
import pytest
import skimage.data

from paksatalker.core.rendering.image import Picture
from paksatalker.core.rendering.portrait.analysis import analyse, face_height, yaw_and_roll
from paksatalker.errors import FaceTooSmall, NoFace, NoSuchFace
from paksatalker.models.base import WeightsStore


@pytest.fixture(scope="module")
def store() -> WeightsStore:
    return WeightsStore()


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    return skimage.data.astronaut()


def scaled(rgb: np.ndarray, factor: float) -> np.ndarray:
    return cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def test_finds_the_face(rgb, store) -> None:
    portrait = analyse(Picture(rgb), None, store)
    assert (portrait.index, portrait.count, portrait.notes) == (1, 1, ())
    assert portrait.face.points[[10, 152], :2].mean(axis=0) == pytest.approx([226, 128], abs=6)
    assert 100 < face_height(portrait.face) < 120
    yaw, roll = yaw_and_roll(portrait.face)
    assert abs(yaw) < 8
    assert abs(roll) < 8
    assert portrait.face.scores["mouthSmileLeft"] > 0.4


def test_landmarks_move_with_the_photo(rgb, store) -> None:
    before = analyse(Picture(rgb), None, store).face
    moved = cv2.warpAffine(rgb, np.float64([[1.1, 0, 13], [0, 1.1, 7]]), (600, 600), flags=cv2.INTER_CUBIC)
    after = analyse(Picture(moved), None, store).face
    error = np.linalg.norm(after.points[:, :2] - (before.points[:, :2] * 1.1 + [13, 7]), axis=1)
    assert error.mean() < 0.005 * after.eye_distance


@pytest.mark.parametrize("turns", [1, 3])
def test_photo_on_its_side_is_named(rgb, store, turns) -> None:
    with pytest.raises(NoFace, match="anticlockwise" if turns == 3 else "90° clockwise"):
        analyse(Picture(np.ascontiguousarray(np.rot90(rgb, turns))), None, store)


def test_photo_upside_down(rgb, store) -> None:
    with pytest.raises(NoFace, match="upside down"):
        analyse(Picture(np.ascontiguousarray(rgb[::-1, ::-1])), None, store)


def test_small_face_in_a_large_photo(rgb, store) -> None:
    photo = cv2.resize(skimage.data.coffee(), (3000, 2000), interpolation=cv2.INTER_CUBIC)
    person = scaled(rgb, 0.65)
    photo[1100 : 1100 + len(person), 2100 : 2100 + len(person)] = person
    portrait = analyse(Picture(photo), None, store)
    assert 64 < face_height(portrait.face) < 80
    assert portrait.face.points[[10, 152], :2].mean(axis=0) == pytest.approx([2100 + 147, 1100 + 83], abs=6)


def test_face_that_fills_the_photo(rgb, store) -> None:
    tight = np.ascontiguousarray(rgb[80:172, 186:266])
    assert face_height(analyse(Picture(tight), None, store).face) > 90


def test_several_faces(rgb, store) -> None:
    photo = np.full((600, 1300, 3), 120, np.uint8)
    photo[60:572, 20:532] = rgb
    small = scaled(rgb[:, ::-1], 0.7)
    photo[100 : 100 + len(small), 800 : 800 + len(small)] = small
    largest = analyse(Picture(photo), None, store)
    assert largest.count == 2
    (note,) = largest.notes
    assert note.startswith("2 faces found; using 1 (largest, ")
    assert note.endswith("left). Pick another with --face N")
    second = analyse(Picture(photo), 2, store)
    assert second.index == 2
    assert second.face.points[:, 0].mean() > 800
    with pytest.raises(NoSuchFace, match="1 to 2"):
        analyse(Picture(photo), 3, store)
    with pytest.raises(NoSuchFace):
        analyse(Picture(photo), 0, store)


def test_smaller_faces_are_counted_too(rgb, store) -> None:
    photo = np.full((700, 1400, 3), 120, np.uint8)
    photo[:, :700] = cv2.resize(rgb[:, :], (700, 700))
    photo[150:550, 900:1300] = cv2.resize(rgb, (400, 400))
    portrait = analyse(Picture(photo), None, store)
    assert portrait.count == 2
    assert portrait.face.points[:, 0].mean() < 700


def test_too_small(rgb, store) -> None:
    with pytest.raises(FaceTooSmall, match=r"it is 4\d pixels high, at least 64"):
        analyse(Picture(scaled(rgb, 0.4)), None, store)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2000, 3), (2000, 3, 3), (500, 500, 3)])
def test_no_face(shape, store) -> None:
    with pytest.raises(NoFace, match="no face was found in the image"):
        analyse(Picture(np.full(shape, 90, np.uint8)), None, store)


def test_photo_without_people(store) -> None:
    with pytest.raises(NoFace):
        analyse(Picture(skimage.data.coffee()), None, store)


def test_cut_out_on_black(rgb, store) -> None:
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    cv2.ellipse(alpha, (226, 140), (90, 130), 0, 0, 360, 255, -1)
    portrait = analyse(Picture(np.where(alpha[:, :, None] > 0, rgb, 0).astype(np.uint8), alpha), None, store)
    assert 100 < face_height(portrait.face) < 120


@pytest.mark.parametrize(("rows", "columns", "edge"), [((105, 400), (60, 400), "top"), ((0, 512), (222, 512), "left")])
def test_a_face_that_the_edge_cuts_off_is_noted(rgb, store, rows, columns, edge) -> None:
    part = np.ascontiguousarray(rgb[slice(*rows), slice(*columns)])
    (note,) = analyse(Picture(part), None, store).notes
    assert f"cut off at the {edge}" in note
