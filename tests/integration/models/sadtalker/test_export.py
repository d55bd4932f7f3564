"""ONNX exports run in ONNX Runtime and equal PyTorch."""

import importlib.util

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")
pytest.importorskip("onnx", reason="needs paksatalker[export]")

import onnxruntime
from typer.testing import CliRunner

from paksatalker.cli.commands import app
from paksatalker.errors import EngineUnavailable, InvalidOption, WeightsMissing
from paksatalker.models.sadtalker import export
from paksatalker.models.sadtalker.generator import Generator, GeneratorConfig
from paksatalker.models.sadtalker.keypoints import KeyPointFeatures, KPDetector, transform_keypoints
from paksatalker.models.sadtalker.mapping import MappingNet
from tests.integration.core import sadtalker_files as small

SIZE = 128
POINTS = 15
TINY = GeneratorConfig(
    width=8, max_channels=32, volume_channels=4, depth=4, res_blocks=1, key_points=POINTS, motion_width=4,
    motion_max_channels=16, motion_layers=2, decoder_width=4, decoder_hidden=8, decoder_blocks=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(3)
    features = KeyPointFeatures(width=4, max_channels=32, flat_channels=64, depth=4)
    made = {
        "keypoints": KPDetector(features=features),
        "mapping": MappingNet(channels=32),
        "generator": Generator(TINY),
    }
    return {name: net.eval().requires_grad_(False) for name, net in made.items()}


def run(folder, name, **inputs):
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    return session.run(None, {key: np.asarray(value) for key, value in inputs.items()})


def chain(folder, image, windows, source_window):
    (canonical,) = run(folder, "keypoints", image=image)
    volume, compressed = run(folder, "encoder", image=image)
    (source,) = run(folder, "mapping", window=source_window, canonical=canonical)
    (moved,) = run(folder, "mapping", window=windows, canonical=canonical)
    (frames,) = run(folder, "frame", volume=volume, compressed=compressed, kp_driving=moved, kp_source=source)
    return frames


@pytest.mark.parametrize(("quantize", "limit"), [(None, 1e-3), ("fp16", 2e-2), ("int8", 1e-1)])
def test_the_graphs_draw_what_pytorch_draws(networks, tmp_path, quantize, limit):
    files = export.export_onnx(tmp_path, **networks, size=SIZE, quantize=quantize)
    assert sorted(f.name for f in files) == ["encoder.onnx", "frame.onnx", "keypoints.onnx", "mapping.onnx"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    for batch in (1, 3):
        image, windows = torch.rand(1, 3, SIZE, SIZE), torch.randn(batch, 70, 27)
        still = torch.zeros(1, 70, 27)
        with torch.inference_mode():
            canonical = networks["keypoints"](image)
            moved = transform_keypoints(canonical, networks["mapping"](windows))
            kept = transform_keypoints(canonical, networks["mapping"](still))
            plain = networks["generator"](image, moved, kept).numpy()
        found = chain(tmp_path, image, windows, still)
        assert found.shape == (batch, 3, SIZE, SIZE)
        assert found.dtype == np.float32
        assert np.abs(found - plain).max() < limit


@pytest.fixture
def official(tmp_path, monkeypatch):
    """Files of the official form, with small networks."""
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(tmp_path))
    monkeypatch.setattr("paksatalker.models.sadtalker.generator.Generator", small.generator)
    monkeypatch.setattr("paksatalker.models.sadtalker.keypoints.KPDetector", small.detector)
    monkeypatch.setattr("paksatalker.models.sadtalker.mapping.MappingNet", small.mapping)
    return small.write(tmp_path)


@pytest.mark.parametrize(("preprocess", "coefficients"), [("crop", 70), ("full", 73)])
def test_the_command_exports_the_official_files(official, tmp_path, preprocess, coefficients):
    out = tmp_path / "exported"
    done = CliRunner().invoke(app, ["models", "export", "sadtalker", "-o", str(out), "--preprocess", preprocess])
    assert done.exit_code == 0, done.exception
    written = done.stdout.split()
    assert written == [str(out / f"{name}.onnx") for name in ("keypoints", "encoder", "mapping", "frame")]
    image, still = torch.rand(1, 3, 256, 256), torch.zeros(1, coefficients, 27)
    assert chain(out, image, still, still).shape == (1, 3, 256, 256)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["sadtalker", "--to", "tflite"], InvalidOption),
        (["sadtalker", "--quantize", "int4"], InvalidOption),
        (["sadtalker", "--network-size", "128"], InvalidOption),
        (["emage"], InvalidOption),
        (["sadtalker", "--network-size", "512"], WeightsMissing),
    ],
)
def test_what_cannot_be_exported(official, tmp_path, arguments, error):
    done = CliRunner().invoke(app, ["models", "export", *arguments, "-o", str(tmp_path / "exported")])
    assert isinstance(done.exception, error)
    assert not list(tmp_path.glob("exported/*"))


@pytest.mark.skipif(importlib.util.find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_without_tensorrt_the_error_says_so(tmp_path):
    with pytest.raises(EngineUnavailable, match=r"tensorrt is not installed.*pip install.*--to onnx"):
        export.export_tensorrt(tmp_path)
