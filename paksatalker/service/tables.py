"""The tables. Every object belongs to a tenant, and every query names it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Utc(TypeDecorator[datetime]):
    """A time in UTC, aware; SQLite forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  (the base class has it)
        """To the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  (the base class has it)
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Of all tables."""

    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[str]: JSON, str: String(255)}  # noqa: RUF012  (SQLAlchemy looks here)


class Tenant(Base):
    """A customer: what one has, no other sees."""

    __tablename__ = "tenants"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    video_minutes_per_day: Mapped[float | None]
    storage_bytes: Mapped[int | None] = mapped_column(BigInteger)


class ApiKey(Base):
    """A key; only its hash is kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    name: Mapped[str]
    hash: Mapped[str]
    scopes: Mapped[list[str]]
    requests_per_minute: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Asset(Base):
    """An uploaded file: a portrait, a recording, a text."""

    __tablename__ = "assets"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str]
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    file: Mapped[str]
    analysis: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    __table_args__ = (Index("ix_assets_tenant_created", "tenant_id", "created_at", "id"),)


class Upload(Base):
    """A file that comes in pieces: how much of it is there, where, and what it has become."""

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    key_id: Mapped[str]
    name: Mapped[str]
    told: Mapped[str] = mapped_column(String(4096), default="")
    length: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    pieces: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16))
    asset_id: Mapped[str | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    holder: Mapped[str | None]
    held_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UploadPiece(Base):
    """A piece of an upload that is not finished: where it begins, and where it lies in the file store."""

    __tablename__ = "upload_pieces"
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    file: Mapped[str]


class Voice(Base):
    """A voice that resembles a speaker, with the speaker's consent."""

    __tablename__ = "voices"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str]
    name: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str | None]
    consent: Mapped[dict[str, Any]]
    file: Mapped[str | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)


class Avatar(Base):
    """A portrait with a name, and how it speaks unless a request says otherwise."""

    __tablename__ = "avatars"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str]
    name: Mapped[str] = mapped_column(String(64))
    portrait: Mapped[str]
    defaults: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        Index("ix_avatars_tenant_created", "tenant_id", "created_at", "id"),
    )


class Job(Base):
    """A video that is asked for: what, how far it is, what came out. Or a part of one, which only workers see."""

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), default="video")
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str]
    queue: Mapped[str] = mapped_column(String(32))
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    request: Mapped[dict[str, Any]]
    request_hash: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None]
    batch_id: Mapped[str | None] = mapped_column(index=True)
    callback_url: Mapped[str | None] = mapped_column(String(2048))
    trace: Mapped[str | None] = mapped_column(String(64))
    ticket: Mapped[str | None] = mapped_column(index=True)
    seconds_expected: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(String(32), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    frames_done: Mapped[int] = mapped_column(default=0)
    frames_total: Mapped[int | None]
    seconds_left: Mapped[float | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    __table_args__ = (
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_jobs_tenant_created", "tenant_id", "created_at", "id"),
        Index("ix_jobs_room", "tenant_id", "stored_bytes"),
        Index("ix_jobs_twin", "tenant_id", "request_hash"),
        Index("ix_jobs_next", "queue", "state", "priority", "tenant_id", "created_at"),
    )


class Webhook(Base):
    """A message that a job has ended, to be delivered until it is taken or given up.

    Its state: ``pending`` waits for the next attempt, ``delivered`` was taken, ``dead`` is given up.
    """

    __tablename__ = "webhooks"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    job_id: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str] = mapped_column(String(2048))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    __table_args__ = (Index("ix_webhooks_due", "state", "next_at"),)


class WebhookSecret(Base):
    """What a tenant's messages are signed with; while it is being replaced there are two."""

    __tablename__ = "webhook_secrets"
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    secret: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what to which object; never texts, never keys."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(index=True)
    key_id: Mapped[str]
    action: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=now)
