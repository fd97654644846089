"""Plain rows and series for the screens: what a page shows, with nothing of how it is drawn.

Everything is computed for an `as_of` handed in; nothing here knows Streamlit, SQL or the clock on the wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitoring.vocabulary import AlertLevel, Answer, Flag, Severity, Syndrome


class Age(StrEnum):
    """How far a value may be trusted: `old` is past its cadence and struck through, `stale` no longer grades."""

    FRESH = "fresh"
    OLD = "old"
    STALE = "stale"
    ABSENT = "absent"


@dataclass(frozen=True)
class GradeCell:
    """One grade as a person reads it: `2`, `1–2`, `not gradable`, or nothing reported.

    `text` is what to print. `at_least`/`at_most` are None where the scale cannot be applied (`gradable` False)
    or, for reported symptoms, where nobody has reported (`gradable` True, `text` an em dash).
    """

    system: str
    label: str
    text: str
    at_least: int | None
    at_most: int | None
    gradable: bool
    since: datetime | None
    worst_24h: int | None
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class VitalCell:
    """The last value of a vital sign. `text` without unit (`38.9`, `94/52`, `93 · 4 L`); `—` when absent."""

    concept: str
    label: str
    unit: str
    text: str
    at: datetime | None
    age_text: str
    age: Age
    notable: bool


@dataclass(frozen=True)
class WardRow:
    """One patient on the ward screen."""

    patient_id: str
    bed: str
    name: str
    subtitle: str
    day_text: str
    crs: GradeCell
    icans: GradeCell
    reported: GradeCell
    why: str
    then: str
    vitals: tuple[VitalCell, ...]
    due: str
    due_detail: str
    overdue: bool
    silent: bool
    level: AlertLevel
    quiet_since: datetime | None = None
    """`alerts.quiet_since`."""
    seen: str = ""
    """Who has seen the alerts of the row, and when; empty where nobody has."""


@dataclass(frozen=True)
class Seen:
    """Who has seen an alert (`Ada N.`, in which role) and when; `until` is when that ends though nothing changes.

    `lapsed` says why it holds no more; empty while it does.
    """

    who: str
    role: str
    at: datetime
    until: datetime
    lapsed: str


@dataclass(frozen=True)
class StandingAlert:
    """An alert as it stands. `key` is what an Acknowledgement of it carries, `text` its words: `CRS grade 2`."""

    name: str
    key: str
    text: str
    since: datetime
    seen: Seen | None


@dataclass(frozen=True)
class WardView:
    """The ward at `as_of`: rows sorted with who needs somebody first at the top."""

    ward: str
    as_of: datetime
    rows: tuple[WardRow, ...]
    need_now: int
    overdue: int
    silent: int


@dataclass(frozen=True)
class Series:
    """One vital sign over time; `values` has None where a gap is longer than the value's freshness."""

    concept: str
    label: str
    unit: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Step:
    """A grade over [start, end); `end` is `as_of` for the last."""

    start: datetime
    end: datetime
    at_least: int | None
    at_most: int | None
    why: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class Changed:
    """A stretch of which a screen had said `shown` and it is known to be `known`; `sentence` says so in words.

    `shown_at_most` is None where the screen had said that the scale cannot be applied.
    """

    start: datetime
    end: datetime
    known_since: datetime
    shown: str
    shown_at_most: int | None
    known: str
    sentence: str


@dataclass(frozen=True)
class Strip:
    """The steps of one scale, and where a screen had said something else."""

    system: str
    label: str
    syndrome: Syndrome
    steps: tuple[Step, ...]
    changes: tuple[Changed, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A drug or oxygen device over [start, end]; a single dose has start == end. `running` = no end charted."""

    group: str
    label: str
    detail: str
    start: datetime
    end: datetime
    running: bool


@dataclass(frozen=True)
class Window:
    """A documented window around one infusion; `infusion` counts from 1, `days` are its first and last day."""

    syndrome: Syndrome
    label: str
    start: datetime
    end: datetime
    infusion: int
    days: tuple[int, int]


@dataclass(frozen=True)
class OnsetBand:
    """When a syndrome was seen to begin after a product, around one infusion: a published figure, for shading only.

    [start, end) is the published spread, or the median day alone where no spread was published.
    """

    syndrome: Syndrome
    product: str
    infusion: int
    start: datetime
    end: datetime
    median_at: datetime
    words: str


@dataclass(frozen=True)
class RiskWindow:
    """Where the moment stands around the infusions: `sentence` in words, the bands, and what was read where."""

    sentence: str
    bands: tuple[OnsetBand, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class InfusionMark:
    """A cell infusion."""

    at: datetime
    product: str


@dataclass(frozen=True)
class CriterionRow:
    """One line of "why this grade"."""

    grade: int | None
    wording: str
    locator: str
    answer: Answer
    value: str
    at: datetime | None
    age_text: str
    source: str
    decision: str
    as_charted: str = ""
    """The time as its source wrote it, where that is not the ward's (D67): `14:05 +01:00`."""


@dataclass(frozen=True)
class Explanation:
    """Why a scale gives this grade at this moment."""

    system: str
    title: str
    reference: str
    grade: GradeCell
    sentence: str
    decides: str | None
    remarks: tuple[str, ...]
    rows: tuple[CriterionRow, ...]


@dataclass(frozen=True)
class EpisodeRow:
    """One episode of a syndrome, in words a physician writes down."""

    syndrome: Syndrome
    onset: datetime
    onset_day: int | None
    peak: int
    peak_at: datetime
    resolved: datetime | None
    duration_text: str


@dataclass(frozen=True)
class ChartedBeside:
    """The last grade a clinician charted of a syndrome; `sentence` sets it beside the derived one, `note` is theirs."""

    syndrome: Syndrome
    grade: int
    at: datetime
    sentence: str
    note: str
    differs: bool


@dataclass(frozen=True)
class PatientView:
    """Everything the patient page shows for one moment."""

    row: WardRow
    heading: str
    as_of: datetime
    ward_zone: str
    infusions: tuple[InfusionMark, ...]
    windows: tuple[Window, ...]
    risk: RiskWindow
    strips: tuple[Strip, ...]
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    explanations: tuple[Explanation, ...]
    episodes: tuple[EpisodeRow, ...]
    ended: str = ""
    """Since when monitoring has ended, and by whom; empty while it goes on."""
    alerts: tuple[StandingAlert, ...] = ()
    charted: tuple[ChartedBeside, ...] = ()


@dataclass(frozen=True)
class HomeReport:
    """What a family reported of one moment: severities above none by symptom id, and the temperature if taken."""

    seen_at: datetime
    sent_at: datetime
    temperature_c: float | None
    symptoms: Mapping[str, Severity]


@dataclass(frozen=True)
class Contact:
    """Somebody the family may phone. `fact_id` names the fact, so that it can be taken away."""

    fact_id: str
    label: str
    phone: str
    hours: str


@dataclass(frozen=True)
class HomeView:
    """What a family sees of its patient: no grade. `first_name` is None where the chart does not say it."""

    name: str
    first_name: str | None
    day: int | None
    reports: tuple[HomeReport, ...]
    contacts: tuple[Contact, ...] = ()
