"""The settings of the service: the same environment and ``.env`` as the rest, in the operator's usual names."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr

from paksatalker.config.reading import read_settings
from paksatalker.config.signing import SigningSettings


def _named(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class IceServer(BaseModel):
    """A server that helps two sides of WebRTC to find each other (STUN), or passes on what they send (TURN).

    Attributes:
        urls: ``stun:HOST:PORT``, ``turn:HOST:PORT?transport=udp``, …
        username: For TURN.
        credential: For TURN.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: str | tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class ServiceSettings(SigningSettings):
    """What an operator can set, besides what signs. Read it with :func:`get_service_settings`.

    Attributes:
        host: Address the API listens at. Only this machine unless it is changed.
        port: Its port.
        debug: Tracebacks in answers; never on a public machine.
        redis_url: Redis or Valkey; empty starts one of its own (:mod:`paksatalker.service.broker`).
        database_url: SQLAlchemy's address; empty is SQLite in ``home``.
        s3_bucket: Bucket for files; empty keeps them in ``home``.
        aws_access_key_id: Of the bucket.
        aws_secret_access_key: Of the bucket.
        aws_region: Of the bucket.
        aws_endpoint_url: Of an S3-compatible server; empty is Amazon's.
        tracing: Whether steps are traced (OpenTelemetry); its own variables say where to.
        secret: What seals secrets in the database; empty is the file ``secret`` in ``home``.
        cors_origins: Web pages of other origins that may call; none by default.
        upload_max_bytes: Largest file that is taken.
        upload_hours: An upload that comes in pieces and is not finished is deleted after so many hours.
        job_tries: How often a job is tried whose worker dies.
        part_seconds: A video longer than so many seconds is made in parts by several workers, each at least so long;
            0 makes every video in one go.
        keep_days: Files and finished jobs are deleted after so many days; 0 keeps them.
        requests_per_minute: Of a key, unless it has its own limit.
        video_minutes_per_day: Of a tenant.
        storage_bytes: Of a tenant.
        metrics_token: What Prometheus shows at ``/metrics``; empty admits only keys of scope ``admin``.
        free_bytes: Workers begin no job while less than this is free on their disk.
        work_folder: Where workers keep the files of running jobs; empty is ``work`` in ``home``. Fast and local.
        render_memory: What the process that renders may allocate, bytes; 0 is no limit, None is chosen by the machine.
        render_silence_minutes: A renderer that reports nothing for so long hangs, and is ended.
        render_minutes: Longest time a video may take; 0 is no limit.
        allow_private_callbacks: Whether callbacks may go to private networks and this machine; for developers.
        batch_max_rows: Most videos that are asked for in one batch.
        batch_max_bytes: Largest batch, JSON or CSV.
        speech_concurrency: How many texts the API speaks at a time (``/v1/audio/speech``, live).
        speech_max_characters: Longest text that it speaks.
        script_concurrency: How many texts it has written at a time; a language model runs for each.
        recognition_concurrency: How many microphones it understands at a time; a model runs for each.
        live_sessions: Most live sessions of a process of the API.
        live_sessions_per_tenant: Of these, those of one tenant.
        live_videos: Most portraits that a process of the API shows by WebRTC; each takes half a core. 0: none.
        live_minutes_per_day: Of live sessions of a tenant.
        live_idle_minutes: A session in which nothing happens for so long is closed.
        ice_servers: STUN and TURN servers for WebRTC; without any nobody else is asked for the way.
    """

    host: str = Field(default="127.0.0.1", validation_alias=_named("API_HOST", "PAKSATALKER_API_HOST"))
    port: int = Field(default=8000, ge=0, le=65535, validation_alias=_named("API_PORT", "PAKSATALKER_API_PORT"))
    debug: bool = Field(default=False, validation_alias=_named("DEBUG", "PAKSATALKER_DEBUG"))
    redis_url: str = Field(default="", validation_alias=_named("REDIS_URL", "PAKSATALKER_REDIS_URL"))
    database_url: str = Field(default="", validation_alias=_named("DATABASE_URL", "PAKSATALKER_DATABASE_URL"))
    s3_bucket: str = Field(default="", validation_alias=_named("S3_BUCKET"))
    aws_access_key_id: SecretStr = Field(default=SecretStr(""), validation_alias=_named("AWS_ACCESS_KEY_ID"))
    aws_secret_access_key: SecretStr = Field(default=SecretStr(""), validation_alias=_named("AWS_SECRET_ACCESS_KEY"))
    aws_region: str = Field(default="us-east-1", validation_alias=_named("AWS_REGION", "AWS_DEFAULT_REGION"))
    aws_endpoint_url: str = Field(default="", validation_alias=_named("AWS_ENDPOINT_URL"))
    tracing: bool = Field(default=False, validation_alias=_named("PAKSATALKER_TRACING"))
    secret: SecretStr = Field(default=SecretStr(""), validation_alias=_named("PAKSATALKER_SECRET"))
    cors_origins: tuple[str, ...] = Field(default=(), validation_alias=_named("PAKSATALKER_CORS_ORIGINS"))
    upload_max_bytes: int = Field(default=512 << 20, ge=1, validation_alias=_named("PAKSATALKER_UPLOAD_MAX_BYTES"))
    upload_hours: float = Field(
        default=24, gt=0, allow_inf_nan=False, validation_alias=_named("PAKSATALKER_UPLOAD_HOURS")
    )
    job_tries: int = Field(default=3, ge=1, le=20, validation_alias=_named("PAKSATALKER_JOB_TRIES"))
    part_seconds: float = Field(
        default=30, ge=0, allow_inf_nan=False, validation_alias=_named("PAKSATALKER_PART_SECONDS")
    )
    keep_days: float = Field(default=30, ge=0, validation_alias=_named("PAKSATALKER_KEEP_DAYS"))
    requests_per_minute: int = Field(default=600, ge=1, validation_alias=_named("PAKSATALKER_REQUESTS_PER_MINUTE"))
    video_minutes_per_day: float = Field(
        default=1440, ge=0, validation_alias=_named("PAKSATALKER_VIDEO_MINUTES_PER_DAY")
    )
    metrics_token: SecretStr = Field(default=SecretStr(""), validation_alias=_named("PAKSATALKER_METRICS_TOKEN"))
    storage_bytes: int = Field(default=50 << 30, ge=0, validation_alias=_named("PAKSATALKER_STORAGE_BYTES"))
    allow_private_callbacks: bool = Field(default=False, validation_alias=_named("PAKSATALKER_ALLOW_PRIVATE_CALLBACKS"))
    batch_max_rows: int = Field(default=1000, ge=1, validation_alias=_named("PAKSATALKER_BATCH_MAX_ROWS"))
    batch_max_bytes: int = Field(default=16 << 20, ge=1, validation_alias=_named("PAKSATALKER_BATCH_MAX_BYTES"))
    speech_concurrency: int = Field(default=2, ge=1, le=64, validation_alias=_named("PAKSATALKER_SPEECH_CONCURRENCY"))
    speech_max_characters: int = Field(
        default=4096, ge=1, le=100_000, validation_alias=_named("PAKSATALKER_SPEECH_MAX_CHARACTERS")
    )
    script_concurrency: int = Field(default=1, ge=1, le=64, validation_alias=_named("PAKSATALKER_SCRIPT_CONCURRENCY"))
    recognition_concurrency: int = Field(
        default=1, ge=1, le=64, validation_alias=_named("PAKSATALKER_RECOGNITION_CONCURRENCY")
    )
    live_sessions: int = Field(default=64, ge=0, validation_alias=_named("PAKSATALKER_LIVE_SESSIONS"))
    live_sessions_per_tenant: int = Field(
        default=16, ge=0, validation_alias=_named("PAKSATALKER_LIVE_SESSIONS_PER_TENANT")
    )
    live_videos: int = Field(default=4, ge=0, le=256, validation_alias=_named("PAKSATALKER_LIVE_VIDEOS"))
    live_minutes_per_day: float = Field(default=1440, ge=0, validation_alias=_named("PAKSATALKER_LIVE_MINUTES_PER_DAY"))
    live_idle_minutes: float = Field(
        default=15, gt=0, allow_inf_nan=False, validation_alias=_named("PAKSATALKER_LIVE_IDLE_MINUTES")
    )
    ice_servers: tuple[IceServer, ...] = Field(default=(), validation_alias=_named("PAKSATALKER_ICE_SERVERS"))
    free_bytes: int = Field(default=256 << 20, ge=0, validation_alias=_named("PAKSATALKER_FREE_BYTES"))
    work_folder: Path | None = Field(default=None, validation_alias=_named("PAKSATALKER_WORK_FOLDER"))
    render_memory: int | None = Field(default=None, ge=0, validation_alias=_named("PAKSATALKER_RENDER_MEMORY"))
    render_silence_minutes: float = Field(
        default=15, gt=0, allow_inf_nan=False, validation_alias=_named("PAKSATALKER_RENDER_SILENCE_MINUTES")
    )
    render_minutes: float = Field(
        default=0, ge=0, allow_inf_nan=False, validation_alias=_named("PAKSATALKER_RENDER_MINUTES")
    )

    @property
    def work(self) -> Path:
        """Where workers keep the files of running jobs."""
        return self.work_folder or self.home / "work"

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database, with an asynchronous driver."""
        url = self.database_url
        if not url:
            return f"sqlite+aiosqlite:///{(self.home / 'paksatalker.sqlite3').as_posix()}"
        for plain, driver in (("postgresql://", "postgresql+asyncpg://"), ("postgres://", "postgresql+asyncpg://"),
                              ("sqlite://", "sqlite+aiosqlite://")):  # fmt: skip
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        return url


def get_service_settings() -> ServiceSettings:
    """The settings as the environment has them now.

    Raises:
        SettingsInvalid: A variable has a value we cannot use; the message names it.
    """
    return read_settings(ServiceSettings)
