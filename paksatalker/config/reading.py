"""Reads settings from the environment and ``.env``, and says which variable is wrong, and how."""

from __future__ import annotations

import os
import re
from typing import TypeVar

from pydantic import AliasChoices, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from paksatalker.errors import SettingsInvalid

_Settings = TypeVar("_Settings", bound=BaseSettings)


def read_settings(kind: type[_Settings]) -> _Settings:
    """Settings as the environment has them now.

    Args:
        kind: Which.

    Raises:
        SettingsInvalid: A variable has a value we cannot use; the message names it. It shows the value, unless that is
            secret.
    """
    try:
        return kind()
    except ValidationError as error:
        raise _invalid(kind, error.errors()[0]) from None  # its text has the value, too
    except SettingsError as error:
        match = re.search(r'field "(\w+)"', str(error))
        name = _variable(kind, match[1]) if match else "a setting"
        raise SettingsInvalid(f"{name} cannot be read", "it is not JSON", "Write it as .env.example has it") from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsInvalid("the settings cannot be read", str(error), "Check the file .env") from error


def _invalid(kind: type[BaseSettings], found: ErrorDetails) -> SettingsInvalid:
    told, value = str(found["loc"][0]), found["input"]
    field = next(f for f in kind.model_fields if told in (f, *_names(kind, f)))
    name = _variable(kind, field)
    secret = kind.model_fields[field].annotation is SecretStr or len(found["loc"]) > 1
    reason = (found["msg"][:1].lower() + found["msg"][1:]).rstrip(".")
    what = f"{name} has a value that cannot be used" if secret else f"{name} is set to '{value}'"
    return SettingsInvalid(what, reason, f"Change it in the environment or in .env, or unset {name}")


def _variable(kind: type[BaseSettings], field: str) -> str:
    """The variable that sets a field: of several the one that the environment has, else the first."""
    names = _names(kind, field)
    return next((name for name in names if name in os.environ), names[0])


def _names(kind: type[BaseSettings], field: str) -> tuple[str, ...]:
    """The variables that set a field."""
    alias = kind.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (f"{kind.model_config.get('env_prefix', '')}{field}".upper(),)
