"""The disk of the service is full for a while: it says so, it goes on, and every video it has taken on is made."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.service.served import Served, patience, photo

_SUDO = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own; skipped where none may be mounted."""
    folder.mkdir()
    options = f"size={megabytes}m,uid={os.getuid()},mode=0700"
    try:
        subprocess.run(
            [*_SUDO, "mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    try:
        yield folder
    finally:
        subprocess.run([*_SUDO, "umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    """Takes every byte that is free."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk")
def test_a_full_disk_loses_nothing(tmp_path):
    with small_disk(tmp_path / "home", 48) as home:
        environment = {"PAKSATALKER_FREE_BYTES": str(1 << 20), "PAKSATALKER_SERVICE_HOME": str(home)}
        with Served(tmp_path, **environment) as service:
            portrait = service.portrait()
            taken = [service.submit(portrait=portrait)]
            service.until(taken[0], frames=1)
            fill(home / "ballast")
            answers = [_ask(service, portrait, seed) for seed in (1, 2)]
            assert {answer.status_code for answer in answers} <= {202, 507, 503}
            taken += [answer.json()["id"] for answer in answers if answer.status_code == 202]
            refused = [answer.json()["error"] for answer in answers if answer.status_code == 507]
            assert all(error["code"] == "DiskFull" for error in refused)
            upload = service.client.post("/api/v1/assets", files={"file": ("a.png", photo())})
            assert (upload.status_code, upload.json()["error"]["code"]) == (507, "DiskFull")
            assert service.client.get("/api/v1/videos").status_code == 200
            assert service.video(taken[0])["id"] == taken[0]
            time.sleep(5)  # workers try, and leave it
            assert service.process.poll() is None
            (home / "ballast").unlink()
            for video in taken:
                done = service.until(video, 60 * patience())
                assert (done["state"], done["error"]) == ("succeeded", None), service.text[-3000:]
            again = service.submit(portrait=portrait, seed=9)
            assert service.until(again, 60 * patience())["state"] == "succeeded"
            assert not list((home / "files").rglob("*#*"))
            assert not list((home / "uploads").rglob("upload.bin"))
            assert shutil.disk_usage(home).used < 40 << 20


def _ask(service: Served, portrait: str, seed: int) -> httpx.Response:
    body = {"portrait": portrait, "text": "Hello there.", "size": 128, "seed": seed}
    return service.client.post("/api/v1/videos", json=body)
