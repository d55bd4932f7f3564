"""The pages that explain the API: Swagger UI at ``/docs``, ReDoc at ``/redoc``. All that they need comes from here.

Their scripts and styles are files of the package ``fastapi-offline``: the pages work without a network, and tell nobody
else who reads them.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from paksatalker.api.errors import not_found

router = APIRouter(include_in_schema=False)
_STATIC = "/docs/static"
_TYPES = {
    "swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "redoc.standalone.js": "text/javascript",
    "favicon.png": "image/png",
}  # fmt: skip
_ONLY_FROM_HERE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src blob:; child-src blob:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)


@router.get("/")
async def home(request: Request) -> RedirectResponse:
    """Whoever opens the address that `paksatalker serve` prints wants to see something."""
    return RedirectResponse(f"{request.scope.get('root_path', '').rstrip('/')}/docs")


@router.get("/docs")
async def swagger(request: Request) -> HTMLResponse:
    """Swagger UI: to read, and to try."""
    root = request.scope.get("root_path", "").rstrip("/")
    return _page(
        get_swagger_ui_html(
            openapi_url=f"{root}{request.app.openapi_url}", title=f"{request.app.title}: the API",
            swagger_js_url=f"{root}{_STATIC}/swagger-ui-bundle.js", swagger_css_url=f"{root}{_STATIC}/swagger-ui.css",
            swagger_favicon_url=f"{root}{_STATIC}/favicon.png",
            swagger_ui_parameters={"validatorUrl": None, "persistAuthorization": False},
        )
    )  # fmt: skip


@router.get("/redoc")
async def redoc(request: Request) -> HTMLResponse:
    """ReDoc: to read."""
    root = request.scope.get("root_path", "").rstrip("/")
    return _page(
        get_redoc_html(
            openapi_url=f"{root}{request.app.openapi_url}", title=f"{request.app.title}: the API",
            redoc_js_url=f"{root}{_STATIC}/redoc.standalone.js", redoc_favicon_url=f"{root}{_STATIC}/favicon.png",
            with_google_fonts=False,
        )
    )  # fmt: skip


@router.get(_STATIC + "/{name}")
async def static(name: str) -> FileResponse:
    """A script or style of the pages.

    Raises:
        ApiError: 404, there is none of this name.
    """
    if name not in _TYPES:
        raise not_found("file")
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(_folder() / name, headers=headers, media_type=_TYPES[name])


def _page(page: HTMLResponse) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = _ONLY_FROM_HERE
    return page


@cache
def _folder() -> Path:
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise not_found("file")
    return Path(spec.origin).parent / "static"
