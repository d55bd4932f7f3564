"""The official files of SadTalker, and the networks filled from them.

The files come from the weights store, or from the folder that ``SADTALKER_MODEL_PATH`` names, where they have the same
names. Files of that folder are the user's own business: they need not have the published hashes, but must fit, and not
be another official file: those for 256 and 512 pixels differ in nothing but their numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from paksatalker.config import get_settings
from paksatalker.errors import InvalidOption, OutputUnwritable, WeightsMissing, WeightsUnfit
from paksatalker.models.base import WeightsStore
from paksatalker.models.hashing import hash_file
from paksatalker.models.manifest import Manifest
from paksatalker.requirements import require_extra

if TYPE_CHECKING:
    import torch
    from torch import nn

    from paksatalker.models.sadtalker.audio2exp import Audio2Exp
    from paksatalker.models.sadtalker.audio2pose import Audio2Pose
    from paksatalker.models.sadtalker.face_points import FacePoints
    from paksatalker.models.sadtalker.face_recon import FaceRecon

    _M = TypeVar("_M", bound=nn.Module)

#: Sizes of the video that there are networks for, pixels.
SIZES = (256, 512)
#: Entries of the weights manifest; the group ``sadtalker`` is all but the last.
GROUP = "sadtalker"
MAPPING, FACES, GFPGAN_ENTRY = "sadtalker-mapping", "sadtalker-faces", "gfpgan"
_FULL_MAPPING, _CROP_MAPPING = "mapping_00109-model.pth.tar", "mapping_00229-model.pth.tar"
_DETECTOR, _POINTER = "detection_Resnet50_Final.pth", "alignment_WFLW_4HG.pth"
_GFPGAN = "GFPGANv1.4.pth"


def entry_of(size: int) -> str:
    """The manifest's entry with the networks for a size.

    Raises:
        InvalidOption: There are none for it.
    """
    if size not in SIZES:
        raise InvalidOption(f"SadTalker cannot make {size} pixels", fix="Choose 256 or 512")
    return f"sadtalker-{size}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A part of an official file.

    Attributes:
        entry: Of the weights manifest.
        file: Its name.
        prefix: Of the keys that belong to the network; they are used without it.
        inside: Where in a pickled file the weights are.
    """

    entry: str
    file: str
    prefix: str = ""
    inside: tuple[str, ...] = ()

    def path(self, store: WeightsStore | None = None) -> Path:
        """Where the file is.

        Args:
            store: Where to look where ``SADTALKER_MODEL_PATH`` is not set; None takes the settings' store.

        Raises:
            WeightsMissing: It is not there.
            WeightsCorrupt: The store's file is not the one that the manifest promises.
            WeightsUnfit: It is another official file under this name.
        """
        own = get_settings().sadtalker_model_path
        if own is None:
            return (store or WeightsStore()).path(self.entry, self.file)
        path = own.expanduser() / self.file
        if not path.is_file():
            raise WeightsMissing(
                f"the model '{self.entry}' is not where SADTALKER_MODEL_PATH says",
                f"{path} is not there",
                self._fix,
            )
        if other := _under_another_name(path, (store or WeightsStore()).manifest):
            raise WeightsUnfit("a model file is not the one that is needed", f"{path} is really {other}", self._fix)
        return path

    def fill(self, module: _M, store: WeightsStore | None = None) -> _M:
        """Fills a network, all keys and shapes equal, and makes it ready for use.

        Raises:
            EngineUnavailable: PyTorch is not installed.
            WeightsMissing: The file is not there.
            WeightsCorrupt: It is truncated or not what the manifest promises.
            WeightsUnsafe: It is a pickle that would run code.
            WeightsUnfit: It is of another network.
        """
        from paksatalker.models.torch_files import load_module

        return load_module(module, self.path(store), self.prefix, inside=self.inside, fix=self._fix)

    @property
    def _fix(self) -> str:
        """How to mend it: a download does not reach a folder of the user's own."""
        own = get_settings().sadtalker_model_path
        if own is None:
            return f"Run: {self._command}"
        folder = own.expanduser()
        return f"Put the official {self.file} into {folder}, or unset SADTALKER_MODEL_PATH and run: {self._command}"

    @property
    def _command(self) -> str:
        return f"paksatalker models download {self.entry}"


def _under_another_name(path: Path, manifest: Manifest) -> str:
    """The name of the official file that this one really is; empty where it is its own or none."""
    about = path.stat()
    files = (file for entry in manifest.values() for file in entry.files)
    others = {file.sha256: file.name for file in files if file.bytes == about.st_size and file.name != path.name}
    with suppress(OSError):  # who cannot be read is told so when it is loaded
        return others.get(_hash(path, about.st_size, about.st_mtime_ns), "") if others else ""
    return ""


@lru_cache(maxsize=8)
def _hash(path: Path, _size: int, _mtime_ns: int) -> str:
    return hash_file(path)


def main_part(name: str, size: int = 256) -> Checkpoint:
    """A part of the main file: ``kp_extractor``, ``generator``, ``audio2exp``, ``audio2pose`` or ``face_3drecon``."""
    return Checkpoint(entry_of(size), f"SadTalker_V0.0.2_{size}.safetensors", f"{name}.")


def mapping_part(*, full: bool) -> Checkpoint:
    """The mapping network: that of ``full`` mode reads 73 coefficients, the other one 70."""
    return Checkpoint(MAPPING, _FULL_MAPPING if full else _CROP_MAPPING, inside=("mapping",))


def gfpgan_part() -> Checkpoint:
    """The face restorer."""
    return Checkpoint(GFPGAN_ENTRY, _GFPGAN, inside=("params_ema", "params"))


@dataclass(frozen=True, slots=True)
class AudioNetworks:
    """What makes coefficients from sound, ready for use."""

    expression: Audio2Exp
    pose: Audio2Pose

    def to(self, device: torch.device) -> AudioNetworks:
        """Moves them to a device; returns the same networks."""
        self.expression.to(device)
        self.pose.to(device)
        return self

    @property
    def bytes(self) -> int:
        """Memory they take."""
        return sum(t.nbytes for module in (self.expression, self.pose) for t in module.state_dict().values())


def load_audio_networks(store: WeightsStore | None = None, size: int = 256) -> AudioNetworks:
    """The networks from sound to coefficients; both sizes' files hold them. Errors as :meth:`Checkpoint.fill`."""
    _require_torch()
    from paksatalker.models.sadtalker.audio2exp import Audio2Exp
    from paksatalker.models.sadtalker.audio2pose import Audio2Pose

    return AudioNetworks(
        main_part("audio2exp", size).fill(Audio2Exp(), store), main_part("audio2pose", size).fill(Audio2Pose(), store)
    )


def load_face_recon(store: WeightsStore | None = None, size: int = 256) -> FaceRecon:
    """The network that measures a face. Errors as :meth:`Checkpoint.fill`."""
    _require_torch()
    from paksatalker.models.sadtalker.face_recon import FaceRecon

    return main_part("face_3drecon", size).fill(FaceRecon(), store)


def load_face_points(store: WeightsStore | None = None) -> FacePoints:
    """The original's face detector and landmarks. Errors as :meth:`Checkpoint.fill`."""
    _require_torch()
    from paksatalker.models.sadtalker.face_points import FacePoints
    from paksatalker.models.sadtalker.fan import FAN
    from paksatalker.models.sadtalker.retinaface import RetinaFace

    return FacePoints(
        Checkpoint(FACES, _DETECTOR).fill(RetinaFace(), store),
        Checkpoint(FACES, _POINTER, inside=("state_dict",)).fill(FAN(), store),
    )


def export_sadtalker(
    folder: Path,
    *,
    to: str = "onnx",
    quantize: str | None = None,
    size: int = 256,
    full: bool = False,
    store: WeightsStore | None = None,
) -> tuple[Path, ...]:
    """Writes the renderer's networks in another format.

    Args:
        folder: Where to.
        to: ``onnx``, or ``tensorrt``, which is built of it.
        quantize: ``int8``, ``fp16`` or None.
        size: 256 or 512 pixels.
        full: Whether the mapping network of ``full`` mode is taken.
        store: Where the weights are; None takes the settings' folder.

    Returns:
        The files.

    Raises:
        EngineUnavailable: PyTorch, or what the format needs, is not installed.
        OutputUnwritable: The folder cannot be written.
        WeightsMissing: The official files are not there; the other errors of :meth:`Checkpoint.fill` likewise.
    """
    _require_torch()
    from paksatalker.models.sadtalker import export
    from paksatalker.models.sadtalker.generator import Generator
    from paksatalker.models.sadtalker.keypoints import KPDetector
    from paksatalker.models.sadtalker.mapping import CROP_COEFFICIENTS, FULL_COEFFICIENTS, MappingNet

    if to == "tensorrt":
        export.require_tensorrt()
    precision = export.precision(quantize)
    mapping = MappingNet(FULL_COEFFICIENTS if full else CROP_COEFFICIENTS)
    try:
        files = export.export_onnx(
            folder,
            keypoints=main_part("kp_extractor", size).fill(KPDetector(), store),
            mapping=mapping_part(full=full).fill(mapping, store),
            generator=main_part("generator", size).fill(Generator(), store),
            size=size,
            quantize=None if to == "tensorrt" else precision,
        )
        if to == "tensorrt":
            files = export.export_tensorrt(folder, fp16=precision != "int8", int8=precision == "int8")
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputUnwritable(f"cannot write to {folder}", why, "Name another folder with --output") from error
    return files


def download_models(progress: Callable[[str], None] = print) -> None:
    """Downloads all official files that are missing, and says how far it is.

    Args:
        progress: Called with a line of text at every tenth of a file.

    Raises:
        DownloadFailed: No source delivered.
        DiskFull: There is no room.
        OutputUnwritable: The store cannot be written.
    """
    store = WeightsStore()
    for entry in store.manifest.select([GROUP, GFPGAN_ENTRY]):
        progress(f"{entry.name}: {entry.bytes / 1e6:.0f} MB")
        store.download(entry.name, _Tenths(entry.name, progress))
        progress(f"{entry.name}: ready in {store.status(entry.name).folder}")


class _Tenths:
    """Tells every tenth of a download once."""

    def __init__(self, name: str, tell: Callable[[str], None]) -> None:
        self._name, self._tell, self._told = name, tell, 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if self._told < tenth < 10:
            self._tell(f"{self._name}: {10 * tenth}%")
            self._told = tenth


def _require_torch() -> None:
    require_extra("SadTalker cannot run", "neural", "safetensors", "torch")
