"""What processes that read strangers' files are told of the environment of those that start them: all but secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pydantic import AliasChoices

from paksatalker.service.settings import ServiceSettings

_SECRET = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "c2pa_private_key",
    "database_url",
    "ice_servers",
    "metrics_token",
    "redis_url",
    "secret",
)
_OTHERS = (
    "AWS_SESSION_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",  # read by libraries
    "REDIS_PASSWORD", "POSTGRES_PASSWORD",  # what containers make the addresses of
)  # fmt: skip


def without_secrets(**more: str) -> dict[str, str]:
    """The environment for a process that somebody's file may take over: with it, nobody's data can be reached.

    Args:
        more: Variables that it has besides.

    Returns:
        The environment without addresses and keys of the database, the queue and the bucket, and without what seals and
        signs. Keys of language models stay: a renderer writes scripts, too.
    """
    secret = {*_variables(), *_OTHERS}
    return {name: value for name, value in os.environ.items() if name.upper() not in secret} | more


def _variables() -> Iterator[str]:
    for field in _SECRET:
        alias = ServiceSettings.model_fields[field].validation_alias
        assert isinstance(alias, AliasChoices)
        yield from (str(name).upper() for name in alias.choices)
