"""Two tenants ask for everything at once, and many ask for videos at once."""

import asyncio
import base64
import random
import re
import threading
import time
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn

from paksatalker.api.main import create_app
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id, new_id
from paksatalker.service.keys import SCOPES, KeyStore
from paksatalker.service.tables import Asset

V1 = "/api/v1"
REQUESTS, AT_ONCE = 2000, 40
TUS = {"Tus-Resumable": "1.0.0"}
ID = re.compile(r"[a-z]{2,4}_[0-9A-Za-z]{22}")


@dataclass
class Tenant:
    """Who asks, what is its own by names of path parameters, and a word that stands in all that it writes."""

    client: httpx.AsyncClient
    tenant_id: str
    word: str
    own: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    async def make(self, backend: Backend) -> None:
        """Makes one object of every kind."""
        for name, kind in (("asset_id", "image"), ("sound", "audio")):
            self.own[name] = await _asset(backend, self.tenant_id, kind, self.word)
        body = {"portrait": self.own["asset_id"], "text": f"{self.word} says hello."}
        self.own["video_id"] = (await self.post("/videos", body))["id"]
        self.own["batch_id"] = (await self.post("/batches", {"videos": [body | {"seed": 1}]}))["id"]
        avatar = {"name": self.word, "portrait": self.own["asset_id"]}
        self.own["avatar_id"] = (await self.post("/avatars", avatar))["id"]
        name = base64.b64encode(self.word.encode()).decode()
        head = TUS | {"Upload-Length": "9", "Upload-Metadata": f"filename {name}"}
        answer = await self.client.post(f"{V1}/assets/uploads", headers=head)
        self.own["upload_id"] = answer.headers["location"].rpartition("/")[2]
        consent = "I am Ada Lovelace and I agree that a voice like mine is made."
        clone = {"name": "ada", "references": [self.own["sound"]], "consent": consent}
        self.own["voice_id"] = (await self.post("/voices/clones", clone))["id"]
        self.own |= {"name": "init.mp4"}
        self.ids |= {one for one in self.own.values() if ID.fullmatch(one)} | {self.tenant_id}

    async def post(self, path: str, body: dict) -> dict:
        """Sends something that must be taken."""
        answer = await self.client.post(V1 + path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()


async def _asset(backend: Backend, tenant_id: str, kind: str, word: str) -> str:
    asset = Asset(
        id=new_id("ast"), tenant_id=tenant_id, kind=kind, name=f"{word}.png", media_type="image/png", bytes=1,
        sha256=word, file="", analysis={"duration": 1.0, "problems": []},
    )  # fmt: skip
    asset.file = f"{tenant_id}/assets/{asset.id}"
    await backend.files.put(asset.file, word.encode())
    async with backend.database.session() as session:
        session.add(asset)
    return asset.id


def _act(paths: dict, me: Tenant, other: Tenant, dice: random.Random) -> tuple[str, str, dict, bool]:
    """A request: method, address, options, and whether it goes to an object of the other one."""
    kind = dice.choice(("foreign", "foreign", "list", "own", "make", "steal"))
    if kind == "foreign":
        path = dice.choice([path for path in paths if "{" in path and "{model}" not in path and "{message" not in path])
        method = dice.choice([one for one in paths[path] if one != "options"])
        return method, path.format(**other.own), {"json": {"name": "mine now"}, "headers": TUS}, True
    if kind == "list":
        return "get", V1 + dice.choice(("/videos", "/assets", "/avatars", "/voices/clones", "/webhooks")), {}, False
    if kind == "own":
        name, place = dice.choice((("video_id", "videos"), ("asset_id", "assets"), ("batch_id", "batches"),
                                   ("avatar_id", "avatars"), ("upload_id", "assets/uploads")))  # fmt: skip
        return "get", f"{V1}/{place}/{me.own[name]}", {"headers": TUS}, False
    number = dice.randrange(20)  # both use the same idempotency keys, and ask for the same but for their own photo
    body = {"portrait": me.own["asset_id"], "text": f"{me.word} {number}", "seed": number}
    if kind == "steal":
        body[dice.choice(("portrait", "audio", "background"))] = other.own["asset_id"]
        body.pop("text") if "audio" in body else None
        return "post", V1 + "/videos", {"json": body}, True
    return "post", V1 + "/videos", {"json": body, "headers": {"Idempotency-Key": f"order-{number}"}}, False


async def _race(paths: dict, me: Tenant, other: Tenant, seed: int) -> int:
    dice, left, taken = random.Random(seed), iter(range(REQUESTS // 2)), 0

    async def some() -> None:
        nonlocal taken
        for _ in left:
            method, address, options, foreign = _act(paths, me, other, dice)
            answer = await me.client.request(method, address, **options)
            told = answer.text + str(answer.headers)
            assert answer.status_code < 500, (method, address, answer.text)
            assert other.word not in told, (method, address)
            if foreign:
                assert answer.status_code in (404, 422), (method, address, answer.text)
                told = told.replace(other.own["asset_id"], "")  # what was asked for is named in the refusal
            seen = set(ID.findall(told))
            assert not seen & other.ids, (method, address)
            if answer.status_code < 300 and not foreign:
                taken += 1
                me.ids |= {one for one in seen if not one.startswith("req_")}
            assert not me.ids & other.ids

    await asyncio.gather(*(some() for _ in range(AT_ONCE // 2)))
    return taken


@pytest.mark.no_cover  # thousands of requests through lines that others measure: a third slower with it
def test_two_tenants_that_race_never_see_each_others_objects(settings):
    async def play() -> None:
        app = create_app(settings.model_copy(update={"requests_per_minute": 10**6}))
        async with app.router.lifespan_context(app):
            backend, tenants = app.state.backend, []
            for word in ("Quetzalcoatl", "Rumpelstiltskin"):
                key = await KeyStore(backend.database).create(word, SCOPES)
                caller = await KeyStore(backend.database).check(key)
                client = httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url="http://x", timeout=60,
                    headers={"Authorization": f"Bearer {key}"},
                )  # fmt: skip
                tenants.append(Tenant(client, caller.tenant_id, word))
                await tenants[-1].make(backend)
            one, two = tenants
            paths = app.openapi()["paths"]
            taken = await asyncio.gather(_race(paths, one, two, 1), _race(paths, two, one, 2))
            assert min(taken) > REQUESTS / 8
            for tenant in tenants:
                await _unharmed(tenant)
                await tenant.client.aclose()

    asyncio.run(play())


async def _unharmed(tenant: Tenant) -> None:
    """What the other one has sent has changed nothing."""
    video = (await tenant.client.get(f"{V1}/videos/{tenant.own['video_id']}")).json()
    assert video["state"] == "queued"
    avatar = (await tenant.client.get(f"{V1}/avatars/{tenant.own['avatar_id']}")).json()
    assert avatar["name"] == tenant.word
    upload = await tenant.client.head(f"{V1}/assets/uploads/{tenant.own['upload_id']}", headers=TUS)
    assert upload.headers["upload-offset"] == "0"
    assert (await tenant.client.get(f"{V1}/assets/{tenant.own['asset_id']}")).status_code == 200
    batch = (await tenant.client.get(f"{V1}/batches/{tenant.own['batch_id']}")).json()
    assert batch["counts"] == batch["counts"] | {"queued": 1}


def test_names_cannot_be_guessed():
    """128 bits each, nothing of time or order in them: whoever knows many knows nothing of the next."""
    names = [new_id("vid").removeprefix("vid_") for _ in range(4_000)]
    assert len(set(names)) == len(names)
    assert all(is_id(f"vid_{name}", "vid") for name in names)
    for place in range(22):
        counts = [sum(name[place] == letter for name in names) for letter in "09AZaz"]
        assert all(20 < count < 110 for count in counts), "each letter stands at each place as often: 65 times"
    assert names != sorted(names)


@pytest.fixture
def address(settings):
    """Of a server with real sockets."""
    # An idle connection is not closed at the moment it is used again, however busy the machine is.
    config = uvicorn.Config(create_app(settings), "127.0.0.1", 0, log_level="critical", timeout_keep_alive=120)
    server, sockets = uvicorn.Server(config), [config.bind_socket()]
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.mark.no_cover  # thousands of requests through lines that others measure: a third slower with it
def test_a_hundred_who_submit_at_once_get_videos_or_429(settings, address):
    async def play() -> None:
        from paksatalker.service.backend import opened

        async with opened(settings, settings.redis_url) as backend:
            keys = KeyStore(backend.database)
            caller = await keys.check(key := await keys.create("many", requests_per_minute=100_000))
            greedy = await keys.create("greedy", requests_per_minute=20)
            portrait = await _asset(backend, caller.tenant_id, "image", "x")
            limits = httpx.Limits(max_connections=100)

            async def submit(client: httpx.AsyncClient, who: int, secret: str) -> list[int]:
                head = {"Authorization": f"Bearer {secret}"}
                bodies = [{"portrait": portrait, "text": f"Number {who}, {n}."} for n in range(5)]
                answers = [await client.post(V1 + "/videos", json=body, headers=head) for body in bodies]
                assert all(int(one.headers["retry-after"]) > 0 for one in answers if one.status_code == 429)
                return [one.status_code for one in answers]

            async with httpx.AsyncClient(base_url=address, limits=limits, timeout=120) as client:
                found = await asyncio.gather(*(submit(client, who, key) for who in range(100)))
                assert [status for some in found for status in some] == [202] * 500
                found = await asyncio.gather(*(submit(client, who, greedy) for who in range(20)))
                statuses = [status for some in found for status in some]
                assert set(statuses) == {422, 429}, "the photo is another tenant's; most are not even looked at"
                assert statuses.count(422) <= 40
            assert await backend.jobs.waiting("portrait") == 500
            assert (await backend.queue.depth("portrait")).waiting == 500
            begun = [await backend.jobs.begin(f"t{n}", "portrait", 3) for n in range(501)]
            assert len({job.id for job in begun if job is not None}) == 500

    asyncio.run(play())
