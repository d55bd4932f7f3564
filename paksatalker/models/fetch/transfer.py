"""Downloads over https that can be trusted to end: resumed, bounded in bytes and time, never redirected elsewhere."""

from __future__ import annotations

import json
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

#: Called with the bytes done so far and the bytes in all.
Progress = Callable[[int, int], None]

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class SourceFailed(Exception):
    """One source did not deliver; the next one may.

    Args:
        reason: One line.
        keep: Whether what was received is worth resuming from.
    """

    def __init__(self, reason: str, *, keep: bool = False) -> None:
        super().__init__(" ".join(reason.split()))
        self.keep = keep


class Unreachable(SourceFailed):
    """The server cannot be talked to from here, or not without a login; another client may be able to."""


class RangesRefused(SourceFailed):
    """The server sends whole files only."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a transfer is given up.

    Attributes:
        connect_s: Longest wait for a connection, seconds.
        silence_s: Longest wait for the next byte, seconds.
        slowest: Bytes a second below which a whole transfer takes too long.
        shortest_s: Time that every transfer gets, however small, seconds.
        attempts: Tries after a broken connection or a busy server; a try that made progress does not count.
        pause_s: Pause before the second try, doubled before each further one, seconds.
    """

    connect_s: float = 10.0
    silence_s: float = 30.0
    slowest: int = 20_000
    shortest_s: float = 300.0
    attempts: int = 3
    pause_s: float = 0.5

    def total_s(self, size: int) -> float:
        """Longest time for a transfer of ``size`` bytes, seconds."""
        return max(self.shortest_s, size / self.slowest)


@dataclass(frozen=True, slots=True)
class Want:
    """Which bytes of a resource are wanted.

    Attributes:
        first: Offset of the first.
        size: How many, if that is known.
        whole: Whether they are all there are (else the server must support ranges).
        limit: The most that will be accepted when ``size`` is not known.
    """

    first: int = 0
    size: int | None = None
    whole: bool = True
    limit: int = 1 << 30


def make_client(limits: Limits) -> httpx.Client:
    """An HTTP client that trusts the operating system's certificates, the user's and pip's, and speaks https only.

    Proxies and ``SSL_CERT_FILE`` are taken from the environment.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    for variable in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        bundle = os.environ.get(variable, "")
        if bundle and Path(bundle).is_file():
            context.load_verify_locations(cafile=bundle)
    return httpx.Client(
        verify=context,
        timeout=timeouts(limits),
        follow_redirects=True,
        max_redirects=5,
        event_hooks={"request": [only_https]},
    )


def timeouts(limits: Limits) -> httpx.Timeout:
    """The client's part of the limits."""
    return httpx.Timeout(limits.silence_s, connect=limits.connect_s)


def only_https(request: httpx.Request) -> None:
    """Refuses anything but https; as a request hook it sees every redirect too.

    Raises:
        Unreachable: The address is of another scheme.
    """
    if request.url.scheme != "https":
        raise Unreachable(f"it leads to an address that is not https ({request.url.scheme}://{request.url.host})")


class Transfer:
    """Fetches byte ranges into files. Use it as a context manager; it owns its client.

    Args:
        client: An HTTP client; made by :func:`make_client` outside tests.
        limits: When to give up.
    """

    def __init__(self, client: httpx.Client, limits: Limits) -> None:
        self._client = client
        self._limits = limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, url: str, target: Path, want: Want, progress: Progress) -> None:
        """Fetches into a file; what an earlier call left there is taken up if it is of the same resource.

        Raises:
            RangesRefused: A part of a resource was wanted and the server sends only all of it.
            SourceFailed: It could not be fetched completely; ``keep`` tells whether a later call can go on from there.
            OSError: The file could not be written.
        """
        started = time.monotonic()
        failures = 0
        while True:
            before = _size(target)
            try:
                self._attempt(url, target, want, progress, started)
                return
            except _Again as error:
                if isinstance(error, _OutOfRange):
                    _forget(target)
                failures = 0 if _size(target) > before else failures + 1
                if failures >= self._limits.attempts:
                    raise SourceFailed(str(error), keep=True) from error
                time.sleep(self._limits.pause_s * 2**failures)

    def read(self, url: str, first: int | None, size: int) -> tuple[bytes, int]:
        """Reads a small range into memory.

        Args:
            url: The resource.
            first: Offset of the first byte; None reads the last ``size`` bytes.
            size: At most this many bytes.

        Returns:
            The bytes and the size of the whole resource.

        Raises:
            RangesRefused: The server sends only whole files.
            SourceFailed: The request failed.
        """
        span = f"bytes=-{size}" if first is None else f"bytes={first}-{first + size - 1}"
        try:
            with self._get(url, {"Range": span}) as response:
                start, total = _range_of(response)
                if total is None or (first is not None and start != first):
                    raise RangesRefused("the server does not say which bytes it sends")
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > size:
                        raise SourceFailed("the server sent more than was asked for")
                return bytes(body), total
        except _Again as error:
            raise SourceFailed(str(error)) from error

    def _attempt(self, url: str, target: Path, want: Want, progress: Progress, started: float) -> None:
        have, validator = _resumable(target, url, want)
        if want.size is not None and have == want.size:
            progress(have, want.size)
            return
        headers = _range_headers(want, have, validator)
        with self._get(url, headers) as response:
            if response.status_code == 206:
                start, _ = _range_of(response)
                if start != want.first + have:
                    _forget(target)
                    raise _Again("the server sent another range than was asked for")
            elif not want.whole:
                raise RangesRefused("the server sends whole files only")
            else:
                have = 0
            expected = _expected(response, want, have)
            deadline = started + self._limits.total_s(expected or want.limit)
            _remember(target, url, want, response)
            with target.open("ab" if have else "wb") as file:
                for chunk in response.iter_raw():
                    have += len(chunk)
                    if have > (expected if expected is not None else want.limit):
                        raise SourceFailed("the server sent more than it promised")
                    file.write(chunk)
                    progress(have, expected if expected is not None else max(have, 1))
                    if time.monotonic() > deadline:
                        raise SourceFailed("it takes too long", keep=True)
        if expected is not None and have < expected:
            raise _Again(f"the connection ended after {have} of {expected} bytes")

    @contextmanager
    def _get(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url, headers={"Accept-Encoding": "identity"} | headers) as response:
                _check_status(response)
                yield response
        except httpx.ConnectError as error:
            raise Unreachable(_connect_reason(error, url), keep=True) from error
        except httpx.ConnectTimeout as error:
            raise Unreachable(f"no connection within {self._limits.connect_s:g} s", keep=True) from error
        except httpx.ReadTimeout as error:
            raise _Again(f"no data for {self._limits.silence_s:g} s") from error
        except httpx.TooManyRedirects as error:
            raise SourceFailed("it redirects in circles") from error
        except httpx.TransportError as error:
            raise _Again(f"the connection broke ({error or type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceFailed(str(error) or type(error).__name__) from error


class _Again(Exception):
    """The transfer broke off in a way that may not happen again."""


class _OutOfRange(_Again):
    """What is at hand is not the beginning of what the server has now."""


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in _TRANSIENT_STATUS:
        raise _Again(f"the server is busy (HTTP {status})")
    if status == 416:
        raise _OutOfRange("the server has fewer bytes than expected (HTTP 416)")
    if status not in {200, 206}:
        raise Unreachable(f"the server says HTTP {status} {response.reason_phrase}".rstrip())
    if response.headers.get("content-encoding", "identity") != "identity":
        raise SourceFailed("the server re-encodes the file")


def _connect_reason(error: Exception, url: str) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({cause.verify_message}); set SSL_CERT_FILE to your network's CA file"
            )
        cause = cause.__cause__ or cause.__context__
    return f"no connection to {httpx.URL(url).host} ({error})"


def _range_headers(want: Want, have: int, validator: str) -> dict[str, str]:
    if want.whole and not have:
        return {}
    last = "" if want.size is None else str(want.first + want.size - 1)
    headers = {"Range": f"bytes={want.first + have}-{last}"}
    return headers | ({"If-Range": validator} if validator else {})


def _range_of(response: httpx.Response) -> tuple[int, int | None]:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status_code != 206 or not match:
        raise RangesRefused("the server sends whole files only")
    return int(match[1]), None if match[3] == "*" else int(match[3])


def _expected(response: httpx.Response, want: Want, have: int) -> int | None:
    """How many bytes there will be at the end, checked against what is wanted."""
    length = response.headers.get("content-length", "")
    promised = have + int(length) if length.isdecimal() else None
    if want.size is not None:
        if promised is not None and promised != want.size:
            raise SourceFailed(f"the server has {promised} bytes instead of {want.size}")
        return want.size
    if promised is not None and promised > want.limit:
        raise SourceFailed(f"the server has {promised} bytes, more than the {want.limit} expected at most")
    return promised


def _note(target: Path) -> Path:
    return target.with_name(target.name + ".json")


def _identity(url: str, want: Want) -> dict[str, object]:
    return {"url": url, "first": want.first, "size": want.size}


def _remember(target: Path, url: str, want: Want, response: httpx.Response) -> None:
    """Notes of what the bytes in the file are a part, so that a later call can tell whether to go on."""
    etag = response.headers.get("etag", "")
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified", "")
    _note(target).write_text(json.dumps(_identity(url, want) | {"validator": validator}), encoding="utf-8")


def _resumable(target: Path, url: str, want: Want) -> tuple[int, str]:
    """Bytes at hand of the same resource and its validator; a file of anything else is removed."""
    try:
        note = json.loads(_note(target).read_text(encoding="utf-8"))
        validator = str(note.pop("validator"))
        size = target.stat().st_size
        if note == _identity(url, want) and 0 < size <= (want.size or want.limit):
            return size, validator
    except (OSError, ValueError, KeyError, AttributeError):
        pass  # nothing usable there
    _forget(target)
    return 0, ""


def _forget(target: Path) -> None:
    target.unlink(missing_ok=True)
    _note(target).unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
