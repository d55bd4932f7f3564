"""Measures the voices: speed, first sound, memory, and how well the phone timings agree with forced alignment.

Run: ``python scripts/measure_voices.py [VOICE ...]``; by default one voice of each engine. Numbers of docs/voices.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from paksatalker.core.audio.recordings.alignment import PocketsphinxRecording
from paksatalker.core.engines import SpeechEngine, installed
from paksatalker.core.timeline import FloatArray, Speech, Utterance
from paksatalker.errors import UnknownVoice

DEFAULT_VOICES = ("heart", "af_heart")
SENTENCES = (
    "Hello, and welcome to the show.",
    "Today I want to explain how a single photo can learn to speak.",
    "The weather in the mountains changes quickly, so take a warm jacket with you.",
    "When the old train finally arrived, nobody was waiting at the station any more.",
    "Please call Stella, and ask her to bring these things with her from the store.",
    "She had your dark suit in greasy wash water all year.",
    "Photosynthesis converts sunlight into chemical energy.",
    "Could you please tell me where the nearest train station is?",
)
SPEEDS = (1.0, 0.5, 0.75, 1.5, 2.0)


def main() -> None:
    """Prints a block of lines for each voice."""
    for name in sys.argv[1:] or DEFAULT_VOICES:
        engine = _engine_of(name)
        print(f"{name}: {_speed(engine, name)}")
        for speed in SPEEDS:
            print(f"  speed {speed:g}: {_agreement(engine, name, speed)}")


def _engine_of(name: str) -> SpeechEngine:
    for info in installed("speech"):
        engine: SpeechEngine = info.create()
        try:
            engine.voice(name)
        except UnknownVoice:
            continue
        return engine
    sys.exit(f"no engine has the voice {name}")


def _speed(engine: SpeechEngine, name: str) -> str:
    utterances = [Utterance(sentence, pause_after=0.35) for sentence in SENTENCES]
    began = time.perf_counter()
    next(iter(engine.speak(utterances, name)))
    cold = time.perf_counter() - began
    began, cpu = time.perf_counter(), time.process_time()
    first, seconds = 0.0, 0.0
    for piece in engine.speak(utterances, name):
        first = first or time.perf_counter() - began
        seconds = piece.end
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    memory = psutil.Process().memory_info().rss / 1e6
    return (
        f"{seconds:.1f} s of speech, real-time factor {wall / seconds:.3f} ({cpu / seconds:.3f} of one processor), "
        f"first sound after {first:.2f} s ({cold:.2f} s with loading), {memory:.0f} MB"
    )


def _agreement(engine: SpeechEngine, name: str, speed: float) -> str:
    pieces = list(engine.speak([Utterance(s, pause_after=0.45) for s in SENTENCES], name, speed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        _write(path, np.concatenate([piece.samples for piece in pieces]), pieces[0].sample_rate)
        heard = list(PocketsphinxRecording().listen(path, " ".join(SENTENCES)))
    ours, theirs = _phones(pieces), _phones(heard)
    if [symbol for symbol, _ in ours] != [symbol for symbol, _ in theirs]:
        return "the alignment has other phones"
    late = 1000 * np.array([a - b for (_, a), (_, b) in zip(ours, theirs, strict=True)])
    off = np.abs(late)
    return (
        f"{len(late)} phone starts: median {np.median(late):+.0f} ms, distance median {np.median(off):.0f} ms, "
        f"{np.mean(off <= 50):.0%} within 50 ms, 95% within {np.percentile(off, 95):.0f} ms"
    )


def _phones(pieces: Sequence[Speech]) -> list[tuple[str, float]]:
    return [(phone.symbol, phone.start) for piece in pieces for phone in piece.phones]


def _write(path: Path, samples: FloatArray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
