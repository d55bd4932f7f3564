"""The real client of OpenAI against a real server."""

import hashlib
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import pytest
import uvicorn

from paksatalker.api.main import create_app
from paksatalker.core.provenance.manifests import check
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings
from tests.integration.api.tenants import new_key

FORMATS = {"mp3": "mp3float", "opus": "opus", "aac": "aac", "flac": "flac", "wav": "pcm_s16le"}


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[tuple[str, str, str, str, Path]]:
    """Address of a server, a key for it, one that may not speak, another tenant's, and the service's folder."""
    home = tmp_path_factory.mktemp("home")
    with Broker(home / "queue") as broker:
        settings = ServiceSettings(_env_file=None, home=home, redis_url=broker.url)
        config = uvicorn.Config(create_app(settings), "127.0.0.1", 0, log_level="warning")
        server = uvicorn.Server(config)
        socket = config.bind_socket()
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        while not server.started:
            time.sleep(0.02)
        keys = new_key(settings), new_key(settings, "videos"), new_key(settings)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/v1", *keys, home
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def client(address):
    import openai  # a second to import: only where these tests run

    with openai.OpenAI(base_url=address[0], api_key=address[1], max_retries=0, timeout=60) as client:
        yield client


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_can_be_heard(client, kind):
    answer = client.audio.speech.create(model="tts-1", voice="heart", input="Hello there.", response_format=kind)
    with av.open(io.BytesIO(answer.content)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == FORMATS[kind]
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert 0.6 < seconds < 3


def manifest_of(address, answer, key: str | None = None) -> httpx.Response:
    place = answer.http_response.links["c2pa-manifest"]["url"]
    url = httpx.URL(f"{address[0]}/audio/speech").join(place)
    return httpx.get(url, headers={"Authorization": f"Bearer {key or address[1]}"})


@pytest.mark.parametrize("kind", [*FORMATS, "pcm"])
def test_a_sound_that_is_streamed_has_its_manifest_beside_it(address, client, tmp_path, kind):
    answer = client.audio.speech.with_raw_response.create(
        model="hibari", voice="heart", input="Hello there.", response_format=kind
    )
    beside = manifest_of(address, answer)
    assert (beside.status_code, beside.headers["content-type"]) == (200, "application/c2pa")
    sound = tmp_path / f"a.{kind}"
    sound.write_bytes(answer.content)
    found = check(sound, sidecar=beside.content)
    assert found is not None
    assert (found.valid, found.ai_generated, found.origin.engines) == (True, True, {"speech": "hibari"})
    assert found.origin.inputs == {"text": hashlib.sha256(b"Hello there.").hexdigest()}
    sound.write_bytes(answer.content[:-1] + bytes([answer.content[-1] ^ 1]))
    tampered = check(sound, sidecar=beside.content)
    assert tampered is not None
    assert not tampered.valid


def test_a_manifest_is_its_tenants_only(address, client):
    answer = client.audio.speech.with_raw_response.create(model="hibari", voice="heart", input="Hi.")
    assert manifest_of(address, answer, address[3]).status_code == 404
    assert manifest_of(address, answer, address[2]).status_code == 403
    assert manifest_of(address, answer).status_code == 200


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav"])
def test_a_sound_that_is_sent_whole_carries_its_manifest(address, client, tmp_path, kind):
    answer = client.audio.speech.with_raw_response.create(
        model="hibari", voice="heart", input="Hello there.", response_format=kind,
        extra_body={"provenance": "embedded"},
    )  # fmt: skip
    assert "link" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)
    sound = tmp_path / f"a.{kind}"
    sound.write_bytes(answer.content)
    found = check(sound)
    assert found is not None
    assert (found.valid, found.ai_generated, found.origin.engines) == (True, True, {"speech": "hibari"})
    with av.open(str(sound)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        assert container.duration == pytest.approx(seconds * 1e6, abs=1e5)
    ends = time.monotonic() + 5
    while list(address[4].glob("uploads/wrk_*")):  # the file goes when the answer has been sent
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_pcm_has_24_thousand_samples_a_second_and_speed_counts(client):
    def samples(speed: float) -> int:
        options = {"model": "hibari", "voice": "heart", "response_format": "pcm", "input": "Hello there, my friend."}
        return len(client.audio.speech.create(speed=speed, **options).content) // 2

    slow, fast = samples(0.5), samples(2.0)
    assert 24_000 < fast < slow < 200_000
    assert slow > 1.5 * fast


def test_the_sound_begins_before_the_last_sentence_is_spoken(client):
    text = " ".join(f"This is sentence number {n}, and it says nothing else." for n in range(24))
    with client.audio.speech.with_streaming_response.create(model="tts-1", voice="heart", input=text) as answer:
        began = time.monotonic()
        pieces = answer.iter_bytes()
        first = next(pieces)
        waited = time.monotonic() - began
        size = len(first) + sum(map(len, pieces))
        took = time.monotonic() - began
    assert answer.headers["content-type"] == "audio/mpeg"
    assert len(first) < size / 10
    assert waited < took / 2


def test_who_goes_away_frees_the_place(client):
    text = " ".join(f"This is sentence number {n}, and it says nothing else." for n in range(70))
    for _ in range(8):  # more than may wait
        with client.audio.speech.with_streaming_response.create(model="tts-1", voice="heart", input=text) as answer:
            next(answer.iter_bytes())
    assert client.audio.speech.create(model="tts-1", voice="heart", input="Hi.").content


def test_as_events(client):
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="heart", input="Hello.", stream_format="sse",
        instructions="Speak in a very happy tone.",
    ) as answer:  # fmt: skip
        lines = [line for line in answer.iter_lines() if line]
    assert all(line.startswith('data: {"type": "speech.audio.') for line in lines)
    assert "speech.audio.done" in lines[-1]


def test_the_stock_voices_are_ours(client):
    from paksatalker.api.models.openai import STOCK_VOICES
    from paksatalker.core.engines import find

    if find("speech", "kokoro").hindrance():
        pytest.skip("Kokoro's voices are not here")
    answer = client.audio.speech.with_raw_response.create(model="tts-1", voice="alloy", input="Hi.")
    assert answer.headers["x-voice"] == STOCK_VOICES["alloy"] == "af_alloy"


def test_the_stock_voices_speak_with_any_engine(client):
    answer = client.audio.speech.with_raw_response.create(model="hibari", voice="Alloy", input="Hi.")
    assert answer.headers["x-voice"] == "auto"
    assert len(answer.content) > 1000


def test_models_are_listed(client):
    names = [model.id for model in client.models.list()]
    assert {"tts-1", "hibari"} <= set(names)
    assert client.models.retrieve("hibari").owned_by == "paksatalker"


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"model": "gpt-7"}, "NotFoundError", "model_not_found"),
        ({"voice": "nobody-has-it"}, "BadRequestError", "unknown_voice"),
        ({"voice": "../../etc/passwd"}, "BadRequestError", "invalid_value"),
        ({"input": "x" * 5000}, "BadRequestError", "text_too_long"),
        ({"input": " . "}, "BadRequestError", "text_unspeakable"),
        ({"speed": 4}, "BadRequestError", "invalid_value"),
        ({"response_format": "mod"}, "BadRequestError", "invalid_value"),
        (
            {"response_format": "opus", "extra_body": {"provenance": "embedded"}},
            "BadRequestError",
            "invalid_value",
        ),
    ],
)
def test_refusals_have_openais_form(client, options, error, code):
    import openai

    with pytest.raises(getattr(openai, error)) as caught:
        client.audio.speech.create(**{"model": "tts-1", "voice": "heart", "input": "Hello."} | options)
    assert caught.value.code == code
    assert caught.value.type == "invalid_request_error"
    assert caught.value.body["message"]


def test_keys_are_asked_for(address):
    import openai

    with openai.OpenAI(base_url=address[0], api_key="wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.models.list()
        assert (caught.value.code, caught.value.type) == ("unauthorized", "authentication_error")
    with (
        openai.OpenAI(base_url=address[0], api_key=address[2], max_retries=0) as client,
        pytest.raises(openai.PermissionDeniedError),
    ):
        client.audio.speech.create(model="tts-1", voice="heart", input="Hello.")
