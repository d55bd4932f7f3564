"""Speech that is kept."""

from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.parts import SoundPacket
from paksatalker.core.speech_file import SpeechHead, SpeechWriter, read_head, read_sound, read_speech
from paksatalker.core.timeline import Phone, Prosody, Speech, Word
from paksatalker.errors import AudioUnreadable

HEAD = SpeechHead("speech", "hibari", 3, 17, last=False, sample_rate=22050, delay=1024)
SOUND = (SoundPacket(-1024, 1024, b"\n{}\n"), SoundPacket(0, 512, b""))


def speech(rng, frames: int = 4) -> Speech:
    word = Word("naïve\n", 0.1 + 1 / 3, 2 / 3, (Phone("a", 1 / 3, 2 / 3, 1),), emphasised=True)
    f0, energy, accent = rng.standard_normal((3, frames)).astype(np.float32)
    prosody = Prosody(25.0, f0, energy, f0 > 0, accent, ((0.1, 1 / 3),))
    samples = rng.standard_normal(500).astype(np.float32)
    return Speech(samples, 22050, 1 / 7, (word,), "naïve\n", prosody, "happy", 1 / 3)


def write(path: Path, own: list[Speech], after: list[Speech]) -> None:
    with SpeechWriter(path, HEAD) as out:
        for one in own:
            out.add(one)
        for one in after:
            out.add(one, ahead=True)
        out.finish(SOUND)
        assert not path.exists()


def test_speech_comes_back_bit_for_bit(tmp_path: Path):
    rng = np.random.default_rng(0)
    first, second = [speech(rng, 0), speech(rng), speech(rng)], [speech(rng)]
    write(tmp_path / "a", first, second)
    write(tmp_path / "b", second, [])
    assert read_head(tmp_path / "a") == HEAD
    assert read_sound(tmp_path / "a") == SOUND
    assert len(list(read_speech([tmp_path / "a"]))) == 4, "with what is ahead"
    for kept, one in zip(read_speech([tmp_path / "a", tmp_path / "b"]), first + second, strict=True):
        assert (kept.words, kept.text, kept.start, kept.end, kept.sample_rate, kept.emotion, kept.intensity) == (
            one.words, one.text, one.start, one.end, one.sample_rate, one.emotion, one.intensity,
        )  # fmt: skip
        assert (kept.prosody.rate, kept.prosody.pauses) == (one.prosody.rate, one.prosody.pauses)
        for name in ("f0", "energy", "voiced", "accent"):
            was, now = getattr(one.prosody, name), getattr(kept.prosody, name)
            assert (was.dtype, was.tobytes()) == (now.dtype, now.tobytes())


def test_nothing_is_left_of_speech_that_failed(tmp_path: Path):
    with pytest.raises(RuntimeError), SpeechWriter(tmp_path / "s", HEAD):
        raise RuntimeError
    with pytest.raises(ValueError, match="analysed"), SpeechWriter(tmp_path / "s", HEAD) as out:
        out.add(Speech(np.zeros(1000, np.float32), 1000))
    assert list(tmp_path.iterdir()) == []


def read_all(path: Path) -> None:
    list(read_speech([path]))
    read_sound(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b[:-1], lambda b: b"x" + b, lambda b: b"", lambda b: b[: b.index(b'{"sound"')],
        lambda b: b[: b.index(b'{"sound"') - 1], lambda b: b.replace(b'"frames": 4', b'"frames": -1'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(tmp_path: Path, change):
    path = tmp_path / "s"
    write(path, [speech(np.random.default_rng(0))], [])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(AudioUnreadable):
        read_all(path)
