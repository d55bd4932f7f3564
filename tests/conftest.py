"""For all tests: native thread pools stay small, so that tests take as long on a busy machine as on an idle one.

Examples of properties are the same in each run, so that a rare one turns no change red that has nothing to do with it;
``make fuzz`` looks for new ones. And the service's folder is one of their own: with a certificate in the developer's,
all that they make would be signed.
"""

import atexit
import os
import shutil
import tempfile

import pytest

# Before anything that starts such a pool is imported. Threads that spin while they wait for each other are many times
# slower than one thread as soon as there are more of them than free cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if "PAKSATALKER_SERVICE_HOME" not in os.environ:
    os.environ["PAKSATALKER_SERVICE_HOME"] = tempfile.mkdtemp(prefix="paksatalker-tests-")
    atexit.register(shutil.rmtree, os.environ["PAKSATALKER_SERVICE_HOME"], ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import settings

    settings.register_profile("gate", derandomize=True, deadline=None)
    settings.register_profile("fuzz", deadline=None, print_blob=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests that wait for processes of their own leave theirs to others."""
    return min(4, (os.cpu_count() or 1) + 1)
