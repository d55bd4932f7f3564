"""What a worker has ready before its first video: compiled loops, networks and a voice."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from paksatalker.errors import NoFace

if TYPE_CHECKING:
    from paksatalker.core.pipeline import Pipeline

_log = logging.getLogger(__name__)
#: What the order to get ready is known by.
WARM = "warm"
#: Compiled loops that an image brings, see ``Dockerfile``; nowhere else is there such a folder.
COMPILED = Path(sys.prefix) / "compiled"


def warm(pipeline: Pipeline) -> None:
    """Loads what every portrait needs; runs in the process that renders.

    Raises:
        PaksaTalkerError: Something is missing, e.g. a network; videos will fail with the same error.
    """
    import numpy as np

    import paksatalker.core.rendering.portrait.renderer  # noqa: F401  (its loops are compiled when it is imported)
    from paksatalker.core.rendering.image import load_image
    from paksatalker.core.rendering.portrait.analysis import analyse
    from paksatalker.core.request import SpeechRequest

    with suppress(NoFace):  # whoever looks for faces is there afterwards
        analyse(load_image(np.full((64, 64, 3), 128, np.uint8)), None, pipeline.store)
    for _ in pipeline.speech(SpeechRequest(text="Hello."), threading.Event()).pieces():
        pass


def lay_compiled(source: Path = COMPILED) -> int:
    """Copies the compiled loops of an image to where numba looks for them (``NUMBA_CACHE_DIR``).

    numba uses no folder that it cannot write to, and an image's are read-only. What is there already stays: several
    workers may share the folder.

    Args:
        source: Where they are.

    Returns:
        How many files were copied.
    """
    place = os.environ.get("NUMBA_CACHE_DIR")
    if not place or not source.is_dir():
        return 0
    count = 0
    try:
        for file in sorted(source.rglob("*.nb?"), key=lambda path: path.suffix):  # .nbc before the .nbi that names it
            target = Path(place) / file.relative_to(source)
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            half = target.with_suffix(f".{os.getpid()}~")
            shutil.copyfile(file, half)
            half.replace(target)
            count += 1
    except OSError as error:  # then they are compiled
        _log.warning("compiled code cannot be copied to %s: %s", place, error.strerror)
    return count
