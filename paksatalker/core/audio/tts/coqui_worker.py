"""Speaks with a Coqui model in a process and an environment of its own: a script that imports nothing of PaksaTalker.

Reads requests as JSON lines from stdin and answers each with a JSON line on stdout; that of a text is followed by its
samples, float32 little-endian. What the libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_GIGABYTE = 1 << 30


def _limit_memory(gigabytes: float) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    size = int(gigabytes * _GIGABYTE)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def main() -> None:
    """Answers requests until stdin ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries print to stdout

    def answer(content: dict[str, Any], samples: bytes = b"") -> None:
        out.write(json.dumps(content).encode() + b"\n" + samples)
        out.flush()

    _limit_memory(float(sys.argv[2]))
    try:
        import numpy as np
        from TTS.api import TTS

        model = TTS(sys.argv[1], progress_bar=False)
        rate = int(model.synthesizer.output_sample_rate)
        answer({"ready": True, "rate": rate, "speakers": list(model.speakers or ())})
    except BaseException as error:  # noqa: BLE001  (whatever it is, the other side is to know)
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    for line in sys.stdin:
        request = json.loads(line)
        try:
            samples = np.asarray(model.tts(**request), "<f4")
            answer({"samples": len(samples)}, samples.tobytes())
        except Exception as error:  # noqa: BLE001  (the next text may work)
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
