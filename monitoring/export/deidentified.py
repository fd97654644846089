"""Rows without whom, where and when: only columns named here leave, with times counted from the infusion.

Identifiers are keyed hashes; the key is made for one export and kept nowhere, so two exports cannot be joined. Words
somebody typed never leave: drugs, products and symptoms only by names we know. A patient without an infusion has no
day 0 and is left out.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, tzinfo

from monitoring.clock import age_years, day_post_infusion
from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.export.tables import Cell, Row, Table, table
from monitoring.products import product_named

_TIMES = ("time", "infused_at", "start", "end", "from", "to", "onset", "peak_at", "resolved")
_SAFE = frozenset(
    (
        *("concept", "value", "unit", "absent_reason", "o2_device", "o2_flow_l_min", "fio2", "o2_reason"),
        *("drug", "dose", "action", "product", "sex", "weight_kg", "reporter", "symptom", "severity", "status"),
        *("tool", "total", "orientation", "naming", "commands", "writing", "attention", "eye_contact", "purposeful"),
        *("aware", "communicates", "restless", "inconsolable", "underactive", "slow_response", "consciousness"),
        *("seizure", "seizure_minutes", "motor", "icp", "system", "revision", "at_least", "at_most", "peak"),
        *("from_day", "onset_day", "met", "unassessed", "flags"),
    )
)
_OLDEST = 90
_LEFT_OUT = frozenset({"placements"})
_UNIT = re.compile(r"[A-Za-zµμ0-9/%*.\[\]{}^-]{0,16}")
_HOUR = 3600


def pseudonym(patient_id: str, key: bytes) -> str:
    """A patient's name in one export."""
    return hashlib.blake2b(patient_id.encode(), key=key, digest_size=16).hexdigest()


class Deidentified:
    """The rows of one patient. `key` is the secret of one export."""

    def __init__(self, course: Course, key: bytes, dictionary: Dictionary, ward_zone: tzinfo) -> None:
        self._course, self._dictionary, self._zone = course, dictionary, ward_zone
        self._name = pseudonym(course.patient_id, key)
        self._infused = course.infusions[0].effective_at if course.infusions else None

    def row(self, where: Table, row: Row) -> tuple[Table, Row] | None:
        """The table and the row that may leave; None for one that may not."""
        if self._infused is None or where.name in _LEFT_OUT or not self._in_known_words(row):
            return None
        columns = ["patient_id"]
        left: dict[str, Cell] = {"patient_id": self._name}
        for column in where.columns:
            if column in _TIMES:
                columns += [f"{column}_day", f"{column}_hours"]
                at = row.get(column)
                if isinstance(at, datetime):
                    left[f"{column}_day"] = str(day_post_infusion(at, self._infused, self._zone))
                    left[f"{column}_hours"] = str(round((at - self._infused).total_seconds() / _HOUR, 2))
            elif column in _SAFE:
                columns.append(column)
                left[column] = row.get(column)
        if "birth_date" in where.columns:
            columns.append("age_years")
            left["age_years"] = self._age(row.get("birth_date"))
        return table(where.name, *columns), left

    def _age(self, born: Cell) -> str | None:
        if self._infused is None or not isinstance(born, str):
            return None
        return str(min(int(age_years(date.fromisoformat(born), self._infused)), _OLDEST))

    def _in_known_words(self, row: Row) -> bool:
        """Whether every word of the row is one of ours, not one somebody typed."""
        unit = row.get("unit")
        if isinstance(unit, str) and not _UNIT.fullmatch(unit):
            return False
        drug, product, concept = (row.get(name) for name in ("drug", "product", "concept"))
        if isinstance(drug, str) and self._dictionary.drug(drug) is None and drug != "none":
            return False
        if isinstance(product, str) and product_named(product) is None:
            return False
        known = self._dictionary.concepts.get(concept) if isinstance(concept, str) else None
        typed = known is not None and known.kind == "words" and not known.values and row.get("value") is not None
        return not typed
