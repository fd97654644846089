"""CRES grade by CARTOX. Neelapu SS et al., Nat Rev Clin Oncol 2018;15:47-62, doi:10.1038/nrclinonc.2017.148.

The CARTOX-10 rows are read (cancerbiomed.org 7893); the other rows of grades 3 and 4 are recalled, not re-read (D42).
CRES asks nothing of fever. ICE is another score than CARTOX-10: it has a command in place of the head of government,
so that an ICE gives CARTOX-10 within one point, and a full ICE is taken as full (D52). Signs of raised pressure (D53),
weakness and wakefulness (D54). The paper has no form for children: a CAPD is not read, and the score of a child who was
asked neither stays unknown (D81). Sedation and drugs as the cause as in D10, five minutes of seizure as in D12.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading import crs_remarks
from monitoring.grading.attribution import DEATH_FROM_ICANS, unless_elsewhere
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
)
from monitoring.timeline import Steps, Truths, Values, combine
from monitoring.vocabulary import Flag, Icp, Motor, Syndrome

FULL = 10.0
PAPILLEDEMA_ANY, PAPILLEDEMA_HIGH, PAPILLEDEMA_WORST = 1.0, 3.0, 5.0
RAISED, CRITICAL = 1.0, 2.0
_PRESSURE = {
    Icp.NONE: (0.0, 0.0),
    Icp.PAPILLEDEMA: (0.0, 0.0),
    Icp.CN6_PALSY: (RAISED, CRITICAL),
    Icp.FOCAL_EDEMA: (CRITICAL, CRITICAL),
    Icp.DIFFUSE_EDEMA: (CRITICAL, CRITICAL),
    Icp.POSTURING: (CRITICAL, CRITICAL),
    Icp.CUSHING_TRIAD: (CRITICAL, CRITICAL),
}
Pair = tuple[Values, Values]


def _cartox_10(evidence: Evidence) -> Steps:
    """CARTOX-10 as asked, else within one point of the ICE; full where the score is the patient's baseline."""

    def score(asked: Pair, ice: Pair, baseline: Pair, language: Pair) -> Pair:
        from_ice = np.isfinite(ice[0])
        lo = np.where(from_ice, np.where(ice[0] >= FULL, FULL, np.maximum(ice[0] - 1, 0)), 0.0)
        hi = np.where(from_ice, np.minimum(ice[1] + 1, FULL), FULL)
        unchanged = from_ice & np.isfinite(baseline[0]) & (ice[0] >= baseline[0])
        lo = np.where(unchanged, FULL, lo)
        hi = np.where(unchanged, FULL, hi)
        known = np.isfinite(asked[0])
        lo, hi = np.where(known, asked[0], lo), np.where(known, asked[1], hi)
        barred = language[0] >= 1
        return np.where(barred, 0.0, lo), np.where(barred, FULL, hi)

    return combine(
        score,
        evidence.number("cartox_10"),
        evidence.number("ice"),
        evidence.number("baseline_ice"),
        evidence.stated("language_barrier"),
    )


def _raised(finding: object | None) -> tuple[float, float]:
    return _PRESSURE[finding] if isinstance(finding, Icp) else (0.0, CRITICAL)


def _pressure(evidence: Evidence) -> Steps:
    return unless_elsewhere(evidence.label("icp").map(_raised), evidence.stated("haemorrhage"), 0.0)


def _papilledema(evidence: Evidence) -> Steps:
    """Stage of papilloedema; 1 to 5 where it is seen and nobody staged it, 0 where it was looked for and absent."""

    def staged(seen: Pair, stage: Pair) -> Pair:
        known = np.isfinite(stage[0])
        return np.where(known, stage[0], seen[0]), np.where(known, stage[1], seen[1])

    seen = evidence.label("icp").map(
        lambda finding: (
            (0.0, PAPILLEDEMA_WORST)
            if finding is None
            else (PAPILLEDEMA_ANY, PAPILLEDEMA_WORST)
            if finding is Icp.PAPILLEDEMA
            else (0.0, 0.0)
        )
    )
    steps = combine(staged, seen, evidence.number("papilledema_stage"))
    return unless_elsewhere(steps, evidence.stated("haemorrhage"), 0.0)


def _weakness(finding: object | None) -> tuple[float, float]:
    return (0.0, 1.0) if finding is None else (float(finding is not Motor.NONE),) * 2


SCORE = Axis("ice", _cartox_10, ("cartox_10", "ice", "baseline_ice", "language_barrier"))
PRESSURE = Axis("icp", _pressure, ("icp", "intracranial_haemorrhage"))
PAPILLEDEMA = Axis("papilledema_stage", _papilledema, ("papilledema_stage", "icp"), inputs=("icp",))
WEAKNESS = Axis("motor", lambda evidence: evidence.label("motor").map(_weakness), ("motor",))


def _row(grade: int, key: str, wording: str, axis: Axis, decision: str = "", **cut: float) -> Criterion:
    return Criterion(grade, key, wording, f"CARTOX, CRES grade {grade}", axis, decision=decision, **cut)


def _drug_hides(sweep: Sweep) -> Truths:
    return sweep.yes("drug_cause", NOT_TO_TOUCH)


SYSTEM = GradingSystem(
    id="cres-cartox-2018",
    revision=1,
    syndrome=Syndrome.ICANS,
    title="CRES, CARTOX 2018 (no form for children)",
    reference="Neelapu SS et al. Nat Rev Clin Oncol 2018;15:47-62, doi:10.1038/nrclinonc.2017.148",
    criteria=(
        _row(1, "cartox_7_9", "CARTOX-10 score 7-9", SCORE, "D52", at_or_below=9),
        _row(2, "cartox_3_6", "CARTOX-10 score 3-6", SCORE, "D52", at_or_below=6),
        _row(3, "cartox_0_2", "CARTOX-10 score 0-2", SCORE, "D52", at_or_below=2),
        _row(3, "papilledema_1_2", "Papilloedema stage 1-2", PAPILLEDEMA, "D53", at_or_above=PAPILLEDEMA_ANY),
        _row(3, "raised_pressure", "CSF opening pressure <20 mmHg", PRESSURE, "D53", at_or_above=RAISED),
        _row(3, "seizure", "Partial or brief seizure", SEIZURE, "D12", at_or_above=BRIEF),
        _row(4, "obtunded", "Critical or obtunded", CONSCIOUSNESS, "D54", at_or_above=NOT_TO_TOUCH),
        _row(4, "papilledema_3_5", "Papilloedema stage 3-5", PAPILLEDEMA, "D53", at_or_above=PAPILLEDEMA_HIGH),
        _row(4, "edema", "CSF opening pressure ≥20 mmHg or cerebral oedema", PRESSURE, "D53", at_or_above=CRITICAL),
        _row(4, "status", "Status epilepticus", SEIZURE, "D12", at_or_above=PROLONGED),
        _row(4, "weakness", "New motor weakness", WEAKNESS, "D54", at_or_above=1),
        _row(5, "death", "Death", DEATH_FROM_ICANS, "D23", at_or_above=1),
    ),
    also=(
        SEDATED,
        DRUG_CAUSE,
        CONSCIOUSNESS_ELSEWHERE,
        Axis("haemorrhage", lambda evidence: evidence.stated("haemorrhage")),
        Axis("language_barrier", lambda evidence: evidence.stated("language_barrier")),
    ),
    remarks=(
        Remark(Flag.NOT_GRADABLE_SEDATED, lambda sweep: sweep.yes("sedated"), blocks=True),
        Remark(Flag.NOT_GRADABLE_DRUG_CAUSE, _drug_hides, blocks=True),
        Remark(Flag.ATTRIBUTED_ELSEWHERE, lambda sweep: sweep.yes("consciousness_elsewhere")),
        Remark(Flag.NOT_GRADABLE_LANGUAGE, lambda sweep: sweep.yes("language_barrier")),
        Remark(Flag.HAEMORRHAGE_EXCLUDED, lambda sweep: sweep.yes("haemorrhage")),
        crs_remarks.UNVERIFIED,
    ),
)
