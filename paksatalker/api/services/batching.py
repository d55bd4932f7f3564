"""Rows become jobs: each for itself, so that one that cannot be used holds up no other."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, or_, select

from paksatalker.api.errors import ApiError, reason_of
from paksatalker.api.models.batches import BatchError, BatchOut, BatchRow, BatchState, Counts
from paksatalker.api.models.videos import Failure
from paksatalker.api.services.submitting import submit
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.backend import Backend
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.jobs import IdempotencyConflict
from paksatalker.service.keys import Caller
from paksatalker.service.states import State
from paksatalker.service.tables import Job, now
from paksatalker.service.video import VideoRequest

Rows = list[dict[str, Any]]
_DELIMITERS = ",;\t"
_FIELDS = frozenset(VideoRequest.model_fields)


class _NoRow(str):
    """Why something is no row: it stands where no field is, so that the others are read."""

    __slots__ = ()


def read_json(body: bytes) -> tuple[Rows, dict[str, Any]]:
    """Rows and defaults out of ``[row, …]`` or ``{"videos": [row, …], "defaults": {…}}``.

    Raises:
        ApiError: 422, it is neither.
    """
    data: Any
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"it is no JSON: {error}") from error
    defaults: Any = {}
    if isinstance(data, dict):
        if unknown := sorted(set(data) - {"videos", "defaults"}):
            raise _unreadable(f"'{unknown[0]}' is unknown here")
        data, defaults = data.get("videos"), data.get("defaults", {})
    if not isinstance(data, list) or not isinstance(defaults, dict):
        raise _unreadable("it is no list of videos")
    return [row if isinstance(row, dict) else {"": _NoRow("it is no object")} for row in data], defaults


def read_csv(body: bytes) -> Rows:
    """Rows out of a CSV whose first line names fields of a video. Empty cells are not given.

    Raises:
        ApiError: 422, it cannot be read.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable("it is not in UTF-8", "Save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if unknown := [name for name in names if name not in _FIELDS]:
            raise _unreadable(f"the column '{unknown[0][:50]}' is no field", f"Fields: {', '.join(sorted(_FIELDS))}")
        if len(set(names)) != len(names):
            raise _unreadable("two columns have the same name")
        return [_row(names, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise _unreadable(f"line {reader.line_num}: {error}") from error


def _row(names: list[str], cells: list[str]) -> dict[str, Any]:
    row = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
    return row | ({"": _NoRow("it has more cells than the first line has names")} if any(cells[len(names) :]) else {})


def _unreadable(why: str, fix: str = "See docs/service-batches.md") -> ApiError:
    return ApiError(422, "BatchUnreadable", "the batch cannot be read", why=why, fix=fix)


async def submit_all(
    backend: Backend, caller: Caller, rows: Rows, defaults: dict[str, Any], idempotency_key: str | None
) -> BatchOut:
    """Makes a job of every row that can be used.

    Args:
        backend: Of the service.
        caller: Who asks.
        rows: Fields of a video each.
        defaults: Fields of rows that do not have them.
        idempotency_key: The caller's own name for this batch: sent again, it makes only what is missing.

    Raises:
        ApiError: 413, too many rows. 422, none, or the defaults are unknown.
    """
    if len(rows) > (most := backend.settings.batch_max_rows):
        why, fix = f"it has {len(rows)} rows, {most} are taken", "Send several batches"
        raise ApiError(413, "BatchTooLarge", "the batch is too large", why=why, fix=fix)
    if not rows:
        raise _unreadable("it has no rows")
    if unknown := sorted(set(defaults) - _FIELDS):
        raise _unreadable(f"the default '{unknown[0][:50]}' is no field of a video")
    batch_id = new_id("bat") if idempotency_key is None else _name(caller.tenant_id, idempotency_key)
    made: list[BatchRow] = []
    errors: list[BatchError] = []
    for number, row in enumerate(rows, 1):
        key = None if idempotency_key is None else f"{batch_id}#{number}"
        try:
            _check_row(row)
            request = VideoRequest.model_validate(_with(defaults, row))
            job, _ = await submit(backend, caller, request, idempotency_key=key, batch_id=batch_id)
            made.append(BatchRow(row=number, id=job.id))
        except (ValidationError, ApiError, PaksaTalkerError, IdempotencyConflict) as error:
            errors.append(BatchError(row=number, error=_failure(error)))
        await asyncio.sleep(0)  # others want to be answered, too
    return BatchOut(
        id=batch_id, accepted=len(made), rejected=len(errors), videos=made, errors=errors, links=_links(batch_id)
    )


def _check_row(row: dict[str, Any]) -> None:
    """Refuses what is no row.

    Raises:
        ApiError: 422.
    """
    if isinstance(why := row.get(""), _NoRow):
        fix = "A row has the fields of a video; in a CSV, texts with commas stand in quotation marks"
        raise ApiError(422, "InvalidRequest", "the row cannot be used", why=why, fix=fix)


def _with(defaults: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """A row with its defaults; one that says by itself what is said needs none for that."""
    sources = {"text", "script", "brief", "audio", "transcript"}
    if sources & row.keys():
        if "audio" not in row:
            sources.add("loudness")  # which only a recording has
        defaults = {name: value for name, value in defaults.items() if name not in sources}
    return defaults | row


def _name(tenant_id: str, key: str) -> str:
    """The id of a batch that has the caller's own name: the same each time."""
    digest = hashlib.sha256(json.dumps([tenant_id, key]).encode()).digest()
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, text = int.from_bytes(digest), ""
    for _ in range(22):
        number, rest = divmod(number, len(alphabet))
        text += alphabet[rest]
    return f"bat_{text}"


def _failure(error: Exception) -> Failure:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return _told("InvalidRequest", f"{place or 'the row'} cannot be used", reason_of(first), "See /docs")
    if isinstance(error, IdempotencyConflict):
        why = "the Idempotency-Key was used for another row"
        return _told("IdempotencyConflict", "the video was not made", why, "Use a new key for a new batch")
    if isinstance(error, (ApiError, PaksaTalkerError)):
        return _told(error.code, error.what, error.why, error.fix)
    raise error


def _told(code: str, what: str, why: str, fix: str) -> Failure:
    message = what + (f": {why}" if why else "") + (f". {fix}" if fix else "")
    return Failure(code=code, message=message, what=what, why=why, fix=fix)


def _links(batch_id: str) -> dict[str, str]:
    return {"self": f"/api/v1/batches/{batch_id}", "videos": f"/api/v1/videos?batch={batch_id}"}


async def state_of(database: Database, tenant_id: str, batch_id: str) -> BatchState | None:
    """How far a batch is; None if this tenant has none of this name.

    Args:
        database: Where the jobs are.
        tenant_id: Whose.
        batch_id: Which.
    """
    query = (
        select(
            Job.state, func.count(), func.sum(Job.progress), func.min(Job.created_at), func.max(Job.finished_at)
        )
        .where(Job.tenant_id == tenant_id, Job.batch_id == batch_id)
        .where(or_(Job.expires_at.is_(None), Job.expires_at > now()))
        .group_by(Job.state)
    )  # fmt: skip
    async with database.reader() as session:
        found = (await session.execute(query)).all()
    if not found:
        return None
    counts = Counts(**{state: count for state, count, *_ in found})
    total = sum(count for _, count, *_ in found)
    gone = sum(1.0 * count if State(state).ended else progress for state, count, progress, *_ in found)
    done = not (counts.queued or counts.running)
    return BatchState(
        id=batch_id, total=total, counts=counts, done=done, progress=min(1.0, gone / total),
        created_at=min(at for *_, at, _ in found),
        finished_at=max(_times(at for *_, at in found)) if done else None, links=_links(batch_id),
    )  # fmt: skip


def _times(times: Iterable[Any]) -> Iterator[Any]:
    return (at for at in times if at is not None)


async def cancel_all(backend: Backend, tenant_id: str, batch_id: str) -> None:
    """Asks all jobs of a batch to stop."""
    query = select(Job.id).where(
        Job.tenant_id == tenant_id, Job.batch_id == batch_id, Job.state.in_((State.QUEUED, State.RUNNING))
    )
    async with backend.database.reader() as session:
        ids = (await session.scalars(query)).all()
    for job_id in ids:
        job = await backend.jobs.cancel(job_id, tenant_id)
        if job is not None and job.state == State.CANCELLED:
            await backend.files.delete(f"{tenant_id}/{job_id}")  # what was made of it in parts
            await backend.queue.publish(job.id, {"state": job.state, "progress": job.progress, "error": None})
