"""Accounts, sessions, one-time links, failed sign-ins, service tokens, and the marks of a store.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG_IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables, and the secret that keeps patients' numbers out of addresses."""
    op.create_table(
        "account",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Text),
        sa.Column("subject", sa.Text, unique=True),
        sa.Column("demonstration", sa.Integer, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("disabled_at", sa.BigInteger),
    )
    op.create_table(
        "session",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_index("session_by_account", "session", ["account_id"])
    op.create_table(
        "invitation",
        sa.Column("invitation_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_table(
        "failed_sign_in",
        sa.Column("seq", _BIG_IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("name_hash", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("failed_by_name", "failed_sign_in", ["name_hash", "at"])
    op.create_index("failed_by_address", "failed_sign_in", ["address", "at"])
    op.create_table(
        "service_token",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    mark = op.create_table(
        "mark", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.bulk_insert(mark, [{"name": "address-secret", "value": secrets.token_hex(32)}])
