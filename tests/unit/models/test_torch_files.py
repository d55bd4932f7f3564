import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from paksatalker.errors import WeightsCorrupt, WeightsMissing, WeightsUnfit, WeightsUnsafe
from paksatalker.models.torch_files import load_module, read_tensors

FIX = "Run: paksatalker models download thing"


class _Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.path),))


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))


def _same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_safetensors_are_taken_by_prefix(tmp_path: Path, net: nn.Module) -> None:
    path = tmp_path / "all.safetensors"
    save_file({f"a.{k}": v for k, v in net.state_dict().items()} | {"b.x": torch.zeros(2)}, path)
    other = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))
    loaded = load_module(other, path, "a.")
    assert loaded is other
    assert _same(loaded.state_dict(), net.state_dict())
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


@pytest.mark.parametrize("inside", ["mapping", "state_dict", "params_ema", ""])
@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_read_wherever_the_weights_are(tmp_path: Path, net: nn.Module, inside: str, zipped: bool) -> None:
    path = tmp_path / "net.pth.tar"
    content = {inside: net.state_dict(), "epoch": 7} if inside else net.state_dict()
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    found = read_tensors(path, inside=[inside] if inside else [])
    assert _same(found, dict(net.state_dict()))


def test_a_pickle_is_converted_once_and_again_when_it_changes(tmp_path: Path, net: nn.Module) -> None:
    path, copy = tmp_path / "net.pth", tmp_path / "net.pth.safetensors"
    torch.save(net.state_dict(), path)
    read_tensors(path)
    assert _same(load_file(copy), dict(net.state_dict()))
    before = copy.stat().st_mtime_ns
    read_tensors(path)
    assert copy.stat().st_mtime_ns == before
    changed = {k: v + 1 for k, v in net.state_dict().items()}
    torch.save(changed, path)
    assert _same(read_tensors(path), changed)
    assert _same(load_file(copy), changed)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")) == ["net.pth", copy.name]


def test_another_place_inside_is_another_conversion(tmp_path: Path, net: nn.Module) -> None:
    path = tmp_path / "net.pth"
    torch.save({"params": net.state_dict(), "params_ema": {k: v + 1 for k, v in net.state_dict().items()}}, path)
    assert _same(read_tensors(path, inside=["params"]), dict(net.state_dict()))
    assert not _same(read_tensors(path, inside=["params_ema", "params"]), dict(net.state_dict()))


def test_a_damaged_copy_is_made_anew(tmp_path: Path, net: nn.Module) -> None:
    path, copy = tmp_path / "net.pth", tmp_path / "net.pth.safetensors"
    torch.save(net.state_dict(), path)
    for junk in (b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0{}"):
        copy.write_bytes(junk)
        assert _same(read_tensors(path), dict(net.state_dict()))


def test_tensors_that_share_memory_are_converted(tmp_path: Path) -> None:
    one = torch.arange(6.0)
    torch.save({"whole": one, "half": one[3:], "turned": one.view(2, 3).T}, tmp_path / "net.pth")
    found = read_tensors(tmp_path / "net.pth")
    assert found["half"].tolist() == [3, 4, 5]
    assert found["turned"].shape == (3, 2)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read(tmp_path: Path, net: nn.Module) -> None:
    path = tmp_path / "net.pth"
    torch.save(net.state_dict(), path)
    tmp_path.chmod(0o500)
    try:
        assert _same(read_tensors(path), dict(net.state_dict()))
    finally:
        tmp_path.chmod(0o700)


def test_nothing_is_kept_when_not_wanted(tmp_path: Path, net: nn.Module) -> None:
    torch.save(net.state_dict(), tmp_path / "net.pth")
    read_tensors(tmp_path / "net.pth", convert=False)
    assert [p.name for p in tmp_path.iterdir()] == ["net.pth"]


def test_the_wrapper_of_several_gpus_is_dropped(tmp_path: Path, net: nn.Module) -> None:
    torch.save({f"module.{k}": v for k, v in net.state_dict().items()}, tmp_path / "net.pth")
    load_module(net, tmp_path / "net.pth")


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_missing(tmp_path: Path, net: nn.Module, name: str) -> None:
    with pytest.raises(WeightsMissing, match="thing") as caught:
        load_module(net, tmp_path / name, fix=FIX)
    assert name in caught.value.message


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("keep", [0, 1, 10, 100, 0.5, 0.9, -1])
def test_truncated_pickle(tmp_path: Path, net: nn.Module, zipped: bool, keep: float) -> None:
    path = tmp_path / "net.pth"
    torch.save(net.state_dict(), path, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(WeightsCorrupt, match="models download thing"):
        load_module(net, path, fix=FIX)
    assert not (tmp_path / "net.pth.safetensors").exists()


@pytest.mark.parametrize("keep", [0, 4, 8, 50, 0.5, -1])
def test_truncated_safetensors(tmp_path: Path, net: nn.Module, keep: float) -> None:
    path = tmp_path / "net.safetensors"
    save_file(dict(net.state_dict()), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(WeightsCorrupt, match="models download thing"):
        load_module(net, path, fix=FIX)


@pytest.mark.parametrize(
    "junk", [b"<html>not found</html>", b"version https://git-lfs", bytes(range(256)), b"PK\x03\x04"]
)
@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
def test_no_checkpoint_at_all(tmp_path: Path, net: nn.Module, junk: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(junk)
    with pytest.raises(WeightsCorrupt):
        load_module(net, tmp_path / name)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("how", ["torch", "torch-old", 2, 4])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path, net: nn.Module, how: str | int) -> None:
    path, trace = tmp_path / "net.pth", tmp_path / "trace"
    content = {"state_dict": net.state_dict(), "x": _Evil(trace)}
    if isinstance(how, int):
        path.write_bytes(pickle.dumps({"x": _Evil(trace)}, protocol=how))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(WeightsUnsafe, match=r"would call \w+\.\w+ when") as caught:
        load_module(net, path, fix=FIX)
    assert not trace.exists()
    assert "function" not in caught.value.message
    assert str(path) in caught.value.message
    assert not (tmp_path / "net.pth.safetensors").exists()


@pytest.mark.parametrize("content", [{}, {"epoch": 1}, [torch.zeros(2)], torch.zeros(2), 5, {"state_dict": {}}])
def test_a_checkpoint_without_weights(tmp_path: Path, net: nn.Module, content: object) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(WeightsUnfit):
        load_module(net, tmp_path / "net.pth")


def test_another_network_is_told_by_its_keys(tmp_path: Path, net: nn.Module) -> None:
    state = dict(net.state_dict())
    path = tmp_path / "net.safetensors"
    for change, words in (
        ({"0.weight": None}, "lacks p.0.weight"),
        ({"extra": torch.zeros(1)}, "has also p.extra"),
        ({"0.weight": torch.zeros(3, 2, 5)}, r"p\.0\.weight as \[3, 2, 5\] instead of \[3, 2, 3\]"),
    ):
        new = {f"p.{k}": v for k, v in (state | change).items() if v is not None}
        save_file(new, path)
        with pytest.raises(WeightsUnfit, match=words):
            load_module(net, path, "p.")


def test_half_precision_weights_fill_a_float_network(tmp_path: Path, net: nn.Module) -> None:
    save_file(
        {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}, tmp_path / "h.safetensors"
    )
    assert load_module(net, tmp_path / "h.safetensors")[0].weight.dtype == torch.float32
