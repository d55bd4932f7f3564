"""Pieces of uploads have a table of their own; the bytes of videos and voices are known without reading results."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version; uploads that are not finished keep their pieces."""
    begun = op.get_bind().execute(sa.text("SELECT id, parts FROM uploads WHERE state = 'open'")).all()
    _add_count("uploads", "pieces", sa.Integer())
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_column("parts")
    pieces = op.create_table(
        "upload_pieces",
        sa.Column("upload_id", sa.String(length=255), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("upload_id", "offset"),
    )
    for upload_id, found in begun:
        files: list[str] = json.loads(found) if isinstance(found, str) else found
        rows = [_piece(upload_id, file) for file in files]
        op.bulk_insert(pieces, rows)
        count = sa.text("UPDATE uploads SET pieces = :count WHERE id = :id")
        op.get_bind().execute(count, {"count": len(rows), "id": upload_id})
    _add_count("voices", "bytes", sa.BigInteger())
    _add_count("jobs", "stored_bytes", sa.BigInteger())
    jobs = sa.table("jobs", *(sa.column(name) for name in ("state", "stored_bytes")), sa.column("result", sa.JSON))
    video, stream = (sa.func.coalesce(jobs.c.result[name].as_float(), 0) for name in ("bytes", "stream_bytes"))
    known = sa.and_(jobs.c.state == "succeeded", jobs.c.result["bytes"].as_float().is_not(None))
    op.execute(jobs.update().where(known).values(stored_bytes=sa.cast(video + stream, sa.BigInteger())))
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_room", ["tenant_id", "stored_bytes"], unique=False)


def _add_count(table: str, name: str, kind: sa.types.TypeEngine[int]) -> None:
    """Adds a column that is 0 in all rows."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(sa.Column(name, kind, nullable=False, server_default="0"))
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(name, server_default=None, existing_type=kind, existing_nullable=False)


def _piece(upload_id: str, file: str) -> dict[str, Any]:
    """The name of its file begins with where it begins."""
    return {"upload_id": upload_id, "offset": int(file.rpartition("/")[2].partition("-")[0]), "file": file}


def downgrade() -> None:
    """Back; uploads that are not finished begin anew."""
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_room")
        batch_op.drop_column("stored_bytes")
    with op.batch_alter_table("voices", schema=None) as batch_op:
        batch_op.drop_column("bytes")
    op.drop_table("upload_pieces")
    op.execute("DELETE FROM uploads WHERE state = 'open'")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_column("pieces")
        batch_op.add_column(sa.Column("parts", sa.JSON(), nullable=False, server_default="[]"))
