"""ICANS grade by the ASTCT consensus, 2019. Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638.

doi:10.1016/j.bbmt.2018.12.758. Table wording read through PMC8403007 Table 4 and PMC9327779 Table 2.
ICE from 12 years on; CAPD below 12 years, and above with a baseline developmental delay. The worst row decides.
Left open by the source and decided in docs/decisions.md: D10 sedation and drugs as the cause, D11 baselines,
D12 a seizure of exactly five minutes, D24 no common language, D25 awake is normal, D26 findings outside the table,
D27 CAPD that cannot be done, D28 who is examined by CAPD.
Tremor, myoclonus and headache never grade. Haemorrhage, with or without its oedema, is not ICANS.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.attribution import unless_elsewhere
from monitoring.grading.engine import Axis, Criterion, GradingSystem, Remark, Sweep
from monitoring.grading.examination import (
    BRIEF,
    CONSCIOUSNESS,
    CONSCIOUSNESS_ELSEWHERE,
    DRUG_CAUSE,
    NOT_TO_TOUCH,
    PROLONGED,
    SEDATED,
    SEIZURE,
    TO_TOUCH,
    TO_VOICE,
)
from monitoring.timeline import Steps, Truths, Values, combine
from monitoring.vocabulary import Flag, Icp, Motor, Syndrome

ICE_FROM_YEARS = 12.0
ICE_FULL = 10.0
CAPD_CANNOT_BE_DONE = 33.0
CAPD_POSITIVE = 9.0
FOCAL, RAISED = 1.0, 2.0

_ICANS = Syndrome.ICANS
Pair = tuple[Values, Values]


def _motor(finding: object | None) -> tuple[float, float]:
    return (0.0, 1.0) if finding is None else (float(finding is Motor.DEEP_FOCAL_WEAKNESS),) * 2


def _icp(finding: object | None) -> tuple[float, float]:
    if finding is None:
        return 0.0, RAISED
    return (0.0 if finding is Icp.NONE else FOCAL if finding is Icp.FOCAL_EDEMA else RAISED,) * 2


def _child_form(evidence: Evidence) -> Steps:
    """1 where CAPD is the tool: under 12, or with developmental delay. Age unknown: the tool that was used tells."""

    def form(age: Pair, delay: Pair, ice: Pair, capd: Pair) -> Pair:
        told = np.isinf(ice[1]) & np.isfinite(capd[1])
        unknown_age = (age[0] < ICE_FROM_YEARS) & (age[1] >= ICE_FROM_YEARS)
        child = (age[1] < ICE_FROM_YEARS) | (delay[0] >= 1) | (unknown_age & told)
        return child.astype(float), child.astype(float)

    return combine(
        form,
        evidence.number("age"),
        evidence.stated("developmental_delay"),
        evidence.number("ice"),
        evidence.number("capd"),
    )


def _ice(evidence: Evidence) -> Steps:
    """ICE score where ICE is the tool: full where the child's form applies or the score is the patient's baseline."""

    def score(ice: Pair, baseline: Pair, child: Pair, language: Pair) -> Pair:
        unknown = np.isinf(ice[1]) | (language[0] >= 1)
        lo, hi = np.where(unknown, 0.0, ice[0]), np.where(unknown, ICE_FULL, ice[1])
        aside = (child[0] >= 1) | (~unknown & np.isfinite(baseline[0]) & (lo >= baseline[0]))
        return np.where(aside, ICE_FULL, lo), np.where(aside, ICE_FULL, hi)

    return combine(
        score,
        evidence.number("ice"),
        evidence.number("baseline_ice"),
        _child_form(evidence),
        evidence.stated("language_barrier"),
    )


def _capd(evidence: Evidence) -> Steps:
    """CAPD score where CAPD is the tool, one above the scale where it cannot be done; 0 where ICE is the tool."""

    def score(capd: Pair, baseline: Pair, child: Pair, unable: Pair) -> Pair:
        unknown = np.isinf(capd[1])
        lo, hi = np.where(unknown, 0.0, capd[0]), np.where(unknown, CAPD_CANNOT_BE_DONE, capd[1])
        aside = (child[0] < 1) | (~unknown & np.isfinite(baseline[1]) & (hi <= baseline[1]))
        lo, hi = np.where(unable[0] >= 1, CAPD_CANNOT_BE_DONE, lo), np.where(unable[0] >= 1, CAPD_CANNOT_BE_DONE, hi)
        aside &= (child[0] < 1) | (unable[0] < 1)
        return np.where(aside, 0.0, lo), np.where(aside, 0.0, hi)

    return combine(
        score,
        evidence.number("capd"),
        evidence.number("baseline_capd"),
        _child_form(evidence),
        evidence.stated("capd_unable"),
    )


def _pressure(evidence: Evidence) -> Steps:
    return unless_elsewhere(evidence.label("icp").map(_icp), evidence.stated("haemorrhage"), 0.0)


def _not_done(evidence: Evidence) -> Steps:
    """1 where the cognitive score that belongs to the patient is not there."""

    def missing(ice: Pair, capd: Pair, child: Pair, unable: Pair) -> Pair:
        absent = np.where(child[0] >= 1, np.isinf(capd[1]) & (unable[0] < 1), np.isinf(ice[1])).astype(float)
        return absent, absent

    return combine(
        missing, evidence.number("ice"), evidence.number("capd"), _child_form(evidence), evidence.stated("capd_unable")
    )


def _against_baseline(evidence: Evidence) -> Steps:
    """1 unchanged from a low baseline, 2 worse than baseline, 0 neither."""

    def compare(ice: Pair, base_ice: Pair, capd: Pair, base_capd: Pair, child: Pair) -> Pair:
        by_ice = (child[0] < 1) & np.isfinite(ice[1]) & np.isfinite(base_ice[0])
        by_capd = (child[0] >= 1) & np.isfinite(capd[1]) & np.isfinite(base_capd[0])
        same = (by_ice & (ice[0] >= base_ice[0]) & (ice[1] < ICE_FULL)) | (
            by_capd & (capd[1] <= base_capd[1]) & (capd[0] > 0)
        )
        worse = (by_ice & (ice[1] < base_ice[0])) | (by_capd & (capd[0] > base_capd[1]))
        told = np.where(same, 1.0, np.where(worse, 2.0, 0.0))
        return told, told

    return combine(
        compare,
        evidence.number("ice"),
        evidence.number("baseline_ice"),
        evidence.number("capd"),
        evidence.number("baseline_capd"),
        _child_form(evidence),
    )


ICE = Axis("ice", _ice, ("ice", "baseline_ice", "language_barrier"))
CAPD = Axis("capd", _capd, ("capd", "baseline_capd", "capd_unable"))
MOTOR = Axis("motor", lambda evidence: evidence.label("motor").map(_motor), ("motor",))
ICP = Axis("icp", _pressure, ("icp", "intracranial_haemorrhage"))
DEATH = Axis("death", lambda evidence: evidence.stated("death_icans"))


def _attribution_needed(sweep: Sweep) -> Truths:
    """A clinician should say whether it is new: a score as low as the baseline, a child's few points without one."""
    few_points = sweep.yes("capd", 1) & ~sweep.possible("capd", CAPD_POSITIVE)
    return np.asarray((sweep.lo["against_baseline"] == 1) | (few_points & (sweep.lo["against_baseline"] == 0)))


def _not_gradable_drug(sweep: Sweep) -> Truths:
    unarousable = sweep.yes("drug_cause", NOT_TO_TOUCH)
    return unarousable | (sweep.yes("drug_cause") & sweep.yes("not_done"))


def _row(grade: int, key: str, wording: str, row: str, axis: Axis, **cut: float) -> Criterion:
    decision = {"ice": "D11", "capd": "D11", "consciousness": "D10", "seizure": "D12"}.get(axis.name, "")
    return Criterion(
        grade, key, wording, f"ASTCT ICANS table (PMC8403007 Table 4), row {row}", axis, decision=decision, **cut
    )


_LOC, _ICP = "Depressed level of consciousness", "Elevated ICP / cerebral edema"

SYSTEM = GradingSystem(
    id="icans-astct-2019",
    revision=1,
    syndrome=_ICANS,
    title="ICANS, ASTCT consensus 2019",
    reference="Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638, doi:10.1016/j.bbmt.2018.12.758",
    criteria=(
        _row(1, "ice_7_9", "ICE score 7-9", "ICE score", ICE, at_or_below=9),
        _row(2, "ice_3_6", "ICE score 3-6", "ICE score", ICE, at_or_below=6),
        _row(3, "ice_0_2", "ICE score 0-2", "ICE score", ICE, at_or_below=2),
        _row(1, "capd_1_8", "CAPD score 1-8, child under 12", "CAPD score", CAPD, at_or_above=1),
        _row(3, "capd_9_or_more", "CAPD score ≥9, child under 12", "CAPD score", CAPD, at_or_above=CAPD_POSITIVE),
        _row(4, "capd_unable", "Unable to perform CAPD", "CAPD score", CAPD, at_or_above=CAPD_CANNOT_BE_DONE),
        _row(2, "consciousness_voice", "Awakens to voice", _LOC, CONSCIOUSNESS, at_or_above=TO_VOICE),
        _row(3, "consciousness_touch", "Awakens only to tactile stimulus", _LOC, CONSCIOUSNESS, at_or_above=TO_TOUCH),
        _row(
            4,
            "consciousness_unarousable",
            "Unarousable, or needs vigorous or repetitive tactile stimuli; stupor or coma",
            _LOC,
            CONSCIOUSNESS,
            at_or_above=NOT_TO_TOUCH,
        ),
        _row(
            3,
            "seizure_brief",
            "Any clinical seizure that resolves rapidly, or EEG-only seizure that resolves with treatment",
            "Seizure",
            SEIZURE,
            at_or_above=BRIEF,
        ),
        _row(
            4,
            "seizure_prolonged",
            "Life-threatening prolonged seizure (>5 min), or repetitive without return to baseline",
            "Seizure",
            SEIZURE,
            at_or_above=PROLONGED,
        ),
        _row(
            4,
            "motor_deep_focal",
            "Deep focal motor weakness, such as hemiparesis or paraparesis",
            "Motor findings",
            MOTOR,
            at_or_above=1,
        ),
        _row(3, "icp_focal_edema", "Focal or local edema on neuroimaging", _ICP, ICP, at_or_above=FOCAL),
        _row(
            4,
            "icp_raised",
            "Diffuse edema; decerebrate or decorticate posturing; cranial nerve VI palsy; papilledema; Cushing's triad",
            _ICP,
            ICP,
            at_or_above=RAISED,
        ),
        Criterion(5, "death", "Death due to ICANS", "ASTCT ICANS, grade 5", DEATH, 1),
    ),
    also=(
        DRUG_CAUSE,
        Axis("child_form", _child_form),
        Axis("not_done", _not_done),
        Axis("against_baseline", _against_baseline),
        SEDATED,
        Axis("language_barrier", lambda evidence: evidence.stated("language_barrier")),
        Axis("haemorrhage", lambda evidence: evidence.stated("haemorrhage")),
        CONSCIOUSNESS_ELSEWHERE,
        Axis("late_neurotoxicity", lambda evidence: evidence.stated("late_neurotoxicity")),
    ),
    remarks=(
        Remark(Flag.NOT_GRADABLE_SEDATED, lambda sweep: sweep.yes("sedated"), blocks=True),
        Remark(Flag.NOT_GRADABLE_DRUG_CAUSE, _not_gradable_drug, blocks=True),
        Remark(
            Flag.ATTRIBUTED_ELSEWHERE,
            lambda sweep: sweep.yes("consciousness_elsewhere") | (sweep.yes("drug_cause") & ~_not_gradable_drug(sweep)),
        ),
        Remark(Flag.NOT_GRADABLE_LANGUAGE, lambda sweep: sweep.yes("language_barrier")),
        Remark(Flag.ASSESSMENT_NOT_DONE, lambda sweep: sweep.yes("not_done")),
        Remark(Flag.UNCHANGED_FROM_BASELINE, lambda sweep: sweep.lo["against_baseline"] == 1),
        Remark(Flag.ATTRIBUTION_NEEDED, _attribution_needed),
        Remark(Flag.BELOW_BASELINE, lambda sweep: sweep.lo["against_baseline"] == 2),
        Remark(Flag.HAEMORRHAGE_EXCLUDED, lambda sweep: sweep.yes("haemorrhage")),
        Remark(Flag.LATE_NEUROTOXICITY_NOT_ICANS, lambda sweep: sweep.yes("late_neurotoxicity")),
    ),
)
