"""A live portrait's process, real, and played by small programs that misbehave."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import numpy as np
import psutil
import pytest

from paksatalker.core.timeline import Phone, Prosody, Speech, Word
from paksatalker.worker import live_process
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.live_process import PortraitFailed, PortraitProcess, Portrayal
from paksatalker.worker.live_wire import heard, spoken

READS = "import sys, time; h = sys.stdin.buffer.readline(); "
READY = 'b = b\'{"ready": {"width": 16, "height": 16}}\'; import struct; o = sys.stdout.buffer; '
READY += "o.write(struct.pack('<BII', 0, 0, len(b)) + b); o.flush(); "


def played(monkeypatch, program: str, talk, frames: list | None = None) -> None:
    monkeypatch.setattr(live_process, "_COMMAND", (sys.executable, "-c", program))

    async def act() -> None:
        taken = [] if frames is None else frames
        portrait = PortraitProcess(Portrayal(b"photo"), RenderLimits(), lambda *frame: taken.append(frame))
        try:
            async with asyncio.timeout(60):
                await talk(portrait)
        finally:
            await portrait.close()
        assert not psutil.Process().children()

    asyncio.run(act())


def test_pictures_are_handed_on_until_it_dies(monkeypatch):
    frames: list[tuple[int, bytes]] = []
    pictures = "[o.write(struct.pack('<BII', 1, n, 3) + b'abc') for n in range(3)]; o.flush(); sys.exit(7)"

    async def talk(portrait: PortraitProcess) -> None:
        await portrait.start()
        assert portrait.size == (16, 16)
        with pytest.raises(PortraitFailed, match="it ended with 7") as died:
            await portrait.run()
        assert died.value.error["code"] == "RenderDied"

    played(monkeypatch, READS + READY + pictures, talk, frames)
    assert frames == [(n, b"abc") for n in range(3)]


def test_one_that_does_not_start_is_ended(monkeypatch):
    monkeypatch.setattr(live_process, "_START_SECONDS", 0.5)

    async def talk(portrait: PortraitProcess) -> None:
        with pytest.raises(PortraitFailed, match="does not start"):
            await portrait.start()

    played(monkeypatch, READS + "time.sleep(600)", talk)


def test_one_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(live_process, "_SILENCE", 0.3)

    async def talk(portrait: PortraitProcess) -> None:
        await portrait.start()
        with pytest.raises(PortraitFailed, match=r"said nothing for 0\.3 s"):
            await portrait.run()

    played(monkeypatch, READS + READY + "time.sleep(600)", talk)


def test_one_that_does_not_listen_is_ended(monkeypatch):
    monkeypatch.setattr(live_process, "_STOP_SECONDS", 0.3)

    async def talk(portrait: PortraitProcess) -> None:
        await portrait.start()
        portrait.begin(0.0)
        portrait.cut(1.0)

    played(monkeypatch, READS + READY + "time.sleep(600)", talk)


def test_what_was_ended_takes_orders_without_effect(monkeypatch):
    async def talk(portrait: PortraitProcess) -> None:
        await portrait.start()
        await portrait.close()
        portrait.cut(1.0)
        with pytest.raises(PortraitFailed, match="was ended"):
            await portrait.run()

    played(monkeypatch, READS + READY + "sys.stdin.read()", talk)


def test_speech_arrives_as_it_was_but_for_its_sound():
    phones = (Phone("HH", 1.1, 1.2), Phone("AY", 1.2, 1.4, 1))
    energy = np.array([0.0, 0.5, 1.0], np.float32)
    prosody = Prosody(25.0, np.zeros(3, np.float32), energy, energy > 0, energy / 2, ((1.0, 1.08),))
    piece = Speech(
        np.ones(2880, np.float32), 24000, start=1.0, words=(Word("Hi?", 1.1, 1.4, phones),), text="Hi?",
        prosody=prosody, emotion="happy", intensity=0.5,
    )  # fmt: skip
    arrived = heard(spoken(piece))
    assert (arrived.start, arrived.end, arrived.text, arrived.emotion, arrived.intensity) == (
        1.0, piece.end, "Hi?", "happy", 0.5,
    )  # fmt: skip
    assert arrived.phones == phones
    assert arrived.prosody is not None
    np.testing.assert_allclose(arrived.prosody.energy, energy)
    np.testing.assert_allclose(arrived.prosody.accent, energy / 2)
    assert arrived.prosody.voiced.tolist() == [False, True, True]
    assert arrived.prosody.pauses == ((1.0, 1.08),)
    assert heard(spoken(replace(piece, words=(), prosody=None))).phones == ()
