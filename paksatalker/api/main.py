"""The application: ``uvicorn paksatalker.api.main:app``, or ``paksatalker serve`` with everything around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CollectorRegistry

from paksatalker.api import errors
from paksatalker.api.endpoints import (
    assets,
    avatars,
    batches,
    catalogue,
    docs,
    events,
    health,
    live,
    metrics,
    openai,
    scripts,
    signin,
    streams,
    uploads,
    video_files,
    videos,
    voices,
    webhooks,
)
from paksatalker.api.endpoints.signin import SignIn
from paksatalker.api.guards import BodyLimit, SafeHeaders, Timing
from paksatalker.api.heads import Heads
from paksatalker.api.request_ids import RequestIds
from paksatalker.api.services.live.room import LiveRoom
from paksatalker.api.services.recognising import EarPool
from paksatalker.api.services.speaking import speech_pool
from paksatalker.api.services.vouching import Vouching
from paksatalker.api.services.writing import writer_pool
from paksatalker.api.tracing import Tracing
from paksatalker.api.tus import SENT, TOLD, TusHeaders
from paksatalker.service.backend import opened
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings, get_service_settings
from paksatalker.service.tracing import tracing

_PREFIX = "/api/v1"


def create_app(settings: ServiceSettings | None = None, sign_in: SignIn | None = None) -> FastAPI:
    """Makes an application.

    Args:
        settings: None reads the environment. Without ``redis_url`` the application starts a queue of its own.
        sign_in: A key for the first browser that has the link.
    """
    chosen = settings or get_service_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as stack:
            url = chosen.redis_url or stack.enter_context(Broker(chosen.home / "queue")).url
            app.state.speech = stack.enter_context(speech_pool(chosen.speech_concurrency))
            app.state.writers = stack.enter_context(writer_pool(chosen.script_concurrency))
            app.state.ears = stack.enter_context(EarPool(chosen.recognition_concurrency))
            stack.enter_context(tracing(chosen.tracing, "api"))
            async with opened(chosen, url) as backend:
                app.state.backend, app.state.redis_url = backend, url
                yield

    app = FastAPI(
        title="PaksaTalker",
        summary="A photo and a sentence become a talking video.",
        version=version("paksatalker"),
        docs_url=None,  # ours need no network
        redoc_url=None,
        lifespan=lifespan,
        responses=errors.answers(400, 401, 422, 429),
    )
    errors.install(app, chosen.debug)
    app.state.sign_in, app.state.vouching = sign_in, Vouching(chosen)
    for room in (health, docs, signin, openai, scripts, webhooks, batches, live):
        app.include_router(room.router)
    app.include_router(metrics.router)
    _guard(app, chosen)
    for room in (catalogue, voices, uploads, assets, avatars, videos, events, video_files, streams):
        app.include_router(room.router, prefix=_PREFIX)
    app.add_middleware(Tracing)
    app.add_middleware(RequestIds)  # around all others: they log, too
    return app


def _guard(app: FastAPI, settings: ServiceSettings) -> None:
    """Puts around the application what every request passes; the last one added is met first."""
    app.state.registry = CollectorRegistry()
    app.state.live = LiveRoom(settings, app.state.registry)
    app.add_middleware(Heads, routes=app.router.routes)
    app.add_middleware(BodyLimit, upload_bytes=settings.upload_max_bytes)
    app.add_middleware(TusHeaders, path=f"{_PREFIX}/assets/uploads")
    app.add_middleware(Timing, registry=app.state.registry)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], max_age=600,
            allow_headers=[
                "Authorization", "Content-Type", "Idempotency-Key", "Prefer", "Range", "Last-Event-ID", *SENT,
            ],
            expose_headers=["Location", "Retry-After", "Idempotency-Replayed", "Content-Range", "ETag", "Link", *TOLD],
        )  # fmt: skip
    app.add_middleware(SafeHeaders)


def __getattr__(name: str) -> FastAPI:
    """``app`` is made when it is asked for: importing this module reads no environment."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
