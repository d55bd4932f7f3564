"""The generator against the original's outputs: the plain network, and the one made ready for many frames."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from paksatalker.models.sadtalker import keypoints, mapping
from paksatalker.models.sadtalker.generator import Generator
from paksatalker.models.sadtalker.packed import Target
from paksatalker.models.sadtalker.prepared import PreparedGenerator

GOLDEN = Path(__file__).parents[3] / "golden"
_SPEC = importlib.util.spec_from_file_location("golden_rule", GOLDEN / "rule.py")
rule = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(rule)
SADTALKER = GOLDEN / "sadtalker"
CPU = torch.device("cpu")


def read(name):
    with np.load(SADTALKER / f"{name}.npz") as file:
        return {key: torch.from_numpy(file[key]) for key in file.files}


def image_of(golden):
    return golden["image_u8"].permute(2, 0, 1)[None] / 255


def difference(a, b):
    assert a.shape == b.shape
    return float((a - b).abs().max())


@pytest.fixture(scope="module")
def generator():
    net = Generator()
    rule.check_layout(net, SADTALKER / "generator.keys.json")
    return rule.filled(net, SADTALKER / "generator.keys.json")


@pytest.fixture(scope="module")
def exact(generator):
    return PreparedGenerator(generator, Target(CPU, torch.float32))


def check_golden(drawing, golden):
    assert difference(drawing.motion.mask[:, :, ::4, ::8, ::8], golden["mask_sub"]) < 1e-5
    assert difference(drawing.motion.deformation[:, ::4, ::8, ::8], golden["deformation_sub"]) < 1e-5
    assert difference(drawing.motion.occlusion, golden["occlusion_map"]) < 1e-5
    assert difference(drawing.image, golden["prediction"]) < 1e-4


def test_the_plain_network_equals_the_original(generator):
    golden = read("generator_256")
    seen = {}
    hooks = [
        generator.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
        for name in ("second", "resblocks_3d", "dense_motion_network.hourglass", "fourth", "decoder.G_middle_5")
    ]
    with torch.inference_mode():
        source = generator.encode(image_of(golden))
        check_golden(generator.draw(source, golden["kp_driving"], golden["kp_source"]), golden)
    for hook in hooks:
        hook.remove()
    for name, activation in seen.items():
        step = (slice(None, None, 16),) if activation.dim() == 4 else (slice(None, None, 8), slice(None, None, 4))
        part = activation[(slice(None), *step, slice(None, None, 8), slice(None, None, 8))]
        limit = 1e-5 * max(1.0, float(activation.abs().max()))
        assert difference(part, golden["act_" + name.replace(".", "_")]) < limit, name


def test_the_prepared_network_in_32_bits_equals_the_original(exact):
    golden = read("generator_256")
    source = exact.encode(image_of(golden))
    check_golden(exact.draw(source, golden["kp_driving"], golden["kp_source"]), golden)


def test_the_prepared_network_in_16_bits_is_within_40_db(generator):
    golden = read("generator_256")
    net = PreparedGenerator(generator, Target(CPU, torch.bfloat16))
    drawn = net.draw(net.encode(image_of(golden)), golden["kp_driving"], golden["kp_source"]).image
    assert -10 * float(torch.log10(((drawn - golden["prediction"]) ** 2).mean())) >= 40


def test_the_chain_equals_the_original_with_and_without_a_given_yaw(exact):
    golden = read("make_animation")
    image = image_of(golden)
    detector = rule.filled(keypoints.KPDetector(), SADTALKER / "kp_extractor.keys.json")
    net = rule.filled(mapping.MappingNet(), SADTALKER / "mapping_crop.keys.json")
    with torch.inference_mode():
        canonical = detector(image)
        kp_source = keypoints.transform_keypoints(canonical, net(golden["source_semantics"]))
        free = keypoints.transform_keypoints(canonical, net(golden["target_semantics"].flatten(0, 1)))
        led = keypoints.transform_keypoints(canonical, net(golden["target_semantics"][0]), yaw=golden["yaw_in"][0])
        source = exact.encode(image)
        # A full-size frame costs seconds: the first of the second row, and the second with a given yaw.
        third, second = (exact.draw(source, kp, kp_source).image[:, :, ::2, ::2] for kp in (free[2:3], led[1:]))
    assert difference(third, golden["predictions_frame_order_every2"][2:3]) < 1e-4
    assert difference(second, golden["predictions_yaw_every2"][1:]) < 1e-4
