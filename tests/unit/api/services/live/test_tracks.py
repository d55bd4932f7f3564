import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from paksatalker.api.services.live.sound import RATE, SoundBoard
from paksatalker.api.services.live.tracks import Clock, PictureTrack, SoundTrack

FPS = 25.0


def planes(value: int) -> bytes:
    return bytes([value]) * 16 * 24


def run(talk) -> None:
    async def act() -> None:
        async with asyncio.timeout(20):
            await talk(asyncio.get_running_loop().time)

    asyncio.run(act())


def test_sound_and_picture_have_one_clock():
    async def talk(time) -> None:
        clock, board = Clock(), SoundBoard()
        sound, picture = SoundTrack(clock, board), PictureTrack(clock, FPS)
        picture.size = (16, 16)
        board.add(round(0.1 * RATE), np.full(RATE, 7, np.int16))
        waiting = asyncio.ensure_future(sound.recv())
        await asyncio.sleep(0.05)
        assert not waiting.done()  # nothing is due before it begins
        began = time() + 0.02
        clock.begin(began)
        for number in range(8):
            picture.put(number, planes(number))
            frame = await picture.recv()
            assert frame.pts * frame.time_base == pytest.approx(number / FPS)
            assert time() >= began + number / FPS - 0.002
            assert frame.to_ndarray()[0, 0] == number
        packets = [await waiting]
        while len(packets) < 12:
            packets.append(await sound.recv())
        assert time() >= began + 11 * 0.02 - 0.002
        for number, packet in enumerate(packets):
            assert (packet.pts, packet.samples, packet.sample_rate) == (number * 960, 960, RATE)
        heard = np.concatenate([packet.to_ndarray()[0] for packet in packets])
        assert np.flatnonzero(heard)[0] == round(0.1 * RATE)

    run(talk)


def test_pictures_that_come_too_late_are_left_out():
    async def talk(time) -> None:
        clock = Clock()
        picture = PictureTrack(clock, FPS)
        picture.size = (16, 16)
        clock.begin(time() - 1.0)
        for number in range(20, 25):  # the last of them was due 40 ms ago; so many do not wait
            picture.put(number, planes(number))
        assert (await picture.recv()).to_ndarray()[0, 0] == 24
        assert not picture._pictures

    run(talk)


def test_a_track_that_was_stopped_sends_nothing_more():
    async def talk(time) -> None:
        clock = Clock()
        clock.begin(time())
        sound = SoundTrack(clock, SoundBoard())
        await sound.recv()
        sound.stop()
        with pytest.raises(MediaStreamError):
            await sound.recv()

    run(talk)


def test_who_comes_late_begins_now():
    async def talk(time) -> None:
        clock = Clock()
        clock.begin(time() - 10.0)
        packet = await SoundTrack(clock, SoundBoard()).recv()
        assert packet.pts / RATE == pytest.approx(10.0, abs=0.1)

    run(talk)
