"""Who somebody is and where, told by several sources of which none tells everything (D100).

A later word takes the place of an earlier one field by field: a message that says nothing of a weight leaves the one
that was charted. Records that were withdrawn or amended are not handed in, so what they alone said is gone with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from monitoring.records import Fact, Placement
from monitoring.vocabulary import Sex

HOME = "home"
"""Name of the ward that is the patient's own home."""

_SAYS_NOTHING = (None, Sex.UNKNOWN)

Told = TypeVar("Told", bound=Fact)


def said_in_order(fact: Fact) -> tuple[datetime, datetime, str]:
    """What sorts words on one matter: the moment they are true from, then when they were charted, else when they came.

    A table of patients says no moment; of two such tables the one that came later is the correction.
    """
    return fact.effective_at, fact.recorded_at or fact.received_at, fact.fact_id


def last_words(told: Sequence[Told]) -> Told:
    """The last of some facts of one kind, each field it leaves empty filled by the last of them that does not."""
    fields = _fields(told[-1])
    for fact in told:
        fields |= {name: value for name, value in _own(fact).items() if value not in _SAYS_NOTHING}
    return type(told[-1])(**fields)


def places(told: Iterable[Placement]) -> tuple[Placement, ...]:
    """Placements in order; a ward alone keeps the bed charted in that ward, a bed alone the ward it is in.

    A placement that names neither is the end of a stay and keeps nothing. A bed alone is never at home.
    """
    found: list[Placement] = []
    for fact in sorted(told, key=said_in_order):
        before = found[-1] if found else None
        ward, bed = fact.ward, fact.bed
        if before is not None and before.ward is not None and (ward is None) != (bed is None):
            if ward is None and before.ward.casefold() != HOME:
                ward = before.ward
            elif ward is not None and ward.casefold() == before.ward.casefold():
                bed = before.bed
        found.append(
            fact if (ward, bed) == (fact.ward, fact.bed) else Placement(**_fields(fact) | {"ward": ward, "bed": bed})
        )
    return tuple(found)


def _fields(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in type(fact).model_fields}


def _own(fact: Fact) -> dict[str, Any]:
    """What a kind of fact says beside what every fact carries."""
    return {name: value for name, value in _fields(fact).items() if name not in Fact.model_fields}
