"""Collects text and direction into utterances; the parsers of all notations drive it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paksatalker.core.text.script import same_direction
from paksatalker.core.timeline import Reading, StageCue, Utterance

_TRAILING = ",.;:!?…" + "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
_DEEPEST = 64  # directions to return to; older ones are forgotten


class ScriptBuilder:
    """Builds the utterances of a script from left to right.

    A new utterance begins where something is said under another direction, after a pause and at a scene. White space
    and the marks that end words belong to what is before them.

    Args:
        start: The direction at the beginning.
    """

    def __init__(self, start: Utterance) -> None:
        self.finished: list[Utterance] = []
        self._wanted = self._current = replace(start, text="", pause_after=0.0, emphasis=(), readings=(), cues=())
        self._before: dict[str, list[dict[str, Any]]] = {}
        self._text: list[str] = []
        self._length = 0
        self._emphasis: list[tuple[int, int]] = []
        self._emphasis_start: int | None = None
        self._readings: list[Reading] = []
        self._reading: Reading | None = None
        self._cues: list[StageCue] = []

    @property
    def direction(self) -> Utterance:
        """How what is said next will be said; without text."""
        return self._wanted

    @property
    def emphasised(self) -> bool:
        """Whether what is said next is stressed."""
        return self._emphasis_start is not None

    @property
    def reading(self) -> bool:
        """Whether what is said next has its own pronunciation."""
        return self._reading is not None

    @property
    def open(self) -> Utterance:
        """The utterance that is being collected, as far as it is known."""
        emphasis, readings = list(self._emphasis), list(self._readings)
        if self._emphasis_start is not None and self._emphasis_start < self._length:
            emphasis.append((self._emphasis_start, self._length))
        if self._reading is not None and self._reading.start < self._length:
            readings.append(replace(self._reading, end=self._length))
        return replace(
            self._current if self._length else self._wanted,
            text="".join(self._text),
            emphasis=tuple(emphasis),
            readings=tuple(readings),
            cues=tuple(self._cues),
        )

    # --- what is said ------------------------------------------------------------------------------------------------
    def say(self, text: str) -> None:
        """Adds text under the direction in force."""
        if not same_direction(self._wanted, self._current):
            if self._length:
                words = text.lstrip(_TRAILING)
                self._append(text[: len(text) - len(words)])
                text = words
                if not text:
                    return
                self._flush()
            self._current = self._wanted
        self._append(text)

    def _append(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._length += len(text)

    def pause(self, seconds: float) -> None:
        """Ends the utterance with a silence."""
        if self._length or self._cues:
            self._flush(seconds)
        elif self.finished:
            last = self.finished[-1]
            self.finished[-1] = replace(last, pause_after=round(last.pause_after + seconds, 3))
        else:
            self.finished.append(replace(self._wanted, pause_after=seconds))

    def cue(self, kind: str, value: str) -> None:
        """Something happens here. A scene begins a new utterance."""
        if kind == "scene" and self._length:
            self._flush()
        self._cues.append(StageCue(self._length, kind, value))

    # --- how it is said ----------------------------------------------------------------------------------------------
    def enter(self, scope: str, **changes: Any) -> None:
        """Changes fields of the direction until :meth:`leave` of the same scope, or until they are changed again."""
        before = self._before.setdefault(scope, [])
        before.append({name: getattr(self._wanted, name) for name in changes})
        del before[:-_DEEPEST]
        self._wanted = replace(self._wanted, **changes)

    def leave(self, scope: str) -> bool:
        """Returns to the direction before the scope was entered. False where it was not."""
        before = self._before.get(scope)
        if not before:
            return False
        self._wanted = replace(self._wanted, **before.pop())
        return True

    def emphasise(self, *, on: bool) -> None:
        """Begins or ends stress."""
        if on and self._emphasis_start is None:
            self._emphasis_start = self._length
        elif not on and self._emphasis_start is not None:
            if self._emphasis_start < self._length:
                self._emphasis.append((self._emphasis_start, self._length))
            self._emphasis_start = None

    def read_as(self, spoken: str, *, ipa: bool = False) -> None:
        """What is said next is pronounced like this, until :meth:`read_as_written`."""
        self.read_as_written()
        self._reading = Reading(self._length, self._length, spoken, ipa)

    def read_as_written(self) -> None:
        """Ends a pronunciation."""
        if self._reading is not None and self._reading.start < self._length:
            self._readings.append(replace(self._reading, end=self._length))
        self._reading = None

    # --- utterances --------------------------------------------------------------------------------------------------
    def _flush(self, pause: float = 0.0) -> None:
        self.finished.append(replace(self.open, pause_after=pause))
        unused = self._reading if self._reading is not None and self._reading.start == self._length else None
        self._reading = unused and replace(unused, start=0, end=0)
        self._emphasis_start = None if self._emphasis_start is None else 0
        self._text, self._length = [], 0
        self._emphasis, self._readings, self._cues = [], [], []
        self._current = self._wanted

    def finish(self) -> None:
        """Ends the last utterance."""
        if self._length or self._cues:
            self._flush()
