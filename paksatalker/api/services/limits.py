"""How often a key may ask."""

from __future__ import annotations

import logging

from paksatalker.api.errors import ApiError
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller

_log = logging.getLogger(__name__)
_WINDOW = 60


async def check_rate(backend: Backend, caller: Caller) -> None:
    """Counts a request of a key in the last minute, for all processes of the API together.

    While Redis does not answer, nothing is counted: what needs no queue goes on.

    Raises:
        ApiError: 429, there were too many.
    """
    most = caller.requests_per_minute or backend.settings.requests_per_minute
    try:
        count, seconds = await backend.queue.count(f"requests:{caller.key_id}", _WINDOW)
    except Exception as error:  # noqa: BLE001  (while Redis does not answer, nothing is counted)
        _log.warning("requests are not counted: %s: %s", type(error).__name__, error)
        return
    if count > most:
        why, fix = f"{most} a minute are allowed", f"Wait for {seconds} s"
        headers = {"Retry-After": str(seconds)}
        raise ApiError(429, "TooManyRequests", "too many requests", why=why, fix=fix, headers=headers)
