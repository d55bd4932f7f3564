"""The process that makes voices: ``python -m paksatalker.worker.clone_child``.

It speaks as :mod:`paksatalker.worker.child` does: orders come as JSON lines on standard input, what happens goes as
JSON lines to standard output. It is apart from the renderer, for its networks need PyTorch, and time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, Any

from paksatalker.errors import PaksaTalkerError
from paksatalker.worker.child import limit_memory

_FITTING = 0.75  # of the time; the rest is judging


def main() -> None:
    """Makes one voice after another until standard input ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    limit_memory()
    _say(out, ready=True)
    for order in _orders():
        try:
            answer = {"result": _make(order["options"], out)}
        except PaksaTalkerError as error:
            answer = {"error": error.to_dict()}
        except MemoryError:
            raise SystemExit(137) from None
        _say(out, **answer)


def _say(out: IO[str], **message: Any) -> None:
    out.write(json.dumps(message) + "\n")


def _orders() -> Any:
    """Yields orders; ends the process when nobody wants the voice any more, whatever it is doing."""
    import queue

    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            order = json.loads(line)
            if order.get("cancel"):
                break
            waiting.put(order)
        os._exit(0)

    threading.Thread(target=read, name="orders", daemon=True).start()
    while True:
        yield waiting.get()


def _make(options: dict[str, Any], out: IO[str]) -> dict[str, Any]:
    from dataclasses import asdict

    from paksatalker.core.audio.cloning.consent import consent_of, consent_text
    from paksatalker.core.audio.cloning.match import match_voice  # heavy
    from paksatalker.core.audio.tts.blend import voice_text

    def report(step: int, steps: int, _: float) -> None:
        _say(out, event={"stage": "matching", "progress": _FITTING * step / steps})

    match = match_voice(
        [Path(path) for path in options["recordings"]], steps=options["steps"], seed=options["seed"], report=report
    )
    consent = consent_text(consent_of(options["consent"]))
    return {
        "voice": voice_text(match.blend, consent), "consent": consent,
        "facts": {
            "made_from": match.blend.main, "is_stock": match.is_stock, "judged": asdict(match.judged),
            "fitted": asdict(match.fitted), "notes": list(match.reference.notes),
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
