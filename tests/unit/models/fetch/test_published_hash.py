"""Files whose hash only their server knows: taken on first download, recorded, held from then on."""

import hashlib

import httpx
import pytest

from paksatalker.errors import DownloadFailed, WeightsCorrupt
from paksatalker.models.base import State, WeightsStore
from paksatalker.models.fetch.download import Downloader
from paksatalker.models.fetch.transfer import only_https
from paksatalker.models.manifest import parse_manifest

DATA = b"weights" * 100
MANIFEST = """
[[entry]]
name = "thing"
licence = "MIT"
[[entry.file]]
name = "a.bin"
bytes = 1000
sha256 = "as published"
sources = ["https://hub.example/a.bin"]
"""


def store(tmp_path, digest=None, data=DATA, size=None, moved=""):
    digest = digest or hashlib.sha256(DATA).hexdigest()

    def answer(request):
        if moved and str(request.url) == "https://hub.example/a.bin":
            return httpx.Response(307, headers={"location": moved})
        if request.method == "HEAD":
            return httpx.Response(
                302, headers={"x-linked-etag": f'"{digest}"', "x-linked-size": str(size or len(DATA))}
            )
        return httpx.Response(200, headers={"content-length": str(len(data))}, stream=httpx.ByteStream(data))

    def client(_limits):
        hooks = {"request": [only_https]}
        return httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True, event_hooks=hooks)

    return WeightsStore(tmp_path, parse_manifest(MANIFEST), Downloader(client=client))


def test_the_declared_hash_is_recorded_and_holds(tmp_path):
    found = store(tmp_path)
    assert found.status("thing").state is State.MISSING
    found.download("thing")
    assert found.status("thing").state is State.VERIFIED
    assert [file.sha256 for file in found.published("thing")] == [hashlib.sha256(DATA).hexdigest()]
    path = found.path("thing")
    path.write_bytes(b"another" * 100)
    with pytest.raises(WeightsCorrupt):
        store(tmp_path).path("thing")


def test_what_has_another_hash_is_not_kept(tmp_path):
    with pytest.raises(DownloadFailed):
        store(tmp_path, data=b"altered" * 100).download("thing")
    assert not (tmp_path / "thing" / "a.bin").exists()


@pytest.mark.parametrize("moved", ["/renamed/a.bin", "https://hub.example/renamed/a.bin"])
def test_a_repository_that_was_renamed_is_found(tmp_path, moved):
    found = store(tmp_path, moved=moved)
    found.download("thing")
    assert found.status("thing").state is State.VERIFIED


@pytest.mark.parametrize("moved", ["/a.bin", "https://other.example/a.bin", "http://hub.example/b.bin", ""])
def test_a_move_that_leads_nowhere_or_away_is_refused(tmp_path, moved):
    with pytest.raises(DownloadFailed):
        store(tmp_path, moved=moved, digest=None if moved else "0123").download("thing")


@pytest.mark.parametrize("wrong", [{"digest": "0123"}, {"size": 1 << 40}])
def test_a_server_that_does_not_say_is_refused_and_the_place_for_the_file_named(tmp_path, wrong):
    with pytest.raises(DownloadFailed, match="put the makers' file at") as error:
        store(tmp_path, **wrong).download("thing")
    assert str(tmp_path / "thing" / "a.bin") in error.value.message


def test_a_file_that_the_user_put_there_is_recorded_at_first_use(tmp_path):
    (tmp_path / "thing").mkdir(parents=True)
    (tmp_path / "thing" / "a.bin").write_bytes(b"mine")
    assert store(tmp_path).path("thing").read_bytes() == b"mine"
    (tmp_path / "thing" / "a.bin").write_bytes(b"hers")
    with pytest.raises(WeightsCorrupt):
        store(tmp_path).path("thing")


def test_a_package_cannot_publish_a_hash():
    with pytest.raises(ValueError, match="https"):
        parse_manifest(MANIFEST.replace("https://hub.example/a.bin", "npm:thing@1.0.0#a.bin"))
