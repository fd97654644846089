"""Frozen facts: what was observed, given, reported, corrected or acknowledged.

A fact has the time it was true (`effective_at`), the time it was charted (`recorded_at`, where the source says
so) and the time it reached us (`received_at`). Nothing is updated: a correction is one more fact.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from monitoring.fact import Fact as Fact  # noqa: PLC0414 - spoken of together with its kinds
from monitoring.vocabulary import (
    AbsentReason,
    AdministrationAction,
    Cause,
    Consciousness,
    CourseStep,
    Icp,
    Motor,
    NeuroTool,
    OxygenDevice,
    OxygenReason,
    Reporter,
    Seizure,
    Severity,
    Sex,
    Sign,
    Syndrome,
)


class Patient(Fact):
    """Who the patient is. `developmental_delay` selects CAPD above the age of 12."""

    kind: Literal["patient"] = "patient"
    name: str | None = None
    birth_date: date | None = None
    sex: Sex = Sex.UNKNOWN
    weight_kg: float | None = None
    developmental_delay: bool | None = None


class Placement(Fact):
    """Where the patient is from `effective_at` on; the ward called `home` is the patient's home."""

    kind: Literal["placement"] = "placement"
    ward: str | None = None
    bed: str | None = None


class Enrolment(Fact):
    """For what and with what the patient is treated; `confirmed` are remarks of `enrolment` that a person let stand."""

    kind: Literal["enrolment"] = "enrolment"
    product: str | None = None
    indication: str | None = None
    prior_lines: int | None = Field(default=None, ge=0)
    confirmed: tuple[str, ...] = ()


class Milestone(Fact):
    """A step of the treatment's course, or the end of monitoring here. Grades nothing."""

    kind: Literal["milestone"] = "milestone"
    step: CourseStep
    note: str | None = None


class CareContact(Fact):
    """Somebody of the care team whom the family may phone; a Correction takes the number away again."""

    kind: Literal["care_contact"] = "care_contact"
    label: str = Field(min_length=1)
    phone: str = Field(min_length=1)
    hours: str | None = None


class Infusion(Fact):
    """The cell product given at `effective_at`; a patient may have several."""

    kind: Literal["infusion"] = "infusion"
    product: str | None = None
    indication: str | None = None


class Observation(Fact):
    """One charted value in the concept's canonical unit; `code` for a concept whose values are words."""

    kind: Literal["observation"] = "observation"
    concept: str
    value: float | None = None
    code: str | None = None
    unit: str | None = None
    method: str | None = None
    absent_reason: AbsentReason | None = None


class OxygenSupport(Fact):
    """Oxygen as charted at one moment. `fio2` in percent. No device charted is unknown, never room air."""

    kind: Literal["oxygen_support"] = "oxygen_support"
    device: OxygenDevice | None = None
    flow_l_min: float | None = None
    fio2: float | None = None
    reason: OxygenReason | None = None


class Administration(Fact):
    """A drug given: a whole interval (`end` empty = running, or a single dose) or one event of an order."""

    kind: Literal["administration"] = "administration"
    drug: str
    action: AdministrationAction = AdministrationAction.INTERVAL
    end: AwareDatetime | None = None
    dose: float | None = None
    unit: str | None = None
    route: str | None = None
    reason: str | None = None
    order_id: str | None = None


class NeuroAssessment(Fact):
    """One bedside neurological assessment. A domain left empty was not assessed; `absent` may say why.

    `items` holds ICE points by item (`orientation, naming, commands, writing, attention`) or CAPD answers
    (`never .. always`) by question. `absent` maps a domain (`ice`, `capd`, `consciousness`, `seizure`,
    `motor`, `icp`) to the reason it was not done.
    """

    kind: Literal["neuro_assessment"] = "neuro_assessment"
    tool: NeuroTool | None = None
    total: int | None = None
    items: dict[str, int | str] | None = None
    consciousness: Consciousness | None = None
    consciousness_cause: str | None = None
    seizure: Seizure | None = None
    seizure_minutes: float | None = None
    motor: Motor | None = None
    icp: Icp | None = None
    absent: dict[str, AbsentReason] | None = None


class SymptomReport(Fact):
    """A symptom of the documented lists, by its id in `data/reference/symptoms.toml`, as somebody reported it."""

    kind: Literal["symptom_report"] = "symptom_report"
    reporter: Reporter
    symptom: str
    severity: Severity
    note: str | None = None


class ChartedGrade(Fact):
    """A grade a clinician charted. Stands beside the derived one and never overwrites it."""

    kind: Literal["charted_grade"] = "charted_grade"
    syndrome: Syndrome
    grade: int = Field(ge=0, le=5)
    note: str | None = None


class Attribution(Fact):
    """A clinician's word on the cause of a sign, from `effective_at` until the next word on the same sign."""

    kind: Literal["attribution"] = "attribution"
    sign: Sign
    cause: Cause
    note: str | None = None


class Correction(Fact):
    """An earlier fact amended or withdrawn. `target` is its fact id; a replacement arrives as its own fact."""

    kind: Literal["correction"] = "correction"
    target: str
    reason: str


class Acknowledgement(Fact):
    """Somebody saw an alert."""

    kind: Literal["acknowledgement"] = "acknowledgement"
    alert: str
    note: str | None = None


WATCH = "service:watch"
"""The source and the author of what the watch notes."""


class AlertChange(Fact):
    """The watch found that an alert stands, at another grade than before, or no more.

    `effective_at` is since when by the facts, `received_at` when the watch noticed. `follows` is the fact id of the
    change before it of the same alert. Derived: it is never read when a grade is made.
    """

    kind: Literal["alert_change"] = "alert_change"
    alert: str
    raised: bool
    grade: int | None = None
    follows: str | None = None


AnyFact = Annotated[
    Patient
    | Placement
    | Enrolment
    | Milestone
    | CareContact
    | Infusion
    | Observation
    | OxygenSupport
    | Administration
    | NeuroAssessment
    | SymptomReport
    | ChartedGrade
    | Attribution
    | Correction
    | Acknowledgement
    | AlertChange,
    Field(discriminator="kind"),
]
_FACT: TypeAdapter[Fact] = TypeAdapter(AnyFact)


def fact_from_json(text: str | bytes) -> Fact:
    """A stored fact read back. Raises pydantic.ValidationError."""
    return _FACT.validate_json(text)


class Refusal(BaseModel):
    """Input not accepted: where it stands, what it said, what was expected, and what the person can do.

    `rule` is the one short word of the rule that refused it, the same for every reader, so that refusals can be
    counted and filtered: `time, future, unit, implausible, unknown code, not a number, missing, format, ...`.
    `raw` is the row, resource or message as it came; without it, that of its RowRead is kept.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    place: str
    field: str | None = None
    value: str | None = None
    reason: str
    raw: str | None = None
    rule: str | None = None

    def sentence(self) -> str:
        """One line for a screen or a terminal."""
        what = f"{self.field} = {self.value!r}: " if self.field else ""
        return f"{self.source}:{self.place} {what}{self.reason}"


class UnmappedCode(BaseModel):
    """A local code nobody has mapped yet. `system` is empty where the source names none; `label` is its own words."""

    model_config = ConfigDict(frozen=True)

    code: str
    system: str = ""
    label: str | None = None


class RowRead(Struct, frozen=True, gc=False):
    """One row, message or resource of an input, after reading: facts, refusals, or a reason to pass over it.

    Exactly one outcome is counted for it: quarantined where anything in it was refused, else ignored where it
    holds no clinical fact for us, else stored or duplicate depending on what the store already knows.

    A row with refusals or `unmapped` codes is kept so that it can be corrected or replayed: `raw` is the row,
    resource or message as it came, `context` what must stand before it for it to be read alone (the header line
    of a table), and `context`, a line break and `raw` in UTF-8 are again an input of the same format.

    Its parts are validated already, so it is a plain structure: one is made for every row of every file.
    """

    source: str
    place: str
    facts: tuple[Fact, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    ignored_kind: str | None = None
    unmapped: tuple[UnmappedCode, ...] = ()
    raw: str | None = None
    context: str | None = None


class Tally(BaseModel):
    """The equation: read = stored + duplicates + quarantined + ignored, always."""

    model_config = ConfigDict(frozen=True)

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    ignored: int = 0
    ignored_kinds: dict[str, int] = Field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        """Both equations as one."""
        kinds = dict(self.ignored_kinds)
        for kind, count in other.ignored_kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
        return Tally(
            read=self.read + other.read,
            stored=self.stored + other.stored,
            duplicates=self.duplicates + other.duplicates,
            quarantined=self.quarantined + other.quarantined,
            ignored=self.ignored + other.ignored,
            ignored_kinds=kinds,
        )

    def sentence(self) -> str:
        """The equation in one line."""
        return (
            f"{self.read} read = {self.stored} stored + {self.duplicates} duplicates "
            f"+ {self.quarantined} quarantined + {self.ignored} ignored"
        )

    @property
    def holds(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.stored + self.duplicates + self.quarantined + self.ignored


def latest_effective(facts: list[Fact]) -> datetime | None:
    """The last moment any of the facts speaks of, ends of intervals included; None without facts."""
    moments = [fact.effective_at for fact in facts]
    moments += [fact.end for fact in facts if isinstance(fact, Administration) and fact.end is not None]
    return max(moments, default=None)
