"""Serves a GGUF file to this process alone: a child process with llama.cpp in it.

A process of its own keeps a damaged file or a bug in native code from taking ours down, gives all memory back at its
end, and can be ended in the middle of a word.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from paksatalker.config.settings import usable_cores
from paksatalker.errors import EngineUnavailable, WeightsCorrupt

#: Tokens that a question and its answer may have together. Qwen2.5 takes 32,768; memory grows with it.
CONTEXT = 8192
_MAGIC = b"GGUF"
_LOADING_S = 600.0  # from a slow disk
_ENDING_S = 5.0


def threads() -> int:
    """Threads to compute with: physical cores of this process less one, at least one.

    The threads wait for each other by spinning: with one on a core that is busy otherwise, all of them crawl.
    """
    physical = min(psutil.cpu_count(logical=False) or 1, usable_cores())
    return max(1, physical - 1)


class ModelServer:
    """A server for one GGUF file; a context manager. It ends with :meth:`close`, and with this process at the latest.

    Attributes:
        url: Its address, on this computer only.
        key: What requests must be authorised with.

    Args:
        model: The file.
        context: Tokens that a question and its answer may have together.

    Raises:
        WeightsCorrupt: The file is no model that llama.cpp reads.
        EngineUnavailable: The server could not be started.
    """

    def __init__(self, model: Path, context: int = CONTEXT) -> None:
        _check(model)
        self.key = secrets.token_urlsafe(24)
        command = [sys.executable, "-P", "-m", "paksatalker.models.qwen.serve"]
        try:
            process = subprocess.Popen(  # noqa: S603  (our own module; the file's name goes through the pipe)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise _unavailable(model, f"no process could be started ({error.strerror or error})") from error
        self._process = process
        self._finalizer = weakref.finalize(self, _end, process)
        order = {"model": str(model.absolute()), "key": self.key, "context": context, "threads": threads()}
        try:
            self.url = _address(process, order, model)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process; may be called again."""
        self._finalizer()


def _check(model: Path) -> None:
    what = f"the language model {model} cannot be used"
    try:
        with model.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise EngineUnavailable(what, error.strerror or str(error), "Check the path and its permissions") from error
    if magic != _MAGIC:
        raise WeightsCorrupt(what, "it is no GGUF file", "Give a GGUF file of a chat model")


def _address(process: subprocess.Popen[str], order: dict[str, Any], model: Path) -> str:
    """Hands over the order and waits for the address."""
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Timer(_LOADING_S, process.kill)
    late.daemon = True
    late.start()
    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:  # it died first
        line = ""
    finally:
        late.cancel()
    answer: dict[str, str] = json.loads(line) if line else {}
    if "url" in answer:
        return answer["url"] + "/v1"
    reason = (answer.get("error") or _death(process)).rstrip(".")
    if "import" in reason.lower() or "ModuleNotFound" in reason:
        raise _unavailable(model, reason)
    raise WeightsCorrupt(
        f"the language model {model.name} cannot be loaded", reason, "Give a GGUF file of a chat model, or free memory"
    )


def _death(process: subprocess.Popen[str]) -> str:
    try:
        status = process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        return "its process does not answer"
    return f"its process ended with status {status} while loading"


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # it is gone already
                continue
    try:
        process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _unavailable(model: Path, why: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"the language model {model.name} cannot be served", why, "Run: pip install 'paksatalker[qwen]'"
    )
