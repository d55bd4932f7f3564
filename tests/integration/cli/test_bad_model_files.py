"""Every official model file, missing, cut short, full of code or of another network: what the user is told.

The networks are small; the files have the official names, forms and keys.
"""

import os
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")
pytest.importorskip("safetensors", reason="needs paksatalker[neural]")

from torch import nn

from paksatalker.cli import app
from paksatalker.core.rendering.sadtalker import build
from paksatalker.models.pantomatrix import weights
from paksatalker.models.pantomatrix.motion import MotionDecoder
from paksatalker.models.pantomatrix.vq import PARTS
from tests.integration.core import sadtalker_files as small

MAIN, LARGE = "SadTalker_V0.0.2_256.safetensors", "SadTalker_V0.0.2_512.safetensors"
CROP, FULL = "mapping_00229-model.pth.tar", "mapping_00109-model.pth.tar"
GFPGAN = "GFPGANv1.4.pth"
MISSING, CORRUPT, UNSAFE, UNFIT = 60, 62, 63, 64

Spoil = Callable[[Path], None]


class _Code:
    def __reduce__(self) -> object:
        return (os.mkdir, ("ran",))


def missing(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def a_web_page(path: Path) -> None:
    path.write_bytes(b"<!DOCTYPE html><title>404: Not Found</title>")


def code(path: Path) -> None:
    torch.save({"mapping": {"x": torch.zeros(1)}, "params_ema": {}, "more": _Code()}, path)


def of_another_network(path: Path) -> None:
    if path.suffix == ".safetensors":
        small.save_file({"generator.x": torch.zeros(1), "kp_extractor.x": torch.zeros(1)}, path)
    else:
        torch.save({"mapping": {"x": torch.zeros(1)}, "params_ema": {"x": torch.zeros(1)}}, path)


def that_of_the_other_mode(path: Path) -> None:
    other = path.with_name(FULL if path.name == CROP else CROP)
    shutil.copyfile(other, path)


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def sadtalker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small.write(tmp_path_factory.mktemp("sadtalker"))
    shutil.copyfile(folder / MAIN, folder / LARGE)
    torch.save({"params_ema": nn.Linear(3, 2).state_dict()}, folder / GFPGAN)
    return folder


@pytest.fixture(scope="module")
def emage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emage")
    decoder = MotionDecoder()
    networks = {"": nn.Linear(2, 2), "global": decoder.body} | {part: decoder.part(part) for part in PARTS}
    for part, network in networks.items():
        place = folder / "emage_vq" / part if part else folder
        place.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), place / "pytorch_model.bin")
    return folder


def linked(source: Path, target: Path) -> Path:
    """The same files; spoiling one leaves its source whole, because they are taken away before they are written."""
    shutil.copytree(source, target, copy_function=os.link)
    return target


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        app.main([str(argument) for argument in arguments])
    return int(end.value.code or 0), capsys.readouterr().err


def spoiled(path: Path, spoil: Spoil) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    spoil(path)


@pytest.mark.parametrize(
    ("file", "spoil", "options", "exit_code", "entry"),
    [
        (MAIN, missing, (), MISSING, "sadtalker-256"),
        (MAIN, cut_short, (), CORRUPT, "sadtalker-256"),
        (MAIN, of_another_network, (), UNFIT, "sadtalker-256"),
        (LARGE, a_web_page, ("--network-size", 512), CORRUPT, "sadtalker-512"),
        (CROP, missing, (), MISSING, "sadtalker-mapping"),
        (CROP, cut_short, (), CORRUPT, "sadtalker-mapping"),
        (CROP, code, (), UNSAFE, "sadtalker-mapping"),
        (CROP, that_of_the_other_mode, (), UNFIT, "sadtalker-mapping"),
        (FULL, that_of_the_other_mode, ("--preprocess", "full"), UNFIT, "sadtalker-mapping"),
        (GFPGAN, missing, ("--enhance", "gfpgan"), MISSING, "gfpgan"),
        (GFPGAN, a_web_page, ("--enhance", "gfpgan"), CORRUPT, "gfpgan"),
        (GFPGAN, code, ("--enhance", "gfpgan"), UNSAFE, "gfpgan"),
        (GFPGAN, of_another_network, ("--enhance", "gfpgan"), UNFIT, "gfpgan"),
    ],
)
def test_sadtalker(
    sadtalker, photo, tmp_path, monkeypatch, capsys, file, spoil, options, exit_code, entry
):  # fmt: skip
    folder = linked(sadtalker, tmp_path / "own")
    spoiled(folder / file, spoil)
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(folder))
    monkeypatch.setattr(build, "Generator", small.generator)
    monkeypatch.setattr(build, "KPDetector", small.detector)
    monkeypatch.setattr(build, "MappingNet", small.mapping)
    monkeypatch.setattr(build, "GFPGAN", lambda: nn.Linear(3, 2))
    place = tmp_path / "me.mp4"
    code_, text = told(capsys, "generate", "-i", photo, "--text", "Hi.", "--engine", "sadtalker", "-o", place, *options)
    assert code_ == exit_code, text
    assert text.startswith("error: ")
    assert str(folder / file) in text
    assert f"paksatalker models download {entry}" in text
    assert not place.exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "spoil", "exit_code"),
    [
        ("pytorch_model.bin", missing, MISSING),
        ("pytorch_model.bin", cut_short, CORRUPT),
        ("pytorch_model.bin", code, UNSAFE),
        ("emage_vq/hands/pytorch_model.bin", a_web_page, CORRUPT),
        ("emage_vq/lower/pytorch_model.bin", code, UNSAFE),
        ("emage_vq/global/pytorch_model.bin", of_another_network, UNFIT),
    ],
)
def test_emage(emage, tmp_path, monkeypatch, capsys, file, spoil, exit_code):
    folder = linked(emage, tmp_path / "own")
    spoiled(folder / file, spoil)
    monkeypatch.setenv("PANTRIX_MODEL_PATH", str(folder))
    monkeypatch.setattr(weights, "Emage", lambda: nn.Linear(2, 2))
    code_, text = told(capsys, "body", _sound(tmp_path / "a.wav"), "--exact", "-o", tmp_path / "a.npz")
    assert code_ == exit_code, text
    assert text.startswith("error: ")
    assert str(folder / file) in text
    assert "paksatalker models download emage" in text
    assert not (tmp_path / "a.npz").exists()
    assert not (tmp_path / "ran").exists()


def test_parts_of_the_body_that_were_swapped(emage, tmp_path, monkeypatch, capsys):
    folder = linked(emage, tmp_path / "own")
    face, upper = (folder / "emage_vq" / part / "pytorch_model.bin" for part in ("face", "upper"))
    face.rename(tmp_path / "aside")
    upper.rename(face)
    (tmp_path / "aside").rename(upper)
    monkeypatch.setenv("PANTRIX_MODEL_PATH", str(folder))
    monkeypatch.setattr(weights, "Emage", lambda: nn.Linear(2, 2))
    code_, text = told(capsys, "body", _sound(tmp_path / "a.wav"), "--exact", "-o", tmp_path / "a.npz")
    assert code_ == UNFIT
    assert "[256, 78, 3] instead of [256, 106, 3]" in text


def _sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 16000))
    return path
