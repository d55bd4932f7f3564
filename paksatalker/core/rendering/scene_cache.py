"""The last scene, kept for the next part of the same video: analysing its photo takes as long as many frames."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from paksatalker.core.rendering.image import ImageSource
from paksatalker.core.rendering.scene import Scene, set_scene
from paksatalker.models.base import WeightsStore


class SceneCache:
    """Keeps one scene, by the contents of its files.

    Args:
        store: Where the networks are.
    """

    def __init__(self, store: WeightsStore) -> None:
        self._store = store
        self._kept: tuple[tuple[Any, ...], Scene] | None = None

    def get(self, image: ImageSource, **options: Any) -> Scene:
        """A scene as :func:`~paksatalker.core.rendering.scene.set_scene` sets it; it is only looked at, never changed.

        Args:
            image: The photo. Only one that is a file is known again.
            **options: Those of ``set_scene``.

        Raises:
            PaksaTalkerError: As ``set_scene`` has it.
        """
        if not isinstance(image, (str, Path)):
            return set_scene(image, self._store, **options)
        key = (_contents(image), *((name, _contents(value)) for name, value in sorted(options.items())))
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        scene = set_scene(image, self._store, **options)
        self._kept = key, scene
        return scene

    def clear(self) -> None:
        """Forgets it."""
        self._kept = None


def _contents(value: Any) -> Any:
    if isinstance(value, (str, Path)) and Path(value).is_file():
        with Path(value).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    return value
