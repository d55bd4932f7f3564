"""Streaming gives what decoding everything at once gives, every frame once, in flat memory."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from paksatalker.models.pantomatrix import rotation
from paksatalker.models.pantomatrix.motion import Codes, integrate
from paksatalker.models.pantomatrix.streaming import GestureStream, frames_of


@pytest.fixture(scope="module")
def sound(golden):
    piece = golden("inference_a")["audio"][0]
    return np.concatenate([piece, piece[::-1], piece])


class Tiny(torch.nn.Module):
    """As the network, but what it predicts is a hash of what it hears and of the seed: fast, and still recurrent."""

    def __init__(self):
        super().__init__()
        self.mask_embedding = torch.nn.Parameter(torch.zeros(1))
        self.heard = []

    def hear(self, samples):
        from paksatalker.models.pantomatrix.emage import AudioFeatures

        self.heard.append(samples.clone())
        level = samples[:, None, :1].expand(-1, 64, 256)
        return AudioFeatures(level, level)

    def __call__(self, heard, motion, mask):
        from paksatalker.models.pantomatrix.emage import Prediction

        frames = motion.shape[1]
        seed = motion[:, :4].sum().item() + heard.body[0, 0, 0].item()
        noise = torch.randn(4, 1, frames, 256, generator=torch.manual_seed(int(abs(seed) * 1000)))
        named = dict(zip(("face", "upper", "hands", "lower"), noise, strict=True))
        return Prediction(named, named)


def joined(runs, name):
    return np.concatenate([getattr(run, name) for run in runs])


def test_chunks_do_not_matter_and_the_decoding_is_exact(decoder, sound):
    samples = np.tile(sound, 2)[: 16000 * 25 + 77]
    runs = list(GestureStream(Tiny(), decoder).run(samples[i : i + 3001] for i in range(0, len(samples), 3001)))
    assert [run.first_frame for run in runs] == list(np.cumsum([0, *map(len, runs[:-1])]))
    codes = Codes.join(list(GestureStream(Tiny(), decoder).codes([samples])))
    with torch.inference_mode():
        whole = decoder(codes, by_roots=False)
    turned = rotation.axis_angle_to_matrix(torch.from_numpy(joined(runs, "pose")))
    assert (turned - rotation.axis_angle_to_matrix(whole.axis_angle[0])).abs().max() < 5e-5
    assert np.abs(joined(runs, "expressions") - whole.expressions[0].numpy()).max() < 1e-5
    assert np.abs(joined(runs, "contact") - whole.contact[0].numpy()).max() < 1e-5
    assert np.abs(joined(runs, "root") - integrate(whole.velocity, torch.zeros(1, 3))[0].numpy()).max() < 1e-5


@pytest.mark.parametrize("frames", [6, 8, 9, 45, 63, 64, 65, 66, 67, 68, 69, 70, 124, 126, 128, 129])
def test_the_original_drops_a_tail_and_the_engine_does_not(decoder, sound, frames):
    from paksatalker.models.pantomatrix.inference import infer

    samples = np.resize(sound, -(-frames * 16000 // 30))
    assert sum(map(len, GestureStream(Tiny(), decoder).run([samples]))) == frames
    after = (frames - 4) % 60  # behind the last whole window
    kept = (frames - 4) // 60 * 60 + (4 + after if after > 4 else 0)
    given = torch.from_numpy(samples[None])
    if kept:
        assert infer(Tiny(), decoder, given).motion.axis_angle.shape[1] == kept
    else:
        with pytest.raises(ValueError, match="too few"):
            infer(Tiny(), decoder, given)


@pytest.mark.parametrize("count", [3200, 3201, 4799, 34112, 34133, 34134, 34400, 34667, 66133, 66134, 130200, 132533])
def test_every_length_gives_its_frames(decoder, sound, count):
    runs = list(GestureStream(Tiny(), decoder).run([np.resize(sound, count)]))
    assert sum(map(len, runs)) == frames_of(count) == round(count / 16000 * 30)
    assert all(np.isfinite(joined(runs, name)).all() for name in ("pose", "root", "expressions", "contact"))


def test_the_caller_says_how_many_frames_there_are(decoder, sound):
    assert sum(map(len, GestureStream(Tiny(), decoder).run([sound[:48000]], lambda: 91))) == 91


def test_window_k_hears_what_lies_at_its_time(decoder):
    clock = np.arange(16000 * 60, dtype=np.float32) / 16000
    network = Tiny()
    list(GestureStream(network, decoder).codes([clock]))
    starts = torch.cat([batch[:, 0] for batch in network.heard]).numpy()
    assert np.allclose(starts, 2.0 * np.arange(len(starts)), atol=1e-4)


def test_the_real_network_streams_as_the_original_infers(network, decoder, golden):
    from paksatalker.models.pantomatrix.inference import infer

    audio = golden("inference_a")["audio"][:, : 45 * 16000 // 30]  # one window: there the clocks agree
    whole = infer(network, decoder, torch.from_numpy(audio))
    codes = Codes.join(list(GestureStream(network, decoder).codes([audio[0]])))
    assert all(torch.equal(getattr(codes, part), getattr(whole.codes, part)) for part in ("upper", "hands", "lower"))


def test_a_stream_keeps_only_what_it_needs(decoder):
    longest = 0

    class Watched(GestureStream):
        def _decode(self, codes, *rest):
            nonlocal longest
            longest = max(longest, codes.frames)
            return super()._decode(codes, *rest)

    quiet = (np.zeros(16000, np.float32) for _ in range(60))
    assert sum(map(len, Watched(Tiny(), decoder).run(quiet))) == 1800
    assert longest <= 180 + 60 + 2 * 30
