"""The measurements of the neural engines print both sides; here with small networks."""

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from paksatalker.evaluation import benchmark, emage_speed, sadtalker_speed
from paksatalker.evaluation.benchmark import Options
from paksatalker.models.pantomatrix.emage import AudioFeatures, Prediction
from paksatalker.models.pantomatrix.motion import MotionDecoder
from paksatalker.models.sadtalker.generator import Generator, GeneratorConfig

SMALL = GeneratorConfig(
    width=8, max_channels=32, volume_channels=4, depth=4, res_blocks=1, motion_width=4,
    motion_max_channels=16, motion_layers=2, decoder_width=4, decoder_hidden=8, decoder_blocks=1,
)  # fmt: skip


def measured(suite, tmp_path):
    found = benchmark.run(Options(tmp_path / "face.png", tmp_path, quick=True), (suite,), lambda _: None)
    return {measure.name: measure for measure in found[suite]}


def test_sadtalker_s_generator(tmp_path, monkeypatch):
    monkeypatch.setattr(sadtalker_speed, "Generator", lambda: Generator(SMALL))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = measured("sadtalker", tmp_path)
    for name in ("SadTalker frame as the original draws it", "SadTalker frame, 32 bits", "SadTalker frame, fastest"):
        assert found[name].value > 0
    assert found["SadTalker PSNR against 32 bits"].value > 30
    assert 0 < found["SadTalker paste-back"].value < found["SadTalker paste-back, seamlessClone"].value
    for size in (256, 512):
        assert found[f"SadTalker frames on a GPU, {size}²"].value is None
        assert "not run" in found[f"SadTalker frames on a GPU, {size}²"].note


def test_emage(tmp_path, monkeypatch):
    heard = []

    class Network:
        mask_embedding = torch.zeros(1)

        def __init__(self, name):
            self.name = name

        def hear(self, samples):
            heard.append(self.name)
            level = samples[:, None, :1].expand(-1, 64, 256)
            return AudioFeatures(level, level)

        def __call__(self, audio, motion, mask):
            parts = dict.fromkeys(("face", "upper", "hands", "lower"), torch.zeros(1, motion.shape[1], 256))
            return Prediction(parts, parts)

    networks = (Network("plain"), Network("exact"), Network("fast"), MotionDecoder().eval())
    monkeypatch.setattr(emage_speed, "_networks", lambda _: networks)
    monkeypatch.setattr("paksatalker.models.pantomatrix.weights.halves_well", lambda: True)
    found = measured("emage", tmp_path)
    ways = ("EMAGE, the original's way", "EMAGE, exact", "EMAGE")
    assert all(found[name].value > 0 for name in ways)
    ratio = max(found[name].value for name in ways) / found[ways[0]].value
    assert found["EMAGE, against the original's way"].value == pytest.approx(ratio)
    assert set(heard) == {"plain", "exact", "fast"}
