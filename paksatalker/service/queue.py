"""The queue, as the rest of the service sees it: tickets in, a call for each of them out.

A ticket is the right to do one job; which job, the database decides when its turn has come
(:meth:`paksatalker.service.jobs.JobStore.begin`), fairly between tenants. What a job is and how far it is stands in the
database too, so that a queue that hands a ticket out twice, or loses one, does no harm.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class Later(Exception):
    """Raised by a handler that cannot use its ticket now: it gets it again in a moment."""


#: Does the job whose turn it is. It must come back when it is cancelled; it is called again with the same ticket if
#: the worker died.
Handler = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much there is to do: waiting and running jobs."""

    waiting: int
    running: int


class JobQueue(Protocol):
    """A durable queue with several lanes."""

    async def enqueue(self, ticket: str, queue: str) -> None:
        """Puts a ticket in; putting it in again while it waits or runs changes nothing.

        Args:
            ticket: Any name, used once: the new job's.
            queue: One of :data:`~paksatalker.service.states.QUEUES`.
        """
        ...

    async def depth(self, queue: str) -> QueueDepth:
        """How much is in a lane."""
        ...

    async def work(self, queue: str, handler: Handler, concurrency: int = 1) -> None:
        """Uses tickets of a lane until it is cancelled; then cancels its handlers and puts their tickets back."""
        ...

    async def close(self) -> None:
        """Closes all connections."""
        ...


class EventBus(Protocol):
    """Tells everybody who listens how far a job is. What nobody hears is lost; the state is in the database."""

    async def publish(self, job_id: str, event: dict[str, Any]) -> None:
        """Tells something of a job."""
        ...

    def listen(self, job_id: str) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]:
        """What is told of a job from now on: nothing that is told after this context is entered is missed."""
        ...
