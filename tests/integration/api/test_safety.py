"""What holds for every address: who gets in, what they see, and how much they may send."""

import io
import sqlite3

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from skimage import data
from starlette.websockets import WebSocketDisconnect

from paksatalker.api.main import create_app
from tests.integration.api.test_assets import wav

OPEN = ("/health/",)
VIDEOS, ASSETS = "/api/v1/videos", "/api/v1/assets"


def operations(client) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    found = [(method, path) for path, methods in paths.items() for method in methods]
    assert len(found) > 20
    return found


@pytest.fixture
def mine(client) -> dict[str, str]:
    """Ids of objects of the client's tenant, by the names of path parameters."""
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    asset = client.post(ASSETS, files={"file": ("a.png", buffer.getvalue())}).json()["id"]
    video = {"portrait": asset, "text": "Hello there.", "size": 128}
    batch = client.post("/api/v1/batches", json={"videos": [video]})
    one = client.post(VIDEOS, json=video | {"seed": 2}).json()["id"]
    assert batch.status_code < 300, batch.text
    ids = {"asset_id": asset, "video_id": one, "name": "seg_00000.m4s", "message_id": "whk_" + "0" * 22}
    avatar = client.post("/api/v1/avatars", json={"name": "Anna", "portrait": asset}).json()["id"]
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    upload = client.post(f"{ASSETS}/uploads", headers=tus).headers["location"].rpartition("/")[2]
    sound = client.post(ASSETS, files={"file": ("a.wav", wav())}).json()["id"]
    consent = "I am Ada Lovelace and I agree that a voice like mine is made."
    clone = {"name": "ada", "references": [sound], "consent": consent}
    voice = client.post("/api/v1/voices/clones", json=clone).json()["id"]
    said = client.post("/v1/audio/speech", json={"model": "tts-1", "input": "Hello.", "voice": "alloy"})
    told = said.headers["link"].split("/")[1]
    ids |= {"avatar_id": avatar, "upload_id": upload, "voice_id": voice, "sound": told}
    return ids | {"batch_id": batch.json()["id"]}


def test_nobody_gets_in_without_a_key(stranger):
    for method, path in operations(stranger):
        if not path.startswith(OPEN):
            answer = stranger.request(method, path, json={})
            assert answer.status_code == 401, (method, path)
            assert method == "head" or answer.json()["error"]["code"].lower() == "unauthorized"
            assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in ("Bearer x", "Bearer key_" + "0" * 22 + "." + "0" * 43, "Basic eDp5", "Bearer", "Bearer \u00e4"):
        head = {"Authorization": wrong.encode()}
        assert stranger.get(VIDEOS, headers=head).status_code == 401, wrong
    assert closed_with(stranger, f"{VIDEOS}/vid_{'0' * 22}/events") == 4401


def closed_with(client, address: str, **how) -> int:
    with client.websocket_connect(address, **how) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()  # it was opened to be told why
    return closed.value.code


def test_another_tenant_sees_nothing(client, another, mine):
    other = another()
    seen = []
    for method, path in operations(client):
        if "{" in path and "{model}" not in path:
            address = path.format(**mine)
            answer = client.request(method, address, json={}, headers=other)
            assert answer.status_code == 404, (method, path, answer.text)
            nobody = "".join("0" if c.isalnum() else c for c in mine["video_id"].partition("_")[2])
            unknown = address.replace(mine["video_id"].partition("_")[2], nobody)
            assert answer.content == client.request(method, unknown, json={}, headers=other).content
            seen.append(path)
    assert len(seen) >= 18
    for path in (VIDEOS, ASSETS, "/api/v1/avatars", "/api/v1/voices/clones"):
        assert client.get(path, headers=other).json()["items"] == []
        assert client.get(path).json()["items"] != []
    assert closed_with(client, f"{VIDEOS}/{mine['video_id']}/events", headers=other) == 4404
    stolen = {"portrait": mine["asset_id"], "text": "Hello."}
    answers = [
        client.post(VIDEOS, json=stolen | {"portrait": portrait}, headers=other)
        for portrait in (mine["asset_id"], "ast_" + "0" * 22)
    ]
    assert {(a.status_code, a.json()["error"]["code"]) for a in answers} == {(422, "NoSuchAsset")}
    assert client.get(f"{ASSETS}/{mine['asset_id']}").status_code == 200


def test_a_key_does_only_what_it_may(client, another, mine):
    narrow = another("voices")
    for path in (VIDEOS, ASSETS, "/metrics", f"{VIDEOS}/{mine['video_id']}"):
        assert client.get(path, headers=narrow).status_code == 403
    assert client.get("/api/v1/voices", headers=narrow).status_code == 200


def test_a_key_that_is_revoked_or_over_is_none(client, settings):
    assert client.get(VIDEOS).status_code == 200
    with sqlite3.connect(settings.home / "paksatalker.sqlite3") as database:
        database.execute("UPDATE api_keys SET expires_at = '2020-01-01 00:00:00'")
    assert client.get(VIDEOS).status_code == 401


def test_a_browser_of_another_page_cannot_use_the_cookie(client):
    key = client.headers.pop("Authorization").removeprefix("Bearer ")
    client.cookies.set("paksatalker_key", key)
    assert client.get(VIDEOS).status_code == 200
    assert client.get(VIDEOS, headers={"Origin": "https://evil.example"}).status_code == 401
    assert client.post(VIDEOS, json={}).status_code == 401
    assert client.post(VIDEOS, json={}, headers={"Origin": "http://testserver"}).status_code == 422
    address = f"{VIDEOS}/vid_{'0' * 22}/events"
    for origin, code in (("https://evil.example", 4401), ("http://testserver", 4404)):
        assert closed_with(client, address, headers={"Origin": origin}) == code
    client.cookies.clear()
    assert closed_with(client, address, subprotocols=["paksatalker", key]) == 4404


def test_paths_lead_nowhere_else(client, mine):
    for wrong in ("..%2f..%2fetc%2fpasswd", "%2e%2e", "vid_..%00", "vid_" + "0" * 5000, "%0d%0aX: y", "ast_'--"):
        for path in (f"{VIDEOS}/{wrong}", f"{VIDEOS}/{wrong}/file", f"{ASSETS}/{wrong}"):
            assert client.get(path).status_code in (404, 422), path
    assert client.get(f"{VIDEOS}/{mine['video_id']}/segments/..%2f..%2fpaksatalker.sqlite3").status_code == 404


def test_bodies_have_an_end(client):
    answer = client.post(VIDEOS, content=bytes(17 << 20), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TooLarge")
    sent = 0

    def endless():
        nonlocal sent
        while sent < 200 << 20:
            sent += 1 << 20
            yield bytes(1 << 20)

    answer = client.post(VIDEOS, content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TooLarge")
    deep = "[" * 200_000
    assert client.post(VIDEOS, content=deep, headers={"Content-Type": "application/json"}).status_code in (400, 422)


def test_headers_keep_browsers_safe_and_other_pages_out(client, settings):
    answer = client.get(VIDEOS, headers={"Origin": "https://a.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert client.options(VIDEOS, headers=ask).status_code in (401, 405)
    with TestClient(create_app(settings.model_copy(update={"cors_origins": ("https://a.example",)}))) as open_to:
        assert open_to.options(VIDEOS, headers=ask).headers["access-control-allow-origin"] == "https://a.example"
        ask["Origin"] = "https://b.example"
        assert "access-control-allow-origin" not in open_to.options(VIDEOS, headers=ask).headers


def test_measures_are_for_the_operator(client, settings, mine):
    text = client.get("/metrics").text
    assert 'paksatalker_jobs{state="queued"} 3.0' in text
    assert 'paksatalker_queue{queue="portrait",state="waiting"} 2.0' in text
    assert 'route="/api/v1/videos"' in text
    assert mine["video_id"] not in text
    chosen = settings.model_copy(update={"metrics_token": type(settings.metrics_token)("t0ken")})
    with TestClient(create_app(chosen)) as other:
        assert other.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200
        assert other.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 401


def test_engines_and_voices_are_listed(client):
    engines = client.get("/api/v1/engines").json()["items"]
    assert {"speech", "face", "renderer"} <= {engine["stage"] for engine in engines}
    assert any(engine["ready"] for engine in engines)
    voices = client.get("/api/v1/voices", params={"language": "en"}).json()["items"]
    assert voices
    assert all(voice["language"].startswith("en") for voice in voices)


def test_the_schema_tells_of_every_refusal(client):
    schema = client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            assert told.get("summary"), (method, path)
            assert told.get("tags"), (method, path)
            if not path.startswith((*OPEN, "/v1/")):  # those have OpenAI's form
                for status in ("401", "422", "429"):
                    content = told["responses"][status]["content"]["application/json"]["schema"]
                    assert content == {"$ref": "#/components/schemas/ErrorBody"}, (method, path, status)
