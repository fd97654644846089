"""CRS grade by the ASTCT consensus, 2019. Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638.

doi:10.1016/j.bbmt.2018.12.758. Table wording read through PMC8021214 Table 1 and PMC9327779 Table 2.
Left open by the source and decided in docs/decisions.md: D1 vasopressin alone, D2 oxygen given for another reason,
D3 oxygen without a device, D4 prophylactic drugs before any fever, D5 home, D6-D9 what counts as low pressure,
D13 how long a diagnosis stands, D17 inotropes, D18 and D22 no fever and what may hide it, D23 death.
Fever opens the gate. Once CRS has been diagnosed and an antipyretic, anticytokine drug or steroid has been given
since, fever is no longer required and low pressure or oxygen need alone decide.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence, OxygenState, once
from monitoring.grading import crs_remarks, fever, masking, oxygen, pressure
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.engine import Axis, Criterion, GradingSystem, Remark, Sweep
from monitoring.timeline import Steps, Truths, combine
from monitoring.vocabulary import Answer, Flag, OxygenDevice, OxygenReason, Sign, Syndrome

LOW_FLOW_L_MIN = 6.0
LOW_FLOW, HIGH_FLOW, POSITIVE_PRESSURE = 1.0, 2.0, 3.0
ONE_VASOPRESSOR, SEVERAL_VASOPRESSORS = 1.0, 2.0

_CRS = Syndrome.CRS
_RUNG = {
    OxygenDevice.ROOM_AIR: 0.0,
    OxygenDevice.BLOW_BY: LOW_FLOW,
    OxygenDevice.HFNC: HIGH_FLOW,
    OxygenDevice.SIMPLE_MASK: HIGH_FLOW,
    OxygenDevice.NON_REBREATHER: HIGH_FLOW,
    OxygenDevice.VENTURI: HIGH_FLOW,
    OxygenDevice.CPAP: POSITIVE_PRESSURE,
    OxygenDevice.BIPAP: POSITIVE_PRESSURE,
    OxygenDevice.MECHANICAL_VENTILATION: POSITIVE_PRESSURE,
}


def oxygen_rung(state: object | None) -> tuple[float, float]:
    """Lowest and highest rung an oxygen state can stand on: 0 air, 1 low flow, 2 high flow, 3 positive pressure."""
    if not isinstance(state, OxygenState):
        return 0.0, POSITIVE_PRESSURE
    if state.reason not in {None, OxygenReason.HYPOXIA}:
        return 0.0, 0.0
    if state.device is None:
        given = (state.flow_l_min or 0) > 0 or (state.fio2 or 0) > 21
        return (LOW_FLOW if given else 0.0), POSITIVE_PRESSURE
    if state.device is OxygenDevice.NASAL_CANNULA:
        if state.flow_l_min is None:
            return LOW_FLOW, HIGH_FLOW
        return (LOW_FLOW, LOW_FLOW) if state.flow_l_min <= LOW_FLOW_L_MIN else (HIGH_FLOW, HIGH_FLOW)
    return _RUNG[state.device], _RUNG[state.device]


@once
def _vasopressors(evidence: Evidence) -> Steps:
    """Vasopressors without vasopressin; vasopressin alone counts as one (D1)."""
    counted = combine(
        lambda count, vasopressin: (
            np.maximum(count[0], np.minimum(vasopressin[0], 1)),
            np.maximum(count[1], np.minimum(vasopressin[1], 1)),
        ),
        evidence.number("vasopressors"),
        evidence.number("vasopressin"),
    )
    lower = Steps(counted.at, np.maximum(counted.lo, 0), counted.hi)
    return unless_elsewhere(lower, elsewhere(evidence, Sign.HYPOTENSION, _CRS), 0.0)


@once
def _oxygen(evidence: Evidence) -> Steps:
    """Oxygen rungs; where nothing is charted and the patient is at home, room air (D5)."""
    return oxygen.counted(evidence, evidence.label("oxygen").map(oxygen_rung), 0.0, (0.0, POSITIVE_PRESSURE))


@once
def _fever(evidence: Evidence) -> Steps:
    return combine(lambda t: (fever.is_fever(t[0]), fever.is_fever(t[1])), fever.temperature(evidence))


@once
def _signs(evidence: Evidence) -> Steps:
    """1 where any sign of CRS is certain."""
    return combine(
        lambda *parts: (np.max([part[0] >= 1 for part in parts], axis=0).astype(float),) * 2,
        _fever(evidence),
        pressure.of_crs(evidence),
        _vasopressors(evidence),
        _oxygen(evidence),
    )


def _diagnosed(evidence: Evidence) -> Steps:
    steps = masking.diagnosed(evidence, _fever(evidence), _signs(evidence))
    return unless_elsewhere(steps, elsewhere(evidence, Sign.FEVER, _CRS), 0.0)


def _masked(evidence: Evidence) -> Steps:
    return masking.masked_since(evidence, _fever(evidence), _signs(evidence))


VASOPRESSORS = Axis("vasopressors", _vasopressors, ("vasopressors",))
OXYGEN = Axis("oxygen", _oxygen, ("oxygen_support", "o2_flow", "fio2"))
DIAGNOSED = Axis("crs_already_diagnosed", _diagnosed, ("charted:crs",))
MASKING_DRUGS = Axis("masking_drugs", _masked, ("masking_drugs",))
DEATH = Axis("death", lambda evidence: evidence.stated("death_crs"), ())

MAY_HIDE = Axis("fever_may_hide", masking.fever_may_hide)

FEVER = Criterion(
    1, "fever", "Fever: temperature ≥38.0 °C", "Table 2, row Fever", fever.TEMPERATURE, fever.FEVER_CELSIUS
)
CRS_DIAGNOSED = Criterion(
    0, "crs_diagnosed", "CRS already diagnosed", "Table 2, fever footnote", DIAGNOSED, 1, decision="D13"
)
MASKED = Criterion(
    0,
    "masking_drug_since",
    "then antipyretic, anticytokine therapy or steroid: fever is no longer required",
    "Table 2, fever footnote",
    MASKING_DRUGS,
    1,
)
DIED = Criterion(5, "death", "Death due to CRS", "Text, grade 5", DEATH, 1)


def _no_fever_gate(sweep: Sweep) -> Truths:
    return sweep.hi["temperature"] < fever.FEVER_CELSIUS - 1e-6


def _fever_not_required(sweep: Sweep) -> Truths:
    waived = sweep.yes("crs_already_diagnosed") & sweep.yes("masking_drugs")
    return waived & ~(sweep.lo["temperature"] >= fever.FEVER_CELSIUS - 1e-6)


def _hidden(sweep: Sweep) -> Truths:
    """No fever and no diagnosis, while a drug given may hide one."""
    return _no_fever_gate(sweep) & sweep.yes("fever_may_hide") & ~sweep.yes("fever_elsewhere") & _gate_not_open(sweep)


def _gate_not_open(sweep: Sweep) -> Truths:
    assert sweep.outcome is not None  # noqa: S101
    return sweep.outcome.gate < Answer.YES


def _hidden_with_findings(sweep: Sweep) -> Truths:
    findings = sweep.yes("blood_pressure") | sweep.yes("vasopressors") | sweep.yes("oxygen")
    return _hidden(sweep) & findings & ~sweep.possible("crs_already_diagnosed")


SYSTEM = GradingSystem(
    id="crs-astct-2019",
    revision=1,
    syndrome=_CRS,
    title="CRS, ASTCT consensus 2019",
    reference="Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638, doi:10.1016/j.bbmt.2018.12.758, Table 2",
    gate=((FEVER,), (CRS_DIAGNOSED, MASKED), (DIED,)),
    criteria=(
        FEVER,
        Criterion(
            2,
            "hypotension",
            "Hypotension not requiring vasopressors",
            "Table 2, row Hypotension",
            pressure.BLOOD_PRESSURE,
            1,
            decision="D6",
        ),
        Criterion(
            3,
            "one_vasopressor",
            "One vasopressor, with or without vasopressin",
            "Table 2, row Hypotension",
            VASOPRESSORS,
            ONE_VASOPRESSOR,
            decision="D1",
        ),
        Criterion(
            4,
            "several_vasopressors",
            "Multiple vasopressors, vasopressin not counted",
            "Table 2, row Hypotension",
            VASOPRESSORS,
            SEVERAL_VASOPRESSORS,
        ),
        Criterion(
            2,
            "low_flow_oxygen",
            "Low-flow nasal cannula (≤6 L/min) or blow-by",
            "Table 2, row Hypoxia",
            OXYGEN,
            LOW_FLOW,
            decision="D2",
        ),
        Criterion(
            3,
            "high_flow_oxygen",
            "High-flow cannula (>6 L/min), face mask, non-rebreather or Venturi mask",
            "Table 2, row Hypoxia",
            OXYGEN,
            HIGH_FLOW,
        ),
        Criterion(
            4,
            "positive_pressure",
            "Positive pressure: CPAP, BiPAP, intubation and mechanical ventilation",
            "Table 2, row Hypoxia",
            OXYGEN,
            POSITIVE_PRESSURE,
        ),
        DIED,
    ),
    also=(*crs_remarks.AXES, MAY_HIDE),
    remarks=(
        Remark(Flag.FEVER_MAY_BE_MASKED, _hidden_with_findings, blocks=True),
        Remark(Flag.FEVER_MAY_BE_MASKED, _hidden),
        Remark(Flag.FEVER_NOT_REQUIRED, _fever_not_required),
        *crs_remarks.SIGNS,
    ),
    bands=(*fever.BANDS, *pressure.BANDS),
)
