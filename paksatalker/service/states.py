"""The life of a job."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What a job is doing."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing can happen any more."""
        return self in _ENDED


_ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

#: Where most videos are made, and parts of long ones.
PORTRAIT = "portrait"
#: Where voices are made.
VOICES = "voices"
#: Queues by what a worker must be able to do.
QUEUES = (PORTRAIT, "neural-gpu", "avatar", "script", VOICES)
#: By name, first come first.
PRIORITIES = {"high": 0, "normal": 1, "low": 2}
