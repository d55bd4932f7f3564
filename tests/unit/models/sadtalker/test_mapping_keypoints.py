"""MappingNet and KPDetector against the original's outputs."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from paksatalker.models.sadtalker import keypoints, mapping

GOLDEN = Path(__file__).parents[3] / "golden"
_SPEC = importlib.util.spec_from_file_location("golden_rule", GOLDEN / "rule.py")
rule = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(rule)
SADTALKER = GOLDEN / "sadtalker"


#: Degrees are sums near 33, times 3: neighbouring float32 numbers lie so far apart there.
_STEP = 3 * np.spacing(np.float32(33))


def close(tensor, array, limit=1e-5):
    np.testing.assert_allclose(tensor.numpy(), array, rtol=0, atol=limit)


@pytest.mark.parametrize(("name", "coefficients"), [("mapping_crop", 70), ("mapping_full", 73)])
def test_mapping_equals_the_original(name, coefficients):
    net = mapping.MappingNet(coefficients)
    rule.check_layout(net, SADTALKER / f"{name}.keys.json")
    net = rule.filled(net, SADTALKER / f"{name}.keys.json")
    with np.load(SADTALKER / f"{name}.npz") as golden:
        motion = net(torch.from_numpy(golden["semantics"]))
        for ours, theirs in (
            (motion.yaw, "yaw"),
            (motion.pitch, "pitch"),
            (motion.roll, "roll"),
            (motion.translation, "t"),
            (motion.expression, "exp"),
        ):
            close(ours, golden[theirs])
        angles = [mapping.degrees(scores) for scores in (motion.yaw, motion.pitch, motion.roll)]
        for ours, theirs in zip(angles, ("yaw_deg", "pitch_deg", "roll_deg"), strict=True):
            np.testing.assert_allclose(ours.numpy(), golden[theirs], rtol=1e-5, atol=5e-5)
            same = mapping.degrees(torch.from_numpy(golden[theirs.removesuffix("_deg")]))
            close(same, golden[theirs], _STEP)
        close(keypoints.rotation_matrix(*angles), golden["rotation"])
        alone = net(torch.from_numpy(golden["semantics"][1:2]))
        close(alone.expression, golden["exp"][1:2])


def test_keypoints_equal_the_original():
    net = keypoints.KPDetector()
    rule.check_layout(net, SADTALKER / "kp_extractor.keys.json")
    with np.load(SADTALKER / "kp_extractor.npz") as golden:
        close(net.down.weight, golden["gaussian_kernel"], 1e-7)
        net = rule.filled(net, SADTALKER / "kp_extractor.keys.json")
        image = torch.from_numpy(golden["image_u8"]).permute(2, 0, 1)[None] / 255
        close(net.down(image), golden["down"], 1e-6)
        both = net(torch.cat([image.flip(3), image]))
        close(both[1:], golden["value"])
        assert (both[0] - both[1]).abs().max() > 1e-3


def test_a_still_head_keeps_its_keypoints_and_an_override_turns_them():
    canonical = torch.rand(1, 15, 3) - 0.5
    level = torch.zeros(2, 66)
    level[:, 33] = 1e4  # all in the bin of 0 degrees
    motion = mapping.HeadMotion(level, level, level, torch.tensor([[5.0, 0.25, 5.0]] * 2), torch.zeros(2, 45))
    moved = keypoints.transform_keypoints(canonical, motion)
    close(moved, (canonical + torch.tensor([0.0, 0.25, 0.0])).expand(2, -1, -1).numpy())
    turned = keypoints.transform_keypoints(canonical, motion, yaw=torch.tensor([90.0, 0.0]))
    close(turned[1], moved[1].numpy())
    close(turned[0, :, 0], canonical[0, :, 2].numpy(), 2e-3)  # the original's π is 3.14
