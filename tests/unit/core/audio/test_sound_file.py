import io
import struct
import wave

import av
import numpy as np
import pytest

from paksatalker.core.audio.sound_file import SoundFile, WavStream
from paksatalker.errors import InvalidOption, OutputUnwritable

RATE = 24000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "opus", "m4a", "WAV"])
def test_pieces_become_a_file_that_players_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    with SoundFile(path) as file:
        for piece in (TONE[:7000], TONE[7000:]):
            file.write(piece, RATE)
        assert not path.exists()
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        samples = np.concatenate([frame.to_ndarray().astype(np.float64).ravel() for frame in frames])
        assert len(samples) / frames[0].sample_rate == pytest.approx(1.0, abs=0.08)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_wav_keeps_every_sample(tmp_path):
    with SoundFile(tmp_path / "a.wav") as file:
        file.write(TONE, RATE)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        found = np.frombuffer(sound.readframes(RATE), np.int16)
        assert sound.getframerate() == RATE
    np.testing.assert_allclose(found / 32767, TONE, atol=1 / 32767)


def test_after_an_error_nothing_is_left(tmp_path):
    file = SoundFile(tmp_path / "a.mp3")
    file.__enter__()
    file.write(TONE, RATE)
    file.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert not list(tmp_path.iterdir())


def test_names_that_cannot_be(tmp_path):
    with pytest.raises(OutputUnwritable, match=r"End the name in \.wav"):
        SoundFile(tmp_path / "a.txt")
    with pytest.raises(OutputUnwritable, match="no suffix"):
        SoundFile(tmp_path / "a")
    with pytest.raises(InvalidOption, match="its suffix says wav"):
        SoundFile(tmp_path / "a.wav", "mp3")
    with pytest.raises(InvalidOption, match="--format"):
        SoundFile(tmp_path / "a.wav", "aiff")
    with pytest.raises(OutputUnwritable, match="mkdir"):
        SoundFile(tmp_path / "no" / "a.wav")


def test_a_stream_is_a_wav_without_end():
    stream = io.BytesIO()
    sink = WavStream(stream)
    sink.write(TONE[:10], RATE)
    sink.write(TONE[10:20], RATE)
    content = stream.getvalue()
    assert content[:4] + content[8:16] == b"RIFFWAVEfmt "
    assert struct.unpack("<I", content[24:28]) == (RATE,)
    assert len(content) == 44 + 40
