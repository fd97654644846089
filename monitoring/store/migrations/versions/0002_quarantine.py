"""Rows held for correction and replay, what became of them, and what a site's codes mean.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitoring.store.keys import held_key
from monitoring.store.tables import Words

revision = "0002"
down_revision = "0001"

_BIG_IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NEW = ("held", "unmapped", "resolution", "mapping")
_ROWS_AT_A_TIME = 1000


def upgrade() -> None:
    """Create the tables, hold every row refused so far, and guard them like the others."""
    for column in ("rule", "author", "held"):
        op.add_column("refusal", sa.Column(column, sa.Text))
    op.add_column("refusal", sa.Column("ordinal", sa.Integer))
    op.create_table(
        "held",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "place")),
        *(sa.Column(name, sa.Text) for name in ("raw", "context", "zone")),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "unmapped",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("batch", "held", "system", "code")),
        sa.Column("label", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("unmapped_by_held", "unmapped", ["held"])
    op.create_table(
        "resolution",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("held", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("how", "author")),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("raw", "reason", "batch")),
        sa.CheckConstraint("how IN ('corrected', 'replayed', 'dismissed')", name="how"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mapping",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("system", "code")),
        sa.Column("concept", sa.Text),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    _hold_what_was_refused()
    op.create_index("refusal_by_held", "refusal", ["held"])
    _guard()


def _hold_what_was_refused() -> None:
    """Give each refusal of the first schema its held row; the guard of `refusal` steps aside for these columns only."""
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        op.execute("ALTER TABLE refusal DISABLE TRIGGER refusal_append_only")
    else:
        op.execute("DROP TRIGGER refusal_no_update")

    def table(name: str, *own: str) -> sa.TableClause:
        words = (sa.column(text, Words) for text in ("source", "place", "raw"))
        return sa.table(name, *words, sa.column("received_at"), *map(sa.column, own))

    refusal, held = table("refusal", "seq", "batch", "held", "ordinal"), table("held", "key")
    known: set[str] = set()
    ordinals: dict[str, dict[str, int]] = {}
    last = 0
    while rows := connection.execute(
        sa.select(refusal).where(refusal.c.seq > last).order_by(refusal.c.seq).limit(_ROWS_AT_A_TIME)
    ).all():
        for row in rows:
            key = held_key(row.source, row.place, row.raw, row.batch)
            if key not in known:
                known.add(key)
                values = {"source": row.source, "place": row.place, "raw": row.raw, "received_at": row.received_at}
                connection.execute(sa.insert(held).values(key=key, **values))
            of_batch = ordinals.setdefault(row.batch, {})
            ordinal = of_batch.setdefault(key, len(of_batch))
            connection.execute(sa.update(refusal).where(refusal.c.seq == row.seq).values(held=key, ordinal=ordinal))
        last = rows[-1].seq
    if postgresql:
        op.execute("ALTER TABLE refusal ENABLE TRIGGER refusal_append_only")
    else:
        op.execute(
            "CREATE TRIGGER refusal_no_update BEFORE UPDATE ON refusal "
            "BEGIN SELECT RAISE(ABORT, 'refusal is append-only'); END"
        )


def _guard() -> None:
    for table in _NEW:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
