"""Makes the pictures of the documentation from the demo photo: ``python scripts/make_pictures.py docs/images``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import skimage.data
from PIL import Image

from paksatalker import FaceTrack, Pipeline, Request, generate
from paksatalker.core.rendering.portrait.build import build
from paksatalker.core.rendering.scene import set_scene
from paksatalker.core.timeline import ARKIT_INDEX
from paksatalker.models.base import WeightsStore

Rgb = npt.NDArray[np.uint8]
SENTENCE = "Hello! I am a photograph. Now I can speak."

#: What each tile shows: coefficients (a name without side means both sides) and other tracks.
TILES: tuple[dict[str, float | tuple[float, ...]], ...] = (
    {},
    {"jawOpen": 0.5, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1, "activity": 1.0},
    {"jawOpen": 0.12, "mouthFunnel": 0.35, "mouthPucker": 0.75, "activity": 1.0},
    {"seal": 1.0, "activity": 1.0, "gaze": (9.0, 0.0)},
    {"eyeBlink": 1.0, "mouthSmile": 0.2, "head_rotation": (0.0, 4.0, 0.0)},
    {"jawOpen": 0.2, "mouthStretch": 0.2, "activity": 1.0, "head_rotation": (-8.0, -2.0, 3.0)},
    {"browInnerUp": 0.8, "browOuterUp": 0.7, "eyeWide": 0.5, "jawOpen": 0.3, "activity": 1.0},
    {"browDown": 0.9, "noseSneer": 0.5, "mouthFrown": 0.5, "activity": 1.0, "head_rotation": (6.0, 5.0, 0.0)},
)


def faces(photo: Rgb) -> Rgb:
    """A sheet of what one photo can do, uint8 [2 · 384, 4 · 384, 3]."""
    track = FaceTrack.rest(len(TILES), 25.0)
    for row, tile in enumerate(TILES):
        for name, value in tile.items():
            if hasattr(track, name):
                getattr(track, name)[row] = value
                continue
            sides = [name] if name in ARKIT_INDEX else [f"{name}Left", f"{name}Right"]
            for side in sides:
                track.coefficients[row, ARKIT_INDEX[side]] = value
    scene = set_scene(photo, WeightsStore(), size=384)
    frames = list(build(scene, threads=2).render([track]))
    return np.vstack([np.hstack(frames[:4]), np.hstack(frames[4:])])


def speaking(photo: Rgb, count: int) -> Rgb:
    """Every third frame of a sentence, uint8 [256, count · 256, 3]."""
    with Pipeline() as pipeline:
        stream = pipeline.stream(Request(image=photo, text=SENTENCE, size=256))
        frames = [frame.image for frame in stream]
    return np.hstack(frames[4 : 4 + 3 * count : 3])


def main(folder: Path) -> None:
    """Writes the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = skimage.data.astronaut()
    Image.fromarray(faces(photo)).save(folder / "faces.jpg", quality=88)
    Image.fromarray(speaking(photo, 7)).save(folder / "speaking.jpg", quality=85)
    generate(folder / "talking.gif", image=photo, text=SENTENCE, size=256, fps=12.5)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
