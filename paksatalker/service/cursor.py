"""Where the next page of a list begins: after the last object of the page before, whatever came in between."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from paksatalker.errors import InvalidOption


def write_cursor(at: datetime, last: str) -> str:
    """As text that is safe in an address.

    Args:
        at: When the last object was made.
        last: Its id.
    """
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), last]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Reads what :func:`write_cursor` wrote.

    Raises:
        InvalidOption: It is none of ours.
    """
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        time = datetime.fromisoformat(at)
        return time if time.tzinfo else time.replace(tzinfo=UTC), str(last)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise InvalidOption("the cursor is none of ours", str(error), "Take the one of the page before") from error
