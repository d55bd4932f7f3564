"""The benchmark: what the program is held to, measured on this machine."""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from paksatalker.core.pipeline import Pipeline
from paksatalker.core.request import Request
from paksatalker.core.timeline import FloatArray, VideoFrame
from paksatalker.errors import InvalidOption
from paksatalker.evaluation.measure import LONG_SPEECH, Measure
from paksatalker.evaluation.memory import paksatalker_command, watch, write_recording
from paksatalker.evaluation.paste_back import paste_back_speed
from paksatalker.evaluation.reenactment import reenact
from paksatalker.evaluation.report import score
from paksatalker.evaluation.stages import perform, photo_analysis, throughput, timed
from paksatalker.evaluation.sync import read_sync
from paksatalker.evaluation.transcript import Timeline
from paksatalker.models.base import WeightsStore

#: Some fifteen seconds of speech with pauses and many m, b and p: what a quick run says.
SHORT_PASSAGE = (
    "Maybe you remember the first moving pictures. Was it magic? No, it was a box, a lamp and some patience. "
    "Watch my lips when I say mammal, bumper and puppet: they should meet, every single time."
)
#: About a minute of speech.
PASSAGE = (
    f"{SHORT_PASSAGE} "
    "Today a bright, bubbly portrait can begin to speak, and it takes no more than a computer on a kitchen table. "
    "People jumped from their seats when a plain grey train came up to the camera, because nobody had seen a picture "
    "move before. When I pause, my mouth should rest. And when I am amazed, you should see it in my brows before you "
    "hear it in my voice. Of course I am only a photo, bent and painted many times a second. But if the timing is "
    "right, your eyes will believe your ears, and your ears will believe your eyes. So please be picky. Count my "
    "blinks, measure how far I turn my head, compare my face with the photo that you gave me, and tell me honestly "
    "what is missing. Thank you very much for your time, and for being part of this experiment."
)

_COLD = (
    "import sys, json, time; began = float(sys.argv[1]); from paksatalker import Pipeline, Request\n"
    "with Pipeline() as p:\n"
    "    next(iter(p.stream(Request(image=sys.argv[2], text='Hello, how are you?'))))\n"
    "    print(json.dumps(time.time() - began))\n"
)

_BY_SOUNDS = "recording by sounds"
_SOUNDS = (
    "import json, sys; from paksatalker.config.allocator import give_back_large_blocks; give_back_large_blocks()\n"
    "from paksatalker import generate\n"
    "image, recording, size, video = sys.argv[1:]\n"
    "made = generate(video, image=image, audio=recording, size=int(size), recording_engine='pocketsphinx')\n"
    "print(json.dumps(made.to_dict()))\n"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure with.

    Attributes:
        image: The portrait.
        work: A folder for what is made; emptied by whoever made it.
        quick: Short texts and few frames: minutes become half a minute, numbers become rougher.
        minutes: Length of the long speech of the memory suite.
        size: Height of its videos, pixels.
        speech: Where its speech comes from: of :data:`LONG_SPEECH`; empty is all.
        video: A real talking video for the re-enactment suite.
        source_frame: Which of its frames is the photo; None chooses.
    """

    image: Path
    work: Path
    quick: bool = False
    minutes: float = 30.0
    size: int = 512
    speech: tuple[str, ...] = ()
    video: Path | None = None
    source_frame: int | None = None


Suite = Callable[[Options, WeightsStore], Iterator[Measure]]


def demo_photo(folder: Path) -> Path:
    """NASA's astronaut (public domain) out of scikit-image's wheel, as a file in ``folder``.

    Raises:
        InvalidOption: scikit-image is not installed.
    """
    try:
        from skimage.data import astronaut  # an extra
    except ImportError as error:
        raise InvalidOption(
            "there is no photo to measure with", "scikit-image is not installed", "Give --image FACE.jpg"
        ) from error
    path = folder / "astronaut.png"
    Image.fromarray(astronaut()).save(path)
    return path


def speed(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """Photo analysis, cost of every stage, rendering and encoding at two sizes."""
    yield photo_analysis(options.image, store)
    take = perform(SHORT_PASSAGE)
    for name, cost in take.milliseconds.items():
        yield Measure(name, cost, "ms/frame", "one stage alone")
    for size in (512, 1024):
        part = replace(take, track=take.track[:100]) if options.quick else take
        yield from throughput(options.image, store, size, part, options.work)


def latency(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """First frame in a fresh process and in a warm pipeline; a whole run from text to file."""
    cold = float(json.loads(watch([sys.executable, "-c", _COLD, str(time.time()), str(options.image)]).output))
    yield Measure("first frame, cold", cold, "s", "a new process, imports and model loading included")
    text = SHORT_PASSAGE if options.quick else PASSAGE
    with Pipeline(store=store) as pipeline:
        request = Request(image=options.image, text=text)
        _first_frame(pipeline, request)
        _, warm = timed(lambda: _first_frame(pipeline, request))
        yield Measure("first frame, warm", warm, "s", "a new photo and text in a pipeline that has made one before")
        result = pipeline.generate(request, options.work / "whole.mp4", provenance=False)
    yield Measure(
        "text to file", result.realtime, "× real time", f"{result.duration:.1f} s of video in {result.seconds:.1f} s"
    )


def _first_frame(pipeline: Pipeline, request: Request) -> VideoFrame:
    with closing(iter(pipeline.stream(request))) as frames:
        return next(frames)


def memory(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """Peak memory for long speech against that for one minute, and the A/V offset at its end."""
    del store  # the runs are processes of their own
    samples, rate = _spoken(PASSAGE)
    minutes = min(options.minutes, 3.0) if options.quick else options.minutes
    video = options.work / "long.mp4"
    generate = paksatalker_command(
        "generate", "--image", str(options.image), "--size", str(options.size), "--output", str(video), "--json"
    )
    watch([*generate, "--text", "Hello."])  # a first run may compile, and needs more memory for it
    for source in options.speech or (LONG_SPEECH[:1] if options.quick else LONG_SPEECH):
        peaks = []
        for length in (1.0, minutes):
            given = _speech(source, samples, rate, length, options.work)
            run = watch([*generate, *given] if source != _BY_SOUNDS else _by_sounds(options, given[1], video))
            peaks.append(run.peak_bytes)
            note = f"{_heard_by(run.output)}{60 * length / run.seconds:.1f} × real time at {options.size}²"
            yield Measure(f"peak memory, {length:g} min, {source}", run.peak_bytes / 1e6, "MB", note)
        yield Measure(f"memory growth, {source}", peaks[1] / peaks[0] - 1, "", f"{minutes:g} minutes against one")
        found = read_sync(video)
        offset = found.offset_end
        yield Measure(
            f"A/V offset at the end, {source}",
            None if offset is None else offset * found.fps,
            "frames",
            "" if offset is None else f"{offset * 1000:+.1f} ms after {minutes:g} min",
        )


def _by_sounds(options: Options, recording: str, video: Path) -> list[str]:
    """The command that has a recording heard without words, whether Whisper is installed or not."""
    return [sys.executable, "-c", _SOUNDS, str(options.image), recording, str(options.size), str(video)]


def _heard_by(output: str) -> str:
    """The engine that listened to a recording, as the run itself says."""
    engine = json.loads(output)["engines"].get("recording")
    return "" if engine is None else f"{engine}, "


def _speech(source: str, samples: FloatArray, rate: int, minutes: float, folder: Path) -> list[str]:
    """The options that have ``minutes`` of the passage spoken; a text may be a few seconds longer or shorter."""
    text, recording = folder / "long.txt", folder / "long.wav"
    text.write_text("\n\n".join([PASSAGE] * max(1, round(60 * minutes * rate / len(samples)))), encoding="utf-8")
    if source == "text":
        return ["--text-file", str(text)]
    write_recording(recording, samples, rate, 60 * minutes)
    return ["--audio", str(recording), *(["--transcript", f"@{text}"] if "transcript" in source else [])]


def quality(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """A generated video, tracked again and scored."""
    path, timeline = options.work / "quality.mp4", options.work / "quality.jsonl"
    text = SHORT_PASSAGE if options.quick else PASSAGE
    with Pipeline(store=store) as pipeline:
        pipeline.generate(Request(image=options.image, text=text), path, timeline=timeline, provenance=False)
    yield from score(path, store, timeline=Timeline.load(timeline), photo=options.image).measures


def reenactment(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """The renderer's upper bound on a real video."""
    if options.video is None:
        why = "needs a real talking video: give --video"
        yield Measure("re-enactment opening r", None, "", why)
        yield Measure("re-enactment lips error / no expression", None, "", why)
        return
    frames = 150 if options.quick else None
    yield from reenact(options.video, store, options.source_frame, max_frames=frames).measures()


def voices(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """Every installed voice engine: speed, first sound, words and timings."""
    from paksatalker.evaluation.voices import measure_voices  # needs Whisper, an extra
    from paksatalker.evaluation.voices_text import SENTENCES

    yield from measure_voices(store, SENTENCES[:10] if options.quick else SENTENCES)


def sadtalker(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """SadTalker's generator with random weights, the plain way and ours; and faces put back, OpenCV's way and ours."""
    del store  # no weights are needed for its speed
    yield from paste_back_speed(quick=options.quick)
    if importlib.util.find_spec("torch") is None:
        why = "needs PyTorch: pip install 'paksatalker[neural]'"
        yield Measure("SadTalker frame, fastest", None, "s", why)
        yield Measure("SadTalker PSNR against 32 bits", None, "dB", why)
        return
    from paksatalker.evaluation.sadtalker_speed import generator_speed

    yield from generator_speed(quick=options.quick)


def emage(options: Options, store: WeightsStore) -> Iterator[Measure]:
    """EMAGE the original's way and ours."""
    if importlib.util.find_spec("torch") is None:
        yield Measure("EMAGE", None, "× real time", "needs PyTorch: pip install 'paksatalker[neural]'")
        return
    from paksatalker.evaluation.emage_speed import emage_speed

    yield from emage_speed(store, quick=options.quick)


SUITES: dict[str, Suite] = {
    "speed": speed,
    "latency": latency,
    "quality": quality,
    "reenactment": reenactment,
    "voices": voices,
    "sadtalker": sadtalker,
    "emage": emage,
    "memory": memory,
}


def run(options: Options, suites: tuple[str, ...], report: Callable[[str], None]) -> dict[str, tuple[Measure, ...]]:
    """Runs suites one after another.

    Args:
        options: What to measure with.
        suites: Names in :data:`SUITES`.
        report: Told the name of each suite before it starts.

    Raises:
        InvalidOption: There is no suite of this name.
    """
    store = WeightsStore()
    for name in suites:
        if name not in SUITES:
            raise InvalidOption(f"there is no suite '{name}'", fix=f"Choose from: {', '.join(SUITES)}")
    for source in options.speech:
        if source not in LONG_SPEECH:
            raise InvalidOption(f"there is no speech '{source}'", fix=f"Choose from: {', '.join(LONG_SPEECH)}")
    found = {}
    for name in suites:
        report(name)
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            found[name] = tuple(SUITES[name](replace(options, work=Path(folder)), store))
    return found


def _spoken(text: str) -> tuple[FloatArray, int]:
    pieces = perform(text).pieces
    return np.concatenate([piece.samples for piece in pieces]), pieces[0].sample_rate
