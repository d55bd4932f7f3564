"""Whose turn it is: where somebody begins to speak into a microphone, and where they have finished."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from paksatalker.core.audio.recordings.recording import FRAME, SPEECH_RATE, VoiceActivity
from paksatalker.core.timeline import FloatArray

_STEP = 128  # samples of a level: 8 ms, finer than what the network judges
_SPEECH_ON, _SPEECH_OFF = 0.5, 0.35  # probability, with hysteresis
_SURE = 2  # frames of 32 ms that the network must hold for speech
_SOFT = 3  # frames in which a soft beginning (s, h) may be no speech to the network
_GAP = 0.08  # seconds of silence in a word: the closure of a stop
_QUIETEST = 0.0018  # RMS (−55 dBFS): nothing below is somebody who speaks to us
_OVER_NOISE = 2.5  # times the level of the noise
_NOISE_RISES = 1.007  # per step: 7.5 dB a second, so that a fan that is switched on is soon noise
_PAUSE = 0.25  # seconds of silence within a turn that are a pause
_BEFORE, _AFTER = 0.3, 0.2  # seconds kept around what was said


@dataclass(frozen=True, slots=True)
class TurnHinted:
    """Somebody may have begun to speak: :class:`TurnBegan` follows, or :class:`TurnDropped`."""


@dataclass(frozen=True, slots=True)
class TurnDropped:
    """It was a cough, a knock, a syllable."""


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """Somebody speaks.

    Attributes:
        start: Since when, seconds of the microphone's clock.
    """

    start: float


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """They pause: perhaps they have finished.

    Attributes:
        start: Seconds of the microphone's clock.
        end: Where the last sound was: that of :class:`TurnEnded`, if nothing more is said.
        samples: What was said so far, as there.
    """

    start: float
    end: float
    samples: FloatArray


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """They have finished, or must.

    Attributes:
        start: Seconds of the microphone's clock.
        end: Where the last sound of it was.
        samples: What was said with a little around it, float32 [N] at 16 kHz, at an even level.
    """

    start: float
    end: float
    samples: FloatArray


TurnEvent = TurnHinted | TurnDropped | TurnBegan | TurnPaused | TurnEnded


class TurnDetector:
    """Finds turns in sound as it comes. Memory is bounded by the longest turn.

    Args:
        silence: Seconds of silence that end a turn.
        onset: Seconds somebody must have spoken for before it counts: a cough or a knock is shorter.
        longest: Seconds after which a turn ends in any case.
    """

    def __init__(self, silence: float = 0.6, onset: float = 0.15, longest: float = 28.0) -> None:
        self._silence, self._onset, self._longest = silence, onset, longest
        self._activity = VoiceActivity()
        self._rest: FloatArray = np.zeros(0, np.float32)  # less than a step
        self._noise = 1.0
        self._loud: tuple[int, int] | None = None  # steps of the run of sound that is going on
        self._steps = 0
        self._frames: deque[FloatArray] = deque()  # levelled, the newest last
        self._judged = 0  # frames
        self._voiced: deque[int] = deque(maxlen=16)  # numbers of frames with speech, the newest last
        self._speaking = False  # by the network, with hysteresis
        self._hinted = False
        self._began: float | None = None
        self._last = 0.0  # end of the last speech, seconds
        self._paused = 0.0  # the last speech before a pause that was told

    @property
    def speaking(self) -> bool:
        """Whether a turn is going on."""
        return self._began is not None

    def feed(self, samples: FloatArray) -> list[TurnEvent]:
        """Takes more sound: float32 [N] at 16 kHz. Returns what happened in it."""
        found: list[TurnEvent] = []
        for start in range(0, len(samples), FRAME):  # what comes in large pieces is heard as if it came in small ones
            block = samples[start : start + FRAME]
            self._follow_level(block)
            self._follow_speech(block)
            if self._began is None:
                found += self._beginning()
            found += self._hint() if self._began is None else self._ending()
        return found

    def finish(self) -> list[TurnEvent]:
        """Nothing more will come: what is being said ends."""
        return [] if self._began is None else [self._end()]

    # --- following ---------------------------------------------------------------------------------------------------
    def _follow_level(self, block: FloatArray) -> None:
        sound = np.concatenate([self._rest, block])
        count = len(sound) // _STEP
        self._rest = sound[count * _STEP :]
        levels = np.sqrt(np.square(sound[: count * _STEP], dtype=np.float64).reshape(count, _STEP).mean(1))
        for level in levels:
            if level > max(_QUIETEST, _OVER_NOISE * self._noise):
                gone = self._loud is None or (self._steps - self._loud[1]) * _STEP > _GAP * SPEECH_RATE
                first = self._steps if gone or self._loud is None else self._loud[0]
                self._loud = (first, self._steps + 1)
            self._noise = min(self._noise * _NOISE_RISES, max(float(level), _QUIETEST / _OVER_NOISE))
            self._steps += 1

    def _follow_speech(self, block: FloatArray) -> None:
        levelled, judged = self._activity.feed(block)
        for number, (probability, _) in enumerate(judged):
            self._frames.append(levelled[number * FRAME : (number + 1) * FRAME])
            self._speaking = probability >= (_SPEECH_OFF if self._speaking else _SPEECH_ON)
            if probability >= _SPEECH_ON:
                self._voiced.append(self._judged)
            self._judged += 1
            if self._speaking:
                self._last = self._judged * FRAME / SPEECH_RATE
        if self._began is None:
            while len(self._frames) * FRAME > (_BEFORE + 2 * self._onset + 0.2) * SPEECH_RATE:
                self._frames.popleft()

    # --- deciding ----------------------------------------------------------------------------------------------------
    def _sound(self) -> tuple[int, int] | None:
        """Steps of the run of sound that goes on now."""
        if self._loud is None or (self._steps - self._loud[1]) * _STEP > _GAP * SPEECH_RATE:
            return None
        return self._loud

    def _hint(self) -> list[TurnEvent]:
        """The first moment of what may be speech, and the end of what was none."""
        goes_on = self._sound() is not None
        if not self._hinted and goes_on and self._speaking:
            self._hinted = True
            return [TurnHinted()]
        if self._hinted and not goes_on:
            self._hinted = False
            return [TurnDropped()]
        return []

    def _beginning(self) -> list[TurnEvent]:
        """Sound that has gone on for long enough, of which the network says that it is speech."""
        sound = self._sound()
        if sound is None or not self._speaking:
            return []
        first, last = sound
        voiced = [frame for frame in self._voiced if (frame + 1) * FRAME > first * _STEP]
        if len(voiced) < _SURE:
            return []
        start = max(first * _STEP, (voiced[0] - _SOFT) * FRAME)  # what is heard long before is a breath, or the room
        if last * _STEP - start < self._onset * SPEECH_RATE:
            return []
        self._began, self._hinted = start / SPEECH_RATE, False
        return [TurnBegan(self._began)]

    def _ending(self) -> list[TurnEvent]:
        assert self._began is not None
        now = self._judged * FRAME / SPEECH_RATE
        if now - self._last >= self._silence or now - self._began >= self._longest:
            return [self._end()]
        if now - self._last >= _PAUSE and self._last > max(self._paused, self._began) and self._silence > _PAUSE:
            self._paused = self._last
            return [TurnPaused(self._began, self._last, self._said())]
        return []

    def _end(self) -> TurnEnded:
        assert self._began is not None
        ended = TurnEnded(self._began, max(self._last, self._began), self._said())
        self._began, self._loud = None, None
        self._frames.clear()
        self._voiced.clear()
        return ended

    def _said(self) -> FloatArray:
        assert self._began is not None
        held = np.concatenate(self._frames) if self._frames else np.zeros(0, np.float32)
        origin = self._judged * FRAME - len(held)
        a = max(0, round((self._began - _BEFORE) * SPEECH_RATE) - origin)
        b = round((self._last + _AFTER) * SPEECH_RATE) - origin
        return held[a:b]
