from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from paksatalker.service.settings import ServiceSettings
from paksatalker.worker import limits
from paksatalker.worker.limits import RenderLimits, machine_memory


def of(queue: str = "portrait", **values) -> RenderLimits:
    return RenderLimits.of(ServiceSettings(_env_file=None, **values), queue)


def test_the_defaults_follow_the_machine(monkeypatch):
    monkeypatch.setattr(limits, "machine_memory", lambda: 4 << 30)
    assert of().memory == int(0.6 * (4 << 30))
    monkeypatch.setattr(limits, "machine_memory", lambda: 256 << 30)
    assert 4 << 30 <= of().memory < of("neural-gpu").memory == int(0.6 * (256 << 30))


def test_the_settings_have_the_last_word():
    found = of(render_memory=0, render_silence_minutes=2, render_minutes=3)
    assert (found.memory, found.silence, found.seconds) == (0, 120, 180)


def test_a_containers_limit_counts(monkeypatch, tmp_path):
    file = tmp_path / "memory.max"
    monkeypatch.setattr(limits, "_CGROUPS", (tmp_path / "none", file))
    whole = psutil.virtual_memory().total
    for text, expected in (("1000000\n", 1_000_000), ("max\n", whole), (f"{2**63}\n", whole)):
        file.write_text(text)
        assert machine_memory() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such limit")
def test_what_takes_more_than_its_limit_gets_no_more():
    program = (
        "from paksatalker.worker.child import limit_memory\nlimit_memory()\n"
        "try:\n    bytearray(1 << 30)\nexcept MemoryError:\n    print('no more')"
    )
    environment = os.environ | {"PAKSATALKER_RENDER_MEMORY": str(700 << 20)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "no more", run.stderr
