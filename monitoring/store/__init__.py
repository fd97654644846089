"""Append-only store of facts and refusals on SQLite or PostgreSQL; the only place in the house that speaks SQL."""

from monitoring.store.engine import StoreUnavailable
from monitoring.store.journal import LedgerRow, Store, open_store
from monitoring.store.quarantine import (
    AlreadyResolved,
    Closing,
    CodeMapping,
    CodeSeen,
    HeldRefusal,
    HeldRow,
    Quarantine,
    Resolution,
)

__all__ = [
    "AlreadyResolved",
    "Closing",
    "CodeMapping",
    "CodeSeen",
    "HeldRefusal",
    "HeldRow",
    "LedgerRow",
    "Quarantine",
    "Resolution",
    "Store",
    "StoreUnavailable",
    "open_store",
]
