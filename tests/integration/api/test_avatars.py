"""Avatars: a portrait with a name, and what is usual for it; nobody else's."""

import json

import pytest

from tests.integration.api.test_assets import png, send, wav
from tests.integration.api.test_live import heard

AVATARS, VIDEOS = "/api/v1/avatars", "/api/v1/videos"


@pytest.fixture
def portrait(client) -> str:
    return send(client, png(), "anna.png").json()["id"]


def make(client, portrait, headers=None, **fields):
    return client.post(AVATARS, json={"name": "Anna", "portrait": portrait} | fields, headers=headers)


def test_an_avatar_is_made_listed_changed_and_deleted(client, portrait):
    answer = make(client, portrait, voice="af_heart", emotion="happy", background="#20304a")
    assert answer.status_code == 201, answer.text
    avatar = answer.json()
    place = f"{AVATARS}/{avatar['id']}"
    assert answer.headers["location"] == place
    assert (avatar["name"], avatar["portrait"], avatar["emotion"], avatar["aspect"]) == (
        "Anna",
        portrait,
        "happy",
        None,
    )
    assert client.get(place).json() == avatar
    assert client.get(AVATARS).json() == {"items": [avatar], "next_cursor": ""}
    assert make(client, portrait).json()["error"]["code"] == "NameTaken"
    changed = client.patch(place, json={"name": "Bea", "emotion": None, "aspect": "9:16"}).json()
    assert (changed["name"], changed["emotion"], changed["aspect"]) == ("Bea", None, "9:16")
    assert (changed["voice"], changed["background"]) == ("af_heart", "#20304a")
    assert make(client, portrait).status_code == 201, "the name is free again"
    assert client.patch(place, json={"name": "Anna"}).json()["error"]["code"] == "NameTaken"
    page = client.get(AVATARS, params={"limit": 1}).json()
    rest = client.get(AVATARS, params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert [item["name"] for item in page["items"] + rest["items"]] == ["Anna", "Bea"]
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert client.patch(place, json={}).status_code == 404


def test_what_cannot_be_an_avatar_is_refused(client, portrait, another):
    nobody = send(client, wav()).json()["id"]
    assert make(client, nobody).json()["error"]["code"] == "WrongAsset"
    assert make(client, "ast_" + "0" * 22).json()["error"]["code"] == "NoSuchAsset"
    assert make(client, portrait, headers=another()).json()["error"]["code"] == "NoSuchAsset"
    assert make(client, portrait, headers=another("videos")).status_code == 403
    for fields in (
        {"name": ""},
        {"name": "a\nb"},
        {"name": "../x"},
        {"background": "/etc/passwd"},
        {"voice": "../../x.onnx"},
        {"emotion": "bored"},
        {"colour": "red"},
        {"background": "ast_" + "0" * 22},
        {"voice": "voi_" + "0" * 22},
    ):
        assert make(client, portrait, **fields).status_code == 422, fields


def test_a_video_takes_what_is_usual_for_its_avatar_unless_it_says_otherwise(client, portrait, another):
    avatar = make(client, portrait, voice="af_heart", emotion="happy", background="blur").json()
    for named in ("Anna", avatar["id"]):
        job = client.post(VIDEOS, json={"avatar": named, "text": "Hi.", "emotion": "sad"}).json()
        told = job["request"]
        assert (told["portrait"], told["avatar"]) == (portrait, avatar["id"])
        assert (told["voice"], told["background"], told["emotion"]) == ("af_heart", "blur", "sad")
    other = another()
    refused = client.post(VIDEOS, json={"avatar": avatar["id"], "text": "Hi."}, headers=other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "NoSuchAvatar")
    assert client.get(f"{AVATARS}/{avatar['id']}", headers=other).status_code == 404
    assert client.delete(f"{AVATARS}/{avatar['id']}", headers=other).status_code == 404
    assert client.get(AVATARS, headers=other).json()["items"] == []
    assert client.post(VIDEOS, json={"text": "Hi."}).status_code == 422
    batch = {"videos": [{"text": "One."}, {"text": "Two.", "avatar": "nobody"}], "defaults": {"avatar": "Anna"}}
    made = client.post("/api/v1/batches", content=json.dumps(batch), headers={"Content-Type": "application/json"})
    assert (made.json()["accepted"], made.json()["rejected"]) == (1, 1)


def test_the_picture_of_an_avatar_stays_as_long_as_the_avatar(client, portrait):
    asset = f"/api/v1/assets/{portrait}"
    assert client.get(asset).json()["expires_at"] is not None
    avatar = make(client, portrait).json()
    assert client.get(asset).json()["expires_at"] is None
    held = client.delete(asset)
    assert (held.status_code, held.json()["error"]["code"]) == (409, "AssetInUse")
    second = send(client, png(), "bea.png").json()["id"]
    client.patch(f"{AVATARS}/{avatar['id']}", json={"portrait": second})
    assert client.get(asset).json()["expires_at"] is not None
    assert client.delete(asset).status_code == 204
    client.delete(f"{AVATARS}/{avatar['id']}")
    assert client.get(f"/api/v1/assets/{second}").json()["expires_at"] is not None


def test_an_avatar_speaks_live_as_is_usual_for_it(client, portrait):
    make(client, portrait, voice="heart", emotion="happy")
    with client.websocket_connect("/api/v1/live") as socket:
        heard(socket)
        socket.send_json({"type": "start", "avatar": "Anna", "emotion": "sad"})
        ready = heard(socket)
        assert (ready["voice"], ready["emotion"]) == ("heart", "sad")
        socket.send_json({"type": "start", "avatar": "nobody"})
        assert heard(socket)["error"]["code"] == "NoSuchAvatar"
        socket.send_json({"type": "webrtc.offer", "sdp": "v=0", "avatar": "nobody"})
        assert heard(socket)["error"]["code"] in ("NoSuchAvatar", "EngineUnavailable")
