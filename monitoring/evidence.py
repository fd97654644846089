"""What a grading system may look at, and nothing else: named step functions and labels.

A course of facts and a bedside picture both become Evidence, so one engine reads both. What nobody recorded is
simply not in the mapping and answers as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps

from monitoring.timeline import NO, UNKNOWN, UNKNOWN_TRUTH, Labels, Steps, Times
from monitoring.vocabulary import Consciousness, OxygenDevice, OxygenReason, Seizure

NOBODY_SAID = Labels.constant(None)


@dataclass(frozen=True)
class OxygenState:
    """Oxygen as it stands: any part may be unknown. `fio2` in percent."""

    device: OxygenDevice | None
    flow_l_min: float | None = None
    fio2: float | None = None
    reason: OxygenReason | None = None


@dataclass(frozen=True)
class SeizureState:
    """A seizure finding and how long it lasted, where that was said."""

    seizure: Seizure | None
    minutes: float | None = None


@dataclass(frozen=True)
class ConsciousnessState:
    """How the patient wakes, and the drug that explains it, if one does."""

    consciousness: Consciousness
    drug_cause: bool = False


@dataclass(frozen=True)
class RunningVasopressor:
    """One vasopressor as it runs; `drug` is the dictionary's id, "unspecified" where nobody said which.

    `unit` as charted; `hours` at this dose, None where nobody said (a course measures them itself).
    """

    drug: str
    dose: float | None = None
    unit: str | None = None
    hours: float | None = None


@dataclass(frozen=True)
class VasopressorState:
    """Every vasopressor and vasopressin running at one moment, and the weight their doses are divided by, kg."""

    running: tuple[RunningVasopressor, ...] = ()
    weight_kg: float | None = None


@dataclass(frozen=True)
class Evidence:
    """Step functions by name, in canonical units.

    numbers: `temperature, heart_rate, respiratory_rate, spo2, sbp, map, baseline_sbp, age, ice, capd,
    baseline_ice, baseline_capd, vasopressors, vasopressin, inotrope, vasopressor_agents, iv_fluid_bolus_count,
    cartox_10, papilledema_stage, organs:<group>, symptom:<id>`.
    truths (0 no, 1 yes, [0, 1] unknown): `fever_charted, hypotension_clinician, sedated, capd_unable,
    language_barrier, haemorrhage, developmental_delay, at_home, masking_drug, prophylaxis,
    crs_already_diagnosed, late_neurotoxicity, death_crs, death_icans, hospitalised, iv_antibiotics,
    plasma_products`.
    labels: `oxygen, consciousness, seizure, motor, icp, vasopressor_doses, attribution:<sign>`.
    `daily` are (day post infusion, value, moment) by concept and `day_zero` the moment day 0 begins;
    both empty where the evidence is a picture or no infusion is recorded.
    `masking_doses` are the (start, end) of drugs that may take a fever away; `crs_charted` the moments a
    clinician charted CRS; `temperatures_from` the first moment a temperature was known. The three serve the
    rule "fever no longer required" where the evidence is a course (`over_time`); a picture is one moment and
    says `crs_already_diagnosed` and `masking_drug` itself. `derived` is where `once` keeps what was read.
    """

    numbers: Mapping[str, Steps] = field(default_factory=dict)
    truths: Mapping[str, Steps] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    masking_doses: tuple[tuple[int, int], ...] | Times = ()
    crs_charted: tuple[int, ...] | Times = ()
    temperatures_from: int | None = None
    over_time: bool = False
    derived: dict[Callable[[Evidence], Steps], Steps] = field(default_factory=dict, repr=False, compare=False)
    daily: Mapping[str, tuple[tuple[int, float, int], ...]] = field(default_factory=dict)
    day_zero: int | None = None

    def number(self, name: str) -> Steps:
        """The named quantity; unknown where nothing was recorded."""
        return self.numbers.get(name, UNKNOWN)

    def truth(self, name: str) -> Steps:
        """The named statement; unknown where nobody made it."""
        return self.truths.get(name, UNKNOWN_TRUTH)

    def stated(self, name: str) -> Steps:
        """The named statement for what is only ever said when it is so: no where nobody made it."""
        return self.truths.get(name, NO)

    def label(self, name: str) -> Labels:
        """The named finding; unknown where nobody recorded one."""
        return self.labels.get(name, NOBODY_SAID)


def once(read: Callable[[Evidence], Steps]) -> Callable[[Evidence], Steps]:
    """A reading of the evidence that several rows of a table share, made once for each evidence."""

    @wraps(read)
    def remembered(evidence: Evidence) -> Steps:
        if read not in evidence.derived:
            evidence.derived[read] = read(evidence)
        return evidence.derived[read]

    return remembered
