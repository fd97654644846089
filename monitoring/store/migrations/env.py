"""Alembic's entry: runs the migrations on the connection handed in by `monitoring.store.engine`, in its transaction."""

from __future__ import annotations

from alembic import context

from monitoring.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
