"""A photo that talks: the networks of SadTalker's renderer put together, from coefficient windows to frames."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paksatalker.models.sadtalker.generator import Drawing, Generator, SourceFeatures
from paksatalker.models.sadtalker.keypoints import KPDetector, transform_keypoints
from paksatalker.models.sadtalker.mapping import WINDOW, MappingNet
from paksatalker.models.sadtalker.mapping import degrees as expected_degrees
from paksatalker.models.sadtalker.packed import best_target
from paksatalker.models.sadtalker.prepared import PreparedGenerator

_log = logging.getLogger(__name__)

#: Frames at a time: on a CPU more of them gain nothing.
CPU_BATCH = 1
GPU_BATCH = 16


class FrameGenerator(Protocol):
    """The plain, the prepared or the compiled generator."""

    @property
    def source_device(self) -> torch.device:
        """Where photos are encoded."""
        ...

    def encode(self, image: Tensor) -> SourceFeatures:
        """See :meth:`Generator.encode`."""
        ...

    def draw(self, source: SourceFeatures, kp_driving: Tensor, kp_source: Tensor) -> Drawing:
        """See :meth:`Generator.draw`."""
        ...


@dataclass(frozen=True, slots=True)
class RenderNetworks:
    """What the renderer needs, loaded.

    Attributes:
        keypoints: Finds the key points of the photo.
        mapping: Coefficients to head motion.
        generator: Draws the frames.
        device: Where the frames are drawn. The two others compute where their weights lie.
    """

    keypoints: KPDetector
    mapping: MappingNet
    generator: FrameGenerator
    device: torch.device

    @property
    def coefficients(self) -> int:
        """Coefficients a frame, 70 or 73."""
        first = self.mapping.first[0]
        assert isinstance(first, torch.nn.Conv1d)
        return first.in_channels


def best_device() -> torch.device:
    """A GPU if there is one that PyTorch can use, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepare(
    generator: Generator,
    *,
    size: int,
    exact: bool = False,
    device: torch.device | str | None = None,
    compiled: bool = False,
) -> FrameGenerator:
    """The generator as it draws fastest here.

    Args:
        generator: With its weights.
        size: Side of the frames, pixels.
        exact: Keep the plain network in 32 bits, to compare with the original.
        device: Where; None takes a GPU if there is one.
        compiled: Whether a GPU's frames are compiled: slower to begin with, faster from then on. On a CPU it gains
            nothing, for the work is done by oneDNN either way, so nothing is compiled there.
    """
    device = best_device() if device is None else torch.device(device)
    if exact:
        return generator.to(device)
    on_gpu = device.type == "cuda"
    prepared = PreparedGenerator(generator, best_target(device), size, GPU_BATCH if on_gpu else CPU_BATCH)
    if not (compiled and on_gpu):
        return prepared
    from paksatalker.models.sadtalker.compiled import CompiledGenerator  # loads torch's compiler

    return CompiledGenerator(prepared)


class TalkingHead:
    """Draws the frames of one photo.

    Args:
        networks: Loaded networks.
        image: The face crop, uint8 [S, S, 3] RGB; S is a multiple of 128.
        coefficients: The photo's own, float32 [70 or 73].
        batch: Frames drawn at a time; halved for good when a GPU's memory does not suffice.

    Raises:
        ValueError: Image or coefficients have another shape.
    """

    def __init__(
        self,
        networks: RenderNetworks,
        image: npt.NDArray[np.uint8],
        coefficients: npt.NDArray[np.float32],
        batch: int | None = None,
    ) -> None:
        side = image.shape[0]
        if image.shape != (side, side, 3) or side % 128:
            raise ValueError(f"the face must be S × S × 3 with S a multiple of 128, not {image.shape}")
        if coefficients.shape != (networks.coefficients,):
            raise ValueError(f"the photo has {coefficients.shape} coefficients, not ({networks.coefficients},)")
        self._networks = networks
        self._batch = batch or (GPU_BATCH if networks.device.type == "cuda" else CPU_BATCH)
        with torch.inference_mode():
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
            self._canonical = networks.keypoints(pixels.to(_device(networks.keypoints)))
            window = torch.from_numpy(np.repeat(coefficients[None, :, None], WINDOW, axis=2))
            self._kp_source = self._keypoints(window, None)
            self._source = networks.generator.encode(pixels.to(networks.generator.source_device))

    @property
    def batch(self) -> int:
        """Frames drawn at a time."""
        return self._batch

    def draw(
        self, windows: npt.NDArray[np.float32], degrees: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Draws B frames, in batches as large as memory allows.

        Args:
            windows: Coefficients around each frame, float32 [B, 70 or 73, 27].
            degrees: Yaw, pitch and roll that replace the network's, float32 [B, 3]; NaN and None leave them alone.

        Returns:
            uint8 [B, S, S, 3] RGB.

        Raises:
            torch.OutOfMemoryError: The memory of the GPU does not suffice for a single frame.
        """
        return within_memory(self._draw, len(windows), self._lower, lambda: self._batch, windows, degrees)

    def _lower(self, batch: int) -> None:
        self._batch = batch

    @torch.inference_mode()
    def _draw(self, windows: npt.NDArray[np.float32], degrees: npt.NDArray[np.float32] | None) -> npt.NDArray[np.uint8]:
        moved = self._keypoints(torch.from_numpy(np.array(windows)), degrees)
        device = self._networks.device
        image = self._networks.generator.draw(self._source, moved.to(device), self._kp_source.to(device)).image
        pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        return np.asarray(pixels.cpu().numpy(), np.uint8)

    def _keypoints(self, windows: Tensor, degrees: npt.NDArray[np.float32] | None) -> Tensor:
        mapping = self._networks.mapping
        motion = mapping(windows.to(_device(mapping)))
        if degrees is None:
            return transform_keypoints(self._canonical, motion)
        chosen = []
        for axis, scores in enumerate((motion.yaw, motion.pitch, motion.roll)):
            given = torch.from_numpy(np.array(degrees[:, axis])).to(scores)
            chosen.append(torch.where(given.isnan(), expected_degrees(scores), given))
        yaw, pitch, roll = chosen
        return transform_keypoints(self._canonical, motion, yaw=yaw, pitch=pitch, roll=roll)


def within_memory(
    work: Callable[..., npt.NDArray[np.uint8]],
    count: int,
    lower: Callable[[int], None],
    batch: Callable[[], int],
    *arrays: npt.NDArray[np.float32] | None,
) -> npt.NDArray[np.uint8]:
    """Does ``work`` on ``arrays`` batch by batch; where a GPU's memory does not suffice, with half as many at a time.

    Args:
        work: Takes rows of the arrays, gives as many results.
        count: Rows.
        lower: Told the new batch.
        batch: Tells it.
        *arrays: [count, …]; None is handed on.

    Raises:
        torch.OutOfMemoryError: A single row is too much.
    """
    done: list[npt.NDArray[np.uint8]] = []
    start = 0
    while start < count:
        rows = slice(start, start + batch())
        try:
            done.append(work(*(None if a is None else a[rows] for a in arrays)))
        except torch.OutOfMemoryError:
            if batch() == 1:
                raise
            lower(batch() // 2)
            _log.warning("the GPU's memory does not suffice: going on with %d frames at a time", batch())
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            continue
        start = rows.stop
    return _joined(done)


def _joined(parts: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _device(module: torch.nn.Module) -> torch.device:
    return next(module.parameters()).device
