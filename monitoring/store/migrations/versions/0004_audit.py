"""The audit: who did what, when and from where, append-only and chained by hashes.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table and the triggers. `unique` on `previous`: a chain never forks, whoever writes.

    The mark says from when on every session that began has its entry.
    """
    op.create_table(
        "audit",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("patient_id", sa.Text),
        sa.Column("about", sa.Text),
        sa.Column("how_many", sa.BigInteger),
        sa.Column("previous", sa.Text, nullable=False, unique=True),
        sa.Column("hash", sa.Text, nullable=False),
    )
    began = sa.table("session", sa.column("started_at", sa.BigInteger))
    last = op.get_bind().scalar(sa.select(sa.func.max(began.c.started_at)))
    marks = sa.table("mark", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(marks, [{"name": "audit-since", "value": str(0 if last is None else last + 1)}])
    op.create_index("audit_by_time", "audit", ["at"])
    op.create_index("audit_by_who", "audit", ["who", "seq"])
    op.create_index("audit_by_patient", "audit", ["patient_id", "seq"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above
    op.execute(
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq OR previous = NEW.previous) "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    )
