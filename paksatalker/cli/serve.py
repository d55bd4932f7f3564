"""``paksatalker serve`` and ``paksatalker worker``: the service on one machine, and more workers for it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from paksatalker.cli.console import say
from paksatalker.errors import InvalidOption
from paksatalker.requirements import require_extra

if TYPE_CHECKING:
    from paksatalker.api.endpoints.signin import SignIn
    from paksatalker.errors import PaksaTalkerError
    from paksatalker.service.backend import Backend
    from paksatalker.service.settings import ServiceSettings

_ANSWER_SECONDS = 5  # for answers that are on their way when the service is told to stop
_IDLE_SECONDS = 75  # that a connection may rest; longer than proxies let it, or they use one that is being closed
_LACK_SECONDS = 120.0  # that callers are told why a worker did not start: until it is started again
_END_SECONDS = 20.0  # a worker that is told to stop puts its jobs back by then


def need_service() -> None:
    """Refuses with the command that installs what the service needs.

    Raises:
        EngineUnavailable: It is not installed.
    """
    require_extra("the service cannot run", "service", "fastapi", "streaq")


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen at [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port [default: 8000].", min=0, max=65535)] = None,
    redis: Annotated[str | None, typer.Option(help="Redis or Valkey [default: one of its own].")] = None,
    workers: Annotated[int, typer.Option(help="Workers on this machine.", min=0, max=64)] = 1,
) -> None:
    """Run the service: API, queue, worker, storage in one command."""
    need_service()
    from paksatalker.service.settings import get_service_settings

    given = {"host": host, "port": port, "redis_url": redis}
    settings = get_service_settings().model_copy(update={k: v for k, v in given.items() if v is not None})
    from paksatalker.core.provenance.certificates import credentials
    from paksatalker.service.broker import Broker
    from paksatalker.service.files import FileStore
    from paksatalker.worker.fleet import Fleet
    from paksatalker.worker.warming import lay_compiled

    lay_compiled()
    if settings.s3_bucket:
        asyncio.run(FileStore.of(settings).check(settings.s3_bucket))
    credentials(settings)  # made if there are none; if they cannot be used, it is told here and not by each worker
    with ExitStack() as stack:
        if not settings.redis_url:
            url = stack.enter_context(Broker(settings.home / "queue")).url
            settings = settings.model_copy(update={"redis_url": url})
        if workers:
            stack.enter_context(Fleet(workers, settings.redis_url))
        _listen(settings)


def _listen(settings: ServiceSettings) -> None:
    """Runs the API until it is told to stop."""
    import uvicorn

    from paksatalker.api.connections import PromptProtocol
    from paksatalker.api.main import create_app

    offer = asyncio.run(_first_key(settings))
    app = create_app(settings, offer)
    config = uvicorn.Config(
        app, settings.host, settings.port, http=PromptProtocol, log_level="warning", server_header=False,
        timeout_graceful_shutdown=_ANSWER_SECONDS, timeout_keep_alive=_IDLE_SECONDS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    sockets = [config.bind_socket()]
    address = f"http://{settings.host}:{sockets[0].getsockname()[1]}"
    say(f"PaksaTalker serves at {address} (API: {address}/docs). Ctrl-C stops it.")
    if offer is not None:
        say(f"Your first key, shown this once: {offer.key}")
        say(f"Sign a browser in, once: {address}/sign-in?token={offer.token}")
    with suppress(KeyboardInterrupt):  # how a service ends
        server.run(sockets)


async def _first_key(settings: ServiceSettings) -> SignIn | None:
    """A key for whoever starts the service for the first time; None if there are keys."""
    from paksatalker.api.endpoints.signin import SignIn
    from paksatalker.service.database import Database
    from paksatalker.service.keys import KeyStore

    database = Database(settings.database)
    try:
        await database.migrate()
        keys = KeyStore(database)
        return None if await keys.all() else SignIn(await keys.create("first"))
    finally:
        await database.close()


def worker(
    *,
    queue: Annotated[
        list[str] | None,
        typer.Option(
            help="Which jobs: portrait, neural-gpu, avatar, script, voices "
            "[default: portrait, voices, and neural-gpu where SadTalker can run]."
        ),
    ] = None,
    redis: Annotated[str | None, typer.Option(help="Redis or Valkey of the service [default: REDIS_URL].")] = None,
) -> None:
    """Do jobs of a service, on this machine or another one."""
    need_service()
    from paksatalker.service.settings import get_service_settings
    from paksatalker.service.states import QUEUES
    from paksatalker.worker.abilities import chosen
    from paksatalker.worker.warming import lay_compiled

    if unknown := [name for name in queue or () if name not in QUEUES]:
        raise InvalidOption(f"there is no queue '{unknown[0]}'", fix=f"Choose of: {', '.join(QUEUES)}")
    settings = get_service_settings()
    url = redis or settings.redis_url
    if not url:
        raise InvalidOption("which queue server?", "neither --redis nor REDIS_URL is given", "Add --redis redis://HOST")
    lay_compiled()
    asyncio.run(_work(settings, url, *chosen(queue)))


async def _work(settings: ServiceSettings, url: str, queues: list[str], lacks: dict[str, PaksaTalkerError]) -> None:
    from paksatalker.service.backend import opened
    from paksatalker.worker.fleet import end_within, stop_with_parent
    from paksatalker.worker.main import work

    loop = asyncio.get_running_loop()
    async with opened(settings, url) as backend:
        await _check_abilities(backend, queues)
        task = asyncio.ensure_future(work(backend, queues, lacks))

        def stop() -> None:
            end_within(_END_SECONDS)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        stop_with_parent(lambda: loop.call_soon_threadsafe(stop))
        await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def _check_abilities(backend: Backend, queues: list[str]) -> None:
    """Refuses to begin what would only fail, and has callers told.

    Raises:
        PaksaTalkerError: What a queue needs is lacking.
    """
    from paksatalker.worker.abilities import lacking

    for queue in queues:
        if (error := lacking(queue)) is not None:
            await backend.queue.lack(queue, error.to_dict(), _LACK_SECONDS)
            raise error
