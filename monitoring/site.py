"""What a site decides and may change while it runs: cadence, freshness, low pressure, lateness, languages (D97).

Every choice has limits, so that no setting can silence a ward. The store keeps each revision; revision 0 is this file
and `data/reference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitoring.languages import SOURCE

SHORTEST_HOURS = 0.25
LATE_MINUTES = (5, 240)
ADULT_SYSTOLIC, ADULT_MEAN, AGAINST_BASELINE = "adult_sbp_limit", "adult_map_limit", "baseline_share"
"""Under what the evidence carries a site's own limits; without them those of `grading.pressure` hold."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
Hours = Annotated[float, Field(ge=SHORTEST_HOURS, allow_inf_nan=False)]


class Group(StrEnum):
    """Concepts that are taken together and so share a cadence and a freshness."""

    VITALS = "vitals"
    OXYGEN = "oxygen"
    NEURO = "neuro"
    REPORTS = "reports"
    LABORATORY = "laboratory"


_LABORATORY = "crp ferritin ldh creatinine platelets anc hemoglobin wbc fibrinogen il6 ast alt bilirubin d_dimer"
CONCEPTS: Mapping[Group, tuple[str, ...]] = {
    Group.VITALS: ("temperature", "heart_rate", "respiratory_rate", "spo2", "sbp", "dbp", "map"),
    Group.OXYGEN: ("oxygen_support", "o2_flow", "fio2"),
    Group.NEURO: ("ice", "capd", "consciousness", "motor", "icp"),
    Group.REPORTS: ("symptom_report",),
    Group.LABORATORY: (*_LABORATORY.split(), "triglycerides", "inr", "lactate"),
}
"""The concepts of each group; everything else keeps what the dictionary says."""

LONGEST_HOURS: Mapping[Group, tuple[float, float]] = {
    Group.VITALS: (12, 12),
    Group.OXYGEN: (12, 24),
    Group.NEURO: (24, 26),
    Group.REPORTS: (24, 36),
    Group.LABORATORY: (72, 96),
}
"""The longest cadence and freshness a site may choose."""


class LowPressure(BaseModel):
    """What counts as low pressure in adults, among what sources name (clinical.md d.1; D96). Children: PALS, always.

    `adult_below`: PALS says 90; Brudno 2016 has the ward act below 85 in anyone. `mean_counts`: a mean below 65 is the
    bedside convention. `baseline_counts`: below 80 % of baseline and below 100, Brudno 2016.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    adult_below: Literal[85, 90] = 90
    mean_counts: bool = True
    baseline_counts: bool = True

    def numbers(self) -> dict[str, float]:
        """What the evidence must carry where the choice is another than the usual one."""
        said = {ADULT_SYSTOLIC: 85.0} if self.adult_below == 85 else {}
        if not self.mean_counts:
            said[ADULT_MEAN] = 0.0
        if not self.baseline_counts:
            said[AGAINST_BASELINE] = 0.0
        return said


class SiteSettings(BaseModel):
    """One revision. What is empty is as the dictionary has it. Cadence and freshness in hours.

    A fact that comes within `late_minutes` of its moment came in time (D66). `languages` are those that families are
    offered, the site's own first (D114).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cadence_hours: Mapping[Group, Hours] = Field(default_factory=dict)
    freshness_hours: Mapping[Group, Hours] = Field(default_factory=dict)
    low_pressure: LowPressure = LowPressure()
    late_minutes: int = Field(default=30, ge=LATE_MINUTES[0], le=LATE_MINUTES[1])

    languages: tuple[Language, ...] = Field(default=(SOURCE,), min_length=1)

    @model_validator(mode="after")
    def _within_limits(self) -> SiteSettings:
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("a language is named twice; expected each once")
        for place, (name, said) in enumerate((("cadence", self.cadence_hours), ("freshness", self.freshness_hours))):
            for group, hours in said.items():
                longest = LONGEST_HOURS[group][place]
                if hours > longest:
                    raise ValueError(f"the {name} of {group} is {hours:g} h; expected at most {longest:g} h")
        return self

    @property
    def late(self) -> timedelta:
        """How long after its moment a fact may come and still be in time."""
        return timedelta(minutes=self.late_minutes)


def changes(old: SiteSettings, new: SiteSettings, usual: SiteSettings | None = None) -> list[tuple[str, str, str]]:
    """(setting, old value, new value) of everything that differs; a setting's name is what the audit carries.

    `usual` spells out what the dictionary says, for what is not set.
    """
    before, after, unset = _flat(old), _flat(new), {} if usual is None else _flat(usual)

    def said(values: dict[str, str], name: str) -> str:
        return values.get(name) or ", ".join(filter(None, (unset.get(name), "as in the dictionary")))

    found = [(name, said(before, name), said(after, name)) for name in sorted(before.keys() | after.keys())]
    return [one for one in found if one[1] != one[2]]


def _flat(settings: SiteSettings) -> dict[str, str]:
    said = {f"cadence of {group}": f"{hours:g} h" for group, hours in settings.cadence_hours.items()}
    said |= {f"freshness of {group}": f"{hours:g} h" for group, hours in settings.freshness_hours.items()}
    low = settings.low_pressure
    said["low systolic pressure in adults"] = f"below {low.adult_below} mmHg"
    said["low mean pressure in adults"] = "counts below 65 mmHg" if low.mean_counts else "not counted"
    said["pressure against the baseline"] = "counts" if low.baseline_counts else "not counted"
    said["late after"] = f"{settings.late_minutes} min"
    said["languages for families"] = ", ".join(settings.languages)
    return said
