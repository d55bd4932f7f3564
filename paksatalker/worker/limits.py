"""How much memory and time a video may take: it is made of files that anybody may have sent."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from paksatalker.service.settings import ServiceSettings

#: The variable by which the renderer is told, bytes.
MEMORY = "PAKSATALKER_RENDER_MEMORY"
_PORTRAIT = 4 << 30  # bytes; a portrait at 2160 pixels needs less than 3 GiB
_CORE = 64 << 20  # bytes: the stacks of the threads that each core adds
_SHARE = 0.6  # of the machine's memory
_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """Of the process that renders.

    Attributes:
        memory: What it may allocate itself, bytes; 0 is no limit. Code and mapped weights do not count.
        silence: It hangs when it has reported nothing for so many seconds.
        seconds: Longest time a video may take; 0 is no limit.
        disk: With fewer bytes free no job is begun.
    """

    memory: int = 0
    silence: float = 900.0
    seconds: float = 0.0
    disk: int = 0

    @classmethod
    def of(cls, settings: ServiceSettings, queue: str) -> RenderLimits:
        """Those of the settings; portraits need less memory than networks do."""
        memory = settings.render_memory
        if memory is None:
            memory = int(_SHARE * machine_memory())
            if queue == "portrait":
                memory = min(memory, _PORTRAIT + _CORE * (os.cpu_count() or 1))
        return cls(memory, settings.render_silence_minutes * 60, settings.render_minutes * 60, settings.free_bytes)


def machine_memory() -> int:
    """Bytes that there are: the container's limit, if it has one, else the machine's."""
    total = int(psutil.virtual_memory().total)
    for path in _CGROUPS:
        with suppress(OSError, ValueError):
            return min(total, int(path.read_text(encoding="ascii")))
    return total
