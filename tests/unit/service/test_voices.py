"""Voices that are asked for at the same time, and those that were never made."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from paksatalker.service.admission import NewJob
from paksatalker.service.jobs import JobStore
from paksatalker.service.states import VOICES
from paksatalker.service.tables import Job, Voice, now
from paksatalker.service.voices import VoiceStore, VoiceTaken
from tests import databases

CONSENT = {"references": []}


@pytest.fixture
def play(tmp_path):
    """Runs a coroutine function with a database, its voices and a tenant."""

    def run(act) -> None:
        async def inner() -> None:
            async with databases.with_tenant(tmp_path) as (database, tenant):
                await act(database, VoiceStore(database), tenant)

        asyncio.run(inner())

    return run


def test_who_asks_at_the_same_time_takes_nobody_s_voice(play):
    async def act(database, voices, tenant):
        first = await voices.create(tenant, "key_x", "ada", CONSENT)
        with pytest.raises(VoiceTaken):  # the first one's job is not made yet
            await voices.create(tenant, "key_x", "ada", CONSENT)
        assert await voices.get(first.id, tenant) is not None
        async with database.session() as session:  # whoever asked for it died before there was a job
            await session.execute(update(Voice).values(created_at=now() - timedelta(hours=1)))
        assert (await voices.create(tenant, "key_x", "ada", CONSENT)).id != first.id

    play(act)


def test_the_name_of_one_that_failed_is_free_also_when_that_is_forgotten(play):
    async def act(database, voices, tenant):
        voice = await voices.create(tenant, "key_x", "ada", CONSENT)
        job, _ = await JobStore(database).create(NewJob(tenant, "key_x", VOICES, {"voice": voice.id}, ""))
        await voices.queued(voice, job.id)
        with pytest.raises(VoiceTaken):
            await voices.create(tenant, "key_x", "ada", CONSENT)
        async with database.session() as session:  # it has failed, and expired
            await session.execute(delete(Job))
        assert (await voices.create(tenant, "key_x", "ada", CONSENT)).id != voice.id

    play(act)
