"""What all live sessions of a process share: their number, and how they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry

from paksatalker.api.errors import ApiError
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.service.keys import Caller
from paksatalker.service.settings import ServiceSettings


class LiveRoom:
    """Lets sessions in as long as there is room.

    Args:
        settings: Of the service.
        registry: Of the measures.
    """

    def __init__(self, settings: ServiceSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._sessions: Counter[str] = Counter()
        self._videos = 0
        self.measures = LiveMeasures(registry)

    @contextmanager
    def session(self, caller: Caller) -> Iterator[None]:
        """A place for a session.

        Raises:
            ApiError: 429, there is none.
        """
        tenant = caller.tenant_id
        if self._sessions.total() >= self._settings.live_sessions:
            raise ApiError(429, "TooBusy", "too many live sessions", why="the server is full", fix="Try again later")
        if self._sessions[tenant] >= self._settings.live_sessions_per_tenant:
            raise ApiError(429, "TooBusy", "too many live sessions", why="all of yours are open", fix="Close one")
        self._sessions[tenant] += 1
        try:
            with self.measures.sessions.track_inprogress():
                yield
        finally:
            self._sessions[tenant] -= 1
            if not self._sessions[tenant]:
                del self._sessions[tenant]

    @contextmanager
    def video(self) -> Iterator[None]:
        """A place for a portrait.

        Raises:
            ApiError: 429, there is none.
        """
        most = self._settings.live_videos
        if self._videos >= most:
            why = f"{most} portraits are shown already" if most else "it is switched off here"
            fix = "Try again later, or take coefficients and draw the face yourself"
            raise ApiError(429, "TooBusy", "no live video", why=why, fix=fix)
        self._videos += 1
        try:
            with self.measures.videos.track_inprogress():
                yield
        finally:
            self._videos -= 1
