"""The process that renders: ``python -m paksatalker.worker.child``.

It is apart from the worker because media are untrusted and networks are big: it may run out of memory, hang or crash,
and only the one video is lost. Orders come as JSON lines on standard input, what happens goes as JSON lines to standard
output. Voices and networks stay warm from video to video.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import IO, Any

from paksatalker.config.allocator import give_back_large_blocks
from paksatalker.errors import PaksaTalkerError
from paksatalker.worker.limits import MEMORY
from paksatalker.worker.warming import WARM, warm


class _Voice:
    """Writes JSON lines; the encoder's thread has something to say, too."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, **message: Any) -> None:
        line = json.dumps(message) + "\n"
        with self._lock:
            try:
                self._stream.write(line)
            except BrokenPipeError:  # the worker was killed: nobody wants this video, on whatever thread this is
                os._exit(0)


class _Orders:
    """Reads orders on a thread, so that a video can be cancelled while it is made."""

    def __init__(self, stream: IO[str]) -> None:
        self.jobs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.cancel = threading.Event()
        self._stream = stream
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def _read(self) -> None:
        for line in self._stream:
            order = json.loads(line)
            if order.get("cancel"):
                self.cancel.set()
            else:
                self.cancel.clear()
                self.jobs.put(order)
        self.cancel.set()  # the worker is gone: nobody wants this video any more
        self.jobs.put(None)


def main() -> None:
    """Renders what it is told to until standard input ends."""
    say = _Voice(os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    limit_memory()
    orders = _Orders(sys.stdin)
    from paksatalker.core.pipeline import Pipeline

    with Pipeline() as pipeline:
        say(ready=True)
        while (order := orders.jobs.get()) is not None:
            try:
                answer = {"result": _done(pipeline, order, orders.cancel, say)}
            except PaksaTalkerError as error:
                answer = {"error": error.to_dict()}
            except MemoryError:
                raise SystemExit(137) from None  # as if the kernel had done it: another attempt may have more room
            say(**answer)


def _done(pipeline: Any, order: dict[str, Any], cancel: threading.Event, say: _Voice) -> dict[str, Any]:
    """Does what it is told to: makes a video, or something for one that is made in parts, or gets ready."""
    if order.get("act") == WARM:
        warm(pipeline)
        return {}
    from paksatalker.core.request import Request
    from paksatalker.worker.child_parts import ACTS
    from paksatalker.worker.reporting import Reporter

    request = Request(**with_own_voice(order["options"]))
    if act := ACTS.get(order.get("act", "")):
        return act(pipeline, request, order, cancel, say)
    pieces = order.get("pieces")
    reporter = Reporter(say, pieces)
    result = pipeline.generate(
        request, Path(order["output"]), on_progress=reporter.report, on_piece=reporter.keep if pieces else None,
        cancel=cancel, provenance=False,  # the worker signs: this process has no key
    )  # fmt: skip
    values: dict[str, Any] = result.to_dict()
    return values


def with_own_voice(options: dict[str, Any]) -> dict[str, Any]:
    """Options whose voice this process can speak with: a customer's own comes as what it is, not by name."""
    from paksatalker.core.audio.tts.blend import lend

    own = options.get("own_voice")
    rest = {name: value for name, value in options.items() if name != "own_voice"}
    return rest if own is None else rest | {"voice": lend(*own)}


def limit_memory() -> None:
    """Takes the worker's limit upon itself, where the system has such limits, and keeps no memory it does not use."""
    give_back_large_blocks()
    limit = int(os.environ.get(MEMORY, "0"))
    if limit and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()
