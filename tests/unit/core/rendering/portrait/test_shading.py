"""Shading: subtle, bounded, only where something moved."""

from dataclasses import replace

import numpy as np
import pytest

from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.shading import Shading

SKIN = (190, 150, 130)


@pytest.fixture
def plain(face):
    image = np.full_like(face.image, 0)
    image[:] = SKIN
    return replace(face, image=image)


def shaded(face, state, **kwargs):
    frame = face.image.copy()
    Shading(face, **kwargs).apply(frame, FaceGeometry(face).pose(state))
    return frame


def smile(make_state):
    return make_state(coefficients={"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8})


def test_rest_is_untouched(plain, make_state):
    assert np.array_equal(shaded(plain, make_state()), plain.image)


def test_smile_darkens_the_folds_and_stays_bounded(plain, make_state):
    frame = shaded(plain, smile(make_state)).astype(int)
    change = frame.sum(axis=2) - sum(SKIN)
    assert change.min() < -12
    assert np.abs(frame - SKIN).max() < 0.36 * max(SKIN)


def test_strength_zero_switches_it_off(plain, make_state):
    assert np.array_equal(shaded(plain, smile(make_state), strength=0.0), plain.image)


def test_background_is_never_touched(plain, make_state):
    posed = FaceGeometry(plain).pose(smile(make_state))
    frame = shaded(plain, smile(make_state))
    changed = (frame != plain.image).any(axis=2)
    rows, columns = np.nonzero(changed)
    low, high = posed.points[:468, :2].min(axis=0), posed.points[:468, :2].max(axis=0)
    assert columns.min() >= low[0] - 3
    assert columns.max() <= high[0] + 3
    assert rows.min() >= low[1] - 3
    assert rows.max() <= high[1] + 3


def test_grey_photo_stays_grey(plain, make_state):
    grey = replace(plain, image=np.full_like(plain.image, 150))
    frame = shaded(grey, smile(make_state)).astype(int)
    assert np.ptp(frame, axis=2).max() <= 1


def test_turning_the_head_relights_it(face, make_state):
    image = np.full_like(face.image, 0)
    ramp = np.linspace(70, 220, image.shape[1])
    image[:] = ramp[None, :, None]  # light from the right
    lit = replace(face, image=image.astype(np.uint8))
    frame = shaded(lit, make_state(rotation=(8, 0, 0)))
    assert (frame != lit.image).any()


def test_beyond_the_canvas(plain, make_state):
    posed = FaceGeometry(plain).pose(smile(make_state))
    for shift in ([400.0, 0, 0], [-120.0, 0, 0], [0, 130.0, 0]):
        frame = plain.image.copy()
        Shading(plain).apply(frame, replace(posed, points=posed.points + shift))
        assert np.array_equal(frame, plain.image) == (shift[0] == 400.0)
