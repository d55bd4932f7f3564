import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from paksatalker.errors import (
    DownloadFailed,
    InvalidOption,
    WeightsCorrupt,
    WeightsMissing,
    WeightsUnfit,
    WeightsUnsafe,
)
from paksatalker.models.base import WeightsStore
from paksatalker.models.manifest import builtin_manifest, parse_manifest
from paksatalker.models.sadtalker import checkpoints, download_models
from paksatalker.models.sadtalker.audio2exp import Audio2Exp
from tests.golden import rule

LAYOUT = rule.GOLDEN / "sadtalker" / "SadTalker_V0.0.2_layout.json"
MAIN = "SadTalker_V0.0.2_256.safetensors"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def official(own: Path) -> Path:
    """A file laid out as the official one, but for its two largest networks."""
    layout = json.loads(LAYOUT.read_text(encoding="utf-8"))
    kinds = {"F32": torch.float32, "I64": torch.int64}
    tensors = {
        key: torch.zeros(shape, dtype=kinds[kind])
        for key, (shape, kind) in layout.items()
        if key.startswith(("audio2exp.", "audio2pose.", "face_3drecon."))
    }
    save_file(tensors, own / MAIN)
    return own


def test_networks_are_filled_from_the_official_layout(official: Path) -> None:
    networks = checkpoints.load_audio_networks()
    assert networks.bytes > 40e6
    assert not networks.pose.training
    checkpoints.load_face_recon()


def test_the_whole_download_is_one_group() -> None:
    entries = builtin_manifest().select(["sadtalker"])
    assert {file.name for entry in entries for file in entry.files} == {
        MAIN,
        "SadTalker_V0.0.2_512.safetensors",
        "mapping_00109-model.pth.tar",
        "mapping_00229-model.pth.tar",
        "alignment_WFLW_4HG.pth",
        "detection_Resnet50_Final.pth",
    }
    assert [file.name for file in builtin_manifest().entry("gfpgan").files] == ["GFPGANv1.4.pth"]
    for part in (checkpoints.main_part("generator", 512), checkpoints.mapping_part(full=True)):
        assert part.file in {file.name for file in builtin_manifest().entry(part.entry).files}


def test_a_missing_file_of_the_own_folder_is_named(own: Path) -> None:
    with pytest.raises(WeightsMissing, match="SADTALKER_MODEL_PATH") as caught:
        checkpoints.load_audio_networks()
    assert str(own / MAIN) in caught.value.message
    assert "models download sadtalker-256" in caught.value.fix


def test_without_a_folder_the_store_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SADTALKER_MODEL_PATH", raising=False)
    with pytest.raises(WeightsMissing, match="models download sadtalker-mapping"):
        checkpoints.mapping_part(full=False).path(WeightsStore(tmp_path))


def test_a_truncated_file(official: Path) -> None:
    data = (official / MAIN).read_bytes()
    (official / MAIN).write_bytes(data[:-100])
    with pytest.raises(WeightsCorrupt, match="models download sadtalker-256"):
        checkpoints.load_audio_networks()


def test_a_file_of_another_network(own: Path) -> None:
    save_file({"audio2exp.x": torch.zeros(1)}, own / MAIN)
    with pytest.raises(WeightsUnfit, match="Audio2Exp"):
        checkpoints.load_audio_networks()


def test_a_file_with_code(own: Path) -> None:
    class Evil:
        def __reduce__(self) -> object:
            return (os.mkdir, (str(own / "trace"),))

    torch.save({"mapping": {"x": torch.zeros(1)}, "optimizer": Evil()}, own / "mapping_00229-model.pth.tar")
    with pytest.raises(WeightsUnsafe, match="models download sadtalker-mapping"):
        checkpoints.mapping_part(full=False).fill(Audio2Exp())
    assert not (own / "trace").exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, WeightsMissing),
        (b"<html>404</html>", WeightsCorrupt),
        ({"state_dict": {"x": torch.zeros(1)}}, WeightsUnfit),
    ],
)
def test_the_original_s_face_finder(own: Path, content: object, error: type[Exception]) -> None:
    path = own / "detection_Resnet50_Final.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(error, match="models download sadtalker-faces") as caught:
        checkpoints.load_face_points()
    assert str(path) in str(caught.value)


def test_optimizer_state_beside_the_weights_is_left_out(own: Path) -> None:
    net = Audio2Exp()
    torch.save({"mapping": net.state_dict(), "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}}},
               own / "mapping_00109-model.pth.tar")  # fmt: skip
    filled = Audio2Exp()
    checkpoints.mapping_part(full=True).fill(filled)
    kept, loaded = net.state_dict(), filled.state_dict()
    assert all(torch.equal(loaded[name], kept[name]) for name in kept)


def test_another_size() -> None:
    with pytest.raises(InvalidOption, match="300"):
        checkpoints.main_part("generator", 300)


def test_files_that_were_swapped_are_told_apart_by_what_is_in_them(own: Path) -> None:
    """Those of 256 and 512 pixels have equal keys and shapes: only their hashes differ."""
    parts = {256: checkpoints.main_part("generator", 256), 512: checkpoints.main_part("generator", 512)}
    entry = """
    [[entry]]
    name = "{0.entry}"
    licence = "MIT"
    [[entry.file]]
    name = "{0.file}"
    bytes = 4
    sha256 = "{1}"
    sources = ["https://models.example/{0.file}"]
    """
    text = "".join(entry.format(part, hashlib.sha256(b"%4d" % size).hexdigest()) for size, part in parts.items())
    store = WeightsStore(own, parse_manifest(text))
    for size, part in parts.items():
        _put(own / part.file, b"%4d" % size, at=1)
        assert part.path(store) == own / part.file
    _put(own / parts[512].file, b"mine", at=2)
    assert parts[512].path(store).read_bytes() == b"mine", "a network of one's own training is nobody else's"
    _put(own / parts[512].file, b" 256", at=3)
    with pytest.raises(WeightsUnfit, match=r"is really SadTalker_V0\.0\.2_256.*models download sadtalker-512"):
        parts[512].path(store)


def _put(path: Path, data: bytes, at: int) -> None:
    path.write_bytes(data)
    os.utime(path, (at, at))  # clocks of file systems tick slowly


def test_downloads_tell_what_they_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path))
    monkeypatch.setenv("PAKSATALKER_OFFLINE", "1")
    told: list[str] = []
    with pytest.raises(DownloadFailed, match="PAKSATALKER_OFFLINE"):
        download_models(told.append)
    assert told == ["sadtalker-256: 725 MB"]


def test_a_damaged_file_of_ones_own_is_not_mended_by_a_download(monkeypatch, tmp_path):
    from torch import nn

    from paksatalker.errors import WeightsCorrupt
    from paksatalker.models.sadtalker.checkpoints import main_part

    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(tmp_path))
    (tmp_path / "SadTalker_V0.0.2_256.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    with pytest.raises(WeightsCorrupt, match="unset SADTALKER_MODEL_PATH"):
        main_part("generator").fill(nn.Linear(1, 1))
