"""Run by alembic: on the connection that :meth:`Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from paksatalker.service.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
