"""The machine that a benchmark ran on."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from paksatalker.config import usable_cores


@dataclass(frozen=True, slots=True)
class Machine:
    """What a reader of a benchmark needs to know of the machine.

    Attributes:
        cpu: Model name.
        cores: Logical processors of the machine.
        used: Logical processors that this process may use.
        memory_gb: Main memory, GB.
        busy: How much of the processors others used when the benchmark began, 0–1.
        system: Operating system.
        python: Version.
        paksatalker: Version.
    """

    cpu: str
    cores: int
    used: int
    memory_gb: float
    busy: float
    system: str
    python: str
    paksatalker: str

    @classmethod
    def here(cls) -> Machine:
        """This machine; takes half a second to see how busy it is."""
        return cls(
            cpu=_cpu_name(),
            cores=os.cpu_count() or 1,
            used=usable_cores(),
            memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
            busy=round(psutil.cpu_percent(interval=0.5) / 100, 2),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            paksatalker=version("paksatalker"),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        busy = f", {self.busy:.0%} busy with other work" if self.busy > 0.1 else ""
        return f"{self.cpu}, {self.used} of {self.cores} cores{busy}, {self.memory_gb:g} GB, {self.system}"


def limit_cores(count: int) -> bool:
    """Confines this process, and what it starts, to ``count`` processors; false where the system cannot."""
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):  # macOS
        return usable_cores() <= count
    process.cpu_affinity(process.cpu_affinity()[:count])
    return True


def _cpu_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", listing.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()
