"""Append-only store of facts and refusals on SQLite or PostgreSQL; the only place in the house that speaks SQL."""

from monitoring.store.engine import StoreUnavailable
from monitoring.store.figures import Figures
from monitoring.store.holding import AlreadyResolved, Closing
from monitoring.store.journal import Changes, Mark, Store, open_store
from monitoring.store.ledger import LedgerRow
from monitoring.store.quarantine import (
    CodeMapping,
    CodeSeen,
    HeldRefusal,
    HeldRow,
    Quarantine,
    Resolution,
    Span,
    State,
)

__all__ = [
    "AlreadyResolved",
    "Changes",
    "Closing",
    "CodeMapping",
    "CodeSeen",
    "Figures",
    "HeldRefusal",
    "HeldRow",
    "LedgerRow",
    "Mark",
    "Quarantine",
    "Resolution",
    "Span",
    "State",
    "Store",
    "StoreUnavailable",
    "open_store",
]
