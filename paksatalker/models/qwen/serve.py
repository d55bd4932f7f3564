"""The process that serves a GGUF file: ``python -m paksatalker.models.qwen.serve``, started by ``server.py``.

It reads one line of JSON from stdin, loads the model, answers with one line of JSON on stdout and serves on a port of
this computer only. Stdin is its lifeline: when the process at its other end closes it, or dies, this one ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def main() -> None:
    """Serves until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; our parent decides
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # native code prints there
    try:
        server = _start(order)
    except Exception as error:  # noqa: BLE001  (whatever the library raises is told to the parent)
        answer.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        answer.close()
        os._exit(1)
    answer.write(json.dumps({"url": server.listening_address}) + "\n")
    answer.close()
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # requests may be half done: nobody waits for them


def _start(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.api_keys = [order["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one
    params.n_ctx = order["context"]
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    params.cache_ram_mib = 0  # one conversation at a time; requests say whether they may build on it
    params.warmup = params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    params.verbosity = -1
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
