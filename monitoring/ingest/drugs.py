"""Drug charts: one row per administration, an empty end is still running or a single dose."""

from __future__ import annotations

from datetime import timedelta

from monitoring.concepts import folded
from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.rows import Row
from monitoring.records import Administration
from monitoring.vocabulary import AdministrationAction

NOTHING_GIVEN = "none"
"""The drug of a row that says: the drug chart was looked at and nothing was given."""
_PLANNED = timedelta(days=1)
"""How far ahead the end of a drug may be charted: an infusion is hung until tomorrow (D68)."""
_NOTHING = frozenset({"none", "nodrugs", "nodrug", "nothinggiven"})


def _read(row: Row) -> None:
    said = row.at("start")
    drug = row.text("drug")
    if drug is None:
        row.refuse("drug", "missing", "empty; expected a drug name, or none where nothing was given. Row not read")
    dose = row.dose("dose")
    refused = len(row.refusals)
    end = row.moment("end", ahead=_PLANNED)
    action = row.word("action", AdministrationAction)
    if said is None or drug is None or len(row.refusals) > refused:
        return
    if end is not None and end < said["effective_at"]:
        row.refuse("end", "contradiction", "before the start; quarantined, not graded. Correct start or end")
        return
    row.add(
        Administration(
            **said,
            drug=NOTHING_GIVEN if folded(drug) in _NOTHING else drug,
            action=action or AdministrationAction.INTERVAL,
            order_id=row.text("order_id"),
            end=end,
            dose=dose,
            unit=row.text("unit"),
            route=row.text("route"),
            reason=row.text("reason"),
        )
    )


DRUGS = Kind(
    "drugs",
    {
        **{name: (name,) for name in ("patient_id", "drug", "start", "end", "dose", "unit", "route", "reason")},
        **{name: (name,) for name in ("action", "order_id")},
        **ANY_FACT,
    },
    (("patient_id",), ("drug",), ("start",)),
    _read,
)
