"""The process in which Coqui's models run: started, asked, watched and ended."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from paksatalker.core.timeline import FloatArray
from paksatalker.errors import EngineUnavailable

_START_S = 1800.0  # a first start downloads the model
_SAY_S = 180.0
_MEMORY_GB = 12.0
_LONGEST = 48000 * 600  # samples of one text; more is no answer
_WORKER = Path(__file__).with_name("coqui_worker.py")


class CoquiProcess:
    """A running model; a context manager.

    Args:
        python: The interpreter of the environment that has ``coqui-tts``.
        model: Coqui's name of the model.
        start_s: Longest wait for the model, seconds.
        say_s: Longest wait for a text, seconds.

    Raises:
        EngineUnavailable: The interpreter cannot be started, or the model not be loaded.
    """

    def __init__(self, python: str, model: str, *, start_s: float = _START_S, say_s: float = _SAY_S) -> None:
        self._say_s = say_s
        self._errors: deque[str] = deque(maxlen=5)
        try:
            self._process = subprocess.Popen(  # noqa: S603  (the user's own interpreter; no shell)
                [python, "-u", str(_WORKER), model, str(_MEMORY_GB)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        except OSError as error:
            fix = "Set PAKSATALKER_COQUI_PYTHON to the python of an environment with coqui-tts"
            raise EngineUnavailable("Coqui's process cannot be started", f"{python}: {error.strerror}", fix) from error
        self._reader = threading.Thread(target=self._keep_errors, daemon=True)
        self._reader.start()
        try:
            ready = self._answer(start_s, "loading the model")
        except BaseException:
            self.close()
            raise
        self.rate = int(ready["rate"])
        """Hz of its samples."""
        self.speakers: tuple[str, ...] = tuple(str(name) for name in ready["speakers"])
        """Names of its own speakers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, **request: Any) -> FloatArray:
        """Has a text said: keyword arguments of Coqui's ``tts``.

        Raises:
            EngineUnavailable: It failed, took too long, or the process died.
        """
        self._pipe("stdin").write(json.dumps(request).encode() + b"\n")
        self._pipe("stdin").flush()
        with self._watched(self._say_s, "speaking"):
            count = int(self._read_answer("speaking")["samples"])
            if not 0 <= count <= _LONGEST:
                raise self._failure("speaking", f"it claims {count} samples")
            content = self._pipe("stdout").read(4 * count)
            if len(content) != 4 * count:
                raise self._failure("speaking", "it ended in the middle")
        return np.frombuffer(content, "<f4").astype(np.float32)

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was not read any more

    def _answer(self, seconds: float, doing: str) -> dict[str, Any]:
        with self._watched(seconds, doing):
            return self._read_answer(doing)

    def _read_answer(self, doing: str) -> dict[str, Any]:
        line = self._pipe("stdout").readline()
        try:
            content = json.loads(line)
        except ValueError as error:
            self._process.wait(timeout=5)
            self._reader.join(timeout=1)  # its last words may still be on their way
            raise self._failure(doing, " / ".join(self._errors) or "the process died") from error
        if not isinstance(content, dict) or "error" in content:
            raise self._failure(doing, str(content.get("error")) if isinstance(content, dict) else "no answer")
        return content

    @contextmanager
    def _watched(self, seconds: float, doing: str) -> Iterator[None]:
        """Kills the process after a time, which ends whatever waits for it."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        except EngineUnavailable as error:
            if late.is_set():
                raise self._failure(doing, f"it took longer than {seconds:.0f} s") from error
            raise
        finally:
            timer.cancel()

    def _failure(self, doing: str, why: str) -> EngineUnavailable:
        fix = (
            "Check it: $PAKSATALKER_COQUI_PYTHON -c 'import torchaudio, TTS'; it needs coqui-tts, and torch and "
            "torchaudio of one version"
        )
        return EngineUnavailable(f"Coqui failed while {doing}", why, fix)

    def _pipe(self, name: str) -> IO[bytes]:
        pipe: IO[bytes] | None = getattr(self._process, name)
        assert pipe is not None
        return pipe

    def _keep_errors(self) -> None:
        for line in self._pipe("stderr"):
            self._errors.append(line.decode("utf-8", "replace").strip())
