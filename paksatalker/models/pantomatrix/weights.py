"""The official files of EMAGE: where they are, how they get there, and the networks made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from paksatalker.config import get_settings
from paksatalker.errors import WeightsMissing
from paksatalker.models.base import WeightsStore
from paksatalker.models.pantomatrix.emage import WINDOW, Emage
from paksatalker.models.pantomatrix.motion import MotionDecoder
from paksatalker.models.pantomatrix.packing import pack
from paksatalker.models.pantomatrix.vq import PARTS
from paksatalker.models.torch_files import load_module

#: The entry in the weights manifest.
ENTRY = "emage"
_COMMAND = f"paksatalker models download {ENTRY}"
_NAME = "pytorch_model"


@dataclass(frozen=True, slots=True)
class Networks:
    """All that is needed for making motion, ready for use.

    Attributes:
        network: The network.
        decoder: The decoders.
        bytes: Memory they take.
    """

    network: Emage
    decoder: MotionDecoder
    bytes: int


def files_in(folder: Path) -> dict[str, Path]:
    """Where each network's file lies in a folder: as the store names them, or as the official repository does.

    Names: ``emage`` for the network itself, then the parts of the body and ``global``.
    """
    found = {"emage": _file(folder, folder / "emage_audio")}
    for part in (*PARTS, "global"):
        found[part] = _file(folder / "emage_vq" / part, folder / f"emage_vq_{part}")
    return found


def _file(official: Path, stored: Path) -> Path:
    """The first that is there; the official place if none is, because that is what the user knows."""
    choices = [
        official / f"{_NAME}.safetensors",
        official / "model.safetensors",
        official / f"{_NAME}.bin",
        stored.with_suffix(".safetensors"),
        stored.with_suffix(".bin"),
    ]
    return next((path for path in choices if path.is_file()), choices[2])


def _fix(folder: Path) -> str:
    """How to mend what is wrong in a folder: a download does not reach the user's own."""
    if folder == _own_folder():
        return f"Put EMAGE's official files into {folder}, or unset PANTRIX_MODEL_PATH and run: {_COMMAND}"
    return f"Run: {_COMMAND}"


def halves_well() -> bool:
    """Whether this processor computes with bfloat16 faster than with float32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def load(folder: Path, *, exact: bool = True, packed: bool = True) -> Networks:
    """Loads everything from a folder.

    Args:
        folder: As the official repository or as the weights store has it.
        exact: Compute as the original does; else with bfloat16 where that is faster (about 3 of 100 codes differ).
        packed: Lay out weights as the processor multiplies them, for good: twice as fast, the same but for rounding.

    Raises:
        WeightsMissing: A file is missing.
        WeightsCorrupt: One is damaged.
        WeightsUnsafe: One is a pickle that would run code.
        WeightsUnfit: One is of another network.
    """
    files, fix = files_in(folder), _fix(folder)
    if absent := [path for path in files.values() if not path.is_file()]:
        raise WeightsMissing("a model file is missing", f"{absent[0]} is not there", fix)
    network = load_module(Emage(), files["emage"], fix=fix)
    if not exact and halves_well():
        network.halve()
    decoder = MotionDecoder()
    for part in PARTS:
        load_module(decoder.part(part), files[part], fix=fix)
    load_module(decoder.body, files["global"], fix=fix)
    modules: tuple[nn.Module, ...] = (network, decoder)
    size = sum(tensor.nbytes for module in modules for tensor in module.state_dict().values())
    return Networks(pack(network, WINDOW) if packed else network, decoder.eval(), size)


def models_folder(store: WeightsStore | None = None) -> Path:
    """Where the files are: ``PANTRIX_MODEL_PATH`` if it is set, else the weights store.

    Raises:
        WeightsMissing: Neither has them.
        WeightsCorrupt: The store's are damaged.
    """
    return _own_folder() or (store or WeightsStore()).path(ENTRY)


def _own_folder() -> Path | None:
    """What ``PANTRIX_MODEL_PATH`` says."""
    own = get_settings().pantrix_model_path
    return own and own.expanduser()
