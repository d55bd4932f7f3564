"""The prepared generator with its steps fused by ``torch.compile``, for GPUs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch._dynamo.exc import TorchDynamoException

from paksatalker.errors import EngineUnavailable
from paksatalker.models.sadtalker.dense_motion import Motion
from paksatalker.models.sadtalker.generator import Drawing, SourceFeatures
from paksatalker.models.sadtalker.prepared import PreparedGenerator


class CompiledGenerator:
    """Draws what the prepared generator draws; the first frames take a minute more, all others less.

    Batches are filled up to a power of two with repetitions of the last frame, so that the end of a video or a lowered
    batch needs no more than a few compilations.

    Args:
        prepared: The generator.
        backend: What compiles, as ``torch.compile`` names it.
    """

    def __init__(self, prepared: PreparedGenerator, backend: str = "inductor") -> None:
        self._prepared = prepared
        self._frames = torch.compile(prepared.frames, fullgraph=True, dynamic=False, backend=backend)

    @property
    def source_device(self) -> torch.device:
        """Where photos are encoded."""
        return self._prepared.source_device

    def encode(self, image: Tensor) -> SourceFeatures:
        """See :meth:`Generator.encode`."""
        return self._prepared.encode(image)

    @torch.inference_mode()
    def draw(self, source: SourceFeatures, kp_driving: Tensor, kp_source: Tensor) -> Drawing:
        """See :meth:`Generator.draw`. The image is float32.

        Raises:
            EngineUnavailable: What compiles is missing or fails.
        """
        device, count = self._prepared.target.device, len(kp_driving)
        spare = (1 << (count - 1).bit_length()) - count
        wanted = torch.cat([kp_driving, kp_driving[-1:].expand(spare, -1, -1)]).to(device)
        try:
            image, motion = self._frames(source.volume, source.compressed, wanted, kp_source.to(device))
        except TorchDynamoException as error:
            why = str(error).strip().splitlines()[0]
            fix = "Unset PAKSATALKER_COMPILE_NETWORKS, or install a C++ compiler and triton"
            raise EngineUnavailable("SadTalker's networks cannot be compiled", why, fix) from error
        return Drawing(image[:count], Motion(motion.mask[:count], motion.deformation[:count], motion.occlusion[:count]))
