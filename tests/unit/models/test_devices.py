"""Every network computes where its weights are.

A device without memory stands for a GPU: a tensor that was made on the processor cannot be combined with what is there.
"""

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from paksatalker.models.gfpgan.gfpgan import GFPGAN
from paksatalker.models.pantomatrix.emage import Emage
from paksatalker.models.pantomatrix.motion import Codes, MotionDecoder, identity_motion, integrate
from paksatalker.models.pantomatrix.skeleton_encoder import MotionAutoencoder
from paksatalker.models.sadtalker.audio2exp import Audio2Exp
from paksatalker.models.sadtalker.audio2pose import Audio2Pose
from paksatalker.models.sadtalker.face_recon import FaceRecon
from paksatalker.models.sadtalker.fan import FAN
from paksatalker.models.sadtalker.generator import Generator
from paksatalker.models.sadtalker.head_pose import HeadPoseEstimator
from paksatalker.models.sadtalker.keypoints import KPDetector, transform_keypoints
from paksatalker.models.sadtalker.mapping import MappingNet
from paksatalker.models.sadtalker.retinaface import RetinaFace

FAR = torch.device("meta")
NETWORKS = {
    Audio2Exp: [(2, 1, 80, 16), (2, 64), (2, 1)],
    Audio2Pose: [(1, 64), (1, 32, 512), (1, 6)],
    FaceRecon: [(1, 3, 224, 224)],
    FAN: [(1, 3, 256, 256)],
    RetinaFace: [(1, 3, 160, 192)],
    HeadPoseEstimator: [(1, 3, 256, 256)],
    Generator: [(1, 3, 256, 256), (2, 15, 3), (1, 15, 3)],
    GFPGAN: [(1, 3, 512, 512)],
    MotionAutoencoder: [(1, 64, 330)],
}


def far(*shape, dtype=torch.float32):
    return torch.empty(shape, device=FAR, dtype=dtype)


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def made(kind, *arguments):
    with FAR:
        return kind(*arguments).eval()


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__name__)
def test_one_network(kind):
    inputs = [far(*shape) for shape in NETWORKS[kind]]
    if kind is Audio2Pose:
        inputs.append(far(1, dtype=torch.int64))
    found = made(kind)(*inputs)
    first = found[0] if isinstance(found, list | tuple) else getattr(found, "yaw", found)
    assert first.device == FAR


def test_key_points_and_how_they_move():
    moved = transform_keypoints(made(KPDetector)(far(1, 3, 256, 256)), made(MappingNet)(far(2, 70, 27)))
    assert (moved.device, moved.shape) == (FAR, (2, 15, 3))


def test_gestures():
    network, decoder = made(Emage), made(MotionDecoder)
    known = identity_motion(64, FAR)
    found = network(network.hear(far(1, 34112)), known, torch.ones_like(known))
    assert {value.device for value in (*found.latent.values(), *found.logits.values())} == {FAR}
    motion = decoder(Codes.of(found))
    where = integrate(motion.velocity, motion.velocity.new_zeros(1, 3))
    assert (motion.axis_angle.shape, motion.known.device, where.device) == ((1, 64, 55, 3), FAR, FAR)
