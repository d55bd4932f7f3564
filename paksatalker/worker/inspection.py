"""Has a file looked at by a process that may die over it (:mod:`paksatalker.worker.inspect_media`)."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paksatalker.errors import PaksaTalkerError
from paksatalker.worker.environment import without_secrets

_SECONDS = 600.0  # of a busy machine; its own limit is one of computing time
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class MediaRefused(PaksaTalkerError):
    """An uploaded file that is not taken, with the code of what is wrong.

    Args:
        error: ``code``, ``what``, ``why`` and ``fix``.
    """

    exit_code = 10

    def __init__(self, error: dict[str, str]) -> None:
        super().__init__(error["what"], error["why"], error["fix"])
        self._code = error["code"]

    @property
    def code(self) -> str:
        """Of the error that the process met."""
        return self._code


@dataclass(frozen=True, slots=True)
class Media:
    """What a file is.

    Attributes:
        kind: ``image`` or ``audio``.
        media_type: As HTTP has it.
        analysis: As :func:`paksatalker.worker.inspect_media.look` has it.
    """

    kind: str
    media_type: str
    analysis: dict[str, Any]


async def inspect(path: Path, name: str, seconds: float = _SECONDS) -> Media:
    """Looks at a file without trusting it.

    Args:
        path: The file.
        name: What it is called in messages.
        seconds: Longest time it may take.

    Raises:
        MediaRefused: It cannot be used, or what looked at it died or took too long.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "paksatalker.worker.inspect_media", str(path), name,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=without_secrets(**dict.fromkeys(_THREADS, "1")), start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        raise MediaRefused(_too_much(name)) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0 or not output:
        raise MediaRefused(_too_much(name))
    found: dict[str, Any] = json.loads(output)
    if "error" in found:
        raise MediaRefused(found["error"])
    return Media(found["kind"], found["media_type"], found["analysis"])


def _too_much(name: str) -> dict[str, str]:
    return {
        "code": "MediaTooHeavy",
        "what": f"'{name}' cannot be read",
        "why": "decoding it takes more memory or time than is allowed, or ends in a crash",
        "fix": "Export it again, smaller",
    }
