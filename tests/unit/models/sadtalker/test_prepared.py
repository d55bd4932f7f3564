"""Rearranged convolutions and the prepared generator equal the plain ones, at any size and batch."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from torch.nn import functional

from paksatalker.errors import EngineUnavailable
from paksatalker.models.sadtalker import compiled, packed, prepared
from paksatalker.models.sadtalker.generator import Generator, GeneratorConfig

EXACT = packed.Target(torch.device("cpu"), torch.float32)
TINY = GeneratorConfig(
    width=8, max_channels=32, volume_channels=4, depth=4, res_blocks=1, key_points=3, motion_width=4,
    motion_max_channels=16, motion_layers=2, decoder_width=4, decoder_hidden=8, decoder_blocks=1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _without_gradients():
    torch.manual_seed(5)
    with torch.inference_mode():
        yield


def tiny(config=TINY):
    net = Generator(config).eval()
    for name, tensor in net.state_dict().items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
    return net


def difference(a, b):
    assert a.shape == b.shape
    return float((a - b).abs().max())


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("packs", [True, False])
def test_a_convolution_over_repeated_pixels(factor, packs, monkeypatch):
    if not packs:
        monkeypatch.setattr(torch._C, "_has_mkldnn", False)
    x, weight, bias = torch.randn(2, 7, 6, 9), torch.randn(5, 7, 3, 3), torch.randn(5)
    conv = packed.UpsampledConv(weight, bias, factor=factor, target=EXACT, size=tuple(x.shape), slope=0.0)
    large = functional.interpolate(x, scale_factor=factor, mode="nearest")
    assert difference(conv(x), functional.relu(functional.conv2d(large, weight, bias, padding=1))) < 1e-4


def test_a_convolution_over_repeated_pixels_of_a_volume():
    x, weight, bias = torch.randn(2, 7, 4, 6, 9), torch.randn(5, 7, 3, 3, 3), torch.randn(5)
    conv = packed.UpsampledConv(weight, bias, factor=2, target=EXACT, size=tuple(x.shape))
    large = functional.interpolate(x, scale_factor=(1, 2, 2), mode="nearest")
    assert difference(conv(x), functional.conv3d(large, weight, bias, padding=1)) < 1e-4


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("combine", ["add", "mul"])
def test_a_combined_result_goes_through_the_activation(packs, combine, monkeypatch):
    if not packs:
        monkeypatch.setattr(torch._C, "_has_mkldnn", False)
    x, other, conv = torch.randn(2, 7, 6, 9), torch.randn(2, 5, 6, 9), torch.nn.Conv2d(7, 5, 3, padding=1)
    ready = packed.PackedConv.of(conv, EXACT, tuple(x.shape), slope=0.2)
    plain = conv(x) + other if combine == "add" else conv(x) * other
    assert difference(ready(x, other, combine), functional.leaky_relu(plain, 0.2)) < 1e-5


def test_normalised_in_both_types():
    x = torch.randn(2, 5, 32, 32) * 3 + 4
    plain = functional.instance_norm(x)
    assert difference(prepared.normalised(x), plain) < 1e-5
    assert difference(prepared.normalised(x.bfloat16()).float(), plain) < 0.05


WIDE = replace(TINY, decoder_width=16, decoder_hidden=128)  # enough channels for Winograd's convolutions


@pytest.mark.parametrize(("config", "size", "batch"), [(TINY, 128, 1), (TINY, 128, 3), (TINY, 256, 2), (WIDE, 128, 2)])
def test_the_prepared_generator_draws_what_the_plain_one_draws(config, size, batch):
    net = tiny(config)
    ready = prepared.PreparedGenerator(net, EXACT, size, batch)
    image, kp_source = torch.rand(1, 3, size, size), torch.rand(1, 3, 3) - 0.5
    kp_driving = kp_source + torch.randn(batch, 3, 3) * 0.1
    plain = net.draw(net.encode(image), kp_driving, kp_source)
    ours = ready.draw(ready.encode(image), kp_driving, kp_source)
    assert plain.image.shape == (batch, 3, size, size)
    assert plain.image.std() > 1e-3
    assert difference(ours.image, plain.image) < 1e-4
    assert difference(ours.motion.deformation, plain.motion.deformation) < 1e-5
    assert difference(ours.motion.occlusion, plain.motion.occlusion) < 1e-5


def test_the_layers_that_only_draw_are_not_held():
    net = tiny()
    kept = {id(p) for p in prepared.PreparedGenerator(net, EXACT, 128)._generator.parameters()}
    drawing = [*net.decoder.parameters(), *net.third.parameters(), *net.dense_motion_network.hourglass.parameters()]
    assert kept
    assert not kept & {id(p) for p in drawing}
    assert net.draw(net.encode(torch.rand(1, 3, 128, 128)), torch.rand(1, 3, 3), torch.rand(1, 3, 3)).image.numel()


def test_a_batch_is_its_frames_one_by_one():
    net = tiny()
    ready = prepared.PreparedGenerator(net, EXACT, 128)
    source = ready.encode(torch.rand(1, 3, 128, 128))
    kp_source = torch.rand(1, 3, 3) - 0.5
    kp_driving = kp_source + torch.randn(3, 3, 3) * 0.1
    together = ready.draw(source, kp_driving, kp_source).image
    alone = torch.cat([ready.draw(source, k[None], kp_source).image for k in kp_driving])
    assert difference(together, alone) < 1e-5


def test_16_bits_are_close():
    net = tiny()
    rough = prepared.PreparedGenerator(net, packed.Target(torch.device("cpu"), torch.bfloat16), 128)
    image, kp = torch.rand(1, 3, 128, 128), torch.rand(1, 3, 3) - 0.5
    plain = net.draw(net.encode(image), kp * 0.9, kp).image
    ours = rough.draw(rough.encode(image), kp * 0.9, kp).image
    assert ours.dtype == torch.float32
    assert float(((ours - plain) ** 2).mean().sqrt()) < 0.01


def test_large_activations_do_not_overflow_in_half_precision():
    x = torch.randn(1, 3, 16, 16) * 1000  # their squares do not fit 16 bits
    assert difference(prepared.normalised(x.half()).float(), functional.instance_norm(x)) < 0.01


def test_the_compiled_generator_draws_the_same_frames(monkeypatch):
    monkeypatch.setattr(torch._C, "_has_mkldnn", False)  # as on a GPU
    ready = prepared.PreparedGenerator(tiny(), EXACT, 128, 4)
    fused = compiled.CompiledGenerator(ready, backend="eager")  # traced as a whole, as for every backend
    source, kp = fused.encode(torch.rand(1, 3, 128, 128)), torch.rand(1, 3, 3) - 0.5
    driving = kp + torch.randn(3, 3, 3) * 0.1
    plain, ours = ready.draw(source, driving, kp), fused.draw(source, driving, kp)
    assert difference(ours.image, plain.image) < 1e-5
    assert difference(ours.motion.mask, plain.motion.mask) < 1e-5
    assert ours.motion.deformation.shape == plain.motion.deformation.shape


def test_the_end_of_a_video_is_no_new_compilation():
    seen = []

    class Fake:
        target = EXACT

        def frames(self, volume, compressed, kp_driving, kp_source):
            return kp_driving, prepared.Motion(kp_driving, kp_driving, kp_driving)

    def backend(graph, inputs):
        seen.append(inputs)
        return graph.forward

    fused = compiled.CompiledGenerator(Fake(), backend=backend)
    source = compiled.SourceFeatures(torch.zeros(1), torch.zeros(1))
    for count in (8, 7, 5, 8, 4, 3):
        points = torch.rand(count, 3, 3)
        assert torch.equal(fused.draw(source, points, points[:1]).image, points)
    assert len(seen) <= 2  # 8 and 4


def test_a_compiler_that_fails_is_a_clear_error():
    def broken(graph, inputs):
        raise RuntimeError("no C++ compiler")

    fused = compiled.CompiledGenerator(prepared.PreparedGenerator(tiny(), EXACT, 128), backend=broken)
    kp = torch.rand(1, 3, 3) - 0.5
    with pytest.raises(EngineUnavailable, match="PAKSATALKER_COMPILE_NETWORKS"):
        fused.draw(fused.encode(torch.rand(1, 3, 128, 128)), kp, kp)


def test_as_a_gpu_draws_it():
    """Half precision, channels last, convolutions that nothing is packed for: but for the place the path of a GPU."""
    net = tiny()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch._C, "_has_mkldnn", False)
        target = packed.Target(torch.device("cpu"), torch.float16)
        assert not target.packs
        ready = prepared.PreparedGenerator(net, target, 128)
    image, kp = torch.rand(1, 3, 128, 128), torch.rand(1, 3, 3) - 0.5
    driving = kp * 0.9
    plain, ours = net.draw(net.encode(image), driving, kp).image, ready.draw(ready.encode(image), driving, kp).image
    assert ours.dtype == torch.float32
    assert difference(ours, plain) < 0.02


def test_on_another_device_nothing_stays_behind():
    """A device without memory stands for a GPU: whatever was made elsewhere cannot be combined with what is on it."""
    far = torch.device("meta")
    ready = prepared.PreparedGenerator(tiny(), packed.Target(far, torch.float16), 128, 3)
    source = ready.encode(torch.rand(1, 3, 128, 128))
    assert (source.volume.device, source.volume.dtype) == (far, torch.float16)
    kp = torch.rand(1, 3, 3) - 0.5
    drawn = ready.draw(source, kp.expand(3, -1, -1), kp)
    assert (drawn.image.shape, drawn.image.device, drawn.image.dtype) == ((3, 3, 128, 128), far, torch.float32)
