import asyncio

import pytest
from sqlalchemy import update

from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.keys import KeyStore
from paksatalker.service.tables import Asset, Job, now
from tests.integration.api.tenants import new_key

URL = "/api/v1/batches"


def on(settings, act):
    async def run():
        database = Database(settings.database)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def portrait(client, settings) -> str:
    async def make(database: Database) -> str:
        caller = await KeyStore(database).check(client.headers["Authorization"].removeprefix("Bearer "))
        assert caller is not None
        asset = Asset(
            id=new_id("ast"), tenant_id=caller.tenant_id, kind="image", name="a.png", media_type="image/png", bytes=1,
            sha256="0" * 64, file="x", analysis={},
        )  # fmt: skip
        async with database.session() as session:
            session.add(asset)
        return asset.id

    return on(settings, make)


def as_csv(client, text: str, **params):
    return client.post(URL, content=text, headers={"Content-Type": "text/csv"}, params=params)


def test_a_list_becomes_videos_and_what_is_wrong_is_told_by_row(client, portrait):
    rows = [
        {"text": "One."}, {"text": "Two.", "speed": 9}, {"brief": "three", "length": "9h"}, "four",
        {"text": "Five.", "portrait": new_id("ast")}, {"text": "Six.", "audio": portrait}, {"text": "Seven."},
        {"text": "Eight.", "nonsense": 1},
    ]  # fmt: skip
    answer = client.post(URL, json={"defaults": {"portrait": portrait, "size": 128}, "videos": rows})
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["rejected"]) == (202, 2, 6)
    assert [row["row"] for row in body["videos"]] == [1, 7]
    assert [row["row"] for row in body["errors"]] == [2, 3, 4, 5, 6, 8]
    assert {row["row"]: row["error"]["code"] for row in body["errors"]}[5] == "NoSuchAsset"
    assert "speed" in body["errors"][0]["error"]["message"]
    assert body["errors"][2]["error"]["why"] == "it is no object"
    state = client.get(body["links"]["self"]).json()
    assert (state["total"], state["counts"]["queued"], state["done"]) == (2, 2, False)
    listed = client.get(body["links"]["videos"]).json()["items"]
    assert {row["id"] for row in listed} == {row["id"] for row in body["videos"]}
    assert {row["batch_id"] for row in listed} == {body["id"]}
    assert all(row["request"]["size"] == 128 for row in listed)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_has_the_fields_as_columns(client, portrait, delimiter):
    cells = [["text", "voice", "still"], ['"Hello, Ada; hi!\nNext line."', "heart", "true"], ["Hi.", "", ""], [""] * 3]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in cells) + "\r\n"
    body = as_csv(client, text, portrait=portrait, size=128).json()
    assert (body["accepted"], body["errors"]) == (2, [])
    first = client.get(f"/api/v1/videos/{body['videos'][0]['id']}").json()["request"]
    assert (first["text"], first["still"], first["size"]) == ("Hello, Ada; hi!\nNext line.", True, 128)
    second = client.get(f"/api/v1/videos/{body['videos'][1]['id']}").json()["request"]
    assert (second["voice"], second["still"]) == ("auto", False)


def test_a_csv_can_be_a_form(client, portrait):
    text = f"portrait,text\n{portrait},Hello.\n"
    answer = client.post(URL, files={"file": ("rows.csv", text, "text/csv")})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


def test_sent_again_nothing_is_made_twice(client, portrait):
    body = [{"portrait": portrait, "text": f"Number {n}."} for n in range(3)]
    first = client.post(URL, json=body[:2], headers={"Idempotency-Key": "mine"}).json()
    again = client.post(URL, json=body, headers={"Idempotency-Key": "mine"}).json()
    assert again["id"] == first["id"]
    assert again["videos"][:2] == first["videos"]
    assert client.get(first["links"]["self"]).json()["total"] == 3
    other = client.post(URL, json=[{"portrait": portrait, "text": "Another."}], headers={"Idempotency-Key": "mine"})
    assert other.json()["errors"][0]["error"]["code"] == "IdempotencyConflict"


def test_states_are_counted_and_a_batch_can_be_cancelled(client, portrait, settings):
    batch = client.post(URL, json=[{"portrait": portrait, "text": f"Number {n}."} for n in range(4)]).json()
    ids = [row["id"] for row in batch["videos"]]

    async def change(database: Database) -> None:
        async with database.session() as session:
            for video, state, progress in ((ids[0], "succeeded", 1.0), (ids[1], "running", 0.5)):
                changed = update(Job).where(Job.id == video).values(state=state, progress=progress, ticket="tkt_x")
                await session.execute(changed.values(finished_at=now() if progress == 1 else None))

    on(settings, change)
    state = client.get(batch["links"]["self"]).json()
    assert state["counts"] == {"queued": 2, "running": 1, "succeeded": 1, "failed": 0, "cancelled": 0}
    assert (state["progress"], state["done"], state["finished_at"]) == (0.375, False, None)
    answer = client.delete(batch["links"]["self"])
    assert (answer.status_code, answer.json()["counts"]["cancelled"]) == (202, 2)


@pytest.mark.parametrize(
    ("content", "kind", "status", "word"),
    [
        ("[", "application/json", 422, "JSON"),
        ("[" * 100_000, "application/json", 422, "JSON"),
        ("7", "application/json", 422, "list"),
        ("[]", "application/json", 422, "no rows"),
        ('{"videos": [], "x": 1}', "application/json", 422, "unknown"),
        ('{"videos": [{}], "defaults": {"x": 1}}', "application/json", 422, "default"),
        ("", "text/csv", 422, "no rows"),
        ("text,nonsense\na,b\n", "text/csv", 422, "nonsense"),
        ("text,text\na,b\n", "text/csv", 422, "same name"),
        (b"text\n\xff\xfe\n", "text/csv", 422, "UTF-8"),
        ('text\n"open', "text/csv", 422, "line"),
        ("x", "text/plain", 415, "text/plain"),
        ("[1,2,3,4]", "application/json", 413, "rows"),
        ("x" * 200_000, "application/json", 413, "bytes"),
    ],
)
def test_what_cannot_be_read_makes_nothing(settings, content, kind, status, word):
    from fastapi.testclient import TestClient

    from paksatalker.api.main import create_app

    small = settings.model_copy(update={"batch_max_rows": 3, "batch_max_bytes": 150_000})
    with TestClient(create_app(small)) as client:
        headers = {"Authorization": f"Bearer {new_key(settings)}", "Content-Type": kind}
        answer = client.post(URL, content=content, headers=headers)
        assert (answer.status_code, word in answer.json()["error"]["message"]) == (status, True), answer.text
        assert client.get("/api/v1/videos", headers=headers).json()["items"] == []


def test_a_query_that_is_no_field_is_refused(client, portrait):
    assert as_csv(client, "text\nHi.\n", portrait=portrait, colour="red").status_code == 422


def test_callbacks_into_private_networks_are_refused_at_once(client, portrait):
    urls = [
        "http://127.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "https://a:b@example.com/",
        "ftp://x.org/",
    ]
    rows = [{"portrait": portrait, "text": "Hi.", "callback_url": url} for url in [*urls, "https://example.com/hook"]]
    body = client.post(URL, json=rows).json()
    assert [row["row"] for row in body["videos"]] == [6]
    assert {row["error"]["code"] for row in body["errors"][:4]} == {"CallbackRefused"}


def test_another_tenant_sees_no_batch(client, portrait, settings):
    batch = client.post(URL, json=[{"portrait": portrait, "text": "Hi."}]).json()
    client.headers["Authorization"] = f"Bearer {new_key(settings)}"
    assert client.get(batch["links"]["self"]).status_code == 404
    assert client.delete(batch["links"]["self"]).status_code == 404
    assert client.get(batch["links"]["videos"]).json()["items"] == []
    body = client.post(URL, json=[{"portrait": portrait, "text": "Hi."}]).json()
    assert body["errors"][0]["error"]["code"] == "NoSuchAsset"


def test_a_row_with_a_comma_too_many_or_without_words_is_told_why(client, portrait):
    body = as_csv(client, 'text,size\nHello, Ada!,64\n"Hello, Ada!",64\n" ",64\n,64\n', portrait=portrait).json()
    assert [row["row"] for row in body["videos"]] == [2]
    extra, blank, none = [row["error"] for row in body["errors"]]
    assert "more cells" in extra["why"]
    assert "quotation marks" in extra["fix"]
    assert (blank["code"], none["code"]) == ("InvalidRequest", "InvalidRequest")
    assert none["why"].startswith("give exactly one of text")
    rows = [{"portrait": portrait, "text": " \n"}]
    assert client.post(URL, json=rows).json()["errors"][0]["error"]["code"] == "TextEmpty"
