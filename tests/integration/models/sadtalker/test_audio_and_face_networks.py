"""The networks of audio and face measuring against the originals' outputs, with weights made by rule."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from paksatalker.models.gfpgan.gfpgan import GFPGAN
from paksatalker.models.sadtalker import fan, retinaface
from paksatalker.models.sadtalker.audio2exp import Audio2Exp
from paksatalker.models.sadtalker.audio2pose import CHUNK, Audio2Pose
from paksatalker.models.sadtalker.face_recon import FaceCoefficients, FaceRecon
from paksatalker.models.sadtalker.head_pose import HeadPoseEstimator
from tests.golden import rule

GOLDEN = rule.GOLDEN / "sadtalker"
TOLERANCE = 1e-5
IMAGE_TOLERANCE = 1e-4

NETWORKS = {
    "audio2exp": Audio2Exp,
    "audio2pose": Audio2Pose,
    "face_3drecon": FaceRecon,
    "fan_wflw": fan.FAN,
    "retinaface_resnet50": retinaface.RetinaFace,
    "gfpgan_v1_clean": GFPGAN,
    "he_estimator": HeadPoseEstimator,
}


class Golden:
    """The reference arrays of a network as tensors."""

    def __init__(self, name: str) -> None:
        with np.load(GOLDEN / f"{name}.npz") as data:
            self.arrays = dict(data)

    def __getitem__(self, key: str) -> torch.Tensor:
        return torch.from_numpy(self.arrays[key])


def network(name: str) -> nn.Module:
    return rule.filled(NETWORKS[name](), GOLDEN / f"{name}.keys.json")


def worst(found: torch.Tensor, wanted: torch.Tensor) -> float:
    assert found.shape == wanted.shape
    return float((found - wanted).abs().max())


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("name", NETWORKS)
def test_keys_shapes_and_kinds_are_the_originals(name: str) -> None:
    with torch.device("meta"):
        module = NETWORKS[name]()
    rule.check_layout(module, GOLDEN / f"{name}.keys.json")


@pytest.mark.parametrize("prefix", ["audio2exp", "audio2pose", "face_3drecon"])
def test_keys_and_shapes_are_those_of_the_official_file(prefix: str) -> None:
    layout = json.loads((GOLDEN / "SadTalker_V0.0.2_layout.json").read_text(encoding="utf-8"))
    wanted = {k.removeprefix(f"{prefix}."): shape for k, (shape, _) in layout.items() if k.startswith(f"{prefix}.")}
    with torch.device("meta"):
        module = NETWORKS[prefix]()
    assert {k: list(v.shape) for k, v in module.state_dict().items()} == wanted


def test_audio2exp() -> None:
    golden, net = Golden("audio2exp"), network("audio2exp")
    sound = net.embed(golden["indiv_mels"][0])
    assert worst(sound, golden["audio_embedding"]) <= TOLERANCE
    found = net(golden["indiv_mels"][0], golden["ref"][0, :, :64], golden["ratio"][0])
    assert worst(found, golden["exp_coeff_pred"][0]) <= TOLERANCE


def test_the_blink_direction_is_what_a_blink_does() -> None:
    golden, net = Golden("audio2exp"), network("audio2exp")
    mel, reference = golden["indiv_mels"][0, :3], golden["ref"][0, :3, :64]
    open_, closed = (net(mel, reference, torch.full((3, 1), ratio)) for ratio in (0.0, 1.0))
    assert worst(closed - open_, net.blink_direction.expand(3, -1)) <= TOLERANCE


@pytest.mark.parametrize("tag", ["a", "b"])
def test_audio2pose_chunks(tag: str) -> None:
    golden, net = Golden("audio2pose"), network("audio2pose")
    sound = net.embed(golden["indiv_mels"][0, 1:])
    assert worst(sound[:CHUNK], golden["audio_embedding_first32"][0]) <= TOLERANCE
    style = golden[f"{tag}_class"].view(1)
    for index in range(2):
        span = slice(index * CHUNK, (index + 1) * CHUNK)
        found = net(golden[f"{tag}_z"][index], sound[None, span], golden[f"{tag}_ref"][0, :, 64:], style)
        wanted = golden[f"{tag}_pose_motion_pred"][:, span.start + 1 : span.stop + 1]
        assert worst(found, wanted) <= TOLERANCE


def test_face_reconstruction() -> None:
    golden, net = Golden("face_3drecon"), network("face_3drecon")
    image = golden["image_u8"].permute(2, 0, 1)[None].float() / 255
    assert worst(net.features(image), golden["backbone_feature"]) <= TOLERANCE
    found = net(image)
    assert worst(found, golden["coeff"]) <= TOLERANCE
    parts = FaceCoefficients.split(found)
    assert torch.equal(parts.motion[:, :64], found[:, 80:144])
    assert torch.equal(parts.motion[:, 64:67], found[:, 224:227])
    assert torch.equal(parts.motion[:, 67:], found[:, 254:])


def test_head_pose() -> None:
    golden, net = Golden("he_estimator"), network("he_estimator")
    found = net(golden["image_u8"].permute(2, 0, 1)[None].float() / 255)
    for values, name in (
        (found.yaw, "yaw"),
        (found.pitch, "pitch"),
        (found.roll, "roll"),
        (found.translation, "t"),
        (found.expression, "exp"),
    ):
        assert worst(values, golden[name]) <= TOLERANCE


def test_retinaface() -> None:
    golden, net = Golden("retinaface_resnet50"), network("retinaface_resnet50")
    image = golden["image_as_given"]
    boxes, classes, points = net((image.float() - torch.tensor(retinaface.MEAN)).permute(2, 0, 1)[None])
    for found, name in ((boxes, "loc"), (classes, "conf"), (points, "landm")):
        assert worst(found, golden[name]) <= TOLERANCE
    priors = retinaface.anchors(*image.shape[:2])
    assert worst(priors, golden["priors"]) <= TOLERANCE
    assert worst(retinaface.decode_boxes(boxes[0], priors), golden["boxes_unit"]) <= TOLERANCE
    assert worst(retinaface.decode_points(points[0], priors), golden["landm_unit"]) <= TOLERANCE


def test_retinaface_gives_the_best_box_in_pixels() -> None:
    golden, net = Golden("retinaface_resnet50"), network("retinaface_resnet50")
    scores = golden["conf"][0, :, 1]
    best = int(scores.argmax())
    found = net.detect(golden.arrays["image_as_given"], score=float(scores.max()) - 1e-4)
    assert len(found) == 1
    assert found.boxes[0] == pytest.approx(golden["boxes_unit"][best].numpy() * [192, 160, 192, 160], abs=1e-2)
    assert found.points[0].ravel() == pytest.approx(golden["landm_unit"][best].numpy() * ([192, 160] * 5), abs=1e-2)
    assert len(net.detect(golden.arrays["image_as_given"])) == 0


@pytest.mark.parametrize("shape", [(33, 70, 3), (70, 33, 3), (32, 32, 3)])
def test_retinaface_takes_images_of_any_size(shape: tuple[int, int, int]) -> None:
    net = network("retinaface_resnet50")
    image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    found = net.detect(image, score=0.0, overlap=1.0)
    assert len(found) == len(retinaface.anchors(*shape[:2]))
    assert (np.diff(found.scores) <= 0).all()


def test_landmarks() -> None:
    golden, net = Golden("fan_wflw"), network("fan_wflw")
    maps = net(golden["input_bgr_256"])
    strongest = float(golden["heatmap_last_sub"].abs().max())
    assert worst(maps[-1][:, ::4, ::4, ::4], golden["heatmap_last_sub"]) <= TOLERANCE * strongest
    assert worst(maps[0][:, ::8, ::8, ::8], golden["heatmap_first_sub"]) <= TOLERANCE
    points = net.landmarks(golden.arrays["face_rgb"])
    assert np.abs(points - golden.arrays["landmarks98"]).max() <= TOLERANCE
    assert np.abs(fan.to_ibug68(points) - golden.arrays["landmarks68"]).max() <= TOLERANCE


def test_gfpgan() -> None:
    golden, net = Golden("gfpgan_v1_clean"), network("gfpgan_v1_clean")
    image = golden["input_64"].repeat_interleave(8, 2).repeat_interleave(8, 3)
    found = net(image)
    assert worst(found[:, :, ::4, ::4], golden["output_every4"]) <= IMAGE_TOLERANCE
    assert worst(found[:, :, 200:264, 200:264], golden["output_crop"]) <= IMAGE_TOLERANCE
    fresh = net(image, noise=torch.Generator().manual_seed(3))
    assert not torch.equal(fresh, found)
