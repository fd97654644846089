"""The settings of a site, each revision appended.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table and its guards. Revision 0, before any row, is what the dictionary says."""
    op.create_table(
        "site",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER site_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON site "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER site_no_{change.lower()} BEFORE {change} ON site "
            "BEGIN SELECT RAISE(ABORT, 'site is append-only'); END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above
    op.execute(
        "CREATE TRIGGER site_no_replace BEFORE INSERT ON site "
        "WHEN EXISTS (SELECT 1 FROM site WHERE revision = NEW.revision) "
        "BEGIN SELECT RAISE(ABORT, 'site is append-only'); END"
    )
