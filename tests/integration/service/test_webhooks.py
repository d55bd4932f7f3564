"""Messages of ended jobs: made once, signed, retried, given up, delivered again."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import WebhookVerificationError

from paksatalker.service.admission import NewJob
from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from paksatalker.service.keys import KeyStore
from paksatalker.service.sealing import Sealer
from paksatalker.service.tables import Job, Webhook, now
from paksatalker.service.webhooks import ATTEMPTS, PURPOSE, WebhookStore, pause_after
from paksatalker.worker.deliverer import Deliverer
from tests import databases


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.got = 200, []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


SEALER = Sealer(b"0" * 32, PURPOSE)


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


class Stage:
    def __init__(self, database: Database, tenant_id: str) -> None:
        self.database, self.tenant_id = database, tenant_id
        self.jobs, self.store = JobStore(database), WebhookStore(database, SEALER)
        self.deliverer = Deliverer(database, SEALER, allow_private=True)

    async def ended(self, url: str | None, tenant_id: str = "") -> Job:
        """A job that was cancelled while it waited."""
        job, _ = await self.jobs.create(
            NewJob(tenant_id or self.tenant_id, "key_x", "portrait", {}, "hash", callback_url=url)
        )
        cancelled = await self.jobs.cancel(job.id, job.tenant_id)
        assert cancelled is not None
        return cancelled

    async def rows(self, **options) -> list[Webhook]:
        return list((await self.store.page(self.tenant_id, **options))[0])

    async def rounds(self, condition: Callable[[Webhook], bool]) -> Webhook:
        """Lets the deliverer look, with no pause between attempts, until the newest message is as it should be."""
        async with asyncio.timeout(30):
            while True:
                async with self.database.session() as session:
                    await session.execute(
                        update(Webhook).where(Webhook.next_at < now() + timedelta(days=2)).values(next_at=now())
                    )
                await self.deliverer.look()
                await asyncio.gather(*self.deliverer._running)
                if (rows := await self.rows()) and condition(rows[0]):
                    return rows[0]


@pytest.fixture
def stage(tmp_path):
    def run(act) -> None:
        async def inner() -> None:
            database = Database(databases.url(tmp_path))
            try:
                await database.migrate()
                caller = await KeyStore(database).check(await KeyStore(database).create("t"))
                assert caller is not None
                await act(Stage(database, caller.tenant_id))
            finally:
                await database.close()

        asyncio.run(inner())

    return run


def test_a_message_is_signed_and_delivered_once(stage, receiver):
    async def act(stage: Stage) -> None:
        job = await stage.ended(receiver.url)
        await stage.ended(None)
        message = await stage.rounds(lambda row: row.state == "delivered")
        assert await stage.store.collect(everything=True) == 0
        await stage.deliverer.look()
        [(headers, body)] = receiver.got
        [secret] = await stage.store.secrets(stage.tenant_id)
        told = Signer(secret).verify(body, headers)
        assert (told["type"], told["data"]["id"]) == ("video.cancelled", job.id)
        assert headers["webhook-id"] == message.id
        with pytest.raises(WebhookVerificationError):
            Signer(secret).verify(body.replace(b"cancelled", b"succeeded"), headers)

    stage(act)


def test_who_fails_is_asked_again_with_the_same_id_then_given_up_and_can_be_asked_again(stage, receiver):
    async def act(stage: Stage) -> None:
        receiver.status = 500
        await stage.ended(receiver.url)
        dead = await stage.rounds(lambda row: row.state == "dead")
        assert (dead.attempts, dead.last_error) == (ATTEMPTS, "the answer was 500")
        assert {headers["webhook-id"] for headers, _ in receiver.got} == {dead.id}
        assert len(receiver.got) == ATTEMPTS
        assert [row.id for row in await stage.rows(state="dead")] == [dead.id]
        receiver.status = 204
        assert await stage.store.redeliver(dead.id, "ten_other") is None
        assert await stage.store.redeliver(dead.id, stage.tenant_id)
        assert (await stage.rounds(lambda row: row.state == "delivered")).attempts == 1
        assert receiver.got[-1][0]["webhook-id"] == dead.id

    stage(act)


def test_gone_and_private_addresses_are_given_up_at_once(stage, receiver):
    async def act(stage: Stage) -> None:
        receiver.status = 410
        await stage.ended(receiver.url)
        assert (await stage.rounds(lambda row: row.state == "dead")).attempts == 1
        stage.deliverer = Deliverer(stage.database, SEALER)
        await stage.ended(receiver.url)
        message = await stage.rounds(lambda row: row.state == "dead")
        assert "private" in message.last_error
        assert len(receiver.got) == 1

    stage(act)


def test_two_workers_send_nothing_twice(stage, receiver):
    async def act(stage: Stage) -> None:
        other = Deliverer(stage.database, SEALER, allow_private=True)
        for _ in range(6):
            await stage.ended(receiver.url)
        for _ in range(4):
            await asyncio.gather(stage.deliverer.look(), other.look())
            await asyncio.gather(*stage.deliverer._running, *other._running)
        told = [json.loads(body)["data"]["id"] for _, body in receiver.got]
        assert len(told) == len(set(told)) == 6

    stage(act)


def test_what_a_dead_worker_had_taken_is_sent_by_another(stage, receiver):
    async def act(stage: Stage) -> None:
        await stage.ended(receiver.url)
        await stage.store.collect()
        assert len(await stage.store.claim(10)) == 1  # and then it dies
        assert len(await stage.store.claim(10)) == 0
        assert (await stage.rounds(lambda row: row.state == "delivered")).attempts == 2

    stage(act)


def test_what_every_worker_dies_over_is_given_up(stage, receiver):
    async def act(stage: Stage) -> None:
        await stage.ended(receiver.url)
        await stage.store.collect()
        for _ in range(ATTEMPTS):
            assert len(await stage.store.claim(10)) == 1  # and then it dies
            async with stage.database.session() as session:
                await session.execute(update(Webhook).values(next_at=now()))
        assert len(await stage.store.claim(10)) == 0
        assert [row.last_error for row in await stage.rows(state="dead")] == ["the worker died over every attempt"]

    stage(act)


def test_a_fault_of_ours_is_no_end_of_the_worker(stage, receiver, monkeypatch):
    async def act(stage: Stage) -> None:
        await stage.ended(receiver.url)

        async def broken(*_, **__):
            raise KeyError("a defect")

        with monkeypatch.context() as patch:
            patch.setattr("paksatalker.worker.deliverer.post", broken)
            await stage.rounds(lambda row: row.attempts == 2)
            assert receiver.got == []
        await stage.rounds(lambda row: row.state == "delivered")

    stage(act)


def test_who_never_answers_holds_up_nobody(stage, receiver):
    async def act(stage: Stage) -> None:
        keys = KeyStore(stage.database)
        other = await keys.check(await keys.create("other"))
        assert other is not None
        for _ in range(20):
            await stage.ended(receiver.url)
        last = await stage.ended(receiver.url, other.tenant_id)
        await stage.store.collect()
        taken = await stage.store.claim(10)
        assert last.id in {message.job_id for message in taken}
        assert len(taken) == 5

    stage(act)


def test_a_replaced_secret_signs_for_another_day(stage, receiver):
    async def act(stage: Stage) -> None:
        [old] = await stage.store.secrets(stage.tenant_id)
        new, *rest = await stage.store.rotate(stage.tenant_id)
        assert rest == [old]
        await stage.ended(receiver.url)
        await stage.rounds(lambda row: row.state == "delivered")
        [(headers, body)] = receiver.got
        for secret in (old, new):
            Signer(secret).verify(body, headers)
        _, *rest = await stage.store.rotate(stage.tenant_id)
        assert rest == [new]

    stage(act)


def test_pauses_grow_to_a_day():
    pauses = [pause_after(attempts).total_seconds() for attempts in range(1, 20)]
    assert 4 <= pauses[0] <= 6
    assert all(pause <= 1.2 * 86_400 for pause in pauses)
    assert pauses[-1] >= 0.8 * 86_400


def test_pages_hold_every_message_once(stage):
    async def act(stage: Stage) -> None:
        for _ in range(5):
            await stage.ended("https://example.com/")
        await stage.store.collect()
        seen, cursor = [], ""
        while True:
            rows, cursor = await stage.store.page(stage.tenant_id, limit=2, cursor=cursor)
            seen += [row.id for row in rows]
            if not cursor:
                break
        assert len(seen) == len(set(seen)) == 5
        assert (await stage.store.page("ten_other"))[0] == []

    stage(act)
