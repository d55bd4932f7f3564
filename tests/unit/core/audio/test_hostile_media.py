"""Media that would have other files or addresses opened, or claim to be vast."""

from __future__ import annotations

import struct
import threading
import wave
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from paksatalker.core.animation.sadtalker import reference_video
from paksatalker.core.audio.decode import AudioReader
from paksatalker.errors import PaksaTalkerError
from paksatalker.evaluation.sync import read_sync
from paksatalker.evaluation.tracking import read_frames


def read_sound(path: Path) -> list:
    return list(AudioReader(path))


READERS = {
    "recording": read_sound,
    "reference": lambda path: list(reference_video._frames(path)),
    "scored": lambda path: list(read_frames(path)),
    "synchrony": read_sync,
}


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked for there."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/secret.wav", asked
        http.shutdown()
        thread.join()


def film(path: Path, width: int = 64) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = width, width, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((width, width, 3), np.uint8), "rgb24")))
        out.mux(stream.encode())
    return path


def playlists(secret: Path, url: str) -> dict[str, str]:
    return {
        "list.ffconcat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "absolute.ffconcat": "ffconcat version 1.0\nfile '/etc/passwd'\n",
        "relative.wav": f"ffconcat version 1.0\nfile {secret.name}\n",
        "local.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "remote.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
        "hidden.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
        "keyed.m3u8": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:10,\n{secret.name}\n#EXT-X-ENDLIST\n',
        "dash.mpd": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{url}</BaseURL><SegmentBase/>'
        f"</Representation></AdaptationSet></Period></MPD>",
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "asx.asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
    }


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_opens_what_a_file_names(tmp_path, server, reader):
    url, asked = server
    secret = film(tmp_path / "secret.mp4")
    for name, content in playlists(secret, url).items():
        path = tmp_path / name
        path.write_text(content)
        with pytest.raises(PaksaTalkerError):
            READERS[reader](path)
    assert asked == []


@pytest.mark.parametrize("reader", READERS)
def test_a_film_that_claims_vast_pictures_takes_no_vast_memory(tmp_path, reader):
    content = bytearray(film(tmp_path / "film.mkv", 320).read_bytes())
    place = content.find(b"\xb0\x82\x01\x40")  # PixelWidth 320
    assert place > 0
    content[place + 2 : place + 4] = b"\xff\xff"
    place = content.find(b"\xba\x82\x01\x40")  # PixelHeight
    content[place + 2 : place + 4] = b"\xff\xff"
    path = tmp_path / "vast.mkv"
    path.write_bytes(content)
    before = psutil.Process().memory_info().rss
    with suppress(PaksaTalkerError):
        READERS[reader](path)
    assert psutil.Process().memory_info().rss - before < 400 << 20


def test_a_recording_that_claims_a_thousand_million_samples(tmp_path):
    with wave.open(str(tmp_path / "short.wav"), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes(np.full(24000, 3000, "<i2").tobytes())
    content = bytearray((tmp_path / "short.wav").read_bytes())
    place = content.find(b"data")
    content[place + 4 : place + 8] = struct.pack("<I", 2_000_000_000)
    content[4:8] = struct.pack("<I", 2_000_000_036)
    path = tmp_path / "vast.wav"
    path.write_bytes(content)
    before = psutil.Process().memory_info().rss
    reader = AudioReader(path)
    assert sum(map(len, reader)) == 24000
    assert psutil.Process().memory_info().rss - before < 100 << 20
