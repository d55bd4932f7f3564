"""What looks at uploaded files: it believes no header, and is ended when it takes too much."""

from __future__ import annotations

import asyncio
import io
import struct
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from paksatalker.errors import ImageTooLarge, ImageUnreadable, PaksaTalkerError
from paksatalker.worker.inspect_media import look
from paksatalker.worker.inspection import MediaRefused, inspect

SIDE = 20_000


def saved(kind: str) -> bytearray:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 90, 90)).save(buffer, kind)
    return bytearray(buffer.getvalue())


def gif() -> bytes:
    """One frame of 400 megapixels in a few bytes."""
    content = saved("GIF")
    content[6:10] = struct.pack("<HH", SIDE, SIDE)
    at = content.index(b"\x2c\0\0\0\0") + 5
    content[at : at + 4] = struct.pack("<HH", SIDE, SIDE)
    return bytes(content)


def jpeg() -> bytes:
    content = saved("JPEG")
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", SIDE, SIDE)
    return bytes(content)


def bmp() -> bytes:
    content = saved("BMP")
    content[18:26] = struct.pack("<ii", SIDE, SIDE)
    return bytes(content)


def webp() -> bytes:
    """An extended one, whose canvas is as large as can be."""
    content = saved("WEBP")
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xff\x3f\x00" * 2  # 16,384 on each side
    body = content[:12] + canvas + content[12:]
    body[4:8] = struct.pack("<I", len(body) - 8)
    return bytes(body)


@pytest.mark.parametrize("make", [gif, jpeg, bmp, webp])
def test_a_header_that_claims_hundreds_of_megapixels_is_refused(tmp_path: Path, make) -> None:
    path = tmp_path / "a"
    path.write_bytes(make())
    before = psutil.Process().memory_info().rss
    with pytest.raises((ImageTooLarge, ImageUnreadable)):
        look(path)
    assert psutil.Process().memory_info().rss - before < 100 << 20, "it was not decoded"


MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp41"


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:9,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period/></MPD>",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        b"[playlist]\nFile1=http://127.0.0.1/a.wav\n",
        b"\x1f\x8b\x08\0\0\0\0\0" + bytes(100),  # gzip, as an .svgz is
        b"cos\nsystem\n(S'true'\ntR.",  # a pickle of protocol 0
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        MP4,
        MP4 + struct.pack(">I4s", 0xFFFFFFFF, b"moov"),
    ],
    ids=["hls", "concat", "dash", "sdp", "pls", "gzip", "pickle", "riff", "mp4", "mp4 that claims 4 GB"],
)
def test_what_would_open_other_files_or_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(PaksaTalkerError) as refused:
        look(path)
    assert refused.value.fix


def _under_limits(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"from paksatalker.worker.inspect_media import _limit\n_limit()\n{program}"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such limits")
def test_it_gets_no_more_memory_than_its_limit_and_writes_no_file(tmp_path: Path) -> None:
    run = _under_limits("try:\n    bytearray(5 << 30)\nexcept MemoryError:\n    print('no more')", tmp_path)
    assert run.stdout.strip() == "no more"
    run = _under_limits("import os; os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'a')", tmp_path)
    assert run.returncode != 0
    assert (tmp_path / "x").stat().st_size == 0
    run = _under_limits("import resource; print(resource.getrlimit(resource.RLIMIT_CPU)[1])", tmp_path)
    assert 0 < int(run.stdout) <= 240


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(gif())
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(MediaRefused) as refused:
        asyncio.run(inspect(path, "a.gif", seconds=0.05))
    assert refused.value.code == "MediaTooHeavy"
    assert set(psutil.Process().children(recursive=True)) <= before
