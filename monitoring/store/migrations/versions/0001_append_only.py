"""Facts, refusals and the intake ledger, each append-only.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG_IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_POSTGRESQL = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Create the three tables and the triggers that keep them append-only."""
    op.create_table(
        "fact",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("fact_id", sa.Text, nullable=False, unique=True),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("effective_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("record_id", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("batch", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("fact_by_patient", "fact", ["patient_id", "seq"])
    op.create_table(
        "refusal",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("field", sa.Text),
        sa.Column("value", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("raw", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("refusal_by_source", "refusal", ["source", "seq"])
    op.create_table(
        "intake",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("author", sa.Text),
        *(sa.Column(n, sa.Integer, nullable=False) for n in ("read", "stored", "duplicates", "quarantined", "ignored")),
        sa.Column("ignored_kinds", sa.Text, nullable=False),
        sa.CheckConstraint("read = stored + duplicates + quarantined + ignored", name="equation"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_postgresql() -> None:
    op.execute(_POSTGRESQL)
    for table in ("fact", "refusal", "intake"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _guard_sqlite() -> None:
    for table in ("fact", "refusal", "intake"):
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
