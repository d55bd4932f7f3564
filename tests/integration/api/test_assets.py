import io
import json
import struct
import wave
import zipfile
import zlib

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from skimage import data

from paksatalker.api.main import create_app

ASSETS = "/api/v1/assets"


def png(pixels=None) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut() if pixels is None else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wav(seconds=1.0, level=0.3) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        time = np.arange(int(16000 * seconds)) / 16000
        file.writeframes((level * 32767 * np.sin(2 * np.pi * 220 * time)).astype("<i2").tobytes())
    return buffer.getvalue()


def send(client, content: bytes, name="file.bin"):
    return client.post(ASSETS, files={"file": (name, content)})


def stored(settings) -> list:
    return [
        path for folder in ("files", "uploads") for path in (settings.home / folder).rglob("[!.]*") if path.is_file()
    ]


def test_a_portrait_is_looked_at_listed_and_deleted(client, settings):
    answer = send(client, png(), "../../etc/Anna\r\nX: y\N{RIGHT-TO-LEFT OVERRIDE}.txt")
    assert answer.status_code == 201, answer.text
    asset = answer.json()
    assert answer.headers["location"] == f"{ASSETS}/{asset['id']}"
    assert (asset["kind"], asset["media_type"], asset["bytes"]) == ("image", "image/png", len(png()))
    assert asset["name"] == "Anna%0D%0AX: y.txt"  # as forms write line ends
    found = asset["analysis"]
    assert (found["width"], found["faces"], found["problems"]) == (512, 1, [])
    assert 150 < found["face"]["left"] < 210
    assert client.get(f"{ASSETS}/{asset['id']}").json() == asset
    assert client.get(ASSETS).json() == {"items": [asset], "next_cursor": ""}
    assert client.delete(f"{ASSETS}/{asset['id']}").status_code == 204
    assert client.get(f"{ASSETS}/{asset['id']}").status_code == 404
    assert client.delete(f"{ASSETS}/{asset['id']}").status_code == 404
    assert not stored(settings)


def test_recordings_and_what_is_wrong_with_files_is_told(client):
    asset = send(client, wav(), "speech.png").json()
    assert (asset["kind"], asset["media_type"]) == ("audio", "audio/wav")
    assert asset["analysis"]["duration"] == pytest.approx(1.0, abs=0.01)
    assert asset["analysis"]["peak_db"] == pytest.approx(-10.5, abs=1)
    silent = send(client, wav(level=0)).json()
    assert silent["analysis"]["problems"][0]["code"] == "AudioSilent"
    nobody = send(client, png(np.full((100, 100, 3), 90, np.uint8))).json()
    assert nobody["analysis"]["faces"] == 0
    assert nobody["analysis"]["problems"][0]["code"] == "NoFace"
    assert "upload.bin" not in json.dumps([asset, silent, nobody])


def bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("x.html", "hello")
    return buffer.getvalue()


def claim() -> bytes:
    """A WAV file whose header claims 10^9 samples."""
    content = bytearray(wav(0.1))
    content[40:44] = struct.pack("<I", 2 * 10**9)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "AudioEmpty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "ImageUnreadable"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "ImageUnreadable"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "ImageUnreadable"),
        (b"%PDF-1.7\n", "ImageUnreadable"),
        (b"<html><script>alert(1)</script>", "ImageUnreadable"),
        (b"GIF89a/*<script>alert(1)</script>*/=1;", "ImageUnreadable"),
        (png()[:2000], "ImageUnreadable"),
        (png() + archive(), "ImageUnreadable"),
        (wav() + b"<script>alert(1)</script>", "ImageUnreadable"),
        (bomb(), "ImageTooLarge"),
        (claim(), "AudioEmpty"),
        (archive(), "ImageUnreadable"),
        (b"\x80\x04K\x01.", "ImageUnreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_neither_picture_nor_sound_is_refused_and_leaves_nothing(client, settings, content, code):
    answer = send(client, content, "a.png")
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == code or (code == "ImageUnreadable" and error["code"] == "ImageUnreadable")
    assert error["fix"]
    assert str(settings.home) not in answer.text
    assert not stored(settings)


def test_what_is_no_form_is_refused(client):
    assert client.post(ASSETS, content=png()).status_code == 415
    assert client.post(ASSETS, files={"other": ("a", b"b")}).status_code == 422
    head = {"content-type": "multipart/form-data; boundary=x"}
    for body in (
        b"",
        b"--x\r\n",
        b"--x--\r\n",
        b"nonsense",
        b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\nabc',
    ):
        assert client.post(ASSETS, content=body, headers=head).status_code == 422


def test_a_file_that_is_too_large_is_cut_off(settings, client):
    small = settings.model_copy(update={"upload_max_bytes": 10_000})
    with TestClient(create_app(small), headers=dict(client.headers)) as other:
        assert send(other, bytes(9_000_000)).json()["error"]["code"] == "TooLarge"
        taken = 0

        def body():
            nonlocal taken
            yield b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\n'
            for _ in range(1000):
                taken += 1
                yield bytes(1000)

        head = {"content-type": "multipart/form-data; boundary=x"}
        assert other.post(ASSETS, content=body(), headers=head).status_code == 413
    assert not stored(settings)


def test_a_tenant_has_its_room(settings, client):
    small = settings.model_copy(update={"storage_bytes": len(png()) + 10})
    with TestClient(create_app(small), headers=dict(client.headers)) as other:
        first = send(other, png()).json()
        answer = send(other, wav())
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "StorageFull")
        other.delete(f"{ASSETS}/{first['id']}")
        assert send(other, wav()).status_code == 201
    assert len(stored(settings)) == 1


def test_lists_go_on_where_the_page_before_ended(client):
    made = [send(client, wav()).json()["id"] for _ in range(3)]
    page = client.get(ASSETS, params={"limit": 2, "kind": "audio"}).json()
    assert [item["id"] for item in page["items"]] == made[:0:-1]
    rest = client.get(ASSETS, params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == made[:1]
    assert rest["next_cursor"] == ""
    for cursor in ("x", "W10", "W251bGwsbnVsbF0"):
        assert client.get(ASSETS, params={"cursor": cursor}).status_code == 422
