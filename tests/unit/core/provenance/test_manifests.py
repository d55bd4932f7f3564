from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.cli.app import main
from paksatalker.core.provenance.certificates import CERTIFICATES, credentials, make_credentials
from paksatalker.core.provenance.manifests import Origin, Provenance, check
from paksatalker.errors import OutputUnwritable
from paksatalker.service.settings import ServiceSettings

ORIGIN = Origin({"voice": "hibari", "renderer": "portrait"}, {"portrait": "ab" * 32, "text": "cd" * 32}, "vid_1.mp4")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return credentials(ServiceSettings(_env_file=None, home=tmp_path_factory.mktemp("home")))


def film(path: Path, codec: str = "libx264") -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=Fraction(25))
        stream.width = stream.height = 64
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 20, np.uint8), "rgb24")
            out.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        out.mux(stream.encode())
    return path


@pytest.fixture
def signed(tmp_path, own):
    video = film(tmp_path / "video.mp4")
    assert check(video) is None
    assert Provenance(own).sign(video, ORIGIN)
    return video


def test_a_video_tells_where_it_comes_from(signed, own):
    found = check(signed)
    assert found is not None
    assert found.valid
    assert found.problems == ()
    assert found.origin == ORIGIN
    assert found.ai_generated
    assert found.signed_by == "PaksaTalker"
    assert found.versions.keys() >= {"paksatalker", "av", "numpy"}


def test_it_still_plays_and_nothing_lies_about(signed):
    with av.open(str(signed)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10
    assert sorted(path.name for path in signed.parent.iterdir()) == ["video.c2pa", "video.mp4"]


def test_gif_too(tmp_path, own):
    moving = film(tmp_path / "a.gif", "gif")
    assert Provenance(own).sign(moving, ORIGIN)
    found = check(moving)
    assert found is not None
    assert found.valid


def test_webm_stays_as_it_was_and_its_manifest_lies_beside_it(tmp_path, own):
    web = film(tmp_path / "a.webm", "libvpx-vp9")
    before = web.read_bytes()
    assert not Provenance(own).sign(web, ORIGIN)
    assert web.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.c2pa", "a.webm"]
    sidecar = (tmp_path / "a.c2pa").read_bytes()
    assert check(web) is None
    found = check(web, sidecar=sidecar)
    assert found is not None
    assert (found.valid, found.origin, found.ai_generated) == (True, ORIGIN, True)
    for place in (0, len(before) // 2, len(before) - 1):
        content = bytearray(before)
        content[place] ^= 1
        web.write_bytes(content)
        tampered = check(web, sidecar=sidecar)
        assert tampered is not None
        assert (tampered.valid, tampered.problems) == (False, ("assertion.dataHash.mismatch",))


def sounds(path: Path) -> Path:
    codec, container = {".mp3": ("libmp3lame", "mp3"), ".wav": ("pcm_s16le", "wav"), ".flac": ("flac", "flac"),
                        ".m4a": ("aac", "ipod"), ".opus": ("libopus", "ogg"), ".aac": ("aac", "adts"),
                        ".pcm": ("pcm_s16le", "s16le")}[path.suffix]  # fmt: skip
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        tone = np.sin(np.arange(24_000) / 20)[None] * 9000
        frame = av.AudioFrame.from_ndarray(tone.astype(np.int16), "s16", "mono")
        frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return path


def heard(path: Path) -> bytes:
    with av.open(str(path)) as file:
        return b"".join(frame.to_ndarray().tobytes() for frame in file.decode(audio=0))


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a"])
def test_sounds_carry_theirs_and_sound_as_before(tmp_path, own, suffix):
    sound = sounds(tmp_path / f"a{suffix}")
    before, near_the_end = heard(sound), sound.read_bytes()[-232:-200]
    assert check(sound) is None
    assert Provenance(own).sign(sound, ORIGIN)
    assert heard(sound) == before
    found = check(sound)
    assert found is not None
    assert (found.valid, found.origin, found.ai_generated) == (True, ORIGIN, True)
    content = bytearray(sound.read_bytes())
    content[content.index(near_the_end)] ^= 1
    sound.write_bytes(content)
    tampered = check(sound)
    assert tampered is not None
    assert not tampered.valid


@pytest.mark.parametrize("suffix", [".opus", ".aac", ".pcm"])
def test_other_sounds_have_theirs_beside_them(tmp_path, own, suffix):
    sound = sounds(tmp_path / f"a{suffix}")
    before = sound.read_bytes()
    assert not Provenance(own).sign(sound, ORIGIN)
    assert sound.read_bytes() == before
    sidecar = (tmp_path / "a.c2pa").read_bytes()
    found = check(sound, sidecar=sidecar)
    assert found is not None
    assert (found.valid, found.origin) == (True, ORIGIN)
    sound.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    tampered = check(sound, sidecar=sidecar)
    assert tampered is not None
    assert not tampered.valid


def test_the_manifest_inside_lies_beside_it_too(signed):
    plain = check(signed, sidecar=signed.with_suffix(".c2pa").read_bytes())
    assert plain is not None
    assert plain.origin == ORIGIN


def test_a_stream_is_vouched_for_piece_by_piece(tmp_path, own):
    playlist, origin = b"#EXTM3U\nsegments/seg_00000.m4s\n", replace(ORIGIN, pieces={"seg_00000.m4s": "ef" * 32})
    manifest = Provenance(own).vouch(playlist, "stream.m3u8", origin)
    path = tmp_path / "stream.m3u8"
    path.write_bytes(playlist)
    found = check(path, sidecar=manifest)
    assert found is not None
    assert (found.valid, found.origin) == (True, origin)
    path.write_bytes(playlist.replace(b"00000", b"00001"))
    tampered = check(path, sidecar=manifest)
    assert tampered is not None
    assert not tampered.valid


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_tampering_is_found(tmp_path_factory, own, data):
    folder = tmp_path_factory.mktemp("x")
    video = film(folder / "video.mp4")
    Provenance(own).sign(video, ORIGIN)
    content = bytearray(video.read_bytes())
    start = content.rindex(b"mdat") + 4  # the picture's own data
    end = start - 8 + int.from_bytes(content[start - 8 : start - 4], "big")
    place = data.draw(st.integers(start, min(end, len(content)) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    video.write_bytes(content)
    found = check(video)
    assert found is not None
    assert not found.valid
    assert found.problems


def test_a_changed_claim_is_found(signed):
    content = signed.read_bytes()
    signed.write_bytes(content.replace(b"hibari", b"kokoro", 1))
    found = check(signed)
    assert found is not None
    assert not found.valid


def test_others_do_not_pass_for_us(signed, own, tmp_path):
    mine = check(signed, trusted=own.chain)
    make_credentials(tmp_path / "other")
    other = check(signed, trusted=(tmp_path / "other" / CERTIFICATES).read_text())
    assert mine is not None
    assert mine.valid
    assert other is not None
    assert other.problems == ("signingCredential.untrusted",)


def test_what_is_no_video_is_left_as_it_was(tmp_path, own):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"no video")
    with pytest.raises(OutputUnwritable):
        Provenance(own).sign(video, ORIGIN)
    assert video.read_bytes() == b"no video"
    assert list(tmp_path.iterdir()) == [video]


def test_the_command_makes_a_certificate_once(tmp_path, capsys):
    command = ["keys", "provenance", "--folder", str(tmp_path / "p")]
    for code in (0, 2):
        with pytest.raises(SystemExit) as end:
            main(command)
        assert end.value.code == code
    shown = "".join(capsys.readouterr())
    assert (tmp_path / "p" / CERTIFICATES).exists()
    assert "--again" in shown
    assert "PRIVATE KEY" not in shown
