"""Voices that resemble a speaker: none without consent, and none but for those whose they are."""

import asyncio
import json

import pytest

from paksatalker.core.audio.tts.blend import Blend, Likeness, voice_text
from paksatalker.models.base import State, WeightsStore
from paksatalker.service import audit
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.voices import VoiceStore, digest_of, folder_of
from tests.integration.api.test_assets import png, send, wav
from tests.integration.api.test_live import heard, until

CLONES = "/api/v1/voices/clones"
STATEMENT = "I am Ada Lovelace and I agree that a voice like mine is made from these recordings."


@pytest.fixture
def recording(client) -> str:
    return send(client, wav(), "ada.wav").json()["id"]


def order(client, recording, headers=None, **fields):
    body = {"name": "ada", "references": [recording], "consent": STATEMENT} | fields
    return client.post(CLONES, json=body, headers=headers)


def finish(settings, voice_id: str) -> None:
    """Leaves what a worker leaves that has made the voice."""

    async def play() -> None:
        database = Database(settings.database)
        try:
            voices = VoiceStore(database)
            from paksatalker.service.tables import Voice

            async with database.reader() as session:
                voice = await session.get(Voice, voice_id)
            consent = json.dumps(voice.consent)
            text = voice_text(Blend((("af_heart", 1.0),), Likeness((0.01,) * 128, 1.05)), consent)
            place, files = f"{folder_of(voice.tenant_id, voice.id)}/1", FileStore.of(settings)
            await files.put(f"{place}/voice.json", text.encode())
            await files.put(f"{place}/voice.consent.json", consent.encode())
            facts = {"made_from": "af_heart"}
            assert await voices.made(voice.id, voice.job_id, place, digest_of(text, consent), facts, size=1)
        finally:
            await database.close()

    asyncio.run(play())


def test_there_is_no_voice_without_consent(client, recording):
    for statement in ("", "yes", "I agree to all of this, go on and do it please."):
        answer = order(client, recording, consent=statement)
        assert answer.status_code == 422, statement
        assert answer.json()["error"]["code"] in ("ConsentMissing", "InvalidRequest")
        assert "--consent" not in answer.text, "that is the command line's"
    body = {"name": "ada", "references": [recording]}
    assert client.post(CLONES, json=body).status_code == 422
    assert client.get(CLONES).json()["items"] == []


def test_a_voice_is_ordered_listed_and_deleted(client, recording, settings):
    answer = order(client, recording)
    assert answer.status_code == 202, answer.text
    voice = answer.json()
    assert answer.headers["location"] == f"{CLONES}/{voice['id']}"
    assert (voice["name"], voice["state"], voice["progress"]) == ("ada", "queued", 0.0)
    assert voice["consent"]["speaker"] == "Ada Lovelace"
    assert voice["consent"]["references"][0]["file"] == "ada.wav"
    assert client.get(f"{CLONES}/{voice['id']}").json() == voice
    assert "no worker" in voice["note"]
    assert client.get(CLONES).json() == {"items": [voice | {"note": ""}]}
    assert client.get("/api/v1/videos").json()["items"] == []
    assert order(client, recording).json()["error"]["code"] == "NameTaken"
    held = client.delete(f"/api/v1/assets/{recording}")
    assert held.status_code == 409, "it is still needed"
    assert client.delete(f"{CLONES}/{voice['id']}").status_code == 204
    assert client.get(f"{CLONES}/{voice['id']}").status_code == 404
    assert client.delete(f"/api/v1/assets/{recording}").status_code == 204, "the job was cancelled"

    async def noted() -> list[str]:
        database = Database(settings.database)
        try:
            from sqlalchemy import select

            from paksatalker.service.tables import Tenant

            async with database.reader() as session:
                tenants = (await session.scalars(select(Tenant.id))).all()
            return [entry.action for tenant in tenants for entry in await audit.entries(database, tenant)]
        finally:
            await database.close()

    actions = asyncio.run(noted())
    assert {"voice.consented", "voice.deleted"} <= set(actions)


def test_what_cannot_be_a_reference_or_a_name_is_refused(client, recording, another):
    picture = send(client, png()).json()["id"]
    assert order(client, picture).json()["error"]["code"] == "WrongAsset"
    assert order(client, "ast_" + "0" * 22).json()["error"]["code"] == "NoSuchAsset"
    assert order(client, recording, headers=another("voices")).json()["error"]["code"] == "NoSuchAsset"
    assert order(client, recording, headers=another("videos")).status_code == 403
    for name in ("af_heart", "alloy", "auto"):
        assert order(client, recording, name=name).json()["error"]["code"] == "NameTaken"
    for name in ("../ada", "Ada", "", "a" * 65):
        assert order(client, recording, name=name).status_code == 422
    assert client.post(CLONES, json={"name": "x", "references": [], "consent": STATEMENT}).status_code == 422


def spoken_live(client, voice, headers=None) -> set[str]:
    """Types of the messages that come when something is said with a voice."""
    with client.websocket_connect("/api/v1/live", headers=headers or {}) as socket:
        assert heard(socket)["type"] == "ready"
        socket.send_json({"type": "start", "voice": voice})
        assert heard(socket)["type"] == "ready"
        socket.send_json({"type": "say", "text": "Hi."})
        return {message["type"] for message in until(socket, "utterance.end")}


def test_a_voice_speaks_for_its_tenant_only(client, recording, settings, another):
    voice = order(client, recording).json()
    body = {"model": "tts-1", "input": "Hi.", "voice": "ada", "response_format": "wav"}
    portrait = send(client, png()).json()["id"]
    early = client.post("/api/v1/videos", json={"portrait": portrait, "text": "Hi.", "voice": "ada"})
    assert early.json()["error"]["code"] == "VoiceNotReady"
    finish(settings, voice["id"])
    assert client.get(f"{CLONES}/{voice['id']}").json()["state"] == "ready"
    names = {found["name"] for found in client.get("/api/v1/voices").json()["items"]}
    other = another()
    theirs = {found["name"] for found in client.get("/api/v1/voices", headers=other).json()["items"]}
    assert "ada" in names - theirs
    job = client.post("/api/v1/videos", json={"portrait": portrait, "text": "Hi.", "voice": "ada"}).json()
    assert job["request"]["voice"] == voice["id"]
    for name in ("ada", voice["id"]):
        refused = client.post("/v1/audio/speech", json=body | {"voice": name}, headers=other)
        assert refused.status_code in (400, 422), refused.text
    assert client.get(f"{CLONES}/{voice['id']}", headers=other).status_code == 404
    assert client.delete(f"{CLONES}/{voice['id']}", headers=other).status_code == 404
    if WeightsStore().status("kokoro").state is State.MISSING:
        pytest.skip("needs: paksatalker models download kokoro")
    said = client.post("/v1/audio/speech", json=body)
    assert said.status_code == 200, said.text
    stock = client.post("/v1/audio/speech", json=body | {"voice": "af_heart"})
    assert len(said.content) > 10_000
    assert said.content != stock.content
    assert {"chunk"} < spoken_live(client, "ada")
    assert "error" in spoken_live(client, "ada", other)
    assert client.delete(f"{CLONES}/{voice['id']}").status_code == 204
    assert client.post("/v1/audio/speech", json=body).status_code in (400, 422)
    assert "error" in spoken_live(client, voice["id"])
    assert not list((settings.home / "files").rglob("*voice*.json"))
