from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from paksatalker.service import sound_manifests
from paksatalker.service.files import FileStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.sound_manifests import SoundManifests


def test_they_are_there_for_a_day(tmp_path, monkeypatch):
    clock = [datetime(2026, 11, 30, 23, 59, tzinfo=UTC)]
    monkeypatch.setattr(sound_manifests, "now", lambda: clock[0])
    kept = SoundManifests(FileStore.of(ServiceSettings(_env_file=None, home=tmp_path)))
    sound = kept.new_id()

    async def act() -> None:
        assert await kept.expire() == 0
        await kept.put("ten_a", sound, b"manifest")
        clock[0] += timedelta(days=1)
        assert await kept.expire() == 0
        assert await kept.get("ten_a", sound) == b"manifest"
        assert await kept.get("ten_b", sound) is None
        assert await kept.get("ten_a", kept.new_id()) is None
        assert await kept.get("ten_a", "../" + sound) is None
        clock[0] += timedelta(days=1)
        assert await kept.get("ten_a", sound) is None
        assert await kept.expire() == 1
        assert not list(tmp_path.rglob("*.c2pa"))

    asyncio.run(act())
