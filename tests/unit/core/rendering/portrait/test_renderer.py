import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from paksatalker.core.engines import Renderer, find
from paksatalker.core.rendering.portrait import build
from paksatalker.core.rendering.portrait.renderer import PortraitRenderer
from paksatalker.core.timeline import ARKIT_INDEX, FaceTrack


@pytest.fixture(scope="module")
def renderer(face, mask):
    return PortraitRenderer(face, mask, threads=2, features=())


def wiggle(frames: int) -> FaceTrack:
    track = FaceTrack.rest(frames, 25)
    phase = np.linspace(0, 6, frames, dtype=np.float32)
    track.head_rotation[:] = np.stack([6 * np.sin(phase), 4 * np.cos(phase), 5 * np.sin(2 * phase)], axis=1)
    track.coefficients[:, ARKIT_INDEX["jawOpen"]] = 0.4 * np.abs(np.sin(phase * 2))
    track.breath[:] = np.sin(phase)
    return track


def test_is_a_registered_renderer(renderer) -> None:
    assert isinstance(renderer, Renderer)
    assert find("renderer", "portrait").capabilities.takes == "arkit52"
    assert renderer.size == (256, 256)


def test_rest_is_the_photo_inside_the_person_and_away_from_it(face, mask, renderer, make_state) -> None:
    frame = renderer.frame(make_state()).astype(int)
    inside = np.zeros(mask.shape, bool)
    inside[60:150, 90:166] = True
    assert np.abs(frame - face.image)[inside].max() <= 1
    assert (frame == face.image)[:, :20].all()


def test_background_away_from_the_person_never_changes(face, renderer, make_state) -> None:
    frame = renderer.frame(make_state(rotation=(8, -8, 8), breath=1.0, coefficients={"jawOpen": 1.0}))
    assert (frame == face.image)[:160, :12].all()
    assert (frame != face.image)[60:150, 90:166].any()


def test_same_bits_whatever_the_threads(face, mask) -> None:
    one, three = (PortraitRenderer(face, mask, threads=n, features=()) for n in (1, 3))
    track = wiggle(9)
    whole = np.stack(list(one.render([track])))
    pieces = np.stack(list(three.render([track[:4], track[4:]])))
    np.testing.assert_array_equal(whole, pieces)


def test_transparent_frames_have_straight_alpha(face, mask, make_state) -> None:
    frame = PortraitRenderer(face, mask, background="transparent", features=()).frame(make_state())
    assert frame.shape == (256, 256, 4)
    assert frame[0, 0, 3] == 0
    assert frame[110, 128, 3] == 255
    assert np.abs(frame[110, 128, :3].astype(int) - face.image[110, 128]).max() <= 1


def test_given_background_is_shown(face, mask, make_state) -> None:
    green = np.zeros_like(face.image)
    green[..., 1] = 200
    frame = PortraitRenderer(face, mask, background=green, features=()).frame(make_state(rotation=(0, 0, 5)))
    assert (frame[:150, :12] == green[:150, :12]).all()


def test_closing_the_iterator_ends_its_threads(renderer) -> None:
    before = threading.active_count()
    frames = renderer.render([wiggle(50)])
    next(frames)
    frames.close()
    assert threading.active_count() == before


def test_look_ahead_is_bounded(renderer) -> None:
    taken = 0

    def tracks():
        nonlocal taken
        for k in range(200):
            taken += 1
            yield FaceTrack.rest(1, 25, first_frame=k)

    frames = renderer.render(tracks())
    next(frames)
    assert taken <= 8
    frames.close()


def test_an_error_in_the_input_reaches_the_caller(renderer) -> None:
    def tracks():
        yield FaceTrack.rest(1, 25)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(renderer.render(tracks()))


def test_misfits_are_refused(face, mask) -> None:
    with pytest.raises(ValueError, match="mask"):
        PortraitRenderer(face, mask[:-2], features=())
    with pytest.raises(ValueError, match="background"):
        PortraitRenderer(face, mask, background=face.image[:-2], features=())


def test_a_photo_that_is_cut_out_keeps_its_own_edge(face, make_state) -> None:
    """Around it are only made-up colours: were the edge refined by them, spikes would grow out of ears and collars."""
    own = np.zeros(face.image.shape[:2], np.float32)
    own[40:, 50:206] = 1.0
    image = face.image.copy()
    image[:, :60] = image[:, 206:] = (40, 40, 40)  # the person's last colour, drawn out to the picture's edge
    image[:, 196:206] = (40, 40, 40)
    cut = replace(face, image=image)
    frame = PortraitRenderer(cut, own, background="transparent", features=(), cut_out=True).frame(make_state())
    assert np.abs(frame[..., 3].astype(int) - 255 * own).max() <= 1
    seen = own > 0
    assert np.abs(frame[..., :3].astype(int) - image)[seen].max() <= 1


def test_the_scene_of_a_cut_out_photo_says_so(face, monkeypatch) -> None:
    given = []
    monkeypatch.setattr(build, "PortraitRenderer", lambda *_, cut_out: given.append(cut_out))
    for alpha in (None, np.zeros((4, 4), np.uint8)):
        scene = SimpleNamespace(
            canvas=SimpleNamespace(alpha=alpha, source_face=lambda _: face), portrait=None, mask=None, background=None
        )
        build.build(scene, 1)
    assert given == [False, True]
