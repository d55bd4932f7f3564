"""The renderer's process, seen from the worker."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from paksatalker.errors import error_dict
from paksatalker.worker.environment import without_secrets
from paksatalker.worker.limits import MEMORY, RenderLimits
from paksatalker.worker.warming import WARM

_log = logging.getLogger(__name__)

_STOP_SECONDS = 0.3  # a cancelled video ends within a second, whatever it does; it takes 0.3 s to notice
_LINE = 1 << 20
_COMMAND = (sys.executable, "-m", "paksatalker.worker.child")

_LAST = frozenset({"ready", "result", "error"})  # what an answer is known by

Event = dict[str, Any]
Message = dict[str, Any]
Listener = Callable[[Message], Awaitable[None]]
#: Called with the file of a piece of the stream, and how long it plays.
PieceListener = Callable[[Path, float], None]


class RenderFailed(Exception):
    """The video cannot be made; there is no use in trying again.

    Attributes:
        error: ``code``, ``message``, ``what``, ``why`` and ``fix``.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        super().__init__(error["message"])


class RenderDied(Exception):
    """The process died over the video: out of memory, or a fault of a library."""


class RenderCancelled(Exception):
    """It was cancelled."""


class RenderProcess:
    """Starts the process when it is needed, and another one when it has died. Close it.

    Args:
        limits: Of memory and time.
        command: Starts it, if it is not the renderer but speaks as that does.
    """

    def __init__(self, limits: RenderLimits | None = None, command: tuple[str, ...] | None = None) -> None:
        self._command = command or _COMMAND
        self._limits = limits or RenderLimits()
        self._process: asyncio.subprocess.Process | None = None
        self._heard = 0.0

    async def render(
        self,
        options: dict[str, Any],
        output: str,
        on_event: Callable[[Event], Awaitable[None]],
        cancel: asyncio.Event,
        *,
        pieces: Path | None = None,
        on_piece: PieceListener | None = None,
    ) -> dict[str, Any]:
        """Makes a video.

        Args:
            options: Fields of the pipeline's request, as JSON data.
            output: The file.
            on_event: Called with every report.
            cancel: Set it to stop.
            pieces: Folder for the pieces of the same video as a stream; None makes none.
            on_piece: Called with every piece.

        Returns:
            What came out, as :meth:`paksatalker.core.outputs.Result.to_dict` has it.

        Raises:
            RenderFailed: The video cannot be made.
            RenderDied: The process died, or said nothing for so long that it was ended.
            RenderCancelled: It was cancelled.
        """
        streaming = {} if pieces is None else {"pieces": str(pieces)}

        async def heard(message: Message) -> None:
            if "event" in message:
                await on_event(message["event"])
            elif "piece" in message and pieces is not None and on_piece is not None:
                on_piece(pieces / message["piece"]["name"], message["piece"]["seconds"])

        return await self.run({"options": options, "output": output, **streaming}, heard, cancel)

    async def run(self, order: dict[str, Any], on_message: Listener, cancel: asyncio.Event) -> dict[str, Any]:
        """Has something done (:mod:`paksatalker.worker.child`).

        Args:
            order: What, as JSON data.
            on_message: Called with everything it says meanwhile.
            cancel: Set it to stop.

        Returns:
            What came out.

        Raises:
            RenderFailed: It cannot be done.
            RenderDied: The process died, or said nothing for so long that it was ended.
            RenderCancelled: It was cancelled.
        """
        process = await self._started()
        await self._order(process, order)
        answer = asyncio.ensure_future(self._answer(process, on_message))
        cancelled = asyncio.ensure_future(cancel.wait())
        try:
            await self._wait(answer, cancelled)
            if not answer.done():
                await self._order(process, {"cancel": True})
                await asyncio.wait({answer}, timeout=_STOP_SECONDS)
                if not answer.done():
                    await self.kill()
                raise RenderCancelled
            result = answer.result()
        finally:
            interrupted = not answer.done() or answer.cancelled() or answer.exception() is not None
            for task in (answer, cancelled):
                task.cancel()
            await asyncio.gather(answer, cancelled, return_exceptions=True)
            if interrupted:  # what it does now is nobody's: the next one would take what it says for its own answer
                await self.kill()
        if "error" in result:
            if cancel.is_set() and result["error"]["code"] == "Cancelled":
                raise RenderCancelled
            raise RenderFailed(result["error"])
        values: dict[str, Any] = result["result"]
        return values

    async def warm(self) -> None:
        """Has it ready before the first video. What is missing for one is logged: that video's caller is told, too."""
        began = time.monotonic()
        try:
            await self.run({"act": WARM}, _ignore, asyncio.Event())
        except (RenderFailed, RenderDied, OSError) as error:
            _log.warning("the renderer is not ready: %s", error)
        else:
            _log.info("the renderer is ready after %.1f s", time.monotonic() - began)

    async def _wait(self, answer: asyncio.Future[Any], cancelled: asyncio.Future[Any]) -> None:
        """Until there is an answer, or nobody wants it any more.

        Raises:
            RenderDied: It hangs.
            RenderFailed: It takes longer than a video may.
        """
        began = self._heard = time.monotonic()
        ends = began + self._limits.seconds if self._limits.seconds else math.inf
        while not (answer.done() or cancelled.done()):
            until = min(ends, self._heard + self._limits.silence)
            if (left := until - time.monotonic()) > 0:
                await asyncio.wait({answer, cancelled}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            elif until == ends:
                raise RenderFailed(_too_slow(self._limits.seconds))
            else:
                raise RenderDied(f"it said nothing for {self._limits.silence:g} s and was ended")

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE, start_new_session=True,
                env=without_secrets(**{MEMORY: str(self._limits.memory)}),
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._limits.silence):
                    await self._answer(self._process, _ignore)
            except TimeoutError:
                await self.kill()
                raise RenderDied("it does not start") from None
            except BaseException:
                await self.kill()  # else the next one would take its greeting for an answer
                raise
        return self._process

    async def _order(self, process: asyncio.subprocess.Process, order: dict[str, Any]) -> None:
        if process.stdin is None:
            raise RenderDied("it has no input")
        with suppress(ConnectionError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            await process.stdin.drain()

    async def _answer(self, process: asyncio.subprocess.Process, on_message: Listener) -> Message:
        """What comes at the end; what comes on the way is passed on."""
        if process.stdout is None:
            raise RenderDied("it has no output")
        while line := await process.stdout.readline():
            self._heard = time.monotonic()
            message: Message = json.loads(line)
            if _LAST & message.keys():
                return message
            await on_message(message)
        raise RenderDied(f"it ended with {await process.wait()}")

    async def kill(self) -> None:
        """Ends the process at once."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)  # it is the leader of a session: with whatever it has started
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            with suppress(RuntimeError):  # somebody else reads it to its end
                await process.stdout.read()
        await process.wait()

    async def close(self) -> None:
        """Ends the process."""
        await self.kill()


def _too_slow(seconds: float) -> dict[str, Any]:
    what, why = "the video was not finished", f"it may take {seconds / 60:g} minutes and takes longer"
    fix = "Make it shorter or smaller; the operator's limit is PAKSATALKER_RENDER_MINUTES"
    return error_dict("RenderTimeout", what, why, fix)


async def _ignore(_: Message) -> None:
    return
