"""Delivers the messages that jobs have ended; runs in every worker, beside its jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from paksatalker.service.callbacks import CallbackFailed, CallbackRefused, post
from paksatalker.service.database import Database
from paksatalker.service.sealing import Sealer
from paksatalker.service.tables import Webhook
from paksatalker.service.webhooks import WebhookStore, signed

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0  # between two looks for ended jobs and due messages
_SWEEP_SECONDS = 3600.0
_AT_A_TIME = 32
_GONE = 410  # who answers so wants no message ever


class Deliverer:
    """Finds, sends and retries messages.

    Args:
        database: Where they are.
        sealer: Opens the secrets that sign them.
        allow_private: Whether addresses of private networks are called.
        turn: Whether it is this one's turn to look for ended jobs, of all workers; None is always.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        *,
        allow_private: bool = False,
        turn: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._store = WebhookStore(database, sealer)
        self._allow_private, self._turn = allow_private, turn
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until it is cancelled. What is on its way then is sent again later, with the same id."""
        swept = float("-inf")
        try:
            while True:
                try:
                    await self.look()
                    if time.monotonic() - swept > _SWEEP_SECONDS:
                        swept = time.monotonic()
                        await self._store.collect(everything=True)
                        await self._store.sweep()
                except Exception as error:  # noqa: BLE001  (the worker's videos go on, whatever it is)
                    _log.warning("webhooks wait: %s: %s", type(error).__name__, error)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def look(self) -> None:
        """Makes messages of ended jobs, and starts to send what is due."""
        if await self._has_turn():
            await self._store.collect()
        for message in await self._store.claim(_AT_A_TIME - len(self._running)):
            task = asyncio.ensure_future(self.deliver(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _has_turn(self) -> bool:
        try:
            return self._turn is None or await self._turn()
        except Exception as error:  # noqa: BLE001  (while nobody can tell, everybody looks)
            _log.warning("whose turn it is to look cannot be told: %s", type(error).__name__)
            return True

    async def deliver(self, message: Webhook) -> None:
        """Sends a message once, and notes what came of it."""
        try:
            await self._note(message, *await self._sent(message))
        except Exception as error:  # noqa: BLE001  (it is sent again when its time has come)
            _log.warning("webhook %s: its end is not noted: %s: %s", message.id, type(error).__name__, error)

    async def _sent(self, message: Webhook) -> tuple[str, bool]:
        """Why it was not taken (empty if it was), and whether that is for good."""
        body, headers = signed(message, await self._store.secrets(message.tenant_id))
        try:
            status = await post(message.url, body, headers, allow_private=self._allow_private)
        except CallbackRefused as error:
            return str(error), True
        except CallbackFailed as error:
            return str(error), False
        if 200 <= status < 300:
            return "", False
        return f"the answer was {status}" + (": redirects are not followed" if 300 <= status < 400 else ""), (
            status == _GONE
        )

    async def _note(self, message: Webhook, why: str, for_good: bool) -> None:
        if why:
            _log.info("webhook %s of job %s, attempt %d: %s", message.id, message.job_id, message.attempts, why)
            await self._store.failed(message, why, for_good=for_good)
        else:
            await self._store.delivered(message)
