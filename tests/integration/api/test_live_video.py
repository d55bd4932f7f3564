"""A portrait is seen and heard by WebRTC: a real server, a real client, real packets."""

from __future__ import annotations

import asyncio
import io
import time
import wave

import cv2
import httpx
import numpy as np
import psutil
import pytest
import soxr
from aiortc import RTCConfiguration, RTCPeerConnection

from paksatalker.api.main import create_app
from paksatalker.api.services.recognising import EarPool
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import Utterance
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings
from tests.integration.api.live_client import RATE, Client, live, now, serving
from tests.integration.api.tenants import new_key
from tests.integration.api.test_live_microphone import Ear

SMALL = {"size": 128, "fps": 12.5}  # the machine may be busy
TEXT = "Hello there, my friend, how are you today?"
LONG = " ".join(f"This is sentence number {n}, and it says nothing else." for n in range(12))
LOUD = 600  # of 32767


class Service:
    """A running service with a portrait."""

    def __init__(self, app, address, settings, photo) -> None:
        self.app, self.address, self.settings = app, address, settings
        self.key = new_key(settings)
        self.portrait = self.upload("a.png", photo.read_bytes())

    def upload(self, name: str, content: bytes) -> str:
        answer = httpx.post(
            f"http://{self.address}/api/v1/assets", headers={"Authorization": f"Bearer {self.key}"},
            files={"file": (name, content)}, timeout=120,
        )  # fmt: skip
        return answer.json()["id"]

    def metrics(self) -> str:
        return httpx.get(f"http://{self.address}/metrics", headers={"Authorization": f"Bearer {self.key}"}).text

    def run(self, talk) -> None:
        """Has a session, and sees to it that nothing of it is left."""

        async def session() -> None:
            async with live(self.address, self.key) as client:
                await talk(client)

        asyncio.run(session())
        patience = time.monotonic() + 30
        while (left := self.left()) and time.monotonic() < patience:
            time.sleep(0.05)
        assert not left

    def left(self) -> list[str]:
        found = [" ".join(process.cmdline()[1:4]) for process in portraits()]
        return found + ["a session"] * int(self.app.state.live.measures.sessions._value.get())


def portraits() -> list[psutil.Process]:
    """The processes that show somebody."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "paksatalker.worker.live_child" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory, photo):
    home = tmp_path_factory.mktemp("home")
    with Broker(home / "queue") as broker:
        settings = ServiceSettings(_env_file=None, home=home, redis_url=broker.url, live_videos=1)
        app = create_app(settings)
        with serving(app) as address:
            yield Service(app, address, settings, photo)


def likeness(rest: np.ndarray, image: np.ndarray) -> float:
    """How much the mouth looks like that of another picture, wherever the head has gone: 1 is the same."""
    height, width = rest.shape[:2]
    lips = rest[height * 48 // 100 : height * 66 // 100, width * 36 // 100 : width * 62 // 100]
    around = image[height * 40 // 100 : height * 74 // 100, width * 28 // 100 : width * 70 // 100]
    return float(cv2.matchTemplate(around, lips, cv2.TM_CCOEFF_NORMED).max())


def loud(client: Client, after: float) -> list[float]:
    """When loud packets came."""
    return [sound.at for sound in client.sounds if sound.at > after and np.abs(sound.samples).max() > LOUD]


def moved(client: Client, after: float) -> list[float]:
    """When pictures came with another mouth than before that time; at rest likeness stays above 0.88."""
    rest = next(frame.image for frame in reversed(client.frames) if frame.at < after)
    return [frame.at for frame in client.frames if frame.at > after and likeness(rest, frame.image) < 0.8]


def test_a_portrait_lives_speaks_and_is_stopped(service):
    async def talk(client: Client) -> None:
        answer = await client.watch(service.portrait, label="AI-generated", **SMALL)
        assert answer["type"] == "webrtc.answer"
        assert (await client.until("video.begin"))[1] == {
            "type": "video.begin", "width": 128, "height": 128, "fps": 12.5,
        }  # fmt: skip
        await lives(client)
        await speaks(client)
        await is_stopped(client)
        await client.send(type="webrtc.close")
        await client.until("video.end")

    async def lives(client: Client) -> None:
        await client.see(lambda c: c.frames and c.frames[-1].time - c.frames[0].time > 3 and len(c.frames) > 10)
        first, last = client.frames[0].image, client.frames[-1].image
        assert first.shape == (128, 128, 3)
        assert first.std() > 20
        assert first[4:14, 4:60].mean() < first[4:14, 90:].mean() - 40  # the label
        changes = [np.abs(frame.image.astype(int) - first).mean() for frame in client.frames]
        assert 0.5 < max(changes) < 25  # breathes, blinks, looks around: the same person
        assert last.std() > 20
        assert not loud(client, 0.0)
        assert not moved(client, client.frames[1].at)

    async def speaks(client: Client) -> None:
        asked = await client.send(type="say", id="a", text=TEXT)
        at, words = await client.until("words", id="a")
        assert [word["text"] for word in words["words"]] == TEXT.split()
        await client.until("utterance.end", id="a", interrupted=False)
        heard, seen = loud(client, asked), moved(client, asked)
        assert 0 < heard[0] - asked < 10  # of which the first of all texts takes most to load a voice
        assert abs(heard[0] - (at + words["delay"] + words["words"][0]["start"])) < 0.5
        assert abs(seen[0] - heard[0]) < 0.6
        assert 1.5 < heard[-1] - heard[0] < 5
        assert now() - heard[-1] < 2

    async def is_stopped(client: Client) -> None:
        said = await client.send(type="say", id="long", text=LONG)
        await client.see(lambda c: loud(c, said))
        stopped = await client.send(type="interrupt")
        at, _ = await client.until("utterance.end", id="long", interrupted=True)
        assert at - stopped < 0.5
        await asyncio.sleep(0.8)
        assert not [time for time in loud(client, stopped) if time > stopped + 0.4]  # 0.2 on an idle machine
        again = await client.send(type="say", id="b", text="Yes?")
        await client.until("utterance.end", id="b", interrupted=False)
        assert loud(client, again)

    service.run(talk)
    metrics = service.metrics()
    assert 'paksatalker_live_utterances_total{end="whole"} 2.0' in metrics
    assert 'paksatalker_live_utterances_total{end="interrupted"} 1.0' in metrics
    assert 'paksatalker_live_frames_total{end="shown"}' in metrics
    assert "paksatalker_live_videos 0.0" in metrics


@pytest.fixture
def ear(service):
    ear, before = Ear(), service.app.state.ears
    service.app.state.ears = EarPool(1, lambda: ear)
    yield ear
    service.app.state.ears.__exit__(None, None, None)
    service.app.state.ears = before


def test_who_speaks_into_the_microphone_of_the_browser_stops_it_and_is_answered(service, ear):
    (piece,) = HibariSpeech().speak([Utterance("No, wait a moment please.")])
    start = next(phone.start for phone in piece.phones if phone.symbol != "SIL")
    wide = soxr.resample(piece.samples, piece.sample_rate, RATE)[round(start * RATE) :]
    ear.says = ["Wait a moment."]

    async def talk(client: Client) -> None:
        await client.watch(service.portrait, talk=True, **SMALL)
        await client.send(type="listen", source="webrtc", silence=0.4)
        await client.until("listening")
        await client.until("video.begin")
        said = await client.send(type="say", id="long", text=LONG)
        await client.see(lambda c: loud(c, said))
        began = now()
        client.talk.say((wide * 32767).astype(np.int16))
        at, _ = await client.until("utterance.end", id="long", interrupted=True)
        assert 0.1 < at - began < 1.0  # a packet holds 20 ms that are still to be said
        await client.until("speech.begin")
        _, transcript = await client.until("transcript")
        assert transcript["text"] == "Wait a moment."
        assert not [time for time in loud(client, began) if at + 0.4 < time < at + 0.6]
        await client.until("utterance.end", id=transcript["id"], interrupted=False)
        assert loud(client, at + 0.6)
        await speaks_along(client)

    async def speaks_along(client: Client) -> None:
        """The portrait says what is said into the microphone, with that voice."""
        await client.send(type="listen", source="webrtc", use="voice")
        await client.until("listening", use="voice")
        await asyncio.sleep(1.0)
        began = now()
        client.talk.say((wide * 32767).astype(np.int16))
        await client.see(lambda c: now() > began + len(wide) / RATE + 2.5)
        heard, seen = loud(client, began), moved(client, began)
        assert 0.3 < heard[0] - began < 3
        assert 0.5 < 0.02 * len(heard) < len(wide) / RATE + 0.1
        assert abs(seen[0] - heard[0]) < 0.7

    service.run(talk)
    ((samples, _),) = ear.heard
    assert 0.8 < len(samples) / 16000 < 3


def test_who_goes_while_it_speaks_leaves_no_process_behind(service):
    async def talk(client: Client) -> None:
        await client.watch(service.portrait, **SMALL)
        said = await client.send(type="say", id="long", text=LONG)
        await client.see(lambda c: loud(c, said))
        assert len(portraits()) == 1
        async with live(service.address, service.key) as another:
            error = await another.watch(service.portrait, **SMALL)
            assert error["error"]["code"] == "TooBusy"

    service.run(talk)


def test_a_process_that_dies_ends_the_video_but_not_the_session(service):
    async def talk(client: Client) -> None:
        await client.watch(service.portrait, **SMALL)
        await client.until("video.begin")
        (process,) = portraits()
        process.kill()
        _, end = await client.until("video.end")
        assert end["error"]["code"] == "RenderDied"
        await client.send(type="say", id="a", text="Hello.")
        await client.until("chunk", id="a")
        await client.until("utterance.end", id="a")

    service.run(talk)


def test_what_cannot_be_shown_is_told(service, monkeypatch):
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(0).integers(-9999, 9999, 16000, np.int16).tobytes())
    sound = service.upload("a.wav", wav.getvalue())

    async def talk(client: Client) -> None:
        silent = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        silent.addTransceiver("audio", direction="recvonly")
        await silent.setLocalDescription(await silent.createOffer())
        good = {"portrait": service.portrait, "sdp": "v=0"}
        for wrong, code in [
            ({"sdp": "nonsense"}, "InvalidRequest"),
            ({"sdp": "v=0\r\nm=audio\r\nm=video\r\n"}, "InvalidRequest"),
            ({"sdp": silent.localDescription.sdp}, "InvalidRequest"),
            ({"sdp": "v=0\nm=audio\nm=video" + "\na=candidate:1" * 65}, "InvalidRequest"),
            ({"portrait": "ast_" + "0" * 22}, "NoSuchAsset"),
            ({"portrait": sound}, "WrongAsset"),
            ({"portrait": "../a.png"}, "InvalidRequest"),
            ({"size": 4000}, "InvalidRequest"),
            ({"background": "/etc/passwd"}, "InvalidRequest"),
            ({"background": "transparent"}, "InvalidRequest"),
            ({"label": "two\nlines"}, "InvalidRequest"),
        ]:
            before = now()
            await client.send(type="webrtc.offer", **(good | wrong))
            assert (await client.until("error", before))[1]["error"]["code"] == code, wrong
        before = now()
        await client.send(type="webrtc.candidate", candidate={"candidate": "candidate:x"})  # nobody is shown
        with monkeypatch.context() as patch:
            patch.setattr("paksatalker.requirements.find_spec", lambda name: None)
            await client.send(type="webrtc.offer", **good)
            _, error = await client.until("error", before)
        assert error["error"]["code"] == "EngineUnavailable"
        assert "pip install 'paksatalker[webrtc]'" in error["error"]["fix"]
        await silent.close()

    service.run(talk)


def test_another_tenants_portrait_does_not_exist(service):
    key = new_key(service.settings)

    async def stranger() -> None:
        async with live(service.address, key) as client:
            error = await client.watch(service.portrait, **SMALL)
            assert error["error"]["code"] == "NoSuchAsset"

    asyncio.run(stranger())
