"""The settings: environment variables ``PAKSATALKER_*``, or the same in a file ``.env`` in the working folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, get_args

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from paksatalker.config.limits import (
    MAX_AUDIO_MINUTES,
    MAX_IMAGE_PIXELS,
    MAX_TEXT_CHARACTERS,
    MODEL_CACHE_BYTES,
    MOST_IMAGE_PIXELS,
)
from paksatalker.config.reading import read_settings

_PREFIX = "PAKSATALKER_"

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat = Literal["text", "json"]


class Settings(BaseSettings):
    """What can be set from outside. Read it with :func:`get_settings`.

    Attributes:
        home: Where models are kept.
        threads: Threads for rendering and inference; 0 is one for each core that this process may use.
        log_level: What is reported on stderr.
        log_format: As text for people, or as JSON lines for collectors.
        offline: Refuse every download; a missing model is then an error.
        font: Font file for subtitles in the picture; None takes one that has the letters.
        max_text_characters: Longest text that is spoken.
        max_audio_minutes: Longest recording that is animated, minutes.
        max_image_pixels: Largest photo that is decoded, width × height: the guard against decompression bombs.
        model_cache_bytes: How much of loaded networks stays in memory between the videos of a process.
        compile_networks: Let PyTorch compile SadTalker's networks where they run on a GPU.
        qwen_model_path: A GGUF file, or a folder as transformers saves it, in place of the model of the weights store.
            ``QWEN_MODEL_PATH`` sets it too.
        sadtalker_model_path: A folder with SadTalker's official files in place of the weights store's.
            ``SADTALKER_MODEL_PATH`` sets it too.
        pantrix_model_path: A folder with the official EMAGE files in place of the weights store's.
            ``PANTRIX_MODEL_PATH`` sets it too.
        llm_url: Address of an OpenAI-compatible server that writes (``http://localhost:11434/v1``).
        llm_model: Name of the model there; empty takes the first that it lists.
        llm_api_key: Its key; never shown.
        llm_timeout: Longest wait for its next word, seconds.
        coqui_python: The interpreter of an environment that has coqui-tts, for the voices xtts and vits.
        blocklist: File of words and phrases that are not spoken, one a line.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    home: Path = Field(default_factory=lambda: user_data_path("paksatalker", appauthor=False))
    threads: int = Field(default=0, ge=0, le=1024)
    log_level: LogLevel = "WARNING"
    log_format: LogFormat = "text"
    offline: bool = False
    font: Path | None = None
    max_text_characters: int = Field(default=MAX_TEXT_CHARACTERS, ge=1)
    max_audio_minutes: float = Field(default=MAX_AUDIO_MINUTES, gt=0, allow_inf_nan=False)
    max_image_pixels: int = Field(default=MAX_IMAGE_PIXELS, ge=1, le=MOST_IMAGE_PIXELS)

    model_cache_bytes: int = Field(default=MODEL_CACHE_BYTES, ge=0)
    compile_networks: bool = False
    qwen_model_path: Path | None = Field(
        default=None, validation_alias=AliasChoices(f"{_PREFIX}QWEN_MODEL_PATH", "QWEN_MODEL_PATH")
    )
    sadtalker_model_path: Path | None = Field(
        default=None, validation_alias=AliasChoices(f"{_PREFIX}SADTALKER_MODEL_PATH", "SADTALKER_MODEL_PATH")
    )
    pantrix_model_path: Path | None = Field(
        default=None, validation_alias=AliasChoices(f"{_PREFIX}PANTRIX_MODEL_PATH", "PANTRIX_MODEL_PATH")
    )
    llm_url: str = ""
    llm_model: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    blocklist: Path | None = None
    coqui_python: str = ""

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) and value.upper() in get_args(LogLevel) else value

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:  # ~somebody who does not exist
            raise ValueError(str(error)) from error

    @property
    def weights(self) -> Path:
        """The folder of the weights store."""
        return self.home / "weights"

    @property
    def voices(self) -> Path:
        """The folder of the user's own voices."""
        return self.home / "voices"

    @property
    def worker_threads(self) -> int:
        """How many threads to use, at least 1."""
        return self.threads or usable_cores()


def get_settings() -> Settings:
    """The settings as the environment has them now.

    Raises:
        SettingsInvalid: A variable has a value we cannot use; the message names it.
    """
    return read_settings(Settings)


def usable_cores() -> int:
    """Cores that this process may use, at least 1; affinity counts where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
