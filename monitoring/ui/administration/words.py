"""What was typed on the Administration page, as facts. What nobody wrote is not written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitoring.clock import age_years
from monitoring.concepts import Dictionary
from monitoring.enrolment import Remark, remarks
from monitoring.records import (
    CareContact,
    Correction,
    Enrolment,
    Fact,
    Infusion,
    Milestone,
    Observation,
    Patient,
    Placement,
)
from monitoring.ui.people import Person
from monitoring.ui.statements import StatementRefused, charted, checked
from monitoring.vocabulary import CourseStep, Sex

SOURCE = "administration"
HOME = "home"
OLDEST = 120
_LONGEST = 200


@dataclass(frozen=True)
class Said:
    """Who is enrolled, as typed. Empty texts and None: not written."""

    patient_id: str
    name: str = ""
    birth_date: date | None = None
    sex: Sex | None = None
    weight_kg: float | None = None
    indication: str = ""
    product: str = ""
    prior_lines: int | None = None

    def remarks(self, now: datetime) -> list[Remark]:
        """What the label says beside this patient."""
        years = age_years(self.birth_date, now) if self.birth_date else None
        return remarks(self.product or None, self.indication or None, years, self.prior_lines)


def enrolment_facts(said: Said, *, by: Person, now: datetime, confirmed: Sequence[str]) -> list[Fact]:
    """Who the patient is, and for what they are treated. Raises StatementRefused."""
    patient_id = said.patient_id.strip()
    if not patient_id:
        raise StatementRefused("An identifier is needed: the number under which the ward's files name the patient.")
    if len(patient_id) > _LONGEST or not patient_id.isprintable():
        raise StatementRefused("This identifier cannot be used: expected at most 200 plain characters.")
    if said.birth_date is not None and not 0 <= age_years(said.birth_date, now) <= OLDEST:
        raise StatementRefused(f"{said.birth_date:%-d %b %Y} cannot be the birth date of somebody alive.")
    if said.weight_kg is not None and not 0.4 <= said.weight_kg <= 400:
        raise StatementRefused(f"{said.weight_kg:g} kg cannot be right (expected 0.4 to 400).")
    common = charted(patient_id, by, now, now, SOURCE)
    facts: list[Fact] = [
        Patient(
            name=said.name.strip() or None,
            birth_date=said.birth_date,
            sex=said.sex or Sex.UNKNOWN,
            weight_kg=said.weight_kg,
            **common,
        )
    ]
    product, indication = said.product.strip() or None, said.indication.strip() or None
    facts.append(
        Enrolment(
            product=product,
            indication=indication,
            prior_lines=said.prior_lines,
            confirmed=tuple(confirmed),
            **common,
        )
    )
    return facts


def step_fact(patient_id: str, step: CourseStep, note: str, *, by: Person, at: datetime, now: datetime) -> Milestone:
    """A step of the treatment. Raises StatementRefused for one that is still to come."""
    return Milestone(step=step, note=note.strip() or None, **charted(patient_id, by, at, now, SOURCE))


def infusion_fact(
    patient_id: str, product: str, indication: str, *, by: Person, at: datetime, now: datetime
) -> Infusion:
    """Cells given at `at`. Raises StatementRefused without a product."""
    if not product.strip():
        raise StatementRefused("Please write which product was given.")
    common = charted(patient_id, by, at, now, SOURCE)
    return Infusion(product=product.strip(), indication=indication.strip() or None, **common)


def place_fact(patient_id: str, ward: str, bed: str, *, by: Person, at: datetime, now: datetime) -> Placement:
    """Where the patient is from `at` on; the ward `home` is the patient's home. Raises StatementRefused."""
    if not ward.strip():
        raise StatementRefused("Please write the ward.")
    return Placement(ward=ward.strip(), bed=bed.strip() or None, **charted(patient_id, by, at, now, SOURCE))


def baseline_facts(
    patient_id: str,
    values: Mapping[str, float | None],
    *,
    by: Person,
    at: datetime,
    now: datetime,
    dictionary: Dictionary,
) -> list[Fact]:
    """Values of before the infusion; None was not taken. Raises StatementRefused."""
    common = charted(patient_id, by, at, now, SOURCE)
    taken = {concept: checked(concept, value, dictionary) for concept, value in values.items() if value is not None}
    if not taken:
        raise StatementRefused("Nothing was written, so nothing was kept.")
    return [
        Observation(concept=concept, value=value, unit=dictionary.concepts[concept].unit, **common)
        for concept, value in taken.items()
    ]


def contact_fact(patient_id: str, label: str, phone: str, hours: str, *, by: Person, now: datetime) -> CareContact:
    """A number for the family. Raises StatementRefused for one that no telephone can dial."""
    if not label.strip():
        raise StatementRefused("Please write who answers, for example “Ward 7, day and night”.")
    digits = sum(letter.isdigit() for letter in phone)
    plain = all(letter in "0123456789 +()-/." for letter in phone.strip()) and phone.strip().rfind("+") <= 0
    if not 2 <= digits <= 20 or not plain:
        raise StatementRefused(
            f"{phone.strip()!r} is no telephone number; expected digits, for example +49 30 1234567."
        )
    common = charted(patient_id, by, now, now, SOURCE)
    return CareContact(label=label.strip(), phone=phone.strip(), hours=hours.strip() or None, **common)


def taken_away(patient_id: str, fact_id: str, reason: str, *, by: Person, now: datetime) -> Correction:
    """A number or step that was wrong, withdrawn; what it said stays in the store."""
    return Correction(target=fact_id, reason=reason, **charted(patient_id, by, now, now, SOURCE))
