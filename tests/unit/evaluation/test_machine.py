import sys
import wave

import numpy as np
import pytest

from paksatalker.config import usable_cores
from paksatalker.errors import RunFailed
from paksatalker.evaluation.machine import Machine
from paksatalker.evaluation.memory import watch, write_recording


def test_the_machine_describes_itself():
    machine = Machine.here()
    assert 1 <= machine.used <= machine.cores
    assert machine.used == usable_cores()
    assert machine.cpu in str(machine)
    assert machine.to_dict()["memory_gb"] > 0


def test_watching_sees_the_memory_of_the_program_not_ours():
    hold = (
        "import time; block = bytearray({} << 20); block[::4096] = b'x' * len(block[::4096]); time.sleep(0.2); print(7)"
    )
    small, large = (watch([sys.executable, "-c", hold.format(size)]) for size in (1, 80))
    assert large.output.strip() == "7"
    assert 70e6 < large.peak_bytes - small.peak_bytes < 100e6
    assert large.seconds > 0.2


def test_a_failed_program_says_why():
    with pytest.raises(RunFailed, match="no such luck"):
        watch([sys.executable, "-c", "raise SystemExit('no such luck')"])


def test_a_recording_has_exactly_the_length_asked_for(tmp_path):
    samples = np.linspace(-1, 1, 700, dtype=np.float32)
    write_recording(tmp_path / "a.wav", samples, 8000, 0.25)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (2000, 8000, 1)
        pcm = np.frombuffer(file.readframes(2000), "<i2")
    np.testing.assert_array_equal(pcm[:700], pcm[700:1400])
