"""Makes SadTalker's renderer for a scene: the factory that the engine registry calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from paksatalker.core.rendering.sadtalker.enhance import FaceEnhancer
from paksatalker.core.rendering.sadtalker.face_source import FaceSource, read_face
from paksatalker.core.rendering.sadtalker.renderer import SadTalkerRenderer, face_only, whole_picture
from paksatalker.core.rendering.scene import Scene
from paksatalker.core.timeline import FloatArray
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache, module_bytes
from paksatalker.models.sadtalker import checkpoints
from paksatalker.models.sadtalker.face_recon import FaceCoefficients, FaceRecon
from paksatalker.models.sadtalker.generator import Generator
from paksatalker.models.sadtalker.keypoints import KPDetector
from paksatalker.models.sadtalker.mapping import CROP_COEFFICIENTS, FULL_COEFFICIENTS, MappingNet
from paksatalker.models.sadtalker.talking_head import FrameGenerator, RenderNetworks, TalkingHead, prepare


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
        preprocess: See :data:`~paksatalker.core.rendering.sadtalker.face_source.PREPROCESS`.
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
        enhancer = FaceEnhancer(loader.gfpgan(networks.device), source.points, network_size)
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
    pixels = torch.from_numpy(np.array(source.aligned.image)).permute(2, 0, 1)[None].float() / 255
    motion = FaceCoefficients.split(recon(pixels)).motion[0].numpy()
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

    def render_networks(self, *, full: bool, exact: bool) -> RenderNetworks:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        points = self._module(checkpoints.main_part("kp_extractor", self._size), KPDetector)
        count = FULL_COEFFICIENTS if full else CROP_COEFFICIENTS
        mapping = self._module(checkpoints.mapping_part(full=full), MappingNet, count)
        part = checkpoints.main_part("generator", self._size)
        key = (*self._key(part), str(device), exact)
        made = self._models.get(key, lambda: self._prepare(part, device, exact=exact), lambda made: made.size)
        return RenderNetworks(points, mapping, made.generator, device)

    def recon(self) -> FaceRecon:
        found: FaceRecon = self._module(checkpoints.main_part("face_3drecon", self._size), FaceRecon)
        return found

    def gfpgan(self, device: torch.device) -> Any:
        return self._models.get(
            ("gfpgan", str(device)), lambda: checkpoints.load_gfpgan(self._store).to(device), module_bytes
        )

    def _module(self, part: checkpoints.Checkpoint, kind: Any, *arguments: Any) -> Any:
        return self._models.get(self._key(part), lambda: part.fill(kind(*arguments), self._store), module_bytes)

    def _prepare(self, part: checkpoints.Checkpoint, device: torch.device, *, exact: bool) -> _Prepared:
        generator = part.fill(Generator(), self._store)
        bytes_plain = module_bytes(generator)
        return _Prepared(prepare(generator, size=self._size, exact=exact, device=device), 2 * bytes_plain)

    def _key(self, part: checkpoints.Checkpoint) -> tuple[Any, ...]:
        """A changed file is another model."""
        path = part.path(self._store)
        about = path.stat()
        return (str(path), about.st_size, about.st_mtime_ns, part.prefix)
