"""Patients and infusions: who, where, and which product when."""

from __future__ import annotations

from datetime import date
from typing import Any

from monitoring.clock import BEGINNING, TimeRefused, parse_date
from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.rows import Row
from monitoring.records import Infusion, Patient, Placement
from monitoring.vocabulary import Sex

_SHORT_SEX = {"f": Sex.FEMALE, "m": Sex.MALE}
_WHO = frozenset({"name", "birth_date", "sex", "weight_kg", "developmental_delay"})
_WHERE_AND_WHAT = frozenset({"ward", "bed", "infused_at"})
"""A file of places or infusions alone says nothing of who the patient is."""


def _read(row: Row) -> None:
    said = row.provenance()
    charted_at = row.moment("time")
    infused_at, offset = row.moment_and_offset("infused_at")
    birth_date = _birth_date(row)
    weight = row.measured("weight_kg", row.reading.dictionary.concepts["weight"], "kg")
    sex = _sex(row)
    delay = row.truth("developmental_delay")
    for column in ("product", "indication"):
        if row.text(column) is not None and row.text("infused_at") is None:
            row.refuse(
                column, "missing", "without infused_at; not read. Add the time of the infusion, or clear this cell"
            )
    if said is None:
        return
    at: dict[str, Any] = {**said, "effective_at": charted_at or BEGINNING}
    if row.headers.keys() & _WHO or not row.headers.keys() & _WHERE_AND_WHAT:
        row.add(
            Patient(
                **at,
                name=row.text("name"),
                birth_date=birth_date,
                sex=sex,
                weight_kg=weight,
                developmental_delay=delay,
            )
        )
    if row.text("ward") is not None or row.text("bed") is not None:
        row.add(Placement(**at, ward=row.text("ward"), bed=row.text("bed")))
    if infused_at is not None:
        product, indication = row.text("product"), row.text("indication")
        times: dict[str, Any] = {"effective_at": infused_at, "utc_offset_minutes": offset}
        row.add(Infusion(**said, **times, product=product, indication=indication))


def _birth_date(row: Row) -> date | None:
    text = row.text("birth_date")
    if text is None:
        return None
    try:
        born = parse_date(text)
    except TimeRefused as refused:
        row.refuse("birth_date", "time", f"{refused}; not read. Correct the cell")
        return None
    if not BEGINNING.date() <= born <= row.reading.received_at.date():
        row.refuse("birth_date", "implausible", "before 1900 or in the future; not read. Correct the cell")
        return None
    return born


def _sex(row: Row) -> Sex:
    short = _SHORT_SEX.get((row.text("sex") or "").casefold())
    return short or row.word("sex", Sex) or Sex.UNKNOWN


_ABOUT = ("birth_date", "sex", "ward", "bed", "weight_kg", "product", "indication", "infused_at")
PATIENTS = Kind(
    "patients and infusions",
    {**{name: (name,) for name in ("patient_id", *_ABOUT, "name", "developmental_delay", "time")}, **ANY_FACT},
    (("patient_id",), _ABOUT),
    _read,
)
