from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from paksatalker.models.fetch.transfer import (
    Limits,
    RangesRefused,
    SourceFailed,
    Transfer,
    Unreachable,
    Want,
    make_client,
    only_https,
)

BODY = bytes(range(256)) * 40
URL = "https://example.org/model.bin"
FAST = Limits(pause_s=0.0)


class Stream(httpx.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def broken_after(data: bytes) -> Iterator[bytes]:
    yield data
    raise httpx.ReadError("connection reset")


class Server:
    """A well-behaved server of one resource, with knobs to misbehave."""

    def __init__(self, body: bytes = BODY, etag: str = '"v1"') -> None:
        self.body, self.etag = body, etag
        self.ranges = True
        self.break_after: list[int] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        first, last, status = 0, len(self.body) - 1, 200
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
        current = request.headers.get("if-range", self.etag) == self.etag
        if match and self.ranges and current:
            status = 206
            if match[1]:
                first, last = int(match[1]), min(last, int(match[2] or last))
            else:
                first = max(0, len(self.body) - int(match[2]))
            if first > last:
                return httpx.Response(416)
        data = self.body[first : last + 1]
        headers = {"content-length": str(len(data)), "etag": self.etag}
        if status == 206:
            headers["content-range"] = f"bytes {first}-{last}/{len(self.body)}"
        chunks = broken_after(data[: self.break_after.pop(0)]) if self.break_after else iter([data])
        return httpx.Response(status, headers=headers, stream=Stream(chunks))


def transfer(handler: Callable[[httpx.Request], httpx.Response], limits: Limits = FAST) -> Transfer:
    hooks = {"request": [only_https]}
    client = httpx.Client(transport=httpx.MockTransport(handler), follow_redirects=True, event_hooks=hooks)
    return Transfer(client, limits)


def ignore(_done: int, _total: int) -> None:
    pass


def test_a_whole_file_arrives_and_progress_ends_at_its_size(tmp_path):
    seen: list[tuple[int, int]] = []
    transfer(Server()).fetch(URL, tmp_path / "f", Want(size=len(BODY)), lambda *now: seen.append(now))
    assert (tmp_path / "f").read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path):
    server = Server()
    server.break_after = [1000, 500, 1, 2000]
    transfer(server).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.requests[1].headers["range"] == f"bytes=1000-{len(BODY) - 1}"
    assert server.requests[1].headers["if-range"] == '"v1"'


def test_a_later_call_goes_on_from_an_earlier_one(tmp_path):
    server = Server()
    server.break_after = [1000, 0, 0, 0]
    with pytest.raises(SourceFailed, match="connection broke") as caught:
        transfer(server).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert caught.value.keep
    again = Server()
    transfer(again).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert again.requests[0].headers["range"] == f"bytes=1000-{len(BODY) - 1}"
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_resource_that_changed_in_between_is_fetched_anew(tmp_path):
    server = Server()
    server.break_after = [1000, 0, 0, 0]
    with pytest.raises(SourceFailed):
        transfer(server).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    newer = Server(BODY[::-1], etag='"v2"')
    transfer(newer).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert (tmp_path / "f").read_bytes() == BODY[::-1]


def test_leftovers_of_another_address_are_not_taken_up(tmp_path):
    server = Server()
    server.break_after = [1000, 0, 0, 0]
    with pytest.raises(SourceFailed):
        transfer(server).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    other = Server()
    transfer(other).fetch("https://example.org/other.bin", tmp_path / "f", Want(size=len(BODY)), ignore)
    assert "range" not in other.requests[0].headers


def test_a_server_without_ranges_is_read_from_the_start(tmp_path):
    server = Server()
    server.ranges, server.break_after = False, [1000]
    transfer(server).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_shrunk_resource_is_fetched_from_the_start(tmp_path):
    server = Server()
    server.break_after = [9000, 0, 0, 0]
    with pytest.raises(SourceFailed):
        transfer(server).fetch(URL, tmp_path / "f", Want(limit=20_000), ignore)
    transfer(Server(BODY[:50])).fetch(URL, tmp_path / "f", Want(limit=20_000), ignore)
    assert (tmp_path / "f").read_bytes() == BODY[:50]


def test_a_span_is_fetched_and_resumed(tmp_path):
    server = Server()
    server.break_after = [100]
    transfer(server).fetch(URL, tmp_path / "f", Want(500, 1000, whole=False), ignore)
    assert (tmp_path / "f").read_bytes() == BODY[500:1500]
    assert server.requests[1].headers["range"] == "bytes=600-1499"


def test_a_span_of_a_server_without_ranges_is_refused(tmp_path):
    server = Server()
    server.ranges = False
    with pytest.raises(RangesRefused):
        transfer(server).fetch(URL, tmp_path / "f", Want(500, 1000, whole=False), ignore)
    with pytest.raises(RangesRefused):
        transfer(server).read(URL, 0, 10)


def test_small_ranges_are_read_into_memory():
    assert transfer(Server()).read(URL, 100, 50) == (BODY[100:150], len(BODY))
    assert transfer(Server()).read(URL, None, 7) == (BODY[-7:], len(BODY))


def test_a_wrong_size_is_noticed_before_anything_is_read(tmp_path):
    with pytest.raises(SourceFailed, match="10240 bytes instead of 7"):
        transfer(Server()).fetch(URL, tmp_path / "f", Want(size=7), ignore)
    assert not (tmp_path / "f").exists()
    with pytest.raises(SourceFailed, match="more than the 7"):
        transfer(Server()).fetch(URL, tmp_path / "f", Want(limit=7), ignore)


@pytest.mark.parametrize("want", [Want(size=5000), Want(limit=5000)])
def test_a_server_that_sends_more_than_promised_is_cut_off(tmp_path, want):
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield bytes(1000)

    with pytest.raises(SourceFailed, match="more than it promised"):
        transfer(lambda _: httpx.Response(200, stream=Stream(endless()))).fetch(URL, tmp_path / "f", want, ignore)
    assert sent == 6000
    assert (tmp_path / "f").stat().st_size <= 5000


def test_a_body_that_ends_early_without_a_word_is_noticed(tmp_path):
    with pytest.raises(SourceFailed, match="ended after"):
        transfer(lambda _: httpx.Response(200, stream=Stream(iter([b"short"])))).fetch(
            URL, tmp_path / "f", Want(size=len(BODY)), ignore
        )


def test_a_server_that_trickles_is_given_up(tmp_path):
    limits = Limits(shortest_s=0.0, slowest=10**9, pause_s=0.0)
    with pytest.raises(SourceFailed, match="too long") as caught:
        transfer(Server(), limits).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert caught.value.keep


def test_a_busy_server_is_asked_again_and_then_left(tmp_path):
    answers = [503, 429]
    server = Server()

    def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(answers.pop(0)) if answers else server(request)

    transfer(busy).fetch(URL, tmp_path / "f", Want(size=len(BODY)), ignore)
    assert (tmp_path / "f").read_bytes() == BODY
    calls = 0

    def always(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(500)

    with pytest.raises(SourceFailed, match="HTTP 500"):
        transfer(always).fetch(URL, tmp_path / "g", Want(size=len(BODY)), ignore)
    assert calls == FAST.attempts


def test_redirects_stay_on_https(tmp_path):
    server = Server()

    def moved(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/ok":
            return httpx.Response(302, headers={"location": "https://cdn.example.org/model.bin"})
        if request.url.path == "/bad":
            return httpx.Response(302, headers={"location": "http://cdn.example.org/model.bin"})
        if request.url.path == "/loop":
            return httpx.Response(302, headers={"location": "/loop"})
        return server(request)

    transfer(moved).fetch("https://example.org/ok", tmp_path / "f", Want(size=len(BODY)), ignore)
    assert (tmp_path / "f").read_bytes() == BODY
    with pytest.raises(Unreachable, match="not https"):
        transfer(moved).fetch("https://example.org/bad", tmp_path / "g", Want(size=len(BODY)), ignore)
    with pytest.raises(SourceFailed, match="circles"):
        transfer(moved).fetch("https://example.org/loop", tmp_path / "g", Want(size=len(BODY)), ignore)
    with pytest.raises(Unreachable, match="not https"):
        transfer(moved).fetch("http://example.org/ok", tmp_path / "g", Want(size=len(BODY)), ignore)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: httpx.Response(404), "HTTP 404 Not Found"),
        (lambda _: httpx.Response(401), "HTTP 401"),
        (
            lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Stream(iter([b"x"]))),
            "re-encodes",
        ),
    ],
)
def test_refusals_are_told(tmp_path, answer, reason):
    with pytest.raises(SourceFailed, match=reason):
        transfer(answer).fetch(URL, tmp_path / "f", Want(size=1), ignore)


def test_no_connection_is_told_at_once(tmp_path):
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known")

    with pytest.raises(Unreachable, match=r"no connection to example\.org"):
        transfer(down).fetch(URL, tmp_path / "f", Want(size=1), ignore)

    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    with pytest.raises(Unreachable, match="no connection within 10 s"):
        transfer(slow).fetch(URL, tmp_path / "f", Want(size=1), ignore)


def test_silence_is_told(tmp_path):
    def silent() -> Iterator[bytes]:
        yield b"x"
        raise httpx.ReadTimeout("")

    with pytest.raises(SourceFailed, match="no data for 30 s"):
        transfer(lambda _: httpx.Response(200, stream=Stream(silent()))).fetch(
            URL, tmp_path / "f", Want(size=100), ignore
        )


def test_the_real_client_refuses_anything_but_https():
    with make_client(FAST) as client, pytest.raises(Unreachable):
        client.get("http://127.0.0.1:9/x")
