"""Frames in batches that fit the memory."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from paksatalker.models.sadtalker import talking_head as module
from paksatalker.models.sadtalker.generator import Generator, GeneratorConfig
from paksatalker.models.sadtalker.keypoints import KeyPointFeatures, KPDetector
from paksatalker.models.sadtalker.mapping import MappingNet

TINY = GeneratorConfig(
    width=8, max_channels=32, volume_channels=4, depth=4, res_blocks=1, motion_width=4,
    motion_max_channels=16, motion_layers=2, decoder_width=4, decoder_hidden=8, decoder_blocks=1,
)  # fmt: skip


@pytest.fixture(scope="module", params=[True, False], ids=["exact", "prepared"])
def networks(request):
    torch.manual_seed(3)
    features = KeyPointFeatures(width=4, max_channels=32, flat_channels=64, depth=4)
    generator = module.prepare(Generator(TINY).eval(), size=128, exact=request.param, device="cpu")
    return module.RenderNetworks(
        KPDetector(features=features).eval(), MappingNet(channels=16).eval(), generator, torch.device("cpu")
    )


@pytest.fixture
def face():
    return np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8)


def windows(count):
    return np.random.default_rng(2).standard_normal((count, 70, 27)).astype(np.float32)


def test_frames_are_the_same_in_any_batch(networks, face):
    one = module.TalkingHead(networks, face, np.zeros(70, np.float32), batch=1).draw(windows(5))
    many = module.TalkingHead(networks, face, np.zeros(70, np.float32), batch=3).draw(windows(5))
    assert one.shape == (5, 128, 128, 3)
    assert one.dtype == np.uint8
    assert np.abs(one.astype(int) - many).max() <= 8  # 16 bits: sums are rounded in another order
    assert not (one[0] == one[1]).all()


def test_angles_replace_the_networks_own_where_they_are_given(networks, face):
    head = module.TalkingHead(networks, face, np.zeros(70, np.float32))
    free = head.draw(windows(2))
    nothing = np.full((2, 3), np.nan, np.float32)
    np.testing.assert_array_equal(head.draw(windows(2), nothing), free)
    nothing[0, 0] = 60.0
    led = head.draw(windows(2), nothing)
    np.testing.assert_array_equal(led[1], free[1])
    assert (led[0] != free[0]).any()


def test_a_full_gpu_halves_the_batch_and_goes_on(networks, face, caplog):
    class Small:
        def __init__(self, generator):
            self.generator, self.sizes = generator, []
            self.source_device = generator.source_device

        def encode(self, image):
            return self.generator.encode(image)

        def draw(self, source, kp_driving, kp_source):
            if len(kp_driving) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            self.sizes.append(len(kp_driving))
            return self.generator.draw(source, kp_driving, kp_source)

    small = Small(networks.generator)
    cramped = module.RenderNetworks(networks.keypoints, networks.mapping, small, networks.device)
    head = module.TalkingHead(cramped, face, np.zeros(70, np.float32), batch=8)
    found = head.draw(windows(5))
    plain = module.TalkingHead(networks, face, np.zeros(70, np.float32), batch=2).draw(windows(5))
    np.testing.assert_array_equal(found, plain)
    assert small.sizes == [2, 2, 1]
    assert head.batch == 2
    assert "4 frames" in caplog.text
    assert "2 frames" in caplog.text


def test_a_gpu_that_is_full_with_one_frame_is_an_error(networks, face):
    class Full:
        encode = staticmethod(networks.generator.encode)
        source_device = networks.generator.source_device

        def draw(self, *_):
            raise torch.OutOfMemoryError("CUDA out of memory")

    cramped = module.RenderNetworks(networks.keypoints, networks.mapping, Full(), networks.device)
    head = module.TalkingHead(cramped, face, np.zeros(70, np.float32), batch=4)
    with pytest.raises(torch.OutOfMemoryError):
        head.draw(windows(3))


def test_wrong_shapes_are_refused(networks, face):
    with pytest.raises(ValueError, match="multiple of 128"):
        module.TalkingHead(networks, face[:100, :100], np.zeros(70, np.float32))
    with pytest.raises(ValueError, match="70"):
        module.TalkingHead(networks, face, np.zeros(73, np.float32))
