"""Every refusal has the same body: what, why, and how to mend it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from socket import gaierror
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from obstore.exceptions import BaseError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as BusyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from paksatalker.errors import (
    DiskFull,
    EngineUnavailable,
    OutputUnwritable,
    PaksaTalkerError,
    SettingsInvalid,
    WeightsMissing,
    WriterUnreachable,
    error_dict,
)
from paksatalker.service.database import passes
from paksatalker.service.jobs import IdempotencyConflict

_log = logging.getLogger(__name__)
#: Errors that are not about the request.
_STATUS: dict[type[PaksaTalkerError], int] = {
    DiskFull: 507, EngineUnavailable: 503, OutputUnwritable: 503, SettingsInvalid: 503, WeightsMissing: 503,
    WriterUnreachable: 503,
}  # fmt: skip


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable, for programs.", examples=["NotFound"])
    message: str = Field(description="One line for people.", examples=["there is no such video"])
    what: str = ""
    why: str = ""
    fix: str = ""


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


class ApiError(Exception):
    """A refusal with a status of its own.

    Args:
        status: Of HTTP.
        code: Stable, for programs.
        what: What could not be done.
        why: The cause.
        fix: What the caller can do about it.
        headers: Of the answer.
    """

    def __init__(
        self, status: int, code: str, what: str, *, why: str = "", fix: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.status, self.code, self.what, self.why, self.fix = status, code, what, why, fix
        self.headers = headers
        super().__init__(what)


def not_found(what: str) -> ApiError:
    """There is none, or it is another tenant's: the answer is the same."""
    return ApiError(404, "NotFound", f"there is no such {what}", fix="Check the id")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of an endpoint: what its refusals look like."""
    return {status: {"model": ErrorBody} for status in statuses}


def status_of(error: PaksaTalkerError) -> int:
    """The status of HTTP for an error: 422 unless it is not about the request."""
    return _STATUS.get(type(error), 422)


def reason_of(error: Mapping[str, Any]) -> str:
    """Why a value cannot be used: one of pydantic's errors, without its own words before ours."""
    return str(error["msg"]).removeprefix("Value error, ")


def install(app: FastAPI, debug: bool = False) -> None:
    """Has the application answer every error with an :class:`ErrorBody`.

    Args:
        app: The application.
        debug: Whether the unexpected is told in full.
    """

    @app.exception_handler(ApiError)
    async def refused(_: Request, error: ApiError) -> JSONResponse:
        return _answer(error.status, error.code, error.what, error.why, error.fix, error.headers)

    @app.exception_handler(PaksaTalkerError)
    async def typed(_: Request, error: PaksaTalkerError) -> JSONResponse:
        return _answer(status_of(error), error.code, error.what, error.why, error.fix)

    @app.exception_handler(IdempotencyConflict)
    async def conflict(_: Request, __: IdempotencyConflict) -> JSONResponse:
        why = "the Idempotency-Key was used for another request"
        return _answer(409, "IdempotencyConflict", "the video was not made", why, "Use a new key for a new request")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return _answer(422, "InvalidRequest", f"{place} cannot be used", reason_of(first), "See /docs")

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return _answer(error.status_code, "Http", str(error.detail).lower(), "", "See /docs", headers)

    @app.exception_handler(BaseError)
    async def storage_away(_: Request, error: BaseError) -> JSONResponse:
        _log.error("the file storage fails: %s", str(error).partition("\n")[0])
        headers = {"Retry-After": "10"}
        return _answer(503, "StorageAway", "the file storage does not answer", "", "Try again", headers)

    _install_mishaps(app)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.exception("%s %s failed", request.method, request.url.path)
        why = f"{type(error).__name__}: {error}" if debug else "it is our fault; the log has more"
        return _answer(500, "Internal", "the request failed", why, "Try again")


def _install_mishaps(app: FastAPI) -> None:
    """Answers to what is neither the caller's fault nor a defect."""

    @app.exception_handler(BusyError)
    @app.exception_handler(gaierror)  # these two are Postgres'; everybody else names theirs otherwise
    @app.exception_handler(ConnectionRefusedError)
    @app.exception_handler(DBAPIError)
    async def away(_: Request, error: Exception) -> JSONResponse:
        if isinstance(error, DBAPIError) and passes(error):
            fix, headers = "Try again: nothing was changed", {"Retry-After": "1"}
            return _answer(503, "DatabaseBusy", "the request failed", "others change the same", fix, headers)
        if isinstance(error, DBAPIError) and not (isinstance(error, OperationalError) or error.connection_invalidated):
            raise error
        told = str(getattr(error, "orig", None) or type(error).__name__)
        _log.error("the database: %s", told)
        if "full" in told:
            return _answer(507, "DiskFull", "nothing can be noted", "the disk is full", "Try again later")
        fix, headers = "Try again in a moment", {"Retry-After": "5"}
        return _answer(503, "DatabaseAway", "the request failed", "the database does not answer", fix, headers)

    @app.exception_handler(ClientDisconnect)
    async def cut(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody hears it: the connection was cut in the middle of the body


def _answer(  # noqa: PLR0917  (as an error has them, in its order)
    status: int, code: str, what: str, why: str = "", fix: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": error_dict(code, what, why, fix)}, status, headers)
