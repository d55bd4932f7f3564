"""A recording becomes motion files through the official file format, with weights by the rule."""

import importlib.util
import json
import wave
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")

from typer.testing import CliRunner

from paksatalker.cli.commands import app
from paksatalker.core.animation.body import npz
from paksatalker.core.animation.body.emage import EmageBody
from paksatalker.core.engines import BodyEngine, find
from paksatalker.core.timeline import Speech
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import AudioEmpty, WeightsCorrupt, WeightsMissing, WeightsUnfit, WeightsUnsafe
from paksatalker.models.pantomatrix import weights
from paksatalker.models.pantomatrix.vq import PARTS

GOLDEN = Path(__file__).parents[3] / "golden"
_SPEC = importlib.util.spec_from_file_location("golden_rule", GOLDEN / "rule.py")
rule = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(rule)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The official layout: pickled state dicts."""
    root = tmp_path_factory.mktemp("emage")
    from paksatalker.models.pantomatrix.emage import Emage
    from paksatalker.models.pantomatrix.vq import GlobalMotion, MotionVQ

    torch.set_num_threads(1)
    networks = {"": (Emage(), "emage_audio"), "global": (GlobalMotion(), "vq_global")}
    networks |= {part: (MotionVQ(PARTS[part]), f"vq_{part}") for part in PARTS}
    for name, (network, layout) in networks.items():
        place = root / "emage_vq" / name if name else root
        place.mkdir(parents=True, exist_ok=True)
        made = rule.state(GOLDEN / "emage" / f"{layout}.keys.json", network)
        torch.save({key: torch.as_tensor(value) for key, value in made.items()}, place / "pytorch_model.bin")
    return root


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "speech.wav"
    samples = np.load(GOLDEN / "emage" / "inference_a.npz")["audio"][0]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.tile(samples, 2)[: 16000 * 7 + 123] * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(autouse=True)
def _settings(monkeypatch, folder):
    monkeypatch.setenv("PANTRIX_MODEL_PATH", str(folder))


def test_a_recording_becomes_motion_in_every_format(recording, tmp_path):
    frames = round((16000 * 7 + 123) / 16000 * 30)
    run = CliRunner().invoke(app, ["body", str(recording), "-o", str(tmp_path / "m.npz"), "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["frames"] == frames
    track = npz.read(tmp_path / "m.npz")
    assert track.pose.shape == (frames, 55, 3)
    assert np.abs(track.expressions).max() > 0.1
    assert np.ptp(track.pose[15:-15], axis=0).max() > 0.1
    for suffix in ("bvh", "glb"):
        out = tmp_path / f"m.{suffix}"
        run = CliRunner().invoke(app, ["body", "convert", str(tmp_path / "m.npz"), "-o", str(out)])
        assert run.exit_code == 0, run.output
        assert out.stat().st_size > 10000
    again = CliRunner().invoke(app, ["body", str(recording), "-o", str(tmp_path / "again.npz")])
    assert again.exit_code == 0
    assert (tmp_path / "again.npz").read_bytes()[-2000:] == (tmp_path / "m.npz").read_bytes()[-2000:]
    assert np.array_equal(npz.read(tmp_path / "again.npz").pose, track.pose)


def test_the_engine_is_found_and_takes_pieces_of_any_rate(folder):
    info = find("body")
    assert info.name == "emage"
    assert info.hindrance() is None
    engine = info.create()
    assert isinstance(engine, BodyEngine)
    noise = 0.1 * np.random.default_rng(0).standard_normal(24000 * 3).astype(np.float32)
    pieces = [Speech(noise[:30001], 24000), Speech(noise[30001:], 24000, 30001 / 24000)]
    track = BodyTrack.concatenate(list(engine.gesture(pieces)))
    assert len(track) == 90
    assert track.first_frame == 0
    assert (folder / "pytorch_model.bin.safetensors").is_file()
    with pytest.raises(AudioEmpty):
        list(engine.gesture([Speech(noise[:4000], 24000)]))


def test_files_that_are_no_good(tmp_path, folder):
    with pytest.raises(WeightsMissing, match="paksatalker models download emage"):
        weights.load(tmp_path)
    for path in weights.files_in(tmp_path).values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for data, error in ((b"", WeightsCorrupt), ((folder / "pytorch_model.bin").read_bytes()[:5000], WeightsCorrupt)):
        (tmp_path / "pytorch_model.bin").write_bytes(data)
        with pytest.raises(error):
            weights.load(tmp_path)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsUnfit):
        weights.load(tmp_path)
    torch.save({"weight": _Evil()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsUnsafe):
        weights.load(tmp_path)


class _Evil:
    def __reduce__(self):
        return (print, ("opened",))


def test_without_models_the_command_says_how_to_get_them(monkeypatch, tmp_path, recording):
    monkeypatch.setenv("PANTRIX_MODEL_PATH", "")
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path))
    run = CliRunner().invoke(app, ["body", str(recording), "-o", str(tmp_path / "m.npz")])
    assert "paksatalker models download emage" in str(run.exception)
    assert not (tmp_path / "m.npz").exists()


def test_an_engine_can_be_given_its_networks(folder):
    networks = weights.load(folder)
    assert 600e6 < networks.bytes < 700e6
    noise = np.zeros(16000, np.float32)
    assert sum(map(len, EmageBody(networks=networks).gesture([Speech(noise, 16000)]))) == 30
