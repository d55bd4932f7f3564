"""Peak memory of whole runs, watched from outside, so that it is what the system really gave to the program."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from paksatalker.core.timeline import FloatArray
from paksatalker.errors import RunFailed

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run of a program.

    Attributes:
        seconds: How long it took.
        peak_bytes: Its largest resident memory.
        output: What it wrote to stdout.
    """

    seconds: float
    peak_bytes: int
    output: str


def watch(command: Sequence[str]) -> Run:
    """Runs a program to its end and notes its peak memory.

    On Linux the kernel keeps the peak (``VmHWM``); elsewhere it is sampled twenty times a second.

    Raises:
        RunFailed: It ended with an error.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        process = subprocess.Popen(list(command), stdout=out, stderr=err)  # noqa: S603  (our own command line)
        try:
            peak = _follow(process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        seconds = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        if process.returncode:
            last = err.read().decode(errors="replace").strip().splitlines()[-1:] or [""]
            raise RunFailed(f"{command[0]} ended with code {process.returncode}", last[0], "Run it by hand")
        return Run(seconds, peak, out.read().decode(errors="replace"))


def _follow(process: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{process.pid}/status")
    kernel = status.exists()
    peak = 0
    while process.poll() is None:
        try:
            now = _high_water(status) if kernel else psutil.Process(process.pid).memory_info().rss
            peak = max(peak, now)
        except (OSError, psutil.Error):
            pass  # it has just ended
        time.sleep(_POLL_S)
    return peak


def _high_water(status: Path) -> int:
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # a process that has ended and waits to be reaped


def paksatalker_command(*arguments: str) -> list[str]:
    """The command line of this very installation."""
    return [sys.executable, "-m", "paksatalker", *arguments]


def write_recording(path: Path, samples: FloatArray, sample_rate: int, seconds: float) -> None:
    """Writes a WAV of exactly ``seconds`` by repeating ``samples`` (mono float32); memory does not grow with it."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    left = round(seconds * sample_rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        while left > 0:
            file.writeframesraw(pcm[:left].tobytes())
            left -= len(pcm)
