"""Append-only store of facts and refusals on SQLite or PostgreSQL; the only place in the house that speaks SQL."""

from monitoring.store.engine import StoreUnavailable
from monitoring.store.journal import LedgerRow, Store, open_store

__all__ = ["LedgerRow", "Store", "StoreUnavailable", "open_store"]
