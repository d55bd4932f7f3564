"""A live portrait's process, seen from the API."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from paksatalker.core.timeline import Speech
from paksatalker.errors import error_dict
from paksatalker.worker.environment import without_secrets
from paksatalker.worker.limits import MEMORY, RenderLimits
from paksatalker.worker.live_wire import FRAME, HEADER, spoken

_COMMAND = (sys.executable, "-m", "paksatalker.worker.live_child")
_BUFFER = 4 << 20  # bytes: a few frames
_START_SECONDS = 120.0
_STOP_SECONDS = 1.0
_SILENCE = 30.0  # seconds without a frame: it hangs


@dataclass(frozen=True, slots=True)
class Portrayal:
    """Who is shown, and how.

    Attributes:
        photo: The file's content.
        size: Short side, pixels.
        aspect: Of the picture, see :func:`~paksatalker.core.rendering.framing.frame`.
        background: ``keep``, ``blur`` or a colour.
        face: Which face of a group photo, 1 is the largest; None takes the largest.
        label: Words in a corner of every frame; empty for none.
        expression_scale: Strength of articulation and emotion, 0–2.
        head_motion: Strength of head motion, 0–2.
        fps: Frames a second.
        seed: The same seed moves in the same way.
    """

    photo: bytes
    size: int = 512
    aspect: str = "1:1"
    background: str = "keep"
    face: int | None = None
    label: str = ""
    expression_scale: float = 1.0
    head_motion: float = 1.0
    fps: float = 25.0
    seed: int = 0


class PortraitFailed(Exception):
    """The person cannot be shown, or not any more.

    Attributes:
        error: ``code``, ``message``, ``what``, ``why`` and ``fix``.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        super().__init__(error["message"])


class PortraitProcess:
    """A person who is shown live. Close it.

    Args:
        portrayal: Who, and how.
        limits: Of memory.
        on_frame: Called with the number of a frame and its planes of YUV 4:2:0, a little before its time.
    """

    def __init__(self, portrayal: Portrayal, limits: RenderLimits, on_frame: Callable[[int, bytes], None]) -> None:
        self._portrayal, self._limits, self._on_frame = portrayal, limits, on_frame
        self._process: asyncio.subprocess.Process | None = None
        self.size = (0, 0)

    async def start(self) -> None:
        """Starts it and waits until there could be pictures.

        Raises:
            PortraitFailed: The photo cannot be shown.
        """
        how = self._portrayal
        self._process = process = await asyncio.create_subprocess_exec(
            *_COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_BUFFER,
            start_new_session=True, env=without_secrets(**{MEMORY: str(self._limits.memory)}),
        )  # fmt: skip
        head = {"bytes": len(how.photo), **{f.name: getattr(how, f.name) for f in fields(how) if f.name != "photo"}}
        assert process.stdin is not None
        with suppress(ConnectionError):
            process.stdin.write(json.dumps(head).encode() + b"\n" + how.photo)
        try:
            async with asyncio.timeout(_START_SECONDS):
                with suppress(ConnectionError):
                    await process.stdin.drain()
                message = await self._event()
        except TimeoutError:
            raise _died("it does not start") from None
        if "error" in message:
            raise PortraitFailed(message["error"])
        self.size = (message["ready"]["width"], message["ready"]["height"])

    async def run(self) -> None:
        """Hands frames on until it ends.

        Raises:
            PortraitFailed: It has died, or hangs.
        """
        while True:
            await self._event(_SILENCE)

    def begin(self, time: float) -> None:
        """Has frame 0 shown at a time of the event loop's clock."""
        self._order({"begin": time})

    def say(self, piece: Speech) -> None:
        """Has a piece of speech shown; its times are seconds after frame 0."""
        self._order({"say": spoken(piece)})

    def cut(self, at: float) -> None:
        """Ends all speech at a time, seconds after frame 0."""
        self._order({"cut": at})

    async def close(self) -> None:
        """Ends it."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                with suppress(ValueError, RuntimeError):
                    while await process.stdout.read(1 << 20):
                        pass
                await process.wait()
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _event(self, silence: float | None = None) -> dict[str, Any]:
        """The next message that is no frame; frames on the way are handed on.

        Args:
            silence: Seconds after which one that says nothing hangs.
        """
        process = self._process
        if process is None or process.stdout is None:
            raise _died("it was ended")
        try:
            while True:
                async with asyncio.timeout(silence):
                    kind, number, size = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
                    body = await process.stdout.readexactly(size)
                if kind != FRAME:
                    message: dict[str, Any] = json.loads(body)
                    return message
                self._on_frame(number, body)
        except TimeoutError:
            if silence is None:  # whoever asked has a limit of their own
                raise
            raise _died(f"it said nothing for {silence:g} s") from None
        except asyncio.IncompleteReadError:
            raise _died(f"it ended with {await process.wait()}") from None

    def _order(self, order: dict[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(json.dumps(order).encode() + b"\n")


def _died(why: str) -> PortraitFailed:
    what, fix = "the portrait is not shown any more", "Ask for the video again, with a smaller picture"
    return PortraitFailed(error_dict("RenderDied", what, why, fix))
