import os
import subprocess
import sys
import threading

import pytest

from paksatalker.models.mediapipe.native import Network, quiet_stderr


def test_native_lines_are_dropped_and_later_ones_are_not(capfd):
    with quiet_stderr():
        os.write(2, b"W0000 a C++ log line\n")
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


def test_stderr_is_given_back_after_an_error(capfd):
    with pytest.raises(ValueError, match="broken"), quiet_stderr():
        raise ValueError("broken")
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


def test_threads_are_quiet_at_the_same_time(capfd):
    together = threading.Barrier(2, timeout=5)  # would break if one waited for the other

    def work() -> None:
        with quiet_stderr():
            together.wait()
            os.write(2, b"W0000 a C++ log line\n")
            together.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


def test_leaving_the_context_closes_the_network():
    class Task:
        closed = False

        def close(self) -> None:
            self.closed = True

    class Loaded(Network):
        def __init__(self) -> None:
            self._net = Task()

    with Loaded() as network:
        task = network._net
        assert not task.closed
    assert task.closed


def test_loading_it_loads_nothing_that_draws_and_leaves_matplotlib_whole():
    check = """
import sys
from paksatalker.models.mediapipe.native import load
load()
assert not any(name.startswith("matplotlib") for name in sys.modules)
import matplotlib.pyplot
assert matplotlib.pyplot.figure and matplotlib.__version__
"""
    subprocess.run([sys.executable, "-c", check], check=True)
