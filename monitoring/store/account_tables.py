"""The tables of accounts, as queries see them. They hold what is so now and change in place; the audit says what was.

Secrets are kept as hashes only. Times are microseconds since 1970 in UTC, as in `tables`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from monitoring.store.tables import Words, metadata

account = Table(
    "account",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("display_name", Words, nullable=False),
    Column("role", Text, nullable=False),
    Column("patient_id", Words),
    Column("subject", Words, unique=True),
    Column("demonstration", Integer, nullable=False),
    Column("password", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    Column("disabled_at", BigInteger),
)

session = Table(
    "session",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("session_by_account", "account_id"),
)

invitation = Table(
    "invitation",
    metadata,
    Column("invitation_id", Text, primary_key=True),
    Column("account_id", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

failed_sign_in = Table(
    "failed_sign_in",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name_hash", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("failed_by_name", "name_hash", "at"),
    Index("failed_by_address", "address", "at"),
)

service_token = Table(
    "service_token",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    Column("revoked_at", BigInteger),
)

mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
