"""Opens the checkpoints that PyTorch projects publish, without ever running what is in them.

``.safetensors`` files are read as they are. Pickled ones (``.pth``, ``.pth.tar``, ``.bin``, ``.pt``) are opened once
with ``torch.load(weights_only=True)``, which builds tensors and plain containers only, and kept as safetensors beside
the original; the copy remembers the hash of the file it was made from and is made anew when that changes.

PyTorch comes with the extra ``paksatalker[neural]``; import this module inside the code that needs it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from pickletools import genops
from typing import Any, TypeVar

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from paksatalker.errors import WeightsCorrupt, WeightsMissing, WeightsUnfit, WeightsUnsafe
from paksatalker.models.hashing import hash_file

_LOG = logging.getLogger(__name__)
_M = TypeVar("_M", bound=nn.Module)

#: Where projects put the weights inside a checkpoint; taken when the caller names nothing and one of them is there.
_USUAL = ("params_ema", "params", "state_dict", "model_state", "model")
#: How PyTorch names what it refused to import.
_REFUSED = re.compile(r"(?:GLOBAL|Unsupported class) (\S+)")
_DATA_PARALLEL = "module."
_LOCK_S = 600.0
#: Longest header that a safetensors file may have, bytes; the format's own limit.
_LONGEST_HEADER = 100_000_000


def load_module(
    module: _M, path: Path, prefix: str = "", *, inside: Sequence[str] = (), fix: str = "", convert: bool = True
) -> _M:
    """Fills a network from a checkpoint, all keys and shapes equal (``strict=True``), and makes it ready for use.

    Args:
        module: The network.
        path: ``.safetensors``, or a pickled checkpoint.
        prefix: Only keys that begin with this are taken, without it: ``audio2exp.``.
        inside: Where in a pickled checkpoint the weights are: the first of these names that it has. Without names the
            usual ones are tried, then the top.
        fix: What to tell the user when the file is no good; the command that fetches it.
        convert: Whether a pickled file is kept as safetensors beside it.

    Returns:
        The same network, in evaluation mode, its parameters without gradients.

    Raises:
        WeightsMissing: The file is not there or cannot be read.
        WeightsCorrupt: It is truncated, or no checkpoint at all.
        WeightsUnsafe: It is a pickle that wants to run code. Nothing was run.
        WeightsUnfit: It is a checkpoint, but of another network.
    """
    found = read_tensors(path, prefix, inside=inside, fix=fix, convert=convert)
    _check_fit(type(module).__name__, module.state_dict(), found, path, prefix=prefix, fix=fix)
    module.load_state_dict(found, strict=True)
    return module.eval().requires_grad_(False)


def read_tensors(
    path: Path, prefix: str = "", *, inside: Sequence[str] = (), fix: str = "", convert: bool = True
) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name; arguments and errors as :func:`load_module` has them."""
    if not path.is_file():
        raise WeightsMissing("a model file is missing", f"{path} is not there", fix)
    if path.suffix == ".safetensors":
        return _read_safetensors(path, prefix, fix)
    if convert and (copy := _converted(path, inside, fix)) is not None:
        return _read_safetensors(copy, prefix, f"Delete {copy} and try again")
    return _below(_unpickle(path, inside, fix), prefix)


def _read_safetensors(path: Path, prefix: str, fix: str) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {key[len(prefix) :]: file.get_tensor(key) for key in file.keys() if key.startswith(prefix)}  # noqa: SIM118  (not a dict)
    except SafetensorError as error:
        raise _damaged(path, str(error), fix) from error
    except OSError as error:
        raise _unreadable(path, error, fix) from error


def _converted(path: Path, inside: Sequence[str], fix: str) -> Path | None:
    """The safetensors copy of a pickled file, made where it is missing; None where none can be kept."""
    copy = path.with_name(f"{path.name}.safetensors")
    try:
        source = path.stat()
        if _made_from(copy, source, inside):
            return copy
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_S):
            if _made_from(copy, source, inside):
                return copy
            digest = hash_file(path)
            if _note(copy).get("sha256") != digest or _note(copy).get("inside") != _joined(inside):
                _write(copy, _unpickle(path, inside, fix), _marks(source, digest, inside))
    except (OSError, Timeout) as error:  # a folder that we may only read, or no room: works without a copy as well
        _LOG.info("%s is not kept as safetensors: %s", path, error)
        return None
    return copy


def _write(copy: Path, tensors: Mapping[str, Tensor], marks: dict[str, str]) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=copy.parent, prefix=f".{copy.name}.")
    os.close(descriptor)
    try:
        # Tensors of a checkpoint may be views of one another, which the format does not have.
        save_file({key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}, temporary, marks)
        Path(temporary).replace(copy)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _unpickle(path: Path, inside: Sequence[str], fix: str) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it thinks of a refused pickle is told in our own words
            content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: it seeks to before the start of a truncated file
            raise _unreadable(path, error, fix) from error
        raise _damaged(path, str(error).splitlines()[0], fix) from error
    except MemoryError:
        raise
    # A damaged pickle makes the reader stumble in as many ways as there are opcodes.
    except Exception as error:
        if name := _code_wanted(str(error), path):
            why = f"{path} is a pickle that would call {name} when opened; it was not opened"
            raise WeightsUnsafe(
                "a model file is not safe", why, fix or "Delete it, and get it from its makers"
            ) from error
        why = str(error).splitlines()[0].partition(". ")[0][:160] if str(error) else type(error).__name__
        raise _damaged(path, why, fix) from error
    return _weights_in(content, inside, path, fix)


def _code_wanted(message: str, path: Path) -> str:
    """What a refused pickle would have called; empty where it is not code that it was refused for."""
    if match := _REFUSED.search(message):
        return match[1]
    words: list[str] = []
    with contextlib.suppress(Exception), path.open("rb") as file:  # anything at all may be in there
        for opcode, argument, _ in genops(file):
            if opcode.name in {"GLOBAL", "INST"}:
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":  # its module and name were pushed before
                return ".".join(words[-2:]) or "a function"
            if isinstance(argument, str):
                words.append(argument)
    return ""


def _weights_in(content: Any, inside: Sequence[str], path: Path, fix: str) -> dict[str, Tensor]:
    if isinstance(content, Mapping):
        for name in inside or _USUAL:
            if isinstance(content.get(name), Mapping):
                content = content[name]
                break
        else:
            if inside:
                why = f"{path} has no {' or '.join(repr(name) for name in inside)} in it"
                raise WeightsUnfit("a model file is not the one that is needed", why, fix)
        tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            return _without_wrapper(tensors)
    raise WeightsUnfit("a model file is not the one that is needed", f"{path} holds no weights", fix)


def _without_wrapper(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drops ``module.``, which training on several GPUs puts before every key."""
    if all(key.startswith(_DATA_PARALLEL) for key in tensors):
        return _below(tensors, _DATA_PARALLEL)
    return tensors


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


def _check_fit(
    network: str, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path, *, prefix: str, fix: str
) -> None:
    missing = [key for key in wanted if key not in found]
    other = [key for key in wanted if key in found and wanted[key].shape != found[key].shape]
    surplus = [key for key in found if key not in wanted]
    if not (missing or other or surplus):
        return
    reasons = [f"{label} {_some(keys, prefix)}" for label, keys in (("lacks", missing), ("has also", surplus)) if keys]
    if other:
        key = other[0]
        more = f" and {len(other) - 1} more of another shape" if len(other) > 1 else ""
        reasons.append(f"has {prefix}{key} as {list(found[key].shape)} instead of {list(wanted[key].shape)}{more}")
    why = f"{path} {', '.join(reasons)}"
    raise WeightsUnfit(f"a model file does not fit the network {network}", why, fix)


def _some(keys: Iterable[str], prefix: str) -> str:
    first, *rest = list(keys)
    return f"{prefix}{first}" + (f" and {len(rest)} more" if rest else "")


def _marks(source: os.stat_result, digest: str, inside: Sequence[str]) -> dict[str, str]:
    return {
        "sha256": digest,
        "bytes": str(source.st_size),
        "mtime_ns": str(source.st_mtime_ns),
        "inside": _joined(inside),
    }


def _joined(inside: Sequence[str]) -> str:
    return ",".join(inside)


def _made_from(copy: Path, source: os.stat_result, inside: Sequence[str]) -> bool:
    """Whether a copy is that of an original which has not been touched since."""
    note = _note(copy)
    return bool(note) and note == _marks(source, note.get("sha256", ""), inside)


def _note(copy: Path) -> dict[str, str]:
    """What a copy says of itself: the metadata in the head of the file; empty where there is no whole one."""
    with contextlib.suppress(OSError, ValueError, struct.error), copy.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEADER:
            return {}
        note = json.loads(file.read(length)).get("__metadata__", {})
        return note if isinstance(note, dict) else {}
    return {}


def _damaged(path: Path, why: str, fix: str) -> WeightsCorrupt:
    if path.suffix != ".safetensors" and path.stat().st_size and not zipfile.is_zipfile(path):
        why = f"it is truncated or no checkpoint ({why})"
    return WeightsCorrupt("a model file is damaged", f"{path} cannot be read: {why}", fix)


def _unreadable(path: Path, error: OSError, fix: str) -> WeightsMissing:
    return WeightsMissing("a model file cannot be used", f"{path}: {error.strerror or error}", fix)
