"""How long each stage takes on this machine: photo, voice, prosody, animation, rendering, encoding."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from paksatalker.config import usable_cores
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.engines import Renderer, find
from paksatalker.core.rendering.encode import Encoder
from paksatalker.core.rendering.scene import set_scene
from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.text.sentences import sentences
from paksatalker.core.timeline import FaceTrack, Speech, VideoFrame
from paksatalker.evaluation.measure import Measure
from paksatalker.models.base import WeightsStore

T = TypeVar("T")

FPS = 25.0


@dataclass(frozen=True, slots=True)
class Take:
    """A short performance, ready to be rendered again and again.

    Attributes:
        pieces: What is said, with prosody.
        track: What the face does.
        milliseconds: What making them took, by stage, for each frame.
    """

    pieces: tuple[Speech, ...]
    track: FaceTrack
    milliseconds: dict[str, float]


def perform(text: str, seed: int = 0) -> Take:
    """Speaks and animates a text, each stage on its own, and times it (engines are warmed up first)."""
    speaker = find("speech").create()
    list(speaker.speak(sentences("Hello."), "auto", 1.0))
    pieces, speaking = timed(lambda: list(speaker.speak(sentences(text), "auto", 1.0)))
    list(attach_prosody(iter(pieces[:1]), FPS))
    heard, listening = timed(lambda: list(attach_prosody(iter(pieces), FPS)))
    animator = find("face").create(fps=FPS, seed=seed)
    tracks, animating = timed(lambda: list(animator.animate(heard)))
    track = FaceTrack.concatenate(tracks)
    frames = len(track)
    cost = {"voice": speaking, "prosody": listening, "animation": animating}
    return Take(tuple(heard), track, {name: 1000 * seconds / frames for name, seconds in cost.items()})


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What ``work`` gives and how many seconds it took."""
    began = time.perf_counter()
    made = work()
    return made, time.perf_counter() - began


def renderer_for(image: Path, store: WeightsStore, size: int) -> Renderer[FaceTrack]:
    """The default renderer with a photo at ``size`` × ``size``."""
    renderer: Renderer[FaceTrack] = find("renderer").create(
        scene=set_scene(image, store, size=size), threads=usable_cores()
    )
    return renderer


def photo_analysis(image: Path, store: WeightsStore, size: int = 512) -> Measure:
    """From the file to a renderer that could draw, with warm networks and compiled kernels."""
    renderer_for(image, store, size)
    _, seconds = timed(lambda: renderer_for(image, store, size))
    return Measure("photo analysis", seconds, "s", f"{image.name}, at {size}²")


def throughput(image: Path, store: WeightsStore, size: int, take: Take, work: Path) -> Iterator[Measure]:
    """Rendering alone, encoding alone, and both together as in a real run."""
    renderer = renderer_for(image, store, size)
    still = list(renderer.render([take.track[: min(25, len(take.track))]]))  # warms up, and serves the encoder below
    count = len(take.track)
    drawn, rendering = timed(lambda: sum(1 for _ in renderer.render([take.track])))
    together = _encode(renderer.render([take.track]), take, renderer.size, work / f"both{size}.mp4")
    repeated = (still[k % len(still)] for k in range(count))
    encoding = _encode(repeated, take, renderer.size, work / f"encode{size}.mp4")
    assert drawn == count  # a renderer draws every frame of its track
    note = f"{count} frames on {usable_cores()} cores"
    yield Measure(f"render + encode {size}²", count / together, "frames/s", note)
    yield Measure(f"render {size}²", 1000 * rendering / count, "ms/frame", "wall clock, all cores")
    yield Measure(f"encode {size}²", 1000 * encoding / count, "ms/frame", "wall clock, all cores")


def _encode(frames: Iterator[np.ndarray], take: Take, size: tuple[int, int], path: Path) -> float:
    """Seconds to write frames with their sound, as the pipeline does."""
    sound = SoundTrack(FPS)
    for piece in take.pieces:
        sound.add(piece)
    began = time.perf_counter()
    with Encoder(path, size=size, fps=FPS, sample_rate=sound.sample_rate) as encoder:
        for index, image in enumerate(frames):
            encoder.write(VideoFrame(index, image, sound.take(index), sound.sample_rate))
    seconds = time.perf_counter() - began
    with suppress(FileNotFoundError):
        path.unlink()
    return seconds
