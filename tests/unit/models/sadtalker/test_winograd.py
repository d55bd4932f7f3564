"""Winograd's convolution equals PyTorch's, and is taken where it pays."""

import threading

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from torch.nn import functional

from paksatalker.models.sadtalker import packed, winograd

CPU = torch.device("cpu")
FULL, HALF = packed.Target(CPU, torch.float32), packed.Target(CPU, torch.bfloat16)

pytestmark = pytest.mark.skipif(not FULL.packs, reason="needs a PyTorch with oneDNN")


@pytest.fixture(autouse=True)
def _without_gradients():
    torch.manual_seed(5)
    with torch.inference_mode():
        yield


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def layer(source, target):
    return torch.randn(target, source, 3, 3) * (9 * source) ** -0.5, torch.randn(target)


@pytest.mark.parametrize(("batch", "source", "target", "height", "width"), [(1, 16, 80, 8, 12), (2, 48, 16, 68, 64)])
@pytest.mark.parametrize("slope", [None, 0.0, 0.2])
def test_the_result_is_that_of_a_convolution(batch, source, target, height, width, slope, threads):
    weight, bias = layer(source, target)
    x = torch.randn(batch, source, height, width)
    plain = functional.conv2d(x, weight, bias, padding=1)
    plain = plain if slope is None else functional.leaky_relu(plain, slope)
    made = winograd.WinogradConv(weight, bias, (height, width), slope)(x)
    assert made.shape == plain.shape
    assert (made - plain).abs().max() < 2e-4


@pytest.mark.parametrize("combine", ["add", "mul"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_combines_as_a_packed_convolution_does(combine, dtype):
    weight, bias = layer(16, 32)
    x = torch.randn(1, 16, 8, 8).to(dtype)
    other = torch.randn(1, 32, 8, 8).to(dtype).contiguous(memory_format=torch.channels_last)
    plain = functional.conv2d(x.float(), weight, bias, padding=1)
    plain = plain + other.float() if combine == "add" else plain * other.float()
    made = winograd.WinogradConv(weight, bias, (8, 8), 0.1)(x, other, combine)
    assert made.dtype == torch.float32
    assert (made - functional.leaky_relu(plain, 0.1)).abs().max() < 2e-4


def test_it_works_without_a_bias_and_at_another_extent():
    weight, _ = layer(16, 16)
    x = torch.randn(1, 16, 20, 8)
    made = winograd.WinogradConv(weight, None, (64, 64))(x)
    assert (made - functional.conv2d(x, weight, padding=1)).abs().max() < 2e-4


@pytest.mark.parametrize(
    ("target", "channels", "side", "kind"),
    [
        (HALF, 512, 8, winograd.WinogradConv),
        (HALF, 256, 8, packed.PackedConv),
        (FULL, 128, 8, winograd.WinogradConv),
        (FULL, 64, 8, packed.PackedConv),
        (FULL, 136, 8, packed.PackedConv),
        (FULL, 128, 6, packed.PackedConv),
    ],
)
def test_it_is_taken_where_it_pays(target, channels, side, kind, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    weight, bias = layer(channels, channels)
    size = (1, channels, side, side)
    conv = winograd.fastest_conv(weight, bias, target, size)
    assert type(conv) is kind
    x = torch.randn(size).to(target.dtype).contiguous(memory_format=torch.channels_last)
    plain = functional.conv2d(x.float(), weight, bias, padding=1)
    assert (conv(x).float() - plain).abs().max() < (2e-4 if target is FULL else 0.1)


def test_a_unit_for_matrices_of_16_bits_is_faster_still(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    assert type(winograd.fastest_conv(*layer(512, 512), HALF, (1, 512, 8, 8))) is packed.PackedConv


def test_no_thread_outlives_a_call(threads):
    weight, bias = layer(16, 16)
    before = set(threading.enumerate())
    winograd.WinogradConv(weight, bias, (64, 64))(torch.randn(1, 16, 64, 64))
    assert set(threading.enumerate()) == before
