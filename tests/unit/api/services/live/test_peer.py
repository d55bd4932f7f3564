import asyncio
import random

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import IceCandidate
from paksatalker.api.services.live import peer as peers
from paksatalker.api.services.live.jitter import PromptBuffer
from paksatalker.api.services.live.peer import Peer
from paksatalker.api.services.live.sound import SoundBoard
from paksatalker.api.services.live.tracks import Clock, PictureTrack, SoundTrack


async def nobody(samples, rate) -> None:
    return


def peer() -> Peer:
    clock = Clock()
    return Peer((), (SoundTrack(clock, SoundBoard()), PictureTrack(clock, 25.0)), nobody)


async def offer() -> str:
    client = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    client.addTransceiver("video", direction="recvonly")
    client.addTransceiver("audio", direction="sendrecv")
    await client.setLocalDescription(await client.createOffer())
    await client.close()
    return client.localDescription.sdp


def run(talk) -> None:
    async def act() -> None:
        async with asyncio.timeout(60):
            await talk()

    asyncio.run(act())


def test_the_answer_sends_both_and_names_no_stranger():
    async def talk() -> None:
        ours = peer()
        answer = await ours.answer(await offer())
        (hears,) = [one.receiver for one in ours._connection.getTransceivers() if one.kind == "audio"]
        assert isinstance(hears._RTCRtpReceiver__jitter_buffer, PromptBuffer), "aiortc has another attribute now"
        await ours.close()
        video, audio = (answer[answer.index(f"m={kind}") :] for kind in ("video", "audio"))
        assert "a=sendonly" in video.split("m=audio")[0]
        assert "a=sendrecv" in audio.split("m=video")[0]
        candidates = [line for line in answer.splitlines() if line.startswith("a=candidate")]
        assert candidates
        assert all(" typ host" in line for line in candidates)  # no server was asked
        assert ours.settled.is_set()
        assert ours.closed.is_set()

    run(talk)


def test_damaged_offers_are_answered_or_refused_and_nothing_is_left():
    def damaged(lines: list[str], rng: random.Random) -> str:
        lines = list(lines)
        for _ in range(rng.randint(1, 4)):
            place, what = rng.randrange(len(lines)), rng.random()
            if what < 0.35:
                lines.pop(place)
            elif what < 0.6:
                lines.insert(place, rng.choice(lines))
            elif lines[place]:
                cut = rng.randrange(len(lines[place]))
                lines[place] = lines[place][:cut] + rng.choice("0a: /9é-") + lines[place][cut + 1 :]
        return "\r\n".join(lines)

    async def talk() -> None:
        lines, rng, refused = (await offer()).split("\r\n"), random.Random(1), 0
        for _ in range(40):
            ours = peer()
            try:
                assert "m=video" in await ours.answer(damaged(lines, rng))
            except ApiError as error:
                refused += error.code == "InvalidRequest"
            await ours.close()
        assert 3 < refused < 37
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1

    run(talk)


def test_candidates_are_counted_and_read():
    async def talk() -> None:
        ours = peer()
        await ours.answer(await offer())
        with pytest.raises(ApiError, match="offer"):
            ours.add(IceCandidate(candidate="candidate:nonsense"))
        host = "candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host"
        ways = [IceCandidate(candidate=host.format(port=port), sdpMid="0") for port in range(10_000, 10_065)]
        for way in ways[:10]:
            ours.add(way)
        with pytest.raises(ApiError) as many:
            list(map(ours.add, ways))
        assert "64 candidates" in many.value.why
        ours.add(None)
        await ours.close()

    run(talk)


def test_what_nobody_listens_to_fast_enough_is_not_kept(monkeypatch):
    monkeypatch.setattr(peers, "_HELD", 5)
    taken: list[int] = []
    ready = asyncio.Event()

    async def slow(samples, rate) -> None:
        taken.append(len(samples))
        await ready.wait()

    class Flood(MediaStreamTrack):
        kind, sent = "audio", 0

        async def recv(self):
            if self.sent == 100:
                raise MediaStreamError
            self.sent += 1
            await asyncio.sleep(0)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate = 48_000
            return frame

    async def talk() -> None:
        ours = Peer((), (), slow)
        track = Flood()
        ours._heard(track)
        while track.sent < 100:
            await asyncio.sleep(0)
        ready.set()
        while ours._tasks:
            await asyncio.sleep(0)
        assert taken == [960] * 6, "one that was being listened to, and five that waited"
        await ours.close()

    run(talk)


def test_time_passes_where_packets_are_missing():
    """Lost ones, and those that a sender leaves out while it is silent (DTX): silence is what ends a turn."""
    taken: list[int] = []

    async def hear(samples, rate) -> None:
        taken.append(len(samples))
        assert rate == 48_000

    class Gaps(MediaStreamTrack):
        kind = "audio"
        times = [0, 960, 4 * 960, 5 * 960, 25 * 960, 10**9, 10**9 + 960, 0]  # noqa: RUF012  (taken one by one)

        async def recv(self):
            if not self.times:
                raise MediaStreamError
            frame = av.AudioFrame.from_ndarray(np.ones((1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, self.times.pop(0)
            return frame

    async def talk() -> None:
        ours = Peer((), (), hear)
        ours._heard(Gaps())
        while ours._tasks:
            await asyncio.sleep(0)
        await ours.close()

    run(talk)
    assert taken == [960, 960, 3 * 960, 960, 20 * 960, 960, 960, 960]
