"""Lids that close: no iris left, nothing touched while they are open."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.portrait.eyelids import Eyelids
from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.topology import EYES

SKIN = (205, 160, 135)


@pytest.fixture
def drawn(face):
    """Skin, dark lash lines, white eyes, dark irises."""
    image = np.full_like(face.image, 0)
    image[:] = SKIN
    for eye in EYES:
        loop = np.round(face.points[[*eye.upper, *eye.lower[::-1]], :2]).astype(np.int32)
        cv2.fillPoly(image, [loop], (225, 222, 220))
        x, y = np.round(face.points[eye.iris, :2]).astype(int)
        cv2.circle(image, (int(x), int(y)), 4, (40, 60, 90), -1)
        cv2.polylines(image, [np.round(face.points[list(eye.upper), :2]).astype(np.int32)], False, (30, 20, 20), 1)
    return replace(face, image=image)


def blink(make_state, amount):
    return make_state(coefficients={"eyeBlinkLeft": amount, "eyeBlinkRight": amount})


def test_open_eyes_are_left_alone(drawn, make_state):
    frame = drawn.image.copy()
    Eyelids(drawn).paint(frame, FaceGeometry(drawn).pose(make_state()))
    assert np.array_equal(frame, drawn.image)


def test_closed_lids_are_skin_with_a_lash_line(drawn, make_state):
    posed = FaceGeometry(drawn).pose(blink(make_state, 1.0))
    frame = drawn.image.copy()
    Eyelids(drawn).paint(frame, posed)
    for eye in EYES:
        upper, ring = posed.points[list(eye.upper), :2], posed.points[list(eye.ring), :2]
        lid = frame[tuple(np.round(0.5 * (upper + ring)[3:6]).astype(int).T[::-1])].astype(int)
        assert np.abs(lid - SKIN).max() < 40
        x, y = np.round(upper[4]).astype(int)
        edge = frame[y - 1 : y + 2, x].astype(int).sum(axis=1).min()
        assert edge < 0.75 * sum(SKIN)


def test_closing_covers_more_and_more(drawn, make_state):
    geometry, lids = FaceGeometry(drawn), Eyelids(drawn)
    changed = []
    for amount in (0.2, 0.5, 1.0):
        frame = drawn.image.copy()
        lids.paint(frame, geometry.pose(blink(make_state, amount)))
        changed.append(np.abs(frame.astype(int) - drawn.image).sum())
    assert 0 < changed[0] < changed[1] < changed[2]


def test_one_eye_can_wink(drawn, make_state):
    frame = drawn.image.copy()
    posed = FaceGeometry(drawn).pose(make_state(coefficients={"eyeBlinkRight": 1.0}))
    Eyelids(drawn).paint(frame, posed)
    changed = np.abs(frame.astype(int) - drawn.image).max(axis=2) > 3
    middle = int(drawn.points[168, 0])
    assert changed[:, :middle].any()
    assert not changed[:, middle:].any()


def test_deterministic_and_safe_beyond_the_canvas(drawn, make_state):
    posed = FaceGeometry(drawn).pose(blink(make_state, 0.8))
    frames = [drawn.image.copy() for _ in range(2)]
    for frame in frames:
        Eyelids(drawn, seed=5).paint(frame, posed)
    assert np.array_equal(*frames)
    Eyelids(drawn).paint(frames[0], replace(posed, points=posed.points - np.array([0, 75.0, 0])))


def test_lashes_beyond_the_outer_corner_come_down_with_the_lid(drawn, make_state):
    image = drawn.image.copy()
    tips = []
    for eye in EYES:
        outer, inner = drawn.points[eye.upper[0], :2], drawn.points[eye.upper[-1], :2]
        away = (outer - inner) / np.linalg.norm(outer - inner)
        tip = outer + 2.0 * drawn.mm * away - [0, 1.5 * drawn.mm]
        cv2.line(image, np.round(outer).astype(int).tolist(), np.round(tip).astype(int).tolist(), (30, 20, 20), 1)
        tips.append(np.round(0.3 * outer + 0.7 * tip).astype(int))
    lashed = replace(drawn, image=image)
    frame = image.copy()
    Eyelids(lashed).paint(frame, FaceGeometry(lashed).pose(blink(make_state, 1.0)))
    for x, y in tips:
        before, after = (int(i[y - 1 : y + 2, x - 1 : x + 2].min()) for i in (image, frame))
        assert after > before + 20


def test_brows_down_to_the_eyes_give_no_dark_lids(drawn, make_state):
    image = drawn.image.copy()
    for eye in EYES:
        brow = np.concatenate([drawn.points[list(eye.upper), :2], drawn.points[list(eye.outer_ring), :2][::-1]])
        brow[len(eye.upper) :] -= [0, 4 * drawn.mm]
        cv2.fillPoly(image, [np.round(brow).astype(np.int32)], (45, 35, 32))
    frowning = replace(drawn, image=image)
    frame = image.copy()
    posed = FaceGeometry(frowning).pose(blink(make_state, 1.0))
    Eyelids(frowning).paint(frame, posed)
    for eye in EYES:
        upper, lower = drawn.points[list(eye.upper), :2], drawn.points[list(eye.lower), :2]
        x, y = np.round(0.5 * (upper + lower)[4]).astype(int)
        assert frame[y, x].mean() > 0.55 * np.mean(SKIN)


def closed(face, make_state):
    """The frame with both lids shut, and the pixels (x, y) half-way between fold and edge of each, from end to end."""
    posed = FaceGeometry(face).pose(blink(make_state, 1.0))
    frame = face.image.copy()
    Eyelids(face).paint(frame, posed)
    rows = [0.7 * posed.points[list(eye.upper), :2] + 0.3 * posed.points[list(eye.ring), :2] for eye in EYES]
    return frame, [np.round(row).astype(int) for row in rows]


def test_closed_lids_are_round_over_the_eyeballs(drawn, make_state):
    frame, rows = closed(drawn, make_state)
    for row in rows:
        luma = [frame[y, x].mean() for x, y in row]
        assert luma[4] > 1.015 * max(luma[2], luma[6])


def test_lids_that_lashes_have_greyed_are_skin_when_they_close(drawn, make_state):
    image = drawn.image.copy()
    for eye in EYES:
        around = np.concatenate([drawn.points[list(eye.lower), :2], drawn.points[list(eye.outer_ring), :2][::-1]])
        inside = cv2.fillPoly(np.zeros(image.shape[:2], np.uint8), [np.round(around).astype(np.int32)], 1) > 0
        image[inside & (image == SKIN).all(axis=2)] = (165, 165, 165)
    frame, rows = closed(replace(drawn, image=image), make_state)
    for row in rows:
        red, _, blue = frame[row[4][1], row[4][0]].astype(int)
        assert red - blue > 0.6 * (SKIN[0] - SKIN[2])
