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
