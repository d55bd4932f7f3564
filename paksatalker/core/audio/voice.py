"""Which sounds somebody makes while they make them: for a face that speaks along with a living voice."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from paksatalker.core.audio.recordings.recording import FRAME, SPEECH_RATE, VoiceActivity
from paksatalker.core.audio.recordings.sphinx import PhoneDecoder
from paksatalker.core.timeline import FloatArray, Phone, Speech, Word

#: Seconds of a piece.
PIECE = 0.32
#: Seconds after a piece that are heard before its sounds are told: with less, its last ones are guesses.
LOOKAHEAD = 0.16
_BEFORE = 0.4  # seconds before a piece that are heard again
_SPEECH = 0.35  # probability from which somebody may speak

_PIECE, _AFTER, _CONTEXT = (round(seconds * SPEECH_RATE) for seconds in (PIECE, LOOKAHEAD, _BEFORE))


class VoicePhones:
    """Cuts a voice into pieces of :data:`PIECE` seconds and tells their phones.

    They are as good as those of :class:`~paksatalker.core.audio.recordings.sphinx.PhoneDecoder` in the whole recording,
    and are known :data:`LOOKAHEAD` seconds after the end of their piece. Memory is flat.

    Args:
        rate: Of the sound, Hz; a multiple of 25.
    """

    def __init__(self, rate: int) -> None:
        if rate % 25:
            raise ValueError(f"a piece has no whole number of samples at {rate} Hz")
        self.rate = rate
        self._decoder = PhoneDecoder()
        self._activity = VoiceActivity()
        self._resampler: Any = None
        if rate != SPEECH_RATE:
            self._resampler = soxr.ResampleStream(rate, SPEECH_RATE, 1, dtype="float32")
        self._sound: FloatArray = np.zeros(0, np.float32)  # from the next piece on
        self._heard: FloatArray = np.zeros(0, np.float32)  # the same at 16 kHz and an even level, with what was before
        self._before = 0  # samples of it that were before
        self._spoken: list[bool] = []  # by frame of 32 ms, from the next piece on
        self._pieces = 0

    def feed(self, samples: FloatArray) -> list[Speech]:
        """Takes more sound: float32 [N], −1 to 1. Returns the pieces that are known now, without prosody."""
        self._sound = np.concatenate([self._sound, samples])
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        levelled, judged = self._activity.feed(samples)
        self._heard = np.concatenate([self._heard, levelled])
        self._spoken += [probability >= _SPEECH for probability, _ in judged]
        found = []
        while len(self._heard) - self._before >= _PIECE + _AFTER:
            found.append(self._piece())
        return found

    def _piece(self) -> Speech:
        start, count = self._pieces * PIECE, round(PIECE * self.rate)
        begins = self._before
        speaks = any(self._spoken[: (_PIECE + _AFTER) // FRAME])
        phones = self._phones(self._heard[: begins + _PIECE + _AFTER], begins / SPEECH_RATE) if speaks else []
        spans = tuple(Phone(p.symbol, p.start + start, p.end + start) for p in phones)
        words = (Word("", spans[0].start, spans[-1].end, spans),) if spans else ()
        piece = Speech(self._sound[:count], self.rate, start=start, words=words)
        self._sound, self._spoken = self._sound[count:], self._spoken[_PIECE // FRAME :]
        dropped = max(0, begins + _PIECE - _CONTEXT)
        self._heard, self._before = self._heard[dropped:], begins + _PIECE - dropped
        self._pieces += 1
        return piece

    def _phones(self, heard: FloatArray, begins: float) -> list[Phone]:
        """The phones in the piece that begins after so many seconds of what is heard, seconds from its start."""
        found = []
        for phone in self._decoder.decode(heard):
            start, end = max(phone.start - begins, 0.0), min(phone.end - begins, PIECE)
            if end > start:
                found.append(Phone(phone.symbol, start, end))
        return found
