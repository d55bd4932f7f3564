"""Sends a message to an address that a caller has named, and to nothing inside of our own network.

The name is resolved once, every address is judged, and the connection goes to the very address that was judged: what
the name resolves to a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

_SECONDS = 10.0
_HEAD = 16 << 10  # bytes of an answer's head that are read; its body is not
_PORTS = {"http": 80, "https": 443}
_PATH = "/%:@!$&'()*+,;=-._~?"

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_TEREDO = ipaddress.IPv6Network("2001::/32")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class CallbackRefused(Exception):
    """The address is none that we send to; trying again does not help."""


class CallbackFailed(Exception):
    """It was not taken; later it may be."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be sent to, by its form.

    Attributes:
        host: Name or address, in ASCII.
        port: Its port.
        path: Path and query, quoted.
        secure: Whether by TLS.
    """

    host: str
    port: int
    path: str
    secure: bool

    @property
    def authority(self) -> str:
        """For the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def read_url(url: str, *, allow_private: bool = False) -> Target:
    """Reads an address; what its name resolves to is looked at when it is sent to.

    Args:
        url: ``http`` or ``https``, without a password in it.
        allow_private: Whether addresses of private networks are taken.

    Raises:
        CallbackRefused: It is no such address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except ValueError as error:
        raise CallbackRefused(f"the address cannot be read: {error}") from error
    if parts.scheme not in _PORTS:
        raise CallbackRefused("only http and https addresses are called")
    if parts.username is not None or parts.password is not None:
        raise CallbackRefused("an address with a password in it is not called")
    if not host or any(c.isspace() or not c.isprintable() for c in host + url):
        raise CallbackRefused("the address has no host, or characters that no address has")
    if not allow_private and (literal := _literal(host)) is not None and not is_public(literal):
        raise CallbackRefused(f"{host} is an address of a private network")
    return Target(host, port or _PORTS[parts.scheme], _path(parts), parts.scheme == "https")


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_PATH)
    return f"{path}?{quote(parts.query, safe=_PATH)}" if parts.query else path


def _literal(host: str) -> Address | None:
    """An address that is written as numbers, in any of the forms that systems take (``127.1``, ``0x7f000001``)."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0])
    if host[:1].isdigit():
        with suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and no way back into a private network."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_V6 or address in _TEREDO:
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local
        or address.is_unspecified
    )  # fmt: skip


async def resolve(target: Target, *, allow_private: bool = False) -> list[str]:
    """The addresses of a target that may be connected to.

    Raises:
        CallbackFailed: The name is not known.
        CallbackRefused: It only has addresses of private networks.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallbackFailed(f"{target.host} is not known: {error}") from error
    names = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [n for n in names if allow_private or is_public(ipaddress.ip_address(n.partition("%")[0]))]
    if not allowed:
        raise CallbackRefused(f"{target.host} is an address of a private network")
    return allowed


async def post(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool = False) -> int:
    """Posts a message and returns the status of the answer. Takes ten seconds at most.

    Args:
        url: Where to.
        body: The message.
        headers: Of it; none may have line ends.
        allow_private: Whether addresses of private networks are taken.

    Raises:
        CallbackRefused: The address is none that we send to.
        CallbackFailed: There was no answer.
    """
    target = read_url(url, allow_private=allow_private)
    try:
        async with asyncio.timeout(_SECONDS):
            addresses = await resolve(target, allow_private=allow_private)
            reader, writer = await _connected(target, addresses)
            try:
                writer.write(_request(target, body, headers))
                await writer.drain()
                return await _status(reader)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise CallbackFailed(f"no answer within {_SECONDS:.0f} seconds") from error
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        raise CallbackFailed(str(error) or type(error).__name__) from error


async def _connected(target: Target, addresses: list[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to one of the addresses; the certificate must be the name's."""
    context = ssl.create_default_context() if target.secure else None
    name = target.host if target.secure else None
    for address in addresses[:-1]:
        with suppress(ConnectionError):
            return await asyncio.open_connection(address, target.port, ssl=context, server_hostname=name, limit=_HEAD)
    return await asyncio.open_connection(addresses[-1], target.port, ssl=context, server_hostname=name, limit=_HEAD)


def _request(target: Target, body: bytes, headers: dict[str, str]) -> bytes:
    given = {
        "Host": target.authority, "Content-Type": "application/json", "Content-Length": str(len(body)),
        "Connection": "close", "Accept": "*/*", "User-Agent": "PaksaTalker", **headers,
    }  # fmt: skip
    if any("\r" in value or "\n" in value for value in given.values()):
        raise ValueError("a header has a line end")
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the final answer; those of the kind "continue" are passed over."""
    read = 0
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        read += len(head)
        version, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        status = rest[:3]
        if not version.startswith(b"HTTP/1.") or not status.isdigit() or read > _HEAD:
            raise ValueError("the answer is no HTTP")
        if not status.startswith(b"1"):
            return int(status)
