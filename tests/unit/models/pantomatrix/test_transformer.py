"""The transformer layers compute what PyTorch's own compute: with the same weights, the same numbers."""

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from torch import nn

from paksatalker.models.pantomatrix.transformer import Decoder, Encoder, PeriodicPositions

WIDTH, HEADS, INNER = 48, 4, 96


@pytest.fixture(autouse=True)
def _same_numbers_each_time():
    torch.manual_seed(4)
    with torch.inference_mode():
        yield


def first_axis_time(x):
    return x.transpose(0, 1)


@pytest.mark.parametrize("frames", [1, 5, 64])
def test_the_encoder_is_pytorchs(frames):
    ours = Encoder(2, WIDTH, HEADS, INNER).eval()
    theirs = nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, HEADS, INNER), 2, enable_nested_tensor=False)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(2, frames, WIDTH)
    wanted = first_axis_time(theirs.eval()(first_axis_time(x)))
    assert (ours(x) - wanted).abs().max() <= 2e-6


@pytest.mark.parametrize(("frames", "heard"), [(1, 1), (5, 6), (64, 64), (64, 31)])
def test_the_decoder_is_pytorchs(frames, heard):
    ours = Decoder(3, WIDTH, HEADS, INNER).eval()
    theirs = nn.TransformerDecoder(nn.TransformerDecoderLayer(WIDTH, HEADS, INNER), 3)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x, memory = torch.randn(2, frames, WIDTH), torch.randn(2, heard, WIDTH)
    wanted = first_axis_time(theirs.eval()(first_axis_time(x), first_axis_time(memory)))
    assert (ours(x, memory) - wanted).abs().max() <= 2e-6


def test_positions_start_anew_after_each_period():
    table = PeriodicPositions(WIDTH, 16)(torch.zeros(1, 32, WIDTH))[0]
    assert torch.equal(table[:16], table[16:])
    step, pair = 5, 3
    angle = torch.tensor(step / 10000 ** (2 * pair / WIDTH))
    assert table[step, 2 * pair] == pytest.approx(float(angle.sin()), abs=1e-6)
    assert table[step, 2 * pair + 1] == pytest.approx(float(angle.cos()), abs=1e-6)
