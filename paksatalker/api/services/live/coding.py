"""Sound of live utterances as Opus, a tenth of its size as PCM: packet by packet, or in WebM for browsers' players."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.mono_encoder import ENCODER_ERRORS, Codec, MonoEncoder
from paksatalker.errors import EncodingFailed

RATE = 48_000
#: Samples of a packet: 20 ms.
PACKET = 960
_BITS = 32_000  # a second; speech loses nothing that one hears
_QUICK = "5"  # of 10: how hard the encoder tries; 10 takes twice as long and saves 2 %
_WEBM = Codec(
    "webm", "libopus", "s16", _BITS, (RATE,), {"live": "1", "cluster_time_limit": "100", "flush_packets": "1"}
)

Pcm = npt.NDArray[np.int16]


class SoundCoder(Protocol):
    """Encodes the sound of one utterance as it comes."""

    def encode(self, pcm: bytes, rate: int) -> tuple[dict[str, Any], bytes]:
        """What is told of some sound, and the sound: of PCM with 16 bits, mono, at ``rate`` Hz."""
        ...

    def finish(self) -> tuple[dict[str, Any], bytes]:
        """The same of what was held back: no sound follows."""
        ...

    def close(self) -> None:
        """Lets go of what was not finished."""


def coder_of(audio: str) -> SoundCoder | None:
    """What encodes a form of sound; None for PCM."""
    return OpusPackets() if audio == "opus" else WebmPieces() if audio == "webm" else None


class _At48:
    """Brings pieces of sound to 48 kHz without a seam; the rate may change from one to the next."""

    def __init__(self) -> None:
        self._rate = 0
        self._resampler: Any = None

    def samples(self, pcm: bytes, rate: int) -> Pcm:
        """As many as can be known now, int16 [N]."""
        import av

        before = np.zeros(0, np.int16)
        if rate != self._rate:  # another voice
            before = self.rest()
            self._rate, self._resampler = rate, av.AudioResampler("s16", "mono", RATE)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        return np.concatenate([before, *self._out(frame)])

    def rest(self) -> Pcm:
        """What the filter has held back."""
        return np.concatenate([np.zeros(0, np.int16), *(self._out(None) if self._resampler is not None else ())])

    def _out(self, frame: Any) -> list[Pcm]:
        return [ready.to_ndarray()[0] for ready in self._resampler.resample(frame)]


class OpusPackets:
    """Packets of 20 ms, 48 kHz, mono. The first has ``pre_skip``: so many samples are to be dropped after decoding."""

    def __init__(self) -> None:
        import av

        self._context: Any = av.CodecContext.create("libopus", "w")
        self._context.sample_rate, self._context.layout, self._context.format = RATE, "mono", "s16"
        self._context.bit_rate = _BITS
        self._context.options = {"application": "voip", "compression_level": _QUICK}
        self._context.open()
        self._wide = _At48()
        self._held: Pcm = np.zeros(0, np.int16)
        self._begun = False

    @property
    def pre_skip(self) -> int:
        """Samples that the encoder puts before the sound."""
        return int.from_bytes(bytes(self._context.extradata)[10:12], "little")  # of OpusHead, RFC 7845

    def encode(self, pcm: bytes, rate: int) -> tuple[dict[str, Any], bytes]:
        """See :class:`SoundCoder`. Less than a packet is held back for the next time."""
        return self._told(self._wide.samples(pcm, rate))

    def finish(self) -> tuple[dict[str, Any], bytes]:
        """See :class:`SoundCoder`. Silence fills up the last packet, and what the encoder puts before the sound."""
        rest = self._wide.rest()
        lacking = -(len(self._held) + len(rest) + self.pre_skip) % PACKET
        return self._told(np.concatenate([rest, np.zeros(self.pre_skip + lacking, np.int16)]))

    def close(self) -> None:
        """Nothing is open."""

    def _told(self, samples: Pcm) -> tuple[dict[str, Any], bytes]:
        self._held = np.concatenate([self._held, samples])
        packets = []
        while len(self._held) >= PACKET:
            packets += self._packets(self._held[:PACKET])
            self._held = self._held[PACKET:]
        told: dict[str, Any] = {"codec": "opus", "sample_rate": RATE, "packets": [len(packet) for packet in packets]}
        if packets and not self._begun:
            self._begun = True
            told["pre_skip"] = self.pre_skip
        return told, b"".join(packets)

    def _packets(self, samples: Pcm) -> list[bytes]:
        import av

        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "s16", "mono")
        frame.sample_rate = RATE
        try:
            return [bytes(packet) for packet in self._context.encode(frame)]
        except ENCODER_ERRORS as error:
            raise _failed(error) from error


class WebmPieces:
    """A stream of WebM for each utterance, in pieces that a player can take one after the other."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._encoder = MonoEncoder(_Out(self._out), _WEBM, _failed)
        self._wide = _At48()

    def encode(self, pcm: bytes, rate: int) -> tuple[dict[str, Any], bytes]:
        """See :class:`SoundCoder`. Up to a tenth of a second is held back for the next time."""
        return self._told(self._wide.samples(pcm, rate))

    def finish(self) -> tuple[dict[str, Any], bytes]:
        """See :class:`SoundCoder`."""
        told, data = self._told(self._wide.rest())
        self._encoder.complete()
        return told, data + self._taken()

    def close(self) -> None:
        """Ends the stream where it is."""
        self._encoder.abandon()

    def _told(self, samples: Pcm) -> tuple[dict[str, Any], bytes]:
        if len(samples):
            self._encoder.write(samples.astype(np.float32) / 32767.0, RATE)
        return {"codec": "webm", "sample_rate": RATE}, self._taken()

    def _taken(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data


class _Out:
    """Takes what is encoded; it cannot be gone back in."""

    def __init__(self, out: bytearray) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        self._out += data
        return len(data)


def _failed(error: OSError | ValueError) -> EncodingFailed:
    return EncodingFailed("the sound cannot be encoded", str(error), "Take binary")
