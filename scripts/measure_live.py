"""How soon a live session answers: a service as a process of its own, and a client with WebSocket and WebRTC.

    python scripts/measure_live.py --size 512 --times 8

Needs a checkout with the extra ``dev`` (the client is that of the tests), and ``paksatalker models download
whisper-base``. Prints the rows of the table in ``docs/service-live.md``; all of them have the same picture and voice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import soxr

sys.path.insert(0, str(Path(__file__).parents[1]))

from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import Utterance
from tests.integration.api.live_client import Client, live, now

VOICE = "heart"
TEXT = "Hello there, my friend, how are you today?"
LONG = " ".join(f"This is sentence number {n}, and it says nothing else." for n in range(20))
LOUD = 1450  # of 32767: -27 dB
PACKET = 0.02  # seconds of a microphone's packets
QUIET = 1.0  # seconds between two rounds
Found = dict[str, list[float]]


def main() -> None:
    """Reads the options and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="of the picture, pixels")
    parser.add_argument("--times", type=int, default=8, help="each is measured so often")
    options = parser.parse_args()
    found: Found = {}
    with service() as (address, key):
        asyncio.run(measured(address, key, options, found))
    print(f"{options.size} pixels, each {options.times} times; load at the end {os.getloadavg()[0]:.1f}\n")
    print("| | Seconds: lowest, median, highest |\n|---|---|")
    for name, seconds in found.items():
        print(f"| {name} | {min(seconds):.3f}, {statistics.median(seconds):.3f}, {max(seconds):.3f} |")


@contextlib.contextmanager
def service() -> Iterator[tuple[str, str]]:
    """A service in a temporary folder: ``HOST:PORT`` and a key."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PAKSATALKER_SERVICE_HOME": folder}
        command = [sys.executable, "-m", "paksatalker", "serve", "--workers", "0", "--port", "0"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own command line)
            assert process.stderr is not None
            try:
                told = ""
                while "this once: " not in told:
                    told += process.stderr.readline()
                yield (
                    re.findall(r"serves at http://(\S+)", told)[0],
                    re.findall(r"this once: (\S+)", told)[0],
                )
            finally:
                process.terminate()
                process.stderr.close()


async def measured(address: str, key: str, options: argparse.Namespace, found: Found) -> None:
    """Measures everything."""
    portrait = await asyncio.to_thread(upload, address, key)
    voice = spoken("No, wait a moment please.")
    async with live(address, key) as client:
        await without_video(client, options.times, found)
    async with live(address, key) as client:
        await with_video(client, portrait, options, found)
        await interrupted_by_pcm(client, voice, options.times, found)
    async with live(address, key) as client:
        await interrupted_by_webrtc(client, portrait, voice, options, found)


def upload(address: str, key: str) -> str:
    """The demo photo as an asset. Returns its id."""
    from PIL import Image
    from skimage import data

    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    answer = httpx.post(
        f"http://{address}/api/v1/assets", headers={"Authorization": f"Bearer {key}"},
        files={"file": ("a.png", buffer.getvalue())}, timeout=120,
    )  # fmt: skip
    return str(answer.json()["id"])


def spoken(text: str) -> np.ndarray:
    """A sentence from its first sound on, float32 at 48 kHz."""
    (piece,) = HibariSpeech().speak([Utterance(text)])
    start = next(phone.start for phone in piece.phones if phone.symbol != "SIL")
    return np.asarray(soxr.resample(piece.samples, piece.sample_rate, 48_000)[round(start * 48_000) :], np.float32)


def loud(client: Client, after: float) -> list[float]:
    """When packets came that can be heard."""
    return [sound.at for sound in client.sounds if sound.at > after and np.abs(sound.samples).max() > LOUD]


def add(found: Found, name: str, seconds: float) -> None:
    """Notes one more of something."""
    found.setdefault(name, []).append(seconds)


async def without_video(client: Client, times: int, found: Found) -> None:
    """Coefficients and sound over the WebSocket."""
    for audio in ("binary", "opus"):
        await client.send(type="start", voice=VOICE, audio=audio)
        for number in range(times + 1):
            name = f"{audio}-{number}"
            asked = await client.send(type="say", id=name, text=TEXT)
            at, _ = await client.until("chunk", asked, id=name)
            await client.until("utterance.end", asked, id=name)
            if number:  # the first one loads the voice
                add(found, f"Without video: text to first chunk ({audio})", at - asked)
    for number in range(times):
        asked = await client.send(type="say", id=f"long-{number}", text=LONG)
        await client.until("chunk", asked, id=f"long-{number}")
        stopped = await client.send(type="interrupt")
        at, _ = await client.until("utterance.end", stopped, interrupted=True)
        add(found, "Without video: `interrupt` to `utterance.end`", at - stopped)


async def with_video(client: Client, portrait: str, options: argparse.Namespace, found: Found) -> None:
    """Texts, and what stops them, as they are heard from a portrait."""
    await client.send(type="start", voice=VOICE)
    began = now()
    await client.watch(portrait, size=options.size)
    at, _ = await client.until("video.begin")
    add(found, "Offer to the first picture", at - began)
    await client.send(type="say", id="warm", text=TEXT)
    await client.until("utterance.end", id="warm")
    for number in range(options.times):
        await asyncio.sleep(QUIET)
        asked = await client.send(type="say", id=f"long-{number}", text=LONG)
        await client.see(lambda c, asked=asked: loud(c, asked))
        add(found, "Text to first sound, with video", loud(client, asked)[0] - asked)
        await asyncio.sleep(QUIET)
        stopped = await client.send(type="interrupt")
        await asyncio.sleep(QUIET)
        add(found, "`interrupt` to the last sound", (loud(client, stopped) or [stopped])[-1] - stopped)


async def interrupted_by_pcm(client: Client, voice: np.ndarray, times: int, found: Found) -> None:
    """Somebody speaks into a microphone whose sound goes over the WebSocket."""
    samples = np.concatenate([soxr.resample(voice, 48_000, 16_000), np.zeros(16_000, np.float32)])
    await client.send(type="listen", language="en", answer=False)
    await client.until("listening")
    for number in range(times):
        await asyncio.sleep(QUIET)
        asked = await client.send(type="say", id=f"pcm-{number}", text=LONG)
        await client.see(lambda c, asked=asked: loud(c, asked))
        began = now()
        await speak_pcm(client, samples)
        at, _ = await client.until("utterance.end", began, interrupted=True)
        ended, _ = await client.until("speech.end", began)
        words, _ = await client.until("transcript", began)
        add(found, "Voice as PCM to `utterance.end`", at - began)
        add(found, "… to the last sound", [time for time in loud(client, began) if time < began + 1.0][-1] - began)
        add(found, "End of a turn to its words, language given", words - ended)


async def speak_pcm(client: Client, samples: np.ndarray) -> None:
    """Sends a microphone's sound as it comes."""
    began, size = time.monotonic(), round(PACKET * 16_000)
    for number, start in enumerate(range(0, len(samples), size)):
        await asyncio.sleep(max(0.0, began + (number + 1) * PACKET - time.monotonic()))
        await client.socket.send((samples[start : start + size] * 32767).astype("<i2").tobytes())


async def interrupted_by_webrtc(
    client: Client, portrait: str, voice: np.ndarray, options: argparse.Namespace, found: Found
) -> None:
    """Somebody speaks into the microphone of the WebRTC connection."""
    await client.send(type="start", voice=VOICE)
    await client.watch(portrait, talk=True, size=options.size)
    await client.until("video.begin")
    await client.send(type="listen", source="webrtc", language="en", answer=False)
    await client.until("listening")
    for number in range(options.times):
        await asyncio.sleep(2 * QUIET)
        asked = await client.send(type="say", id=f"rtc-{number}", text=LONG)
        await client.see(lambda c, asked=asked: loud(c, asked))
        assert client.talk is not None
        client.talk.say((voice * 32767).astype(np.int16))
        began = now()
        at, _ = await client.until("utterance.end", began, interrupted=True)
        add(found, "Voice in the WebRTC microphone to `utterance.end`", at - began)
        await client.until("transcript", began)


if __name__ == "__main__":
    main()
