"""Makes the face engine ``sadtalker`` as a video asks for it: the factory that the engine registry calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paksatalker.core.animation.sadtalker.engine import SadTalkerFace
from paksatalker.core.animation.sadtalker.pose import Array
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import InvalidOption
from paksatalker.models.base import WeightsStore
from paksatalker.models.cache import ModelCache, module_bytes
from paksatalker.models.sadtalker import checkpoints
from paksatalker.models.sadtalker.face_recon import FaceRecon
from paksatalker.models.sadtalker.talking_head import best_device


def build(
    fps: float,
    seed: int,
    store: WeightsStore,
    models: ModelCache,
    *,
    reference: FloatArray | None,
    network_size: int = 256,
    duration: float | None = None,
    yaw: Sequence[float] = (),
    nod: Sequence[float] = (),
    roll: Sequence[float] = (),
    reference_video: Path | None = None,
    reference_uses: str = "both",
    **manner: Any,
) -> SadTalkerFace:
    """The face engine for a video.

    Args:
        fps: Frames a second.
        seed: Of head motion and blinks.
        store: Where the weights are.
        models: Keeps loaded networks for the next video.
        reference: The photo's coefficients, from the renderer.
        network_size: Which of the official files is read: 256 or 512.
        duration: Seconds of the video, where they are known: a head that passes through several angles reaches the last
            at the end. Else it passes through them at a steady 15 degrees a second.
        yaw: Degrees that the head passes through.
        nod: Likewise.
        roll: Likewise.
        reference_video: A video whose head motion or blinks are taken over.
        reference_uses: Which of them: ``pose``, ``blinks`` or ``both``.
        **manner: As :class:`SadTalkerFace` has it: ``expression_scale``, ``head_motion``, ``pose_style``, ``still``,
            ``blinks``.

    Raises:
        InvalidOption: A value is out of its range, or the renderer did not measure the photo.
        VideoUnreadable: The reference video cannot be decoded or shows no face.
        WeightsMissing: The official files are not there; the other errors of ``Checkpoint.fill`` likewise.
    """
    if reference is None:
        raise InvalidOption(
            "the face engine 'sadtalker' needs a photo's coefficients",
            "the renderer does not measure them",
            "Choose --renderer sadtalker",
        )
    loader = _Loader(store, models, network_size)
    video = None if reference_video is None else loader.reference(reference_video)
    uses = reference_uses if video is not None else ""
    return SadTalkerFace(
        fps,
        seed,
        reference=reference,
        networks=loader.networks(),
        pose_reference=video if uses in ("pose", "both") else None,
        blink_reference=video if uses in ("blinks", "both") else None,
        yaw=yaw,
        pitch=nod,
        roll=roll,
        duration=duration,
        **manner,
    )


class _Loader:
    """Loads networks through the cache."""

    def __init__(self, store: WeightsStore, models: ModelCache, size: int) -> None:
        self._store, self._models, self._size = store, models, size
        self._device = best_device()

    def networks(self) -> checkpoints.AudioNetworks:
        def load() -> checkpoints.AudioNetworks:
            return checkpoints.load_audio_networks(self._store, self._size).to(self._device)

        return self._models.get(("audio", *self._key("audio2exp")), load, lambda made: made.bytes)

    def reference(self, path: Path) -> Array:
        from paksatalker.core.animation.sadtalker.reference_video import read_reference

        def load() -> FaceRecon:
            return checkpoints.load_face_recon(self._store, self._size).to(self._device)

        recon = self._models.get(self._key("face_3drecon"), load, module_bytes)
        return read_reference(path, self._store.path("face-landmarker"), recon)

    def _key(self, name: str) -> tuple[Any, ...]:
        """A changed file is another model."""
        part = checkpoints.main_part(name, self._size)
        path = part.path(self._store)
        about = path.stat()
        return (str(path), about.st_size, about.st_mtime_ns, part.prefix, str(self._device))
