import asyncio

import pytest

from paksatalker.service.admission import NewJob
from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from paksatalker.service.webhooks import WebhookStore
from tests.integration.api.tenants import new_key


@pytest.fixture
def message(client, settings) -> str:
    """The id of a message to the client's tenant."""

    async def make() -> str:
        database = Database(settings.database)
        try:
            from paksatalker.service.keys import KeyStore

            caller = await KeyStore(database).check(client.headers["Authorization"].removeprefix("Bearer "))
            assert caller is not None
            new = NewJob(caller.tenant_id, caller.key_id, "portrait", {}, "x", callback_url="https://example.com/hook")
            job, _ = await JobStore(database).create(new)
            await JobStore(database).cancel(job.id, caller.tenant_id)
            store = WebhookStore(database)
            await store.collect()
            [found] = (await store.page(caller.tenant_id))[0]
            found.attempts = 1
            [taken] = await store.claim(1)
            await store.failed(taken, "the answer was 410", for_good=True)
            return found.id
        finally:
            await database.close()

    return asyncio.run(make())


def test_dead_messages_are_listed_and_delivered_again(client, message):
    [row] = client.get("/api/v1/webhooks", params={"state": "dead"}).json()["items"]
    assert (row["id"], row["last_error"], row["attempts"]) == (message, "the answer was 410", 1)
    assert row["payload"]["type"] == "video.cancelled"
    answer = client.post(f"/api/v1/webhooks/{message}/redeliver")
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "pending", 0)
    assert client.get("/api/v1/webhooks", params={"state": "dead"}).json() == {"items": [], "next_cursor": ""}
    assert client.post("/api/v1/webhooks/msg_none/redeliver").status_code == 404
    assert client.get("/api/v1/webhooks", params={"cursor": "x"}).status_code == 422


def test_the_secret_is_for_admins_and_can_be_replaced(client, settings):
    first = client.get("/api/v1/webhooks/secret").json()
    assert first["secret"].startswith("whsec_")
    assert client.get("/api/v1/webhooks/secret").json() == first
    second = client.post("/api/v1/webhooks/secret/rotate").json()
    assert second["secret"] != first["secret"]
    assert second["previous"] == [first["secret"]]
    client.headers["Authorization"] = f"Bearer {new_key(settings, 'videos')}"
    assert client.get("/api/v1/webhooks/secret").status_code == 403


def test_another_tenant_sees_nothing(client, settings, message):
    client.headers["Authorization"] = f"Bearer {new_key(settings)}"
    assert client.get("/api/v1/webhooks").json()["items"] == []
    assert client.post(f"/api/v1/webhooks/{message}/redeliver").status_code == 404
