"""The queue, as the rest of the service sees it: names of jobs in, a call for each of them out.

A queue only carries names. What a job is and how far it is stands in the database, so that a queue that hands a job
out twice, or forgets it, does no harm (:mod:`paksatalker.service.jobs`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

#: Does a job. It must come back when it is cancelled, and may be called again for a job whose worker died.
Handler = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much there is to do: waiting and running jobs."""

    waiting: int
    running: int


class JobQueue(Protocol):
    """A durable queue with several lanes."""

    async def enqueue(self, job_id: str, queue: str, priority: str = "normal") -> None:
        """Puts a job in; putting it in again while it waits or runs changes nothing."""
        ...

    async def depth(self, queue: str) -> QueueDepth:
        """How much is in a lane."""
        ...

    async def work(self, queue: str, handler: Handler, concurrency: int = 1) -> None:
        """Does jobs of a lane until it is cancelled; then what runs is given back."""
        ...


class EventBus(Protocol):
    """Tells everybody who listens how far a job is. What nobody hears is lost; the state is in the database."""

    async def publish(self, job_id: str, event: dict[str, Any]) -> None:
        """Tells something of a job."""
        ...

    def listen(self, job_id: str) -> AsyncIterator[dict[str, Any]]:
        """What is told of a job from now on."""
        ...
