"""For all tests: native thread pools stay small, so that tests take as long on a busy machine as on an idle one."""

import os

# Before anything that starts such a pool is imported. Threads that spin while they wait for each other are many times
# slower than one thread as soon as there are more of them than free cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
