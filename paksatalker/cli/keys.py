"""``paksatalker keys``: who may use the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from paksatalker.cli.console import print_json, say
from paksatalker.cli.options import Json
from paksatalker.cli.serve import need_service
from paksatalker.errors import InvalidOption

if TYPE_CHECKING:
    from paksatalker.service.keys import KeyStore

T = TypeVar("T")
app = typer.Typer(help="Keys of the service.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may use: videos, assets, … [default: everything].")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Id of the tenant [default: a new one].")] = None,
    days: Annotated[float | None, typer.Option(help="It ends after so many days.", min=0)] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Its own limit.", min=1)] = None,
    json: Json = False,
) -> None:
    """Make a key. It is shown once."""

    async def make(keys: KeyStore) -> str:
        from paksatalker.service.keys import SCOPES
        from paksatalker.service.tables import now

        ends = None if days is None else now() + timedelta(days=days)
        return await keys.create(
            name, scope or SCOPES, tenant_id=tenant, expires_at=ends, requests_per_minute=requests_per_minute
        )

    key = _with_keys(make)
    if json:
        print_json({"key": key, "id": key.partition(".")[0]})
    else:
        say("The key, shown this once:")
        typer.echo(key)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show all keys, without their secrets."""

    async def read(keys: KeyStore) -> list[dict[str, object]]:
        return [
            {
                "id": key.id, "name": key.name, "tenant": key.tenant_id, "scopes": key.scopes,
                "created_at": key.created_at.isoformat(timespec="seconds"), "revoked": key.revoked_at is not None,
            }
            for key in await keys.all()
        ]  # fmt: skip

    rows = _with_keys(read)
    if json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['tenant']}  {row['name']}" + ("  revoked" if row["revoked"] else ""))


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")]) -> None:
    """End a key."""

    async def end(keys: KeyStore) -> bool:
        return await keys.revoke(key_id)

    if not _with_keys(end):
        raise InvalidOption(f"there is no key '{key_id}'", fix="See: paksatalker keys list")
    say(f"{key_id} is revoked")


@app.command("provenance")
def provenance(
    *,
    folder: Annotated[Path | None, typer.Option(help="Where [default: the service's own place].")] = None,
    organisation: Annotated[str, typer.Option(help="Named in the certificate.")] = "PaksaTalker",
    again: Annotated[bool, typer.Option(help="Replace the certificate that is there.")] = False,
) -> None:
    """Make the certificate that signs videos and sounds (C2PA). The service makes one by itself if there is none."""
    from paksatalker.core.provenance.signing import need_signing

    need_signing()
    from paksatalker.config.signing import get_signing_settings
    from paksatalker.core.provenance.certificates import CERTIFICATES, PRIVATE_KEY, make_credentials

    place = folder or get_signing_settings().own_certificate
    if not make_credentials(place, organisation, again):
        raise InvalidOption(f"there is a certificate in {place}", fix="Add --again to replace it")
    say(f"{place / CERTIFICATES}: give its last certificate to whoever is to trust your videos")
    say(f"{place / PRIVATE_KEY}: keep it to yourself")


def _with_keys(act: Callable[[KeyStore], Awaitable[T]]) -> T:
    need_service()
    from paksatalker.service.database import Database
    from paksatalker.service.keys import KeyStore
    from paksatalker.service.settings import get_service_settings

    async def inner() -> T:
        database = Database(get_service_settings().database)
        try:
            await database.migrate()
            return await act(KeyStore(database))
        finally:
            await database.close()

    return asyncio.run(inner())
