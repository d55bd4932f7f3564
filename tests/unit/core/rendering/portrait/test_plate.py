"""What is painted behind the person looks like what is beside it."""

import cv2
import numpy as np

from paksatalker.core.rendering.portrait.plate import background_plate


def test_texture_behind_the_person_has_no_sharper_edges_than_the_background() -> None:
    """Hair has a ragged outline; mirrored at its every tooth, a soft background would turn into spikes."""
    y, x = np.mgrid[:256, :256]
    pattern = 128 + 35 * np.sin(x / 4.0) * np.sin(y / 5.0)
    image = np.repeat(pattern[..., None], 3, axis=2).astype(np.uint8)
    angle = np.arctan2(y - 128, x - 128)
    alpha = (np.hypot(x - 128, y - 128) < 60 + 4 * np.sin(23 * angle)).astype(np.float32)
    plate = background_plate(image, alpha, 4).astype(int)
    step = np.maximum(np.abs(np.diff(plate[:-1, :, 0], axis=1)), np.abs(np.diff(plate[:, :-1, 0], axis=0)))
    ring = np.hypot(x - 128, y - 128)[:-1, :-1]
    beside, behind = step[ring > 80], step[(ring > 36) & (ring < 52)]
    assert behind.mean() > 0.6 * beside.mean()  # there is texture
    assert behind.max() < 2 * beside.max()


def test_behind_a_head_near_the_frames_edge_there_are_no_streaks() -> None:
    """Beyond the edge there is nothing to mirror; the last row, repeated, would be a fan of lines behind the head."""
    noise = np.random.default_rng(0).normal(0, 1, (300, 300)).astype(np.float32)
    image = np.repeat((128 + 200 * cv2.GaussianBlur(noise, (0, 0), 1.2))[..., None], 3, axis=2)
    alpha = np.zeros((300, 300), np.float32)
    alpha[20:, 90:210] = 1
    plate = background_plate(np.clip(image, 0, 255).astype(np.uint8), alpha, 4)[50:80, 140:160, 0].astype(float)
    down, across = (np.abs(np.diff(plate, axis=axis)).mean() for axis in (0, 1))
    assert down > 0.9 * across
