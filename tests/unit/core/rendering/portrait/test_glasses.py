import cv2
import numpy as np

from paksatalker.core.rendering.portrait.face import SourceFace
from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.glasses import glasses_likelihood


def skin(face: SourceFace) -> SourceFace:
    shade = np.linspace(150, 190, face.image.shape[1]).astype(np.uint8)
    return SourceFace(
        np.tile(shade[None, :, None], (face.image.shape[0], 1, 3)), face.points, face.rotation, face.scores
    )


def with_glasses(face: SourceFace) -> SourceFace:
    image = face.image.copy()
    left, right = (tuple(int(v) for v in face.points[i, :2]) for i in (468, 473))
    cv2.line(image, left, right, (25, 25, 30), 3)
    return SourceFace(image, face.points, face.rotation, face.scores)


def test_a_bar_across_the_nose_is_a_frame(face) -> None:
    bare = skin(face)
    assert glasses_likelihood(bare) == 0
    assert glasses_likelihood(with_glasses(bare)) == 1


def test_brows_hold_still_behind_glasses(face, make_state) -> None:
    state = make_state(coefficients={"browInnerUp": 1.0})
    free, held = (FaceGeometry(face, brow_scale=scale) for scale in (1.0, 0.2))
    moved = [np.abs(g.pose(state).points - g.points).max() for g in (free, held)]
    assert moved[1] < 0.3 * moved[0]


def test_a_thin_metal_frame_is_seen_by_its_rims(face) -> None:
    image = skin(face).image.copy()
    left, right = (face.points[i, :2] for i in (468, 473))
    silver = (205, 205, 205)
    cv2.line(image, np.round(left).astype(int).tolist(), np.round(right).astype(int).tolist(), silver, 1)
    bridge_only = SourceFace(image.copy(), face.points, face.rotation, face.scores)
    for eye in (left, right):
        radii = (round(24 * face.mm), round(20 * face.mm))
        cv2.ellipse(image, np.round(eye).astype(int).tolist(), radii, 0, 0, 360, silver, 1, cv2.LINE_AA)
    framed = SourceFace(image, face.points, face.rotation, face.scores)
    assert glasses_likelihood(framed) > glasses_likelihood(bridge_only)
    assert glasses_likelihood(framed) > 0.5


def test_shadows_under_the_eyes_are_no_glasses(face) -> None:
    image = skin(face).image.astype(np.float32)
    for index in (145, 374):
        shade = np.zeros(image.shape[:2], np.float32)
        centre = np.round(face.points[index, :2] + [0, 12 * face.mm]).astype(int).tolist()
        cv2.ellipse(shade, centre, (round(14 * face.mm), round(6 * face.mm)), 0, 0, 360, 50.0, -1)
        image -= cv2.GaussianBlur(shade, (0, 0), 4 * face.mm)[..., None]
    tired = SourceFace(image.astype(np.uint8), face.points, face.rotation, face.scores)
    assert glasses_likelihood(tired) == 0
