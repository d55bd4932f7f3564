from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.errors import InvalidOption
from paksatalker.models.manifest import (
    BASE_GROUP,
    Member,
    Url,
    builtin_manifest,
    parse_manifest,
    parse_part,
    parse_source,
)

ENTRY = """
[[entry]]
name = "{name}"
group = "{group}"
licence = "MIT"
[[entry.file]]
name = "model.onnx"
bytes = 3
sha256 = "{sha}"
sources = ["https://example.org/model.onnx"]
"""


def entry(name: str = "one", group: str = "", sha: str = "0" * 64) -> str:
    return ENTRY.format(name=name, group=group, sha=sha)


#: Entries and groups that only their makers publish.
UPSTREAM_ONLY = {"sadtalker", "gfpgan", "emage"}


def test_the_shipped_manifest_holds_what_the_default_engines_need():
    manifest = builtin_manifest()
    names = [found.name for found in manifest.select()]
    assert names == ["face-landmarker", "selfie-segmentation"]
    for found in manifest.values():
        assert found.licence
        for file in found.files:
            assert isinstance(file.sources[0].parts[0], Url), "the official address comes first"
            if {found.name, found.group} & UPSTREAM_ONLY:
                continue
            assert any(isinstance(part, Member) for source in file.sources for part in source.parts), "and has a mirror"


def test_parts_are_read():
    assert parse_part("https://example.org/a.bin") == Url("https://example.org/a.bin")
    assert parse_part("pypi:face-lapse==0.1.1#f/m.task") == Member("pypi", "face-lapse", "0.1.1", "f/m.task")
    assert parse_part("npm:@scope/pkg@1.2.3-rc.1#dist/m.onnx") == Member(
        "npm", "@scope/pkg", "1.2.3-rc.1", "dist/m.onnx"
    )


def test_a_split_file_is_read_from_a_line_or_a_list():
    line = parse_source("pypi:a==1#p0 + npm:b@1.0.0#p1")
    assert line == parse_source(["pypi:a==1#p0", "npm:b@1.0.0#p1"])
    assert [part.requirement for part in line.parts if isinstance(part, Member)] == ["a==1", "b@1.0.0"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://example.org/a",
        "https://",
        "https://example.org/a b",
        "ftp://example.org/a",
        "pypi:name#path",
        "pypi:name==1",
        "pypi:name==1#",
        "pypi:name==1#../../etc/passwd",
        "pypi:name==1#/etc/passwd",
        "pypi:name==1#a\\b",
        "pypi:--index-url==1#path",
        "npm:name#path",
        "npm:--flag@1.0.0#path",
        "npm:@/x@1.0.0#p",
        "npm:name@latest#path",
        "cargo:name==1#path",
    ],
)
def test_what_is_no_source_is_refused(text):
    with pytest.raises(ValueError, match=r"neither an https URL|must be relative"):
        parse_part(text)


names = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
members = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(
    st.sampled_from(["pypi", "npm"]), names, st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True), members
)
def test_members_survive_writing_and_reading(registry, name, version, member):
    part = Member(registry, name, version, member)
    assert parse_part(str(part)) == part


@given(st.text(max_size=60))
def test_any_text_is_a_source_or_a_value_error(text):
    try:
        part = parse_part(text)
    except ValueError:
        return
    assert str(part) == text.strip()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (entry().replace('licence = "MIT"', ""), "no licence"),
        (entry(sha="ab"), "sha256"),
        (entry(sha="G" * 64), "sha256"),
        (entry().replace("bytes = 3", "bytes = 0"), "bytes"),
        (entry().replace("bytes = 3", 'bytes = "3"'), "bytes"),
        (entry().replace("bytes = 3", "bytes = true"), "bytes"),
        (entry().replace('"model.onnx"', '"../model.onnx"'), "not a name for a file"),
        (entry().replace('"model.onnx"', '".lock"'), "not a name for a file"),
        (entry().replace('["https://example.org/model.onnx"]', "[]"), "no sources"),
        (entry().replace('["https://example.org/model.onnx"]', "[[]]"), "no parts"),
        (entry(name="../up"), "not a name for an entry"),
        (entry() + entry(), "two entries"),
        (entry("one", "two") + entry("two", "three"), "both a group and an entry"),
        ('[[entry]]\nname = "x"\nlicence = "MIT"', "at least one file"),
    ],
)
def test_a_bad_manifest_is_refused_and_the_reason_told(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_manifest(text)


def test_names_and_groups_select_entries_once():
    manifest = parse_manifest(entry("a", BASE_GROUP) + entry("b", "big") + entry("c", "big"))
    assert [found.name for found in manifest.select()] == ["a"]
    assert [found.name for found in manifest.select(["big", "c", "a"])] == ["b", "c", "a"]
    assert list(manifest) == ["a", "b", "c"]
    with pytest.raises(InvalidOption, match="Choose one of: a, b, c"):
        manifest.select(["d"])
