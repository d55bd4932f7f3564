"""The face speaks with the voice of whoever speaks into the microphone, half a second later."""

from __future__ import annotations

import asyncio
import math
from collections import deque

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.api.models.live import Start
from paksatalker.api.services.live.coding import coder_of
from paksatalker.api.services.live.line import Line
from paksatalker.api.services.live.sound import RATE
from paksatalker.api.services.live.video import LiveVideo, Place
from paksatalker.api.services.talking import Chunk, chunk_of
from paksatalker.core.animation.live import LivePerformance
from paksatalker.core.audio.mono_encoder import to_pcm
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.audio.voice import PIECE, VoicePhones
from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.timeline import FloatArray, Speech

_ID = "voice"
_SPARE = 0.12  # seconds that pieces may come late before there is a gap
_FAR = 0.6  # seconds ahead from which silence is left out: the other side's clock is faster than ours


class _Analyst:
    """Pieces of a voice with phones and prosody."""

    def __init__(self, rate: int, fps: float) -> None:
        self._voice = VoicePhones(rate)
        self._given: deque[Speech] = deque()
        self._analysed = attach_prosody(iter(self._given.popleft, None), fps)

    def feed(self, samples: FloatArray) -> list[Speech]:
        found = []
        for piece in self._voice.feed(samples):
            self._given.append(piece)
            found.append(next(self._analysed))
        return found


class Mimic:
    """Has one face speak along with one microphone: in the video, or in the client's own.

    Args:
        line: To the client.
        rate: Of the microphone, Hz; a multiple of 25.
        how: In which form chunks are sent.
        fps: Frames a second.
    """

    def __init__(self, line: Line, rate: int, how: Start, fps: float) -> None:
        self.rate, self.fps = rate, fps
        self._line, self._how = line, how
        self._analyst: _Analyst | None = None
        self._place = Place()
        self._wide = _Widener(rate)
        self._performance = LivePerformance(fps, how.seed)
        self._sound = SoundTrack(fps)
        self._coder = coder_of(how.audio)

    async def hear(self, samples: FloatArray, video: LiveVideo | None) -> bool:
        """Takes more of the voice, and returns whether something is said.

        Args:
            samples: [N], -1 to 1.
            video: Where the face is seen; None sends chunks.
        """
        speaks = False
        for piece in await asyncio.to_thread(self._analysed, samples):
            speaks = speaks or bool(piece.words)
            if video is not None and not video.over:
                if video.seen:
                    self._show(piece, video)
            elif (chunk := await asyncio.to_thread(self._chunk, piece)) is not None:
                await self._line.send_chunk(chunk, _ID, self._how, self._coder)
        return speaks

    def _analysed(self, samples: FloatArray) -> list[Speech]:
        if self._analyst is None:  # loads what hears phones: not on the event loop
            self._analyst = _Analyst(self.rate, self.fps)
        return self._analyst.feed(samples)

    def _show(self, piece: Speech, video: LiveVideo) -> None:
        if not piece.words and video.ahead > _FAR:
            if self._place.offset is not None:
                self._place.offset -= PIECE
            return
        video.say(piece, self._wide.samples(piece.samples), self._place, _SPARE)

    def _chunk(self, piece: Speech) -> Chunk | None:
        """The frames that are known now: up to the last piece but one, whose sounds the mouth makes ready for."""
        self._performance.say(piece)
        self._sound.add(piece)
        frames = math.ceil((piece.start - 1e-6) * self.fps) - self._performance.done
        return chunk_of(self._performance.advance(frames), self._sound, []) if frames > 0 else None


class _Widener:
    """Brings a voice to the rate of WebRTC, piece by piece without a seam, a hundredth of a second later.

    Args:
        rate: Of the voice, Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32")
        self._held: FloatArray = np.zeros(RATE // 100, np.float32)  # what the filter keeps back

    def samples(self, voice: FloatArray) -> npt.NDArray[np.int16]:
        """As much as is given, at 48 kHz."""
        if self._stream is None:
            return to_pcm(voice)
        self._held = np.concatenate([self._held, self._stream.resample_chunk(voice)])
        count = round(len(voice) * RATE / self._rate)
        taken, self._held = self._held[:count], self._held[count:]
        return to_pcm(np.pad(taken, (max(0, count - len(taken)), 0)))
