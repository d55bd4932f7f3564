"""Makes SadTalker's renderer for a scene: the factory that the engine registry calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from paksatalker.config import get_settings
from paksatalker.core.rendering.sadtalker.enhance import FaceEnhancer
from paksatalker.core.rendering.sadtalker.face_source import FaceSource, read_face
from paksatalker.core.rendering.sadtalker.renderer import SadTalkerRenderer, face_only, whole_picture
from paksatalker.core.rendering.scene import Scene
from paksatalker.core.timeline import FloatArray
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache, module_bytes
from paksatalker.models.gfpgan.gfpgan import GFPGAN
from paksatalker.models.sadtalker import checkpoints
from paksatalker.models.sadtalker.face_recon import FaceCoefficients, FaceRecon
from paksatalker.models.sadtalker.generator import Generator
from paksatalker.models.sadtalker.keypoints import KPDetector
from paksatalker.models.sadtalker.mapping import CROP_COEFFICIENTS, FULL_COEFFICIENTS, MappingNet
from paksatalker.models.sadtalker.packed import best_target
from paksatalker.models.sadtalker.talking_head import FrameGenerator, RenderNetworks, TalkingHead, best_device, prepare


def build(
    scene: Scene,
    threads: int,
    store: WeightsStore,
    models: ModelCache,
    *,
    preprocess: str = "crop",
    network_size: int = 256,
    enhance: str | None = None,
    exact: bool = False,
) -> SadTalkerRenderer:
    """The renderer for a scene.

    Args:
        scene: The photo, framed.
        threads: Threads that PyTorch may use.
        store: Where the weights are.
        models: Keeps loaded networks for the next video.
        preprocess: See :data:`~paksatalker.core.options.PREPROCESS`.
        network_size: 256 or 512: side of the square that the networks draw, pixels.
        enhance: ``gfpgan`` or None.
        exact: Compute as the original does, in 32 bits; slower.

    Raises:
        PaksaTalkerError: Weights are missing or damaged, or the face cannot be used.
    """
    torch.set_num_threads(threads)
    source = read_face(scene, preprocess, network_size)
    whole = preprocess in ("full", "extfull")
    loader = _Loader(store, models, network_size)
    networks = loader.render_networks(full=whole, exact=exact)
    reference = measure(loader.recon(), source)
    taken = networks.coefficients
    head = TalkingHead(networks, source.face, reference[:taken])
    enhancer = None
    if enhance == "gfpgan":
        enhancer = FaceEnhancer(loader.gfpgan(), source.points, network_size)
    return SadTalkerRenderer(
        head,
        reference,
        taken=taken,
        finish=whole_picture(source.picture, source.box) if whole else face_only(source.size),
        size=source.size,
        enhance=enhancer,
    )


@torch.inference_mode()
def measure(recon: FaceRecon, source: FaceSource) -> FloatArray:
    """The photo's coefficients, float32 [73]: what moves, then scale and shift of the crop."""
    device = next(recon.parameters()).device
    pixels = torch.from_numpy(np.array(source.aligned.image)).to(device).permute(2, 0, 1)[None].float() / 255
    motion = FaceCoefficients.split(recon(pixels)).motion[0].cpu().numpy()
    return np.concatenate([motion, source.aligned.crop]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A generator, and the bytes it takes."""

    generator: FrameGenerator
    size: int


class _Loader:
    """Loads networks through the cache."""

    def __init__(self, store: WeightsStore, models: ModelCache, size: int) -> None:
        self._store, self._models, self._size = store, models, size
        self._device = best_device()

    def render_networks(self, *, full: bool, exact: bool) -> RenderNetworks:
        points = self._module(checkpoints.main_part("kp_extractor", self._size), KPDetector)
        count = FULL_COEFFICIENTS if full else CROP_COEFFICIENTS
        mapping = self._module(checkpoints.mapping_part(full=full), MappingNet, count)
        part, compiled = checkpoints.main_part("generator", self._size), get_settings().compile_networks
        key = (*self._key(part), exact, compiled)
        made = self._models.get(
            key, lambda: self._prepare(part, exact=exact, compiled=compiled), lambda made: made.size
        )
        return RenderNetworks(points, mapping, made.generator, self._device)

    def recon(self) -> FaceRecon:
        found: FaceRecon = self._module(checkpoints.main_part("face_3drecon", self._size), FaceRecon)
        return found

    def gfpgan(self) -> GFPGAN:
        found: GFPGAN = self._module(checkpoints.gfpgan_part(), GFPGAN)
        return found

    def _module(self, part: checkpoints.Checkpoint, kind: Any, *arguments: Any) -> Any:
        def load() -> Any:
            return part.fill(kind(*arguments), self._store).to(self._device)

        return self._models.get(self._key(part), load, module_bytes)

    def _prepare(self, part: checkpoints.Checkpoint, *, exact: bool, compiled: bool) -> _Prepared:
        generator = part.fill(Generator(), self._store)
        # in 32 bits Winograd's weights, four times as large, are more of what is packed than in 16
        times = 1 if exact else 3 if best_target(self._device).dtype == torch.float32 else 2
        taken = times * module_bytes(generator)
        made = prepare(generator, size=self._size, exact=exact, device=self._device, compiled=compiled)
        return _Prepared(made, taken)

    def _key(self, part: checkpoints.Checkpoint) -> tuple[Any, ...]:
        """A changed file is another model."""
        path = part.path(self._store)
        about = path.stat()
        return (str(path), about.st_size, about.st_mtime_ns, part.prefix, str(self._device))
