"""Connections on which nothing is asked: uvicorn waits for a first request, and for the rest of one, without end."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.auto import AutoHTTPProtocol

#: Seconds in which a request's line and headers have to come.
ASK_SECONDS = 30.0


class PromptProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]  # it depends on what is installed
    """HTTP of uvicorn that hangs up on whoever connects and does not ask, so that nobody can hold all connections.

    Between two requests its ``timeout_keep_alive`` holds.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Of asyncio."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(ASK_SECONDS, self._late)

    def data_received(self, data: bytes) -> None:
        """Of asyncio."""
        super().data_received(data)
        if not self._asked:
            self._patience = self._patience or self.loop.call_later(ASK_SECONDS, self._late)
        else:
            self._relax()

    def connection_lost(self, exc: Exception | None) -> None:
        """Of asyncio."""
        self._relax()
        super().connection_lost(exc)

    @property
    def _asked(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _relax(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _late(self) -> None:
        self._patience = None
        ours = self.transport.get_protocol() is self  # else it is a WebSocket by now
        if ours and not self._asked and self.timeout_keep_alive_task is None:
            self.transport.close()
