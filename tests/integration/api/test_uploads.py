"""Uploads in pieces: what has come is never lost, nobody else touches it, and it becomes an asset as any other file."""

import asyncio
import base64
import hashlib
import socket
import threading
import time
from datetime import timedelta

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import update
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed

from paksatalker.api.main import create_app
from paksatalker.api.services import resumable
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.tables import Upload, now
from paksatalker.worker.sweeper import Sweeper
from tests.integration.api.tenants import new_key
from tests.integration.api.test_assets import png, stored, wav

UPLOADS, ASSETS = "/api/v1/assets/uploads", "/api/v1/assets"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
NAME = "filename " + base64.b64encode(b"../Anna.wav").decode()


def begin(client, length, **headers):
    return client.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)} | headers)


def add(client, address, offset, content, **headers):
    return client.patch(address, content=content, headers=PIECE | {"Upload-Offset": str(offset)} | headers)


def offset_of(client, address) -> int:
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def served(settings):
    """Address and key of a service that listens: connections to it can break."""
    config = uvicorn.Config(create_app(settings), "127.0.0.1", 0, log_level="critical")
    server, sockets = uvicorn.Server(config), [config.bind_socket()]
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}", f"Bearer {new_key(settings)}"
    server.should_exit = True
    thread.join()


def test_a_client_of_others_uploads_in_pieces_and_gets_an_asset(served, tmp_path, settings):
    address, key = served
    path = tmp_path / "speech.wav"
    path.write_bytes(wav(2))
    client = TusClient(address + UPLOADS, headers={"Authorization": key})
    first = client.uploader(
        str(path), chunk_size=20_000, metadata={"filename": "speech.wav"}, upload_checksum=True, retries=0
    )
    first.upload_chunk()
    again = client.uploader(str(path), url=first.url, chunk_size=20_000)
    assert again.offset == 20_000
    again.upload()
    told = httpx.get(first.url, headers={"Authorization": key}, timeout=60).json()
    assert (told["state"], told["offset"], told["name"]) == ("done", len(wav(2)), "speech.wav")
    asset = httpx.get(f"{address}{ASSETS}/{told['asset_id']}", headers={"Authorization": key}, timeout=60).json()
    assert asset["sha256"] == hashlib.sha256(wav(2)).hexdigest()
    assert (asset["kind"], asset["analysis"]["duration"]) == ("audio", 2.0)
    assert len(stored(settings)) == 1, "the pieces are gone"
    path.write_bytes(b"GIF89a/*<script>alert(1)</script>*/=1;")
    with pytest.raises(TusUploadFailed):
        client.uploader(str(path)).upload()


def test_what_has_come_before_the_connection_breaks_is_kept(served, settings, monkeypatch):
    monkeypatch.setattr(resumable, "_PIECE", 10_000)
    address, key = served
    content = png()
    with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=60) as client:
        place = begin(client, len(content), **{"Upload-Metadata": NAME}).headers["location"]
        seen = []
        for share in (0.3, 0.4):
            start = offset_of(client, place)
            seen.append(start)
            sent = int(len(content) * share)
            head = f"PATCH {place} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nTus-Resumable: 1.0.0\r\n"
            head += f"Upload-Offset: {start}\r\nContent-Type: application/offset+octet-stream\r\n"
            head += f"Content-Length: {len(content) - start}\r\n\r\n"
            port = int(address.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as raw:
                raw.sendall(head.encode() + content[start : start + sent])
                time.sleep(0.3)  # so that it has been read when the connection is cut
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            deadline = time.monotonic() + 60
            while offset_of(client, place) < start + sent:
                assert time.monotonic() < deadline, "a byte that had come is lost"
                time.sleep(0.05)
            assert offset_of(client, place) == start + sent
        start = offset_of(client, place)
        answer = add(client, place, start, content[start:])
        assert answer.status_code == 204, answer.text
        asset = client.get(f"{ASSETS}/{answer.headers['upload-asset']}").json()
        assert asset["sha256"] == hashlib.sha256(content).hexdigest()
        assert (asset["name"], asset["analysis"]["faces"]) == ("Anna.wav", 1)
        assert client.head(place, headers=TUS).headers["upload-metadata"] == NAME
        assert client.head(place, headers=TUS).headers["upload-asset"] == asset["id"]
        assert add(client, place, len(content), b"").headers["upload-asset"] == asset["id"]
    assert len(stored(settings)) == 1


def test_two_who_add_at_once_do_not_mix_their_bytes(served):
    address, key = served
    content = wav(3)
    with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=60) as client:
        place = begin(client, len(content)).headers["location"]
        halfway, go_on = threading.Event(), threading.Event()

        def slow():
            yield content[:1000]
            halfway.set()
            assert go_on.wait(120)
            yield content[1000:50_000]

        answers = []
        worker = threading.Thread(target=lambda: answers.append(add(client, place, 0, slow())))
        worker.start()
        assert halfway.wait(60)
        deadline = time.monotonic() + 60
        time.sleep(0.5)  # else this one may be the first who adds, and the other one is refused
        while (busy := add(client, place, 7, b"x")).status_code != 423:
            assert busy.status_code == 409
            assert time.monotonic() < deadline, "two of them add at once"
            time.sleep(0.5)
        assert code(busy) == (423, "Locked")
        go_on.set()
        worker.join(60)
        assert answers[0].headers["upload-offset"] == "50000"
        wrong = add(client, place, 0, b"x")
        assert code(wrong) == (409, "WrongOffset")
        assert wrong.headers["upload-offset"] == "50000"
        last = add(client, place, 50_000, content[50_000:])
        asset = client.get(f"{ASSETS}/{last.headers['upload-asset']}").json()
        assert asset["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_protocol_is_kept(client, settings):
    told = client.options(UPLOADS)
    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert int(told.headers["tus-max-size"]) == settings.upload_max_bytes
    assert set(told.headers["tus-extension"].split(",")) >= {"creation", "termination", "expiration", "checksum"}
    assert client.post(UPLOADS, headers={"Upload-Length": "5"}).status_code == 412
    old = client.post(UPLOADS, headers={"Upload-Length": "5", "Tus-Resumable": "0.2.2"})
    assert (old.status_code, old.headers["tus-version"]) == (412, "1.0.0")
    assert old.headers["tus-resumable"] == "1.0.0"
    for length in ("-1", "abc", "", "9" * 30, "1.5"):
        assert code(begin(client, length)) == (400, "InvalidHeader")
    assert begin(client, settings.upload_max_bytes + 1).status_code == 413
    assert code(begin(client, 5, **{"Upload-Metadata": "filename %%%"})) == (400, "InvalidHeader")
    assert code(begin(client, 5, **{"Upload-Metadata": "x " + "A" * 5000})) == (400, "InvalidHeader")
    assert code(begin(client, 5, **{"Upload-Metadata": b"filename \xe9"})) == (400, "InvalidHeader")
    assert client.post(UPLOADS, headers=TUS | {"Upload-Defer-Length": "1"}).status_code == 400
    place = begin(client, 10).headers["location"]
    assert client.patch(place, content=b"x", headers=TUS | {"Upload-Offset": "0"}).status_code == 415
    assert client.patch(place, content=b"x", headers=PIECE).status_code == 400
    assert code(add(client, place, 3, b"x")) == (409, "WrongOffset")
    assert code(add(client, place, 0, b"x" * 11)) == (413, "TooLarge")
    assert offset_of(client, place) == 0
    override = PIECE | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(place, content=b"abc", headers=override).headers["upload-offset"] == "3"
    assert "upload-expires" in client.head(place, headers=TUS).headers


def test_a_damaged_piece_does_not_count(client, settings):
    content = wav(0.5)
    place = begin(client, len(content)).headers["location"]
    right = base64.b64encode(hashlib.sha256(content).digest()).decode()
    damaged = add(client, place, 0, content[:-1] + b"?", **{"Upload-Checksum": f"sha256 {right}"})
    assert code(damaged) == (460, "ChecksumMismatch")
    assert offset_of(client, place) == 0
    assert stored(settings) == []
    for wrong in ("md4 AAAA", "sha256 ???", "sha256"):
        answer = add(client, place, 0, content, **{"Upload-Checksum": wrong})
        assert answer.status_code in (400, 460)
    assert add(client, place, 0, content, **{"Upload-Checksum": f"sha256 {right}"}).headers["upload-asset"]


def test_a_checksum_of_a_big_piece_takes_no_more_room_here(served, settings, monkeypatch):
    monkeypatch.setattr(resumable, "_PIECE", 100_000)
    sizes, append = [], resumable._append

    def noted(path, piece) -> None:
        append(path, piece)
        sizes.append(path.stat().st_size)

    monkeypatch.setattr(resumable, "_append", noted)
    address, key = served
    content = wav(60)
    right = base64.b64encode(hashlib.sha256(content).digest()).decode()
    with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=60) as client:
        place = begin(client, len(content)).headers["location"]
        damaged = add(client, place, 0, content[:-1] + b"?", **{"Upload-Checksum": f"sha256 {right}"})
        assert (code(damaged), offset_of(client, place)) == ((460, "ChecksumMismatch"), 0)
        assert stored(settings) == [], "nothing of it is left"
        assert max(sizes) < len(content) / 3, "and it was never here as a whole"
        assert add(client, place, 0, content, **{"Upload-Checksum": f"sha256 {right}"}).headers["upload-asset"]
    assert len(stored(settings)) == 1


def test_the_first_piece_may_come_with_the_beginning(client):
    content = wav(0.5)
    headers = PIECE | {"Upload-Length": str(len(content))}
    part = client.post(UPLOADS, headers=headers, content=content[:100])
    assert (part.status_code, part.headers["upload-offset"]) == (201, "100")
    whole = client.post(UPLOADS, headers=headers, content=content)
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(content)))
    assert client.get(f"{ASSETS}/{whole.headers['upload-asset']}").status_code == 200
    assert code(begin(client, 0)) == (422, "AudioEmpty")


def test_what_cannot_be_used_is_told_and_leaves_nothing(client, settings):
    content = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    place = begin(client, len(content)).headers["location"]
    assert code(add(client, place, 0, content)) == (422, "ImageUnreadable")
    told = client.get(place).json()
    assert (told["state"], told["error"]["code"], told["asset_id"]) == ("failed", "ImageUnreadable", None)
    assert code(add(client, place, len(content), b"")) == (422, "ImageUnreadable")
    assert stored(settings) == []


def test_uploads_of_others_do_not_exist(client, another):
    place = begin(client, 10).headers["location"]
    other = another("assets")
    assert client.get(place, headers=other).status_code == 404
    assert client.head(place, headers=other | TUS).status_code == 404
    assert add(client, place, 0, b"x", **other).status_code == 404
    assert client.delete(place, headers=other | TUS).status_code == 404
    assert add(client, place, 0, b"x").headers["upload-offset"] == "1"
    assert begin(client, 10, **another("videos")).status_code == 403
    assert begin(client, 10, Authorization="Bearer nobody").status_code == 401


def test_an_upload_that_is_given_up_leaves_nothing(client, settings):
    place = begin(client, 10).headers["location"]
    add(client, place, 0, b"x")
    assert len(stored(settings)) == 1
    assert client.delete(place, headers=TUS).status_code == 204
    assert stored(settings) == []
    assert client.head(place, headers=TUS).status_code == 404
    assert add(client, place, 1, b"x").status_code == 404


def test_an_upload_keeps_its_room_until_it_ends(settings, client):
    content = wav(1)
    small = settings.model_copy(update={"storage_bytes": len(content) + 100})
    with TestClient(create_app(small), headers=dict(client.headers)) as other:
        place = begin(other, len(content)).headers["location"]
        assert code(begin(other, 200)) == (409, "StorageFull")
        assert code(other.post(ASSETS, files={"file": ("a.wav", wav(1))})) == (409, "StorageFull")
        done = add(other, place, 0, content)
        assert done.status_code == 204, done.text
        assert code(begin(other, 200)) == (409, "StorageFull"), "the asset takes the room now"
        assert other.delete(f"{ASSETS}/{done.headers['upload-asset']}").status_code == 204
        assert begin(other, 200).status_code == 201


def test_an_upload_that_nobody_finishes_is_swept(client, settings):
    place = begin(client, 10).headers["location"]
    add(client, place, 0, b"x")

    async def play(expire: bool) -> int:
        database = Database(settings.database)
        try:
            if expire:
                async with database.session() as session:
                    await session.execute(update(Upload).values(expires_at=now() - timedelta(seconds=1)))
            return await Sweeper(settings, database, FileStore.of(settings)).sweep()
        finally:
            await database.close()

    assert asyncio.run(play(False)) == 0
    assert len(stored(settings)) == 1
    assert asyncio.run(play(True)) == 1
    assert stored(settings) == []
    assert client.head(place, headers=TUS).status_code == 404


def test_what_a_process_died_over_is_finished_by_whoever_asks(client, settings, monkeypatch):
    content = wav(0.5)
    place = begin(client, len(content)).headers["location"]

    async def dies(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(resumable.Receiver, "finish", dies)
        with pytest.raises(RuntimeError, match="killed"):
            add(client, place, 0, content)
    assert offset_of(client, place) == len(content)
    told = client.get(place).json()
    assert (told["state"], told["error"]) == ("done", None)
    assert client.get(f"{ASSETS}/{told['asset_id']}").json()["sha256"] == hashlib.sha256(content).hexdigest()


def test_pages_of_other_origins_that_may_call_may_upload(settings, client):
    origin = {"Origin": "https://studio.example"}
    chosen = settings.model_copy(update={"cors_origins": (origin["Origin"],)})
    with TestClient(create_app(chosen), headers=dict(client.headers)) as other:
        asks = {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "tus-resumable,upload-offset",
        }
        assert other.options(f"{UPLOADS}/upl_x", headers=origin | asks).status_code == 200
        asks["Access-Control-Request-Headers"] = "x-evil"
        assert other.options(f"{UPLOADS}/upl_x", headers=origin | asks).status_code == 400
        begun = begin(other, 5, **origin)
        shown = {name.strip().lower() for name in begun.headers["access-control-expose-headers"].split(",")}
        assert {"location", "upload-offset", "upload-asset", "tus-resumable"} <= shown
        assert begun.headers["access-control-allow-origin"] == origin["Origin"]
        assert "tus-version" in other.options(UPLOADS, headers=origin).headers, "that is no preflight"
