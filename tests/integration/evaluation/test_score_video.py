"""The measures on real video files with a real face whose motion is known: NASA's astronaut, tilted and shifted."""

import json

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from paksatalker.core.timeline import Phone
from paksatalker.errors import NoFace, VideoUnreadable
from paksatalker.evaluation import Timeline, score, track_image, track_video
from paksatalker.evaluation.background import background_change
from paksatalker.evaluation.head import head_motion
from paksatalker.evaluation.lips import lips_error, opening
from paksatalker.models.base import WeightsStore

FPS = 25
FRAMES = 50
TILT = 5.0  # degrees


@pytest.fixture(scope="module")
def store():
    return WeightsStore()


@pytest.fixture(scope="module")
def portrait():
    skimage_data = pytest.importorskip("skimage.data")
    return np.ascontiguousarray(skimage_data.astronaut()[0:320, 60:380])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clips")


def encode(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "18"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def photo(portrait, folder):
    path = folder / "photo.png"
    Image.fromarray(portrait).save(path)
    return path


@pytest.fixture(scope="module")
def tilting(portrait, folder):
    """The whole picture tilts clockwise and back as a sine of one second."""
    centre = (portrait.shape[1] / 2, portrait.shape[0] / 2)
    frames = []
    for k in range(FRAMES):
        matrix = cv2.getRotationMatrix2D(centre, -TILT * np.sin(2 * np.pi * k / FPS), 1.0)
        frames.append(cv2.warpAffine(portrait, matrix, portrait.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))
    return encode(folder / "tilting.mp4", frames)


@pytest.fixture(scope="module")
def still(portrait, folder):
    return encode(folder / "still.mp4", [portrait] * FRAMES)


@pytest.fixture(scope="module")
def tilting_motion(tilting, store):
    return track_video(tilting, store)


def test_every_frame_is_tracked(tilting_motion):
    assert len(tilting_motion) == FRAMES
    assert tilting_motion.ok.all()
    assert tilting_motion.fps == FPS
    assert (tilting_motion.width, tilting_motion.height) == (320, 320)


def test_the_known_tilt_is_measured_as_roll(tilting_motion):
    found = head_motion(tilting_motion)
    assert found.sd[2] == pytest.approx(TILT / np.sqrt(2), rel=0.1)
    assert max(found.sd[:2]) < 1
    quarter = tilting_motion.angles[FPS // 4, 2] - tilting_motion.angles[0, 2]
    assert quarter == pytest.approx(TILT, abs=0.7)  # clockwise is positive


def test_a_tilt_changes_neither_the_mouth_nor_the_person(tilting_motion, tilting, photo, store):
    gap = opening(tilting_motion)
    assert np.ptp(gap) < 0.03
    report = score(tilting, store, photo=photo, motion=tilting_motion)
    assert report["identity difference"].passed
    assert report["roll sd"].passed
    assert report["blinks"].value is None  # two seconds are too short to count


def test_the_background_of_a_tilted_picture_is_not_still(tilting, still, store):
    moving, fixed = background_change(tilting, store), background_change(still, store)
    assert moving is not None
    assert fixed is not None
    assert fixed.largest < 4
    assert moving.p999 > 20


def test_lip_measures_need_a_timeline_and_say_so(still, store):
    report = score(still, store)
    for name in ("lip sync r", "lips closed on m, b, p", "pause deviation", "identity difference"):
        assert report[name].value is None
        assert report[name].note
    said = Timeline.from_phones([Phone("M", 0.2, 0.3), Phone("AA", 0.3, 0.6)], FRAMES / FPS)
    report = score(still, store, timeline=said)
    assert report["lip sync r"].value is not None
    assert report["lip sync r"].passed is False  # a mouth that never moves follows nothing
    assert report["pause deviation"].passed


def test_another_expression_is_an_error_of_the_lips(store, tilting_motion):
    rigid = lips_error(tilting_motion, tilting_motion, source=0)
    assert rigid.error < 1e-9
    assert rigid.baseline < 0.02


def test_the_command_scores_a_file(tilting, photo, capsys):
    from paksatalker.cli.app import main

    with pytest.raises(SystemExit) as ended:
        main(["score", str(tilting), "--photo", str(photo), "--no-listen", "--json"])
    assert not ended.value.code
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["measures"]}
    assert rows["face found"]["passed"] is True
    assert rows["lip sync r"]["value"] is None


def test_pictures_without_a_face(tmp_path, store):
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    with pytest.raises(NoFace):
        track_image(tmp_path / "noise.png", store)
    with pytest.raises(VideoUnreadable, match="shows a face"):
        track_video(encode(tmp_path / "noise.mp4", [noise] * 3), store)
