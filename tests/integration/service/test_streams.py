"""A video plays while it is being rendered."""

import asyncio
import io
import re
from itertools import pairwise

import av
import httpx
import numpy as np
import pytest

from paksatalker.api.main import create_app
from paksatalker.core.rendering.encode import Encoder
from paksatalker.core.rendering.hls import Piece
from paksatalker.core.timeline import VideoFrame
from paksatalker.service.hls import Playlist, is_piece
from paksatalker.service.keys import KeyStore
from paksatalker.service.states import State
from paksatalker.worker.main import work

LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 5


@pytest.fixture
def ask(play):
    """Runs a coroutine function on a bench, with a worker, and clients of its tenant and of another one."""

    def run(act) -> None:
        async def inner(bench):
            app = create_app(bench.backend.settings)
            app.state.backend = bench.backend
            keys = KeyStore(bench.backend.database)
            ours = await keys.create("ours", tenant_id=bench.tenant_id)
            theirs = await keys.create("theirs")
            working = asyncio.ensure_future(work(bench.backend, ["portrait"]))
            transport = httpx.ASGITransport(app)
            async with (
                httpx.AsyncClient(transport=transport, base_url="http://x", timeout=60) as us,
                httpx.AsyncClient(transport=transport, base_url="http://x", timeout=60) as them,
            ):
                us.headers["Authorization"] = f"Bearer {ours}"
                them.headers["Authorization"] = f"Bearer {theirs}"
                try:
                    await act(bench, us, them)
                finally:
                    working.cancel()
                    await asyncio.wait({working})

        play(inner)

    return run


async def playlist(client, address: str) -> str:
    """The playlist, once there is something in it."""
    async with asyncio.timeout(120):
        while True:
            answer = await client.get(address)
            if answer.status_code == 200:
                assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
                return answer.text
            assert answer.status_code == 409, answer.text


async def pieces(client, address: str, text: str) -> list[bytes]:
    names = [re.search('URI="(.+?)"', text)[1], *(line for line in text.splitlines() if line.startswith("segments/"))]
    answers = [await client.get(address.rsplit("/", 1)[0] + "/" + name) for name in names]
    assert [a.status_code for a in answers] == [200] * len(names)
    return [a.content for a in answers]


def pictures(content: bytes) -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(content)) as file:
        return [(f.time, f.to_ndarray(format="rgb24").tobytes()) for f in file.decode(video=0)]


def sound(content: bytes) -> bytes:
    with av.open(io.BytesIO(content)) as file:
        return b"".join(f.to_ndarray().tobytes() for f in file.decode(audio=0))


def test_a_video_plays_before_it_is_done(ask):
    async def act(bench, us, them):
        job = await bench.submit(text=LONG)
        address = f"/api/v1/videos/{job.id}/stream.m3u8"
        early = await playlist(us, address)
        assert (await bench.backend.jobs.get(job.id)).state == State.RUNNING
        assert early.count("#EXTINF") >= 1
        assert "#EXT-X-ENDLIST" not in early
        begun = pictures(b"".join(await pieces(us, address, early)))
        assert (await them.get(address)).status_code == 404
        assert (await them.get(address.replace("stream.m3u8", "segments/init.mp4"))).status_code == 404
        for name in ("seg_99999.m4s", "video.mp4", "..%2fvideo.mp4", "stream.m3u8", "init.mp4%00"):
            assert (await us.get(address.replace("stream.m3u8", f"segments/{name}"))).status_code == 404, name

        done = await bench.ended(job, 120)
        assert (done.state, done.error) == (State.SUCCEEDED, None)
        late = (await us.get(address)).text
        assert late.startswith(early)
        assert late.endswith("#EXT-X-ENDLIST\n")
        streamed = b"".join(await pieces(us, address, late))
        whole = b"".join([piece async for piece in bench.backend.files.read(done.result["files"]["video"])])
        assert pictures(streamed) == pictures(whole)
        assert pictures(streamed)[: len(begun)] == begun
        assert sound(streamed) == sound(whole)
        seconds = sum(float(s) for s in re.findall(r"#EXTINF:([\d.]+)", late))
        assert seconds == pytest.approx(done.result["duration"], abs=0.01)

    ask(act)


def test_what_fails_or_is_cancelled_leaves_no_pieces(ask):
    async def act(bench, us, them):
        job = await bench.submit(text=LONG * 5)
        address = f"/api/v1/videos/{job.id}/stream.m3u8"
        await playlist(us, address)
        await bench.backend.jobs.cancel(job.id, bench.tenant_id)
        assert (await bench.ended(job)).state == State.CANCELLED
        answer = await us.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NoStream")
        assert await bench.backend.files.delete(f"{bench.tenant_id}/{job.id}") == 0
        silent = await bench.submit(format="gif")
        answer = await us.get(f"/api/v1/videos/{silent.id}/stream.m3u8")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NoStream")
        await bench.ended(silent)

    ask(act)


def test_a_player_plays_the_playlist(tmp_path):
    """FFmpeg's own, from files."""
    (tmp_path / "segments").mkdir()
    listed = Playlist()

    def keep(piece: Piece) -> None:
        (tmp_path / "segments" / piece.name).write_bytes(piece.content)
        if piece.seconds:
            listed.segments.append((piece.name, piece.seconds))

    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    with Encoder(tmp_path / "whole.mp4", (64, 64), 25.0, 24000, on_piece=keep) as encoder:
        for k in range(260):
            noise = rng.standard_normal(960).astype(np.float32) * 0.1
            encoder.write(VideoFrame(k, np.roll(image, k, axis=0), noise, 24000))
    listed.ended = True
    (tmp_path / "stream.m3u8").write_text(str(listed))
    with av.open(str(tmp_path / "stream.m3u8")) as file:
        played = [f.to_ndarray(format="rgb24").tobytes() for f in file.decode(video=0)]
    with av.open(str(tmp_path / "stream.m3u8")) as file:
        heard = list(file.decode(audio=0))
    whole = (tmp_path / "whole.mp4").read_bytes()
    assert played == [picture for _, picture in pictures(whole)]
    assert b"".join(f.to_ndarray().tobytes() for f in heard) == sound(whole)
    assert all(b.pts == a.pts + a.samples for a, b in pairwise(heard)), "no gap, no overlap"


def test_a_playlist_only_grows():
    growing = Playlist()
    before = str(growing)
    for k in range(3):
        growing.segments.append((f"seg_{k:05d}.m4s", 4.0))
        assert str(growing).startswith(before)
        before = str(growing)
    growing.ended = True
    assert str(growing) == before + "#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("name", ["", "init.mp4\n", "../init.mp4", "seg_1.m4s", "seg_00000.m4s/", "seg_٠٠٠٠٠.m4s"])
def test_nothing_else_is_a_piece(name):
    assert not is_piece(name)
