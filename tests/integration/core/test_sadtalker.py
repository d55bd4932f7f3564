"""SadTalker from photo and sound to a video, with random weights in files of the official form."""

import importlib.util
import itertools
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")
pytest.importorskip("safetensors", reason="needs paksatalker[neural]")

from paksatalker import Pipeline, Request
from paksatalker.config import get_settings
from paksatalker.core.engines import find
from paksatalker.core.rendering.sadtalker import build
from paksatalker.core.rendering.sadtalker.renderer import SadTalkerRenderer, whole_picture
from paksatalker.core.rendering.scene import set_scene
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.errors import EnginesIncompatible, InvalidOption, WeightsMissing
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache
from paksatalker.models.sadtalker import checkpoints
from paksatalker.models.sadtalker.talking_head import RenderNetworks, TalkingHead, prepare

_SPEC = importlib.util.spec_from_file_location("sadtalker_files", Path(__file__).with_name("sadtalker_files.py"))
files = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(files)

TEXT = "Hi."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("sadtalker")
    files.write(where)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADTALKER_MODEL_PATH", str(where))
        patch.setenv("PAKSATALKER_THREADS", "1")  # small networks on a busy machine: threads would wait for each other
        patch.setattr(build, "Generator", files.generator)
        patch.setattr(build, "KPDetector", files.detector)
        patch.setattr(build, "MappingNet", files.mapping)
        yield where


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline() as warm:
        yield warm


def request_for(photo, **options):
    return Request(image=photo, text=TEXT, face_engine="sadtalker", renderer="sadtalker", **options)


def test_full_mode_moves_the_face_within_an_untouched_picture(folder, pipeline, photo, tmp_path):
    request = request_for(photo, preprocess="full", size=256, yaw=(-10.0, 10.0))
    result = pipeline.generate(request, tmp_path / "out.mp4")
    with av.open(str(result.path)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
        assert file.streams.audio
    assert len(frames) == result.frames >= 5
    assert {frame.shape for frame in frames} == {(256, 256, 3)}
    stream = pipeline.stream(request)  # networks are warm
    assert stream.size == (256, 256)
    assert stream.engines["renderer"] == "sadtalker"
    assert len(pipeline._models) == 5
    images = iter(stream)
    frame = next(images).image.astype(int)
    images.close()
    scene = set_scene(photo, WeightsStore(), size=256)
    still = scene.canvas.image.astype(int)
    changed = np.abs(frame - still).max(axis=2) > 0
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert changed.mean() > 0.1
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    for edge in ((top, 0), (bottom + 1, 0), (left, 1), (right + 1, 1)):
        place, axis = edge
        if not 0 < place < 256:
            continue
        across = [np.abs(np.diff(image, axis=axis)).take(place - 1, axis=axis).mean() for image in (frame, still)]
        assert across[0] <= across[1] + 2.0, "a step along the border of the crop"


def test_crop_mode_shows_the_face_alone_and_chunks_do_not_matter(folder, photo):
    scene = set_scene(photo, WeightsStore(), size=256)
    models = ModelCache()
    renderer = find("renderer", "sadtalker").create(
        scene=scene, threads=1, store=WeightsStore(), models=models, preprocess="crop", network_size=256, enhance=None
    )
    assert renderer.reference.shape == (73,)
    width, height = renderer.size
    assert min(width, height) == 256
    assert 1 <= max(width, height) / 256 < 1.2
    rows = np.repeat(renderer.reference[None, :70], 2, axis=0)
    rows[1, :64] += 0.5
    whole = list(renderer.render([CoefficientTrack(25.0, rows)]))
    parts = list(renderer.render([CoefficientTrack(25.0, rows[:1]), CoefficientTrack(25.0, rows[1:], None, 1)]))
    assert [frame.shape for frame in whole] == [(height, width, 3)] * 2
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("kept", "loads"), [("all", 4), ("small", 5), ("none", 8)])
def test_networks_stay_for_the_next_video_within_the_limit(folder, photo, monkeypatch, kept, loads):
    scene, filled = set_scene(photo, WeightsStore(), size=256), []
    fill = checkpoints.Checkpoint.fill

    def counted(part, module, store=None):
        filled.append(part.prefix or part.file)
        return fill(part, module, store)

    monkeypatch.setattr(checkpoints.Checkpoint, "fill", counted)
    limit = {"all": 1 << 30, "small": 1 << 26, "none": 0}[kept]  # what measures the face has 100 MB
    models = ModelCache(limit)
    for _ in range(2):
        build.build(scene, 1, WeightsStore(), models)
    assert len(filled) == loads, filled
    assert models.size <= limit
    assert len(models) == {"all": 4, "small": 3, "none": 0}[kept]


def test_pairs_that_do_not_fit_are_refused(pipeline, photo):
    with pytest.raises(EnginesIncompatible, match="sadtalker"):
        pipeline.stream(Request(image=photo, text=TEXT, face_engine="sadtalker"))
    with pytest.raises(EnginesIncompatible, match="sadtalker"):
        pipeline.stream(Request(image=photo, text=TEXT, renderer="sadtalker"))


def test_transparency_is_refused_before_anything_is_loaded(folder, pipeline, photo):
    with pytest.raises(InvalidOption, match="transparent"):
        pipeline.stream(request_for(photo, background="transparent"))


def test_missing_files_are_named(tmp_path, monkeypatch, pipeline, photo):
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(tmp_path))
    assert get_settings().sadtalker_model_path == tmp_path
    with pytest.raises(WeightsMissing, match="models download sadtalker"):
        pipeline.stream(request_for(photo))


@pytest.mark.parametrize(
    ("field", "value"),
    [("preprocess", "half"), ("network_size", 300), ("enhance", "magic"), ("yaw", (120.0,)), ("reference_uses", "all")],
)
def test_options_outside_their_range_are_refused(field, value, photo):
    with pytest.raises(InvalidOption, match=field.replace("_", "-")):
        request_for(photo, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("preprocess", "full"), ("network_size", 512), ("enhance", "gfpgan"), ("nod", (5.0,)), ("blinks", "none"),
     ("reference_video", "me.mp4")],
)  # fmt: skip
def test_options_that_no_engine_would_look_at_are_refused(field, value, pipeline, photo):
    flag = field.replace("_", "-")
    with pytest.raises(InvalidOption, match=f"--{flag} has no effect.*--engine sadtalker"):
        pipeline.stream(Request(image=photo, text=TEXT, **{field: value}))


@pytest.mark.parametrize(
    "contradiction",
    [{"still": True, "reference_uses": "pose"}, {"blinks": "none", "reference_uses": "blinks"}],
)
def test_options_that_contradict_each_other_are_refused(contradiction, photo):
    with pytest.raises(InvalidOption, match="contradicts"):
        request_for(photo, reference_video="me.mp4", **contradiction)
    with pytest.raises(InvalidOption):
        request_for(photo, **contradiction)


def test_memory_does_not_grow_with_the_number_of_frames():
    torch.set_num_threads(1)
    networks = RenderNetworks(
        files.detector().eval(),
        files.mapping(70).eval(),
        prepare(files.generator().eval(), size=128, device="cpu"),
        torch.device("cpu"),
    )
    face = np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8)
    reference = np.zeros(73, np.float32)
    picture = np.random.default_rng(2).integers(0, 255, (720, 720, 3), np.uint8)
    head = TalkingHead(networks, face, reference[:70])
    finish = whole_picture(picture, (100, 100, 600, 620))
    renderer = SadTalkerRenderer(head, reference, taken=70, finish=finish, size=(720, 720))
    rows = np.random.default_rng(3).standard_normal((25, 70)).astype(np.float32)
    endless = (CoefficientTrack(25.0, rows, None, 25 * k) for k in itertools.count())
    frames, process = renderer.render(endless), psutil.Process()
    for _ in range(40):
        next(frames)
    before = process.memory_info().rss
    for _ in range(160):  # were they kept, 250 MB more
        next(frames)
    assert process.memory_info().rss <= 1.05 * before
    frames.close()
