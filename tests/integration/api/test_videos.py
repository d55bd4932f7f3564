import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager

import av
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from skimage import data

from paksatalker.api.main import create_app

VIDEOS = "/api/v1/videos"
LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 40


@contextmanager
def worker(settings):
    """A worker, as ``paksatalker serve`` starts it."""
    environment = os.environ | {"REDIS_URL": settings.redis_url, "PAKSATALKER_SERVICE_HOME": str(settings.home)}
    with subprocess.Popen([sys.executable, "-m", "paksatalker", "worker"], env=environment) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                ended = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            assert ended == 0


@pytest.fixture
def portrait(client) -> str:
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    return client.post("/api/v1/assets", files={"file": ("a.png", buffer.getvalue())}).json()["id"]


def order(portrait: str, **more) -> dict:
    return {"portrait": portrait, "text": "Hello there.", "size": 128} | more


def test_a_video_is_made_followed_and_fetched(client, portrait, settings):
    asked, same = (client.post(VIDEOS, json=order(portrait, subtitles="vtt")) for _ in range(2))
    assert asked.status_code == 202, asked.text
    video = asked.json()
    address = video["links"]["self"]
    assert (video["state"], asked.headers["location"]) == ("queued", address)
    assert client.get(f"{address}/file").json()["error"]["code"] == "NotReady"
    with worker(settings):
        told = followed(client, address)
        assert followed(client, same.json()["links"]["self"])[-1]["state"] == "succeeded"
    assert told[0]["state"] == "queued"
    assert (told[-1]["state"], told[-1]["progress"]) == ("succeeded", 1.0)
    progress = [event["progress"] for event in told]
    assert progress == sorted(progress)
    with client.websocket_connect(f"{address}/events") as socket:
        assert socket.receive_json() == told[-1]
    made_once(client, same.json()["links"]["self"], address)

    done = client.get(address).json()
    assert done["result"]["width"] == 128
    assert done["result"]["engines"]
    for forbidden in (str(settings.home), "ten_"):
        assert forbidden not in json.dumps(done)
    content = client.get(done["links"]["file"])
    assert content.headers["content-type"] == "video/mp4"
    assert content.headers["content-disposition"] == f'inline; filename="{done["id"]}.mp4"'
    with av.open(io.BytesIO(content.content)) as file:
        assert file.streams.video[0].width == 128
    assert b"Hello there." in client.get(done["links"]["subtitles"]).content
    picture = Image.open(io.BytesIO(client.get(done["links"]["thumbnail"]).content))
    assert (picture.format, picture.size) == ("JPEG", (128, 128))
    assert picture.convert("L").resize((8, 8)).getextrema()[1] > 80  # not black

    ranges(client, done["links"]["file"], content.content, content.headers["etag"])
    again(client, portrait, done, content.content)


def followed(client, address: str) -> list[dict]:
    with client.stream("GET", f"{address}/events") as stream:
        return [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]


def made_once(client, second: str, first: str) -> None:
    """The same request while the first one waited: copied, not made again."""
    assert client.get(f"{second}/file").content == client.get(f"{first}/file").content
    assert client.get(second).json()["result"] == client.get(first).json()["result"]  # also how long it took
    assert client.delete(second).status_code == 204


def ranges(client, address: str, whole: bytes, tag: str) -> None:
    def part(**headers):
        return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    size = len(whole)
    first = part(range="bytes=0-99")
    assert (first.status_code, first.content) == (206, whole[:100])
    assert first.headers["content-range"] == f"bytes 0-99/{size}"
    assert part(range="bytes=-10").content == whole[-10:]
    assert part(range=f"bytes={size - 5}-").content == whole[-5:]
    assert part(range=f"bytes=0-{size * 2}").content == whole
    assert part(range=f"bytes={size}-").status_code == 416
    for nonsense in ("bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=-", "bytes=0-1,3-4"):
        assert part(range=nonsense).status_code == 200
    assert part(range="bytes=0-1", if_range=tag).status_code == 206
    assert part(range="bytes=0-1", if_range='"other"').status_code == 200
    assert part(if_none_match=tag).status_code == 304
    head = client.head(address)
    assert (head.headers["content-length"], head.content) == (str(size), b"")


def again(client, portrait: str, done: dict, whole: bytes) -> None:
    """What was made before is there at once, without a worker, and does not hang on the one before."""
    second = client.post(VIDEOS, json=order(portrait, subtitles="vtt", priority="high"))
    assert (second.status_code, second.json()["state"]) == (200, "succeeded")
    copy = second.json()
    assert copy["id"] != done["id"]
    assert client.delete(done["links"]["self"]).status_code == 204
    assert client.get(done["links"]["self"]).status_code == 404
    assert client.get(done["links"]["file"]).status_code == 404
    assert client.get(copy["links"]["file"]).content == whole
    assert [item["id"] for item in client.get(VIDEOS).json()["items"]] == [copy["id"]]
    assert client.post(VIDEOS, json=order(portrait, seed=5)).json()["state"] == "queued"


def test_an_idempotency_key_makes_one_video(client, portrait):
    head = {"Idempotency-Key": "mine"}
    first = client.post(VIDEOS, json=order(portrait), headers=head)
    second = client.post(VIDEOS, json=order(portrait), headers=head)
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"
    other = client.post(VIDEOS, json=order(portrait, seed=1), headers=head)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IdempotencyConflict")
    assert len(client.get(VIDEOS).json()["items"]) == 1


def test_what_waits_is_cancelled_and_listed(client, portrait):
    made = [client.post(VIDEOS, json=order(portrait, seed=n)).json() for n in range(3)]
    assert client.delete(f"/api/v1/assets/{portrait}").json()["error"]["code"] == "AssetInUse"
    gone = client.delete(made[0]["links"]["self"])
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert client.get(f"{VIDEOS}/{made[0]['id']}/file").json()["error"]["code"] == "NoFile"
    waiting = client.get(VIDEOS, params={"state": "queued", "limit": 1}).json()
    assert [item["id"] for item in waiting["items"]] == [made[2]["id"]]
    rest = client.get(VIDEOS, params={"state": "queued", "cursor": waiting["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == [made[1]["id"]]


def test_a_running_video_is_cancelled_and_waiting_for_it_ends(client, portrait, settings):
    with worker(settings):
        answer = client.post(VIDEOS, json=order(portrait, text=LONG), headers={"Prefer": "wait=1"})
        assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
        address = answer.json()["links"]["self"]
        with client.websocket_connect(f"{address}/events") as socket:
            while (state := socket.receive_json()["state"]) != "running":
                assert state == "queued"
            assert client.delete(address).status_code == 202
            while (state := socket.receive_json()["state"]) == "running":
                pass
        assert state == "cancelled"


REFUSED = (
    ({"portrait": "ast_" + "0" * 22}, "NoSuchAsset"),
    ({"portrait": "../../etc/passwd"}, "InvalidRequest"),
    ({"background": "/etc/passwd"}, "InvalidRequest"),
    ({"background": "ast_" + "0" * 22}, "NoSuchAsset"),
    ({"text": None}, "InvalidRequest"),
    ({"brief": "More"}, "InvalidRequest"),
    ({"text": None, "brief": "Apples", "length": "forever"}, "InvalidOption"),
    ({"unknown": 1}, "InvalidRequest"),
    ({"seed": 1e400}, "InvalidRequest"),
)


def test_what_cannot_be_made_is_refused(client, portrait):
    for change, code in REFUSED:
        body = json.dumps(order(portrait) | change)
        answer = client.post(VIDEOS, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), change


def other(client, settings, **changes) -> TestClient:
    """The same service with other settings."""
    return TestClient(create_app(settings.model_copy(update=changes)), headers=dict(client.headers))


def test_a_day_has_its_minutes(client, portrait, settings):
    with TestClient(
        create_app(settings.model_copy(update={"video_minutes_per_day": 0.1})), headers=dict(client.headers)
    ) as few:
        assert few.post(VIDEOS, json=order(portrait, text="word " * 12)).status_code == 202
        answer = few.post(VIDEOS, json=order(portrait, text="more " * 12))
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "QuotaUsed")
        assert int(answer.headers["retry-after"]) > 0


def test_who_has_no_room_left_has_no_video_made(client, portrait, settings):
    full = client.get(f"/api/v1/assets/{portrait}").json()["bytes"]
    with TestClient(
        create_app(settings.model_copy(update={"storage_bytes": full})), headers=dict(client.headers)
    ) as little:
        answer = little.post(VIDEOS, json=order(portrait))
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "StorageFull")
        assert answer.json()["error"]["fix"]
        assert little.get(VIDEOS).json()["items"] == []


def test_a_key_has_its_rate(client, settings):
    with TestClient(
        create_app(settings.model_copy(update={"requests_per_minute": 5})), headers=dict(client.headers)
    ) as few:
        answers = [few.get(VIDEOS) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
