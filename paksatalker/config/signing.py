"""What signs what is made here: read by the service, and by whoever makes videos and sounds without it."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from paksatalker.config.reading import read_settings


class SigningSettings(BaseSettings):
    """Where the certificate is. Read it with :func:`get_signing_settings`.

    Attributes:
        home: The service's folder: a certificate of our own lies in it.
        c2pa_certificate: The operator's certificate chain (PEM) that signs; None is the one in ``home``.
        c2pa_private_key: Its private key (PEM, PKCS #8).
        c2pa_timestamp_url: An RFC 3161 server that signatures are stamped by; empty is none.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True,
        populate_by_name=True, env_prefix="PAKSATALKER_SERVICE_",  # else HOME would be ``home``
    )  # fmt: skip

    home: Path = Field(
        default_factory=lambda: user_data_path("paksatalker", appauthor=False) / "service",
        validation_alias=AliasChoices("PAKSATALKER_SERVICE_HOME"),
    )
    c2pa_certificate: Path | None = Field(default=None, validation_alias=AliasChoices("PAKSATALKER_C2PA_CERTIFICATE"))
    c2pa_private_key: Path | None = Field(default=None, validation_alias=AliasChoices("PAKSATALKER_C2PA_PRIVATE_KEY"))
    c2pa_timestamp_url: str = Field(default="", validation_alias=AliasChoices("PAKSATALKER_C2PA_TIMESTAMP_URL"))

    @property
    def own_certificate(self) -> Path:
        """The folder of our own certificate and its key."""
        return self.home / "provenance"


def get_signing_settings() -> SigningSettings:
    """The settings as the environment has them now.

    Raises:
        SettingsInvalid: A variable has a value we cannot use; the message names it.
    """
    return read_settings(SigningSettings)
