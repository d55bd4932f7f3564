"""A measured number and the range it should lie in."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """The range a measure should lie in, both ends included.

    Attributes:
        low: Smallest good value.
        high: Largest good value.
        required: Whether it must be met; otherwise it is what real speakers on camera do.
    """

    low: float = -math.inf
    high: float = math.inf
    required: bool = True

    def met(self, value: float) -> bool:
        """Whether a value is good."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        if math.isinf(self.low):
            return f"≤ {self.high:g}"
        return f"≥ {self.low:g}" if math.isinf(self.high) else f"{self.low:g} to {self.high:g}"


#: What a video is held to, by measure.
VIDEO_TARGETS: dict[str, Target] = {
    "face found": Target(low=0.98),
    "lip sync r": Target(low=0.8),
    "lip sync r, by phones alone": Target(low=0.4, required=False),
    "lips closed on m, b, p": Target(1.0, 1.0),
    "pause deviation": Target(high=0.01),
    "opening mean": Target(0.04, 0.15, required=False),
    "opening sd": Target(0.04, 0.08, required=False),
    "opening 95th percentile": Target(0.12, 0.33, required=False),
    "openings": Target(1.2, 2.7, required=False),
    "blinks": Target(10, 30),
    "blink duration": Target(0.08, 0.3, required=False),
    "blink completeness": Target(low=0.6, required=False),
    "yaw sd": Target(1, 4),
    "pitch sd": Target(1, 4),
    "roll sd": Target(1, 4),
    "head speed": Target(6, 30, required=False),
    "background change": Target(high=8),
    "identity difference": Target(high=0.02),
    "A/V offset at the end": Target(-1, 1),
    "frame timing error": Target(high=0.5),
}

#: Where speech comes from when memory is measured.
LONG_SPEECH = ("recording", "recording by sounds", "recording with transcript", "text")

#: What the program is held to, by measure.
PROGRAM_TARGETS: dict[str, Target] = {
    "render + encode 512²": Target(low=100),
    "render + encode 1024²": Target(low=30),
    "text to file": Target(low=3),
    "first frame, warm": Target(high=1),
    "photo analysis": Target(high=2),
    **{f"memory growth, {source}": Target(high=0.05) for source in LONG_SPEECH},
    **{f"A/V offset at the end, {source}": Target(-1, 1) for source in LONG_SPEECH},
    **{f"word errors, {engine}": Target(high=2) for engine in ("hibari", "kokoro")},
    **{f"first audio, {engine}": Target(high=300) for engine in ("hibari", "kokoro")},
    **{f"phone starts, {engine}": Target(high=20, required=False) for engine in ("hibari", "kokoro")},
    "SadTalker frame, fastest": Target(high=2.5),
    "SadTalker PSNR against 32 bits": Target(low=40),
    "SadTalker paste-back": Target(high=40),
    "SadTalker frames on a GPU, 256²": Target(low=100),
    "SadTalker frames on a GPU, 512²": Target(low=40),
    "re-enactment opening r": Target(low=0.93),
    "re-enactment lips error / no expression": Target(high=0.5),
}

TARGETS: dict[str, Target] = {**VIDEO_TARGETS, **PROGRAM_TARGETS}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a report.

    Attributes:
        name: Key of :data:`TARGETS`, or of a measure without a target.
        value: None where it could not be measured.
        unit: Of the value; empty for pure numbers.
        note: Why there is no value, or a remark about it.
    """

    name: str
    value: float | None
    unit: str = ""
    note: str = ""

    @property
    def target(self) -> Target | None:
        """What it is held to, if anything."""
        return TARGETS.get(self.name)

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None without a value or a target."""
        return None if self.value is None or self.target is None else self.target.met(self.value)

    @property
    def missed(self) -> bool:
        """Whether a required target is not met."""
        return self.passed is False and self.target is not None and self.target.required

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            **asdict(self),
            "target": str(self.target) if self.target else None,
            "required": bool(self.target and self.target.required),
            "passed": self.passed,
        }
