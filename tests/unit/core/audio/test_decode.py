import io
import os
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.audio.decode import AudioReader
from paksatalker.errors import AudioEmpty, AudioTooLong, AudioUnreadable

HZ = 440.0


def tone(rate: int, seconds: float = 1.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * HZ * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int, bits: int = 16) -> Path:
    """Samples [N] or [N, channels]."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], bits // 8, rate, 0, "NONE", ""))
        if bits == 8:
            data = np.round(samples * 127 + 128).astype(np.uint8).tobytes()
        else:
            scaled = np.round(samples.astype(np.float64) * (2 ** (bits - 1) - 1)).astype("<i4")
            data = scaled.reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()
        file.writeframes(data)
    return path


def write_float_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    data = samples.astype("<f4").tobytes()
    fmt = struct.pack("<HHIIHH", 3, 1, rate, rate * 4, 4, 32)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + fmt
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip
    return path


def encode(path: Path, container: str, codec: str, rate: int, layout: str = "stereo", *, video: bool = False) -> Path:
    with av.open(str(path), "w", format=container) as out:
        if video:
            picture = out.add_stream("mpeg4", rate=25)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
        sound = out.add_stream(codec, rate=rate, layout=layout) if codec else None
        if video:
            for index in range(25):
                frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                frame.pts = index
                out.mux(picture.encode(frame))
            out.mux(picture.encode(None))
        if sound:
            channels = len(av.AudioLayout(layout).channels)
            samples = np.repeat(tone(rate)[None], channels, 0)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
            frame.sample_rate = rate
            resampler = av.AudioResampler(sound.format, sound.layout, rate, frame_size=sound.frame_size or None)
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(sound.encode(part))
            out.mux(sound.encode(None))
    return path


def read(path: Path, **options) -> tuple[np.ndarray, AudioReader]:
    reader = AudioReader(path, **options)
    return np.concatenate(list(reader)), reader


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(spectrum.argmax() * rate / len(middle))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 96000])
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_pcm_of_any_rate_and_depth(tmp_path: Path, rate: int, bits: int) -> None:
    samples, reader = read(write_wav(tmp_path / "a.wav", tone(rate), rate, bits))
    assert reader.sample_rate == (48000 if rate >= 32000 else 24000)
    assert len(samples) / reader.sample_rate == pytest.approx(1.0, abs=0.001)
    assert loudest_hz(samples, reader.sample_rate) == pytest.approx(HZ, abs=4)
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.5, abs=0.02)
    assert reader.duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("container", "codec", "layout"),
    [
        ("mp3", "libmp3lame", "stereo"),
        ("flac", "flac", "mono"),
        ("ogg", "libopus", "stereo"),
        ("ipod", "aac", "stereo"),
        ("adts", "aac", "stereo"),
        ("mp4", "aac", "5.1"),
        ("webm", "libopus", "stereo"),
        ("aiff", "pcm_s16be", "stereo"),
        ("au", "pcm_mulaw", "mono"),
    ],
)
def test_compressed_formats_under_a_wrong_name(tmp_path: Path, container: str, codec: str, layout: str) -> None:
    samples, reader = read(encode(tmp_path / "speech.txt", container, codec, 48000, layout), rate=16000)
    assert len(samples) / 16000 == pytest.approx(1.0, abs=0.08)
    assert loudest_hz(samples, 16000) == pytest.approx(HZ, abs=4)
    assert np.abs(samples).max() <= 1.0
    assert reader.warnings == []


def test_a_video_gives_its_sound(tmp_path: Path) -> None:
    samples, _ = read(encode(tmp_path / "film.mp4", "mp4", "aac", 44100, video=True), rate=16000)
    assert loudest_hz(samples, 16000) == pytest.approx(HZ, abs=4)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable, match="no sound track"):
        AudioReader(encode(tmp_path / "silent.mp4", "mp4", "", 44100, video=True))


def test_numbers_that_are_none_offset_and_overload(tmp_path: Path) -> None:
    wild = tone(16000, 2.0, 0.8) + 0.4
    wild[5000:5050] = np.nan
    wild[6000], wild[6001] = np.inf, -np.inf
    samples, _ = read(write_float_wav(tmp_path / "wild.wav", wild, 16000), rate=16000)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0
    assert abs(samples[16000:].mean()) < 0.01


def test_stereo_is_mixed_evenly(tmp_path: Path) -> None:
    both = np.stack([tone(16000), np.zeros(16000, np.float32)], 1)
    samples, _ = read(write_wav(tmp_path / "left.wav", both, 16000), rate=16000)
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "data",
    [b"hello, this is text\n" * 50, np.random.default_rng(0).bytes(4000), b"RIFF\x24\0\0\0WAVEfmt ", b"\0" * 999],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    with pytest.raises((AudioUnreadable, AudioEmpty)):
        read(path)


@pytest.mark.parametrize("channels", [3, 9, 16, 200])
def test_many_channels(tmp_path: Path, channels: int) -> None:
    path = write_wav(tmp_path / "many.wav", np.repeat(tone(16000)[:, None], channels, 1), 16000)
    try:
        samples, _ = read(path, rate=16000)
    except AudioUnreadable:
        assert channels > 64
        return
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.5, abs=0.02)
    assert len(samples) == 16000


def test_missing_folder_pipe_and_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.wav").touch()
    for path, reason in ((tmp_path / "none.wav", "no such file"), (tmp_path, "folder"), (tmp_path / "pipe", "regular")):
        with pytest.raises(AudioUnreadable, match=reason):
            AudioReader(path)
    with pytest.raises(AudioEmpty, match="no bytes"):
        AudioReader(tmp_path / "empty.wav")


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.sdp", "list.mpd", "list.wav"])
def test_playlists_are_not_followed(tmp_path: Path, name: str) -> None:
    secret = write_wav(tmp_path / "secret.wav", tone(16000), 16000)
    contents = {
        ".m3u8": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        ".ffconcat": f"ffconcat version 1.0\nfile {secret}\n",
        ".sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        ".mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    }
    path = tmp_path / name
    path.write_text(contents.get(path.suffix, contents[".ffconcat"]))
    with pytest.raises(AudioUnreadable):
        read(path)


def test_too_short(tmp_path: Path) -> None:
    with pytest.raises(AudioEmpty, match=r"0\.10 s"):
        read(write_wav(tmp_path / "a.wav", tone(16000, 0.1), 16000))
    with pytest.raises(AudioEmpty):
        read(write_wav(tmp_path / "b.wav", tone(16000, 0.0), 16000))


def test_three_hours_are_refused_up_front(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", tone(8000, 0.5), 8000, 8)
    header = bytearray(path.read_bytes()[:44])
    size = 3 * 3600 * 8000
    header[4:8], header[40:44] = struct.pack("<I", size + 36), struct.pack("<I", size)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + size)  # sparse: takes no disk
    with pytest.raises(AudioTooLong, match="180 minutes"):
        AudioReader(path, max_seconds=7200)


def test_a_header_that_claims_hours_is_not_believed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "stream.wav", tone(16000), 16000)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    samples, _ = read(path, max_seconds=60)
    assert len(samples) / 24000 == pytest.approx(1.0, abs=0.01)


def test_a_compressed_header_that_claims_weeks_is_not_believed(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", "flac", "flac", 48000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # STREAMINFO: 36 bits of total samples
    data[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert AudioReader(path, max_seconds=60).duration is None


def test_too_long_is_noticed_while_decoding(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.aac", "adts", "aac", 48000)
    with pytest.raises(AudioTooLong):
        read(path, max_seconds=0.5)


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("adts", "aac")])
def test_the_rest_of_a_truncated_file_is_used(tmp_path: Path, container: str, codec: str, share: float) -> None:
    path = encode(tmp_path / "cut", container, codec, 48000)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    samples, _ = read(path, rate=16000)
    assert 0.2 < len(samples) / 16000 < 1.05
    assert loudest_hz(samples[: 16000 // 2], 16000) == pytest.approx(HZ, abs=10)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("wav", "pcm_f32le"), ("flac", "flac"), ("mp3", "libmp3lame")],
)
def test_a_truncated_file_says_how_much_could_be_read(tmp_path: Path, container: str, codec: str) -> None:
    path = encode(tmp_path / "cut", container, codec, 48000)
    assert read(path)[1].warnings == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    samples, reader = read(path)
    (warning,) = reader.warnings
    assert f"{len(samples) / 48000:.1f} of 1.0 s could be read" in warning
    list(reader)
    assert len(reader.warnings) == 1  # however often it is read


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_header_that_was_never_finished_is_no_damage(tmp_path: Path, size: int) -> None:
    path = write_wav(tmp_path / "stream.wav", tone(16000), 16000)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", size)
    path.write_bytes(data)
    assert read(path)[1].warnings == []


def test_sound_lost_in_the_middle_is_told(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", "flac", "flac", 48000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    (warning,) = read(path)[1].warnings
    assert "could be read" in warning


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    reader = AudioReader(encode(tmp_path / "a.mp3", "mp3", "libmp3lame", 44100))
    np.testing.assert_array_equal(np.concatenate(list(reader)), np.concatenate(list(reader)))


@settings(max_examples=60)
@given(st.data())
def test_damaged_bytes_give_sound_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((tone(16000, 0.3) * 32767).astype("<i2").tobytes())
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("d") / "damaged.wav"
    path.write_bytes(damaged)
    try:
        samples, _ = read(path, rate=16000, max_seconds=100)
    except (AudioUnreadable, AudioEmpty, AudioTooLong):
        return
    assert np.isfinite(samples).all()


def test_an_address_is_not_followed():
    with pytest.raises(AudioUnreadable, match="Download it first"):
        AudioReader(Path("https://example.invalid/speech.wav"))
