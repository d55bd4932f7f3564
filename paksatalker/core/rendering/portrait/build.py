"""Makes the portrait renderer for a scene: the factory that the engine registry calls."""

from __future__ import annotations

from paksatalker.core.rendering.portrait.renderer import PortraitRenderer
from paksatalker.core.rendering.scene import Scene


def build(scene: Scene, threads: int) -> PortraitRenderer:
    """The portrait renderer for a scene, rendering ``threads`` frames at once."""
    face, cut_out = scene.canvas.source_face(scene.portrait), scene.canvas.alpha is not None
    return PortraitRenderer(face, scene.mask, scene.background, threads, cut_out=cut_out)
