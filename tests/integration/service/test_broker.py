import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import psutil
import pytest

from paksatalker.errors import EngineUnavailable, OutputUnwritable
from paksatalker.service import broker as module
from paksatalker.service.broker import Broker


def talk(url: str, *commands: str, password: bool = True) -> bytes:
    parts = urlsplit(url)
    lines = ([f"AUTH {parts.password}"] if password else []) + [*commands, "QUIT"]
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall("".join(line + "\r\n" for line in lines).encode())
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer


def test_what_was_answered_survives_a_kill(tmp_path):
    with Broker(tmp_path / "queue") as broker:
        assert b"+OK" in talk(broker.url, "SET a kept")
        os.kill(broker.pid, signal.SIGKILL)
    with Broker(tmp_path / "queue") as broker:
        assert b"kept" in talk(broker.url, "GET a")


def test_a_server_that_dies_is_started_again_with_what_it_had(tmp_path):
    with Broker(tmp_path / "queue") as broker:
        for _ in range(2):
            first = broker.pid
            assert b"+OK" in talk(broker.url, "SET a kept")
            os.kill(first, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while broker.pid == first or psutil.Process(broker.pid).status() == psutil.STATUS_ZOMBIE:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            while not broker_answers(broker.url):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert b"kept" in talk(broker.url, "GET a")
    assert broker.pid is None
    assert not any(t.name == "queue's server" for t in threading.enumerate())


def broker_answers(url: str) -> bool:
    try:
        return b"PONG" in talk(url, "PING")
    except OSError:
        return False


def test_nobody_gets_in_without_the_password(tmp_path):
    with Broker(tmp_path / "queue") as broker:
        assert b"NOAUTH" in talk(broker.url, "GET a", password=False)


def test_one_service_a_folder(tmp_path):
    with Broker(tmp_path / "queue"), pytest.raises(OutputUnwritable, match="another service"):
        Broker(tmp_path / "queue").__enter__()
    with Broker(tmp_path / "queue"):
        pass


def test_a_server_that_does_not_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "server_binary", lambda: "/bin/false")
    with pytest.raises(EngineUnavailable, match="does not start"):
        Broker(tmp_path / "queue").__enter__()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_the_server_of_a_killed_service_is_ended_before_another_one_starts(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from paksatalker.service.broker import Broker\n"
        "with Broker(Path(sys.argv[1])) as b: print(b.url, b.pid, flush=True); time.sleep(600)"
    )
    service = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "queue")], stdout=subprocess.PIPE, text=True)
    url, pid = service.stdout.readline().split()
    assert b"+OK" in talk(url, "SET a kept")
    service.kill()
    service.wait()
    assert psutil.pid_exists(int(pid)), "it outlives its service"
    with Broker(tmp_path / "queue") as broker:
        assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
        assert b"kept" in talk(broker.url, "GET a")
