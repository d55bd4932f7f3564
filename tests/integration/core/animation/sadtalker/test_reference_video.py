"""Coefficients of a reference video, measured by a network with weights made by rule."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from paksatalker.core.animation.sadtalker.build import build
from paksatalker.core.animation.sadtalker.reference_video import read_reference
from paksatalker.errors import InvalidOption, VideoUnreadable
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache
from paksatalker.models.sadtalker.face_recon import FaceRecon
from tests.golden import rule


@pytest.fixture(scope="module")
def recon() -> FaceRecon:
    return rule.filled(FaceRecon(), rule.GOLDEN / "sadtalker" / "face_3drecon.keys.json")


@pytest.fixture(scope="module")
def landmarker() -> Path:
    return WeightsStore().path("face-landmarker")


def write(path: Path, frames: list[np.ndarray], fps: int) -> Path:
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def face(photo: Path) -> np.ndarray:
    return np.asarray(Image.open(photo).convert("RGB"))[:256, 96:352]


def test_a_video_becomes_rows_at_25_frames_a_second(
    tmp_path: Path, face: np.ndarray, recon: FaceRecon, landmarker: Path
) -> None:
    nobody = np.full_like(face, 128)
    shown = [nobody, face, face, nobody, np.ascontiguousarray(face[:, ::-1]), face]
    rows = read_reference(write(tmp_path / "a.mp4", shown, 10), landmarker, recon)
    assert rows.shape == (15, 70)
    assert rows.dtype == np.float32
    first, mirrored = rows[3], rows[11]
    assert np.array_equal(rows[0], rows[2]), "before the first face stands the first"
    assert np.array_equal(rows[8], rows[7]), "where there is none stands the one before"
    assert np.abs(mirrored - first).max() > 3 * np.abs(rows[14] - first).max(), "another face gives other numbers"


def test_no_face_and_no_video(tmp_path: Path, face: np.ndarray, recon: FaceRecon, landmarker: Path) -> None:
    empty = write(tmp_path / "empty.mp4", [np.full_like(face, 128)] * 3, 25)
    with pytest.raises(VideoUnreadable, match="none of its 3 frames"):
        read_reference(empty, landmarker, recon)
    (tmp_path / "text.mp4").write_text("no video")
    for name in ("text.mp4", "missing.mp4"):
        with pytest.raises(VideoUnreadable, match=name):
            read_reference(tmp_path / name, landmarker, recon)


def test_without_a_measured_photo_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="--renderer sadtalker"):
        build(25.0, 0, WeightsStore(tmp_path), ModelCache(), reference=None)
