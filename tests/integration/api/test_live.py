import io
import json
import struct
import threading
import time
from contextlib import ExitStack, suppress
from itertools import pairwise

import av
import numpy as np
import pytest
import soxr
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from paksatalker.api.main import create_app
from paksatalker.core.timeline import ARKIT_NAMES
from paksatalker.service.settings import IceServer
from tests.integration.api.tenants import new_key, revoke_key
from tests.unit.core.text.writing.test_remote import Server

URL = "/api/v1/live"
LONG = " ".join(f"This is sentence number {n}, and it says nothing else." for n in range(60))


def heard(socket) -> dict:
    """The next message; of a chunk the sound is under ``pcm``."""
    message = socket.receive()
    if message["type"] == "websocket.close":
        raise WebSocketDisconnect(message["code"], message.get("reason"))
    if message.get("bytes") is None:
        return json.loads(message["text"])
    data = message["bytes"]
    (length,) = struct.unpack_from("<I", data)
    told, sound = json.loads(data[4 : 4 + length]), data[4 + length :]
    return told | {"pcm": np.frombuffer(sound, np.uint8 if "codec" in told else "<i2")}


def until(socket, kind: str) -> list[dict]:
    messages = [heard(socket)]
    while messages[-1]["type"] != kind:
        messages.append(heard(socket))
    return messages


@pytest.fixture
def socket(client):
    with client.websocket_connect(URL) as socket:
        ready = heard(socket)
        assert (ready["type"], ready["coefficients"]) == ("ready", list(ARKIT_NAMES))
        assert (ready["provenance"]["c2pa"], "made by a machine" in ready["provenance"]["notice"]) == (False, True)
        yield socket


def test_a_text_comes_back_as_sound_and_face(socket):
    socket.send_json({"type": "say", "id": "a", "text": "Hello there, my friend."})
    begin, *chunks, end = until(socket, "utterance.end")
    assert (begin["type"], begin["id"], end["interrupted"]) == ("utterance.begin", "a", False)
    frames = 0
    for chunk in chunks:
        assert (chunk["type"], chunk["first_frame"]) == ("chunk", frames)
        assert np.shape(chunk["coefficients"])[1] == 52
        assert np.shape(chunk["head"]) == (len(chunk["coefficients"]), 3)
        frames += len(chunk["coefficients"])
    sound = np.concatenate([chunk["pcm"] for chunk in chunks])
    assert len(sound) == round(frames / 25 * chunks[0]["sample_rate"])
    assert 1 < frames / 25 < 5
    assert np.abs(sound).max() > 3000
    jaw = [row[ARKIT_NAMES.index("jawOpen")] for chunk in chunks for row in chunk["coefficients"]]
    assert max(jaw) > 0.1
    words = [word for chunk in chunks for word in chunk["words"]]
    assert [word["text"] for word in words] == ["Hello", "there,", "my", "friend."]
    for chunk in chunks:  # a word comes with the sound of its beginning
        start = chunk["first_frame"] / 25
        assert all(start - 0.05 <= word["start"] <= start + chunk["seconds"] for word in chunk["words"])


def test_barge_in_stops_it_and_what_waits_is_forgotten(socket):
    socket.send_json({"type": "say", "id": "long", "text": LONG})
    socket.send_json({"type": "say", "id": "next", "text": "Never said."})
    until(socket, "chunk")
    socket.send_json({"type": "interrupt"})
    *chunks, end = until(socket, "utterance.end")
    assert (end["id"], end["interrupted"]) == ("long", True)
    assert sum(chunk["seconds"] for chunk in chunks) < 30  # of more than two minutes
    assert heard(socket) == {"type": "interrupted", "dropped": ["next"]}
    socket.send_json({"type": "say", "id": "then", "text": "Hi."})
    begin, *chunks, end = until(socket, "utterance.end")
    assert (begin["id"], end["id"], end["interrupted"]) == ("then", "then", False)
    assert chunks


def test_how_it_is_said_can_be_chosen(socket):
    start = {"type": "start", "fps": 30, "audio": "base64", "voice": "heart", "speed": 1.5, "emotion": "happy"}
    socket.send_json(start)
    assert start.items() <= (heard(socket) | {"type": "start"}).items()
    socket.send_json({"type": "say", "text": "Hello there."})
    _, chunk, *_ = until(socket, "utterance.end")
    assert (chunk["fps"], chunk["sample_rate"] > 8000, len(chunk["audio"]) > 1000) == (30, True, True)


def decoded(chunks: list[dict]) -> np.ndarray:
    """The sound of chunks with packets of Opus, int16 [N] at 48 kHz."""
    decoder, samples = av.CodecContext.create("libopus", "r"), []
    decoder.sample_rate, decoder.layout = 48_000, "mono"
    for chunk in chunks:
        data, at = chunk["pcm"].tobytes(), 0
        for size in chunk["packets"]:
            packet, at = av.Packet(data[at : at + size]), at + size
            samples += [frame.to_ndarray().reshape(-1) for frame in decoder.decode(packet)]
        assert at == len(data)
    sound = np.concatenate(samples)[chunks[0]["pre_skip"] :]
    return sound if sound.dtype == np.int16 else np.rint(sound * 32767).astype(np.int16)


@pytest.mark.parametrize("audio", ["opus", "webm"])
def test_the_sound_can_be_opus(socket, audio):
    """It is the sound that PCM is, on the same clock, in a tenth of the bytes."""
    found = {}
    for form in ("binary", audio):
        socket.send_json({"type": "start", "audio": form, "voice": "heart"})
        assert heard(socket)["audio"] == form
        socket.send_json({"type": "say", "id": form, "text": "Hello there, my friend. How do you do?"})
        _, *found[form], _ = until(socket, "utterance.end")
    pcm, coded = found["binary"], found[audio]
    assert [chunk["coefficients"] for chunk in coded[:-1]] == [chunk["coefficients"] for chunk in pcm]
    rest = coded[-1]
    assert (rest["coefficients"], rest["seconds"]) == ([], 0)
    assert rest["first_frame"] == sum(len(chunk["coefficients"]) for chunk in pcm)
    assert len(coded[0]["pcm"]) > 0, "it can be heard with the first frames"
    assert {chunk["sample_rate"] for chunk in coded} == {48_000}
    wanted = soxr.resample(np.concatenate([c["pcm"] for c in pcm]), pcm[0]["sample_rate"], 48_000).astype(float)
    if audio == "opus":
        sound = decoded(coded)
    else:
        with av.open(io.BytesIO(b"".join(chunk["pcm"].tobytes() for chunk in coded))) as file:
            assert file.streams.audio[0].codec_context.name in ("opus", "libopus")
            sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    assert len(wanted) - 2 <= len(sound) <= len(wanted) + 2 * 960
    likeness = {
        late: np.corrcoef(wanted[200 : len(wanted) - 200], sound[200 + late : len(wanted) - 200 + late])[0, 1]
        for late in range(-96, 97, 4)
    }
    assert abs(max(likeness, key=likeness.get)) <= 24  # half a millisecond
    assert max(likeness.values()) > 0.9
    assert sum(len(c["pcm"].tobytes()) for c in coded) < 0.2 * sum(len(c["pcm"].tobytes()) for c in pcm)


def test_interrupted_opus_begins_anew(socket):
    socket.send_json({"type": "start", "audio": "opus"})
    heard(socket)
    for name in ("long", "next"):
        socket.send_json({"type": "say", "id": name, "text": LONG})
        assert until(socket, "chunk")[-1]["pre_skip"] == 312
        socket.send_json({"type": "interrupt"})
        until(socket, "interrupted")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nonsense", "InvalidRequest"),
        ('{"type": "dance"}', "InvalidRequest"),
        ('{"type": "say"}', "InvalidRequest"),
        ('{"type": "start", "voice": "../x"}', "InvalidRequest"),
        ('{"type": "start", "fps": 1000}', "InvalidRequest"),
        ('{"type": "start", "audio": "mp3"}', "InvalidRequest"),
        (json.dumps({"type": "say", "text": "x" * 5000}), "TextTooLong"),
    ],
)
def test_what_is_wrong_is_told_and_the_session_goes_on(socket, message, code):
    socket.send_text(message)
    answer = heard(socket)
    assert (answer["type"], answer["error"]["code"]) == ("error", code)
    assert answer["error"]["message"][0].isalpha(), "it says of what"
    socket.send_json({"type": "interrupt"})
    assert heard(socket) == {"type": "interrupted", "dropped": []}


def test_what_cannot_be_spoken_is_told(socket):
    socket.send_json({"type": "start", "voice": "nobody"})
    heard(socket)
    socket.send_json({"type": "say", "id": "a", "text": "Hello."})
    _, error, end = until(socket, "utterance.end")
    assert (error["error"]["code"], error["id"], end["id"]) == ("UnknownVoice", "a", "a")


def test_in_a_chat_the_model_answers_sentence_by_sentence(socket, monkeypatch):
    model = Server()
    monkeypatch.setenv("PAKSATALKER_LLM_URL", model.url)
    model.replies = [json.dumps({"sentences": ["I am fine.", "And you?"]}), json.dumps({"sentences": ["Good."]})]
    try:
        socket.send_json({"type": "start", "mode": "chat", "persona": "a sailor"})
        heard(socket)
        socket.send_json({"type": "say", "id": "a", "text": "How are you?"})
        _, *messages, end = until(socket, "utterance.end")
        socket.send_json({"type": "say", "id": "b", "text": "Fine, too."})
        until(socket, "utterance.end")
    finally:
        model.shutdown()
        model.server_close()
    assert not end["interrupted"]
    assert [m["text"] for m in messages if m["type"] == "reply"] == ["I am fine.", "And you?"]
    chunks = [m for m in messages if m["type"] == "chunk"]
    frames = [chunk["first_frame"] for chunk in chunks]
    lengths = [len(chunk["coefficients"]) for chunk in chunks]
    assert frames == [sum(lengths[:n]) for n in range(len(lengths))]
    words = [word for chunk in chunks for word in chunk["words"]]
    assert [word["text"] for word in words] == ["I", "am", "fine.", "And", "you?"]
    assert all(a["start"] < b["start"] for a, b in pairwise(words))
    system, first, answer, second = model.requests[1]["messages"]
    assert "a sailor" in system["content"]
    assert (first["content"], second["content"]) == ("How are you?", "Fine, too.")
    assert json.loads(answer["content"]) == {"sentences": ["I am fine.", "And you?"]}


def test_who_goes_on_before_there_is_an_answer_has_said_one_thing(socket, monkeypatch):
    model = Server()
    monkeypatch.setenv("PAKSATALKER_LLM_URL", model.url)
    asked, wanted = threading.Event(), threading.Event()

    def slow(_):
        asked.set()
        wanted.wait(20)
        return "{}"

    model.replies = [slow, json.dumps({"sentences": ["Yes."]})]
    try:
        socket.send_json({"type": "start", "mode": "chat"})
        heard(socket)
        socket.send_json({"type": "say", "id": "a", "text": "Do you know,"})
        assert asked.wait(20)
        socket.send_json({"type": "interrupt"})
        until(socket, "interrupted")
        wanted.set()
        socket.send_json({"type": "say", "id": "b", "text": "what time it is?"})
        until(socket, "utterance.end")
    finally:
        wanted.set()
        model.shutdown()
        model.server_close()
    said = [m["content"] for m in model.requests[-1]["messages"] if m["role"] == "user"]
    assert said == ["Do you know, what time it is?"]


def test_without_a_model_there_is_no_chat(socket, monkeypatch, tmp_path):
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "empty"))
    socket.send_json({"type": "start", "mode": "chat"})
    heard(socket)
    socket.send_json({"type": "say", "text": "Hello?"})
    _, error, _ = until(socket, "utterance.end")
    assert error["error"]["code"] == "EngineUnavailable"
    assert "paksatalker models download" in error["error"]["fix"]


def test_a_key_with_the_scope_is_needed(stranger, settings):
    for headers, code in (({}, 4401), ({"Authorization": f"Bearer {new_key(settings, 'videos')}"}, 4403)):
        with pytest.raises(WebSocketDisconnect) as refused, stranger.websocket_connect(URL, headers=headers) as socket:
            heard(socket)
        assert refused.value.code == code


def test_pages_give_the_key_as_a_subprotocol(stranger, settings):
    with stranger.websocket_connect(URL, subprotocols=["paksatalker", new_key(settings, "live")]) as socket:
        assert heard(socket)["type"] == "ready"
        assert socket.accepted_subprotocol == "paksatalker"


def test_bytes_end_the_session(client):
    with client.websocket_connect(URL) as socket:
        heard(socket)
        socket.send_bytes(b"x")
        with pytest.raises(WebSocketDisconnect) as end:
            heard(socket)
        assert end.value.code == 1008


@pytest.fixture
def limited(settings):
    """Opens sessions of a service with other settings."""
    key = new_key(settings)
    with ExitStack() as stack:

        def opened(**changes):
            app = create_app(settings.model_copy(update=changes))
            client = stack.enter_context(TestClient(app, headers={"Authorization": f"Bearer {key}"}))
            return lambda: client.websocket_connect(URL)

        yield opened


def test_a_session_in_which_nothing_happens_is_closed(limited):
    with limited(live_idle_minutes=0.02)() as socket:
        heard(socket)
        with pytest.raises(WebSocketDisconnect) as end:
            heard(socket)
    assert (end.value.code, end.value.reason) == (1008, "nothing was said for too long")


def test_the_minutes_of_a_day_are_counted(limited):
    connect = limited(live_minutes_per_day=2)
    for _ in range(2):
        with connect() as socket:
            heard(socket)
            socket.send_json({"type": "interrupt"})
            heard(socket)
    with connect() as socket, pytest.raises(WebSocketDisconnect) as end:
        heard(socket)  # at once: sessions of a moment are minutes too
    assert (end.value.code, end.value.reason) == (1008, "2 live minutes a day are allowed")


def test_a_key_that_is_revoked_ends_its_sessions(stranger, settings, monkeypatch):
    monkeypatch.setattr("paksatalker.api.services.live.session._MINUTE", 0.1)
    key = new_key(settings, "live")
    with stranger.websocket_connect(URL, headers={"Authorization": f"Bearer {key}"}) as socket:
        heard(socket)
        assert revoke_key(settings, key)
        with pytest.raises(WebSocketDisconnect) as end:
            heard(socket)
    assert (end.value.code, end.value.reason) == (1008, "the key was revoked, or has expired")


@pytest.mark.parametrize("limit", ["live_sessions", "live_sessions_per_tenant"])
def test_there_is_room_for_so_many_sessions(limited, limit):
    connect = limited(**{limit: 1})
    with connect() as socket:
        heard(socket)
        with pytest.raises(WebSocketDisconnect) as refused, connect() as another:
            heard(another)
        assert refused.value.code == 4429
    for _ in range(200):  # the place is free a moment later
        with suppress(WebSocketDisconnect), connect() as socket:
            assert heard(socket)["type"] == "ready"
            break
        time.sleep(0.05)
    else:
        pytest.fail("there is no room again")


def test_servers_for_webrtc_are_told(limited):
    server = {"urls": ["turn:turn.example.com:3478"], "username": "u", "credential": "p"}
    with limited(ice_servers=(IceServer(**server),))() as socket:
        assert heard(socket)["ice_servers"] == [server]
