"""Packed layers say what the plain ones say."""

import copy

import pytest

torch = pytest.importorskip("torch")

from paksatalker.models.pantomatrix.emage import AudioFeatures
from paksatalker.models.pantomatrix.packing import can_pack, pack
from paksatalker.models.pantomatrix.transformer import Decoder, Encoder


@torch.inference_mode()
def test_layers_of_any_length():
    x, memory = torch.randn(1, 64, 32), torch.randn(1, 70, 32)
    decoder, encoder = Decoder(2, 32, 4, 48).eval(), Encoder(1, 32, 4, 48).eval()
    want, alone = decoder(x, memory), encoder(x)
    packed = pack(copy.deepcopy(decoder), 64)
    assert torch.allclose(packed(x, memory), want, atol=1e-5)
    assert torch.allclose(packed(x[:, :5], memory), decoder(x[:, :5], memory), atol=1e-5)
    assert torch.allclose(pack(encoder, 64)(x), alone, atol=1e-5)


@torch.inference_mode()
def test_the_network_packed(network):
    if not can_pack():
        pytest.skip("this PyTorch has no oneDNN")
    heard = AudioFeatures(torch.randn(1, 64, 256), torch.randn(1, 64, 256))
    motion, mask = torch.randn(1, 64, 337), torch.ones(1, 64, 337)
    want = network(heard, motion, mask)
    found = pack(copy.deepcopy(network), 64)(heard, motion, mask)
    for part, logits in want.logits.items():
        assert (found.logits[part] - logits).abs().max() <= 1e-5 * max(1, logits.abs().max())
        assert torch.equal(found.logits[part].argmax(-1), logits.argmax(-1))
        assert (found.latent[part] - want.latent[part]).abs().max() <= 1e-5 * max(1, want.latent[part].abs().max())
