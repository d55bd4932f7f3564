"""``paksatalker serve`` as an operator starts it: a process of its own, with a queue and a worker."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import psutil
from PIL import Image
from skimage import data

#: Longest time from a kill to work that goes on.
RECOVERY_SECONDS = 30.0
LONG = "This is a sentence that goes on for quite a while, and then for a while more. "


def patience() -> float:
    """How many times longer things may take: as many as there are processes for each core; 1 on an idle machine."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Served:
    """A service in a folder; what it says is in ``log``. A context manager: at its end everything is killed."""

    def __init__(self, folder: Path, key: str = "", **environment: str) -> None:
        self.folder, self.key, self.address = folder, key, ""
        self.log = folder / "log"
        self._began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "paksatalker", "serve", "--port", "0"], cwd=folder, stdout=log, stderr=log,
                env=os.environ | {
                    "PAKSATALKER_SERVICE_HOME": str(folder / "home"), "PAKSATALKER_LOG_LEVEL": "INFO",
                    "PAKSATALKER_LOG_FORMAT": "json", "REDIS_URL": "", "COLUMNS": "500",
                } | environment,
            )  # fmt: skip

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while not self.address or not self.key:
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None, self.text
            if (found := re.search(r"key_\w{22}\.\w+", self.text)) is not None:
                self.key = found[0]
            if (found := re.search(r"http://127\.0\.0\.1:\d+", self.text)) is not None:
                self.address = found[0]
            time.sleep(0.05)
        self.client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {self.key}"}, timeout=60,
            transport=httpx.HTTPTransport(retries=3),
        )  # fmt: skip
        while True:
            try:
                self.client.get("/health/ready").raise_for_status()
                return self
            except httpx.HTTPError:  # the socket is open before the application is ready
                assert time.monotonic() < deadline, self.text
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self.client.close()
        everybody = self.descendants()
        self.process.kill()
        self.process.wait()
        for process in everybody:
            if process.is_running():
                process.kill()
        psutil.wait_procs(everybody, 10)

    @property
    def text(self) -> str:
        """What it has said since it was started."""
        return self.log.read_bytes()[self._began :].decode(errors="replace")

    def descendants(self) -> list[psutil.Process]:
        """Its queue, workers and renderers."""
        return psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []

    def workers(self) -> list[psutil.Process]:
        """Its workers."""
        found = psutil.Process(self.process.pid).children()
        return [one for one in found if one.status() != psutil.STATUS_ZOMBIE and one.cmdline()[-1:] == ["worker"]]

    def portrait(self) -> str:
        """Uploads a photo; its asset."""
        answer = self.client.post("/api/v1/assets", files={"file": ("astronaut.png", photo())})
        return str(answer.raise_for_status().json()["id"])

    def submit(self, **fields: Any) -> str:
        """Asks for a video."""
        answer = self.client.post("/api/v1/videos", json={"size": 128, "text": "Hello there.", **fields})
        return str(answer.raise_for_status().json()["id"])

    def video(self, video_id: str) -> dict[str, Any]:
        """How far a video is."""
        found: dict[str, Any] = self.client.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
        return found

    def until(self, video_id: str, seconds: float = 90.0, *, frames: int = 0) -> dict[str, Any]:
        """Waits until a video has ended, or has so many frames."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.video(video_id)
            if found["state"] in ("succeeded", "failed", "cancelled") or 0 < frames <= found["frames_done"]:
                return found
            assert time.monotonic() < deadline, (found, self.text[-4000:])
            time.sleep(0.1)


def photo() -> bytes:
    """A portrait."""
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    return buffer.getvalue()


def half_an_upload(service: Served) -> socket.socket:
    """A connection over which half a file has come."""
    where = urlsplit(service.address)
    connection = socket.create_connection((where.hostname, where.port), 10)
    body = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + photo()
    head = (
        f"POST /api/v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body) + 7}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[: len(body) // 2])
    return connection
