import io

import av
import numpy as np
import pytest

from paksatalker.core.audio.sound_stream import PCM_RATE, STREAM_FORMATS, sound_stream
from paksatalker.errors import InvalidOption

RATE = 22_050
SECOND = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def heard(data: bytes, kind: str) -> tuple[np.ndarray, int]:
    raw = {"format": "s16le", "options": {"sample_rate": str(PCM_RATE)}} if kind == "pcm" else {}
    with av.open(io.BytesIO(data), **raw) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler("fltp", "mono", rate)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), rate


@pytest.mark.parametrize("kind", STREAM_FORMATS)
def test_every_second_comes_out_before_the_next_goes_in(kind):
    stream, sizes = io.BytesIO(), []
    with sound_stream(stream, kind) as sink:
        for _ in range(3):
            sink.write(SECOND, RATE)
            sizes.append(stream.tell())
        sink.complete()
    assert sizes[0] > 1000
    assert sizes[2] - sizes[1] > 3000
    samples, rate = heard(stream.getvalue(), kind)
    assert len(samples) / rate == pytest.approx(3, abs=0.15)
    middle = samples[rate : 2 * rate]
    assert abs(np.argmax(np.abs(np.fft.rfft(middle))) - 440) <= 1
    assert np.abs(middle).max() == pytest.approx(0.3, abs=0.05)


def test_nothing_said_is_nothing_sent():
    stream = io.BytesIO()
    with sound_stream(stream, "mp3") as sink:
        sink.complete()
    assert stream.getvalue() == b""


def test_an_unknown_format_is_refused():
    with pytest.raises(InvalidOption, match="format"):
        sound_stream(io.BytesIO(), "mod")
