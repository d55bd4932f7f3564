import asyncio
import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.service import callbacks
from paksatalker.service.callbacks import CallbackFailed, CallbackRefused, Target, is_public, post, read_url, resolve

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.9.1", "169.254.169.254", "172.16.0.1",
    "192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1",
    "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_every_form(address):
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(CallbackRefused):
        read_url(f"http://{host}/hook")
    assert read_url(f"http://{host}/hook", allow_private=True).path == "/hook"


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_public_ones_are_called(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "2852039166"])
def test_numbers_are_addresses_too(host):
    with pytest.raises(CallbackRefused):
        read_url(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com", "http://", "x",
        "http://a:b@example.com/", "http://example.com:99999/", "http://exa mple.com/", "http://[::1", "",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(CallbackRefused):
        read_url(url)


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks_a_line(text):
    try:
        target = read_url("http://example.com/" + text)
    except CallbackRefused:
        return
    assert target.host == "example.com" or target.port
    assert target.path.isascii()
    assert not set(" \r\n\t") & set(target.path + target.authority)


def answering(*addresses: str):
    async def getaddrinfo(_loop, host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


def test_a_name_of_a_private_address_is_refused(monkeypatch):
    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", answering("10.0.0.1", "127.0.0.1"))
    with pytest.raises(CallbackRefused, match="private"):
        asyncio.run(post("http://rebind.example/", b"{}", {}))


def test_of_several_addresses_only_public_ones_are_used(monkeypatch):
    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", answering("127.0.0.1", "8.8.8.8"))
    assert asyncio.run(resolve(Target("x.example", 80, "/", False))) == ["8.8.8.8"]


def test_a_name_is_resolved_once_and_the_connection_goes_there(monkeypatch):
    """Rebinding: what the name means a moment later does not matter."""
    asked: list[str] = []
    connected: list[tuple] = []

    async def resolved(target, **_):
        asked.append(target.host)
        return ["8.8.8.8"]

    async def connect(host, port, **options):
        connected.append((host, port, options["server_hostname"]))
        raise ConnectionRefusedError("no")

    monkeypatch.setattr(callbacks, "resolve", resolved)
    monkeypatch.setattr(asyncio, "open_connection", connect)
    with pytest.raises(CallbackFailed):
        asyncio.run(post("https://rebind.example/", b"{}", {}))
    assert (asked, connected) == (["rebind.example"], [("8.8.8.8", 443, "rebind.example")])


class Listener(HTTPServer):
    def __init__(self, status: int = 200, raw: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.raw, self.got = status, raw, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=b"


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        if self.server.raw:
            self.wfile.write(self.server.raw)
            return
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("status", [200, 204, 302, 500])
def test_the_message_arrives_and_redirects_are_not_followed(status):
    server = Listener(status)
    try:
        assert asyncio.run(post(server.url, b'{"a": 1}', {"webhook-id": "x"}, allow_private=True)) == status
    finally:
        server.shutdown()
        server.server_close()
    [(path, headers, body)] = server.got
    assert (path, body, headers["webhook-id"]) == ("/hook?a=b", b'{"a": 1}', "x")
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"HTTP/1.1 200", b"X" * 100_000])
def test_what_is_no_answer_has_failed(raw):
    server = Listener(raw=raw)
    try:
        with pytest.raises(CallbackFailed):
            asyncio.run(post(server.url, b"{}", {}, allow_private=True))
    finally:
        server.shutdown()
        server.server_close()


def test_nobody_there_has_failed_and_private_ones_are_not_tried():
    with pytest.raises(CallbackFailed):
        asyncio.run(post("http://127.0.0.1:9/", b"{}", {}, allow_private=True))
    with pytest.raises(CallbackRefused):
        asyncio.run(post("http://127.0.0.1:9/", b"{}", {}))
    with pytest.raises(CallbackRefused):
        asyncio.run(post("http://localhost:9/", b"{}", {}))
