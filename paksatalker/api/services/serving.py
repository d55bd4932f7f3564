"""Files of the store over HTTP: whole, in ranges, or by a link to the bucket they lie in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from paksatalker.api.errors import ApiError, not_found
from paksatalker.service.files import FileStore

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_NAME = re.compile(r"[^\w.-]")
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A file that never changes.

    Attributes:
        key: In the store.
        media_type: As HTTP has it.
        name: What it is called when it is saved.
        tag: Names its content; equal tags, equal bytes.
        download: Whether a browser saves it rather than shows it.
    """

    key: str
    media_type: str
    name: str
    tag: str
    download: bool = False


async def serve(files: FileStore, request: Request, served: Served) -> Response:
    """Answers with a file.

    Args:
        files: Where it lies.
        request: Of whom.
        served: Which.

    Raises:
        ApiError: 404, it is gone. 416, the range lies beyond its end.
    """
    size = await files.size(served.key)
    if size is None:
        raise not_found("file")
    if not served.download and (link := await files.link(served.key, 60 * _MINUTE)) is not None:
        return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})
    tag = f'"{served.tag}"'
    kind = "attachment" if served.download else "inline"
    headers = {
        "ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'{kind}; filename="{_NAME.sub("_", served.name)}"',
    }  # fmt: skip
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range", "")
    if request.headers.get("if-range", tag) != tag:
        wanted = ""
    span = _span(wanted, size)
    start, end = span or (0, size)
    headers["Content-Length"] = str(end - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=served.media_type)
    return StreamingResponse(files.read(served.key, start, end), status, headers, served.media_type)


def _span(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole file (also if the header makes no sense: RFC 9110).

    Raises:
        ApiError: 416, nothing of the range is there.
    """
    match = _RANGE.fullmatch(header.strip().lower())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), size if match[2] == "" else int(match[2]) + 1
        if match[2] and end <= start:
            return None
    if start >= size:
        why, headers = f"the file has {size:,} bytes", {"Content-Range": f"bytes */{size}"}
        raise ApiError(416, "RangeNotSatisfiable", "there is nothing in this range", why=why, headers=headers)
    return start, min(end, size)
