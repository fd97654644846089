"""A store for the tests of exports: the demonstration ward, and beside it facts of every kind with hostile words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from monitoring.__main__ import main
from monitoring.concepts import dictionary
from monitoring.demonstration import write_ward
from monitoring.ingest import read_paths
from monitoring.records import (
    Acknowledgement,
    Administration,
    AlertChange,
    Attribution,
    CareContact,
    ChartedGrade,
    Correction,
    Enrolment,
    Fact,
    Infusion,
    Milestone,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    Placement,
    RowRead,
    SymptomReport,
)
from monitoring.store import Store, open_store
from monitoring.vocabulary import (
    AbsentReason,
    AdministrationAction,
    Cause,
    CourseStep,
    NeuroTool,
    OxygenDevice,
    OxygenReason,
    Reporter,
    Severity,
    Sex,
    Sign,
    Status,
    Syndrome,
)

DAY_0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
RECEIVED = datetime(2026, 3, 20, tzinfo=UTC)
FORMULA = '=HYPERLINK("http://x","look")'


def fact(kind: type[Fact], hours: float = 0, **said: object) -> Fact:
    """A fact of the patient P1, `hours` after the infusion."""
    about = {"patient_id": "P1", "effective_at": DAY_0 + timedelta(hours=hours)}
    return kind.model_validate({**about, "received_at": RECEIVED, "source": "typed", **said})


def of_every_kind() -> list[Fact]:
    """One fact of each kind and of each awkward shape."""
    fever = fact(Observation, 30, concept="temperature", value=39.1, unit="Cel", method="oral")
    later = RECEIVED - timedelta(days=10)
    return [
        fact(Patient, name="-Kay, =Ada", birth_date=date(1960, 2, 29), sex=Sex.FEMALE, weight_kg=61.5),
        fact(Placement, ward="@7 North", bed="+12"),
        fact(Infusion, product="Yescarta", indication="large B-cell lymphoma", utc_offset_minutes=60),
        fact(Enrolment, product="Yescarta", prior_lines=2, confirmed=("age",)),
        fact(Milestone, -72, step=CourseStep.LYMPHODEPLETION),
        fact(CareContact, label="Ward", phone="+49 170 1"),
        fact(Observation, 24, concept="temperature", value=38.4, unit="Cel", recorded_at=later, author="nurse:Ada"),
        fever,
        fact(Correction, 31, target=fever.fact_id, reason="\tnot this patient"),
        fact(Observation, 32, concept="temperature", absent_reason=AbsentReason.ASLEEP),
        fact(Observation, 33, concept="heart_rate", value=96.0, unit="/min", record_id="HR-1", recorded_at=later),
        fact(Observation, 33, concept="heart_rate", record_id="HR-1", status=Status.ENTERED_IN_ERROR),
        fact(Observation, 34, concept="fio2", value=40.0, unit="%"),
        fact(Observation, 34, concept="other_neuro", code=FORMULA),
        fact(Observation, 34, concept="other_neuro", code="refused"),
        fact(OxygenSupport, 35, device=OxygenDevice.NASAL_CANNULA, flow_l_min=2.0, reason=OxygenReason.COMFORT),
        fact(OxygenSupport, 36, flow_l_min=2.0, fio2=28.0),
        fact(Administration, 40, drug="tocilizumab", dose=640.0, unit="mg", route="iv", reason="CRS"),
        fact(Administration, 41, drug="norepinephrine", end=DAY_0 + timedelta(hours=52), dose=0.1, unit="mcg/kg/min"),
        fact(
            *(Administration, 42),
            drug="vasopressin",
            action=AdministrationAction.START,
            order_id="-7",
            dose=0.03,
            unit="U/min",
        ),
        fact(Administration, 43, drug="vasopressin", action=AdministrationAction.STOP, order_id="-7"),
        fact(NeuroAssessment, 44, tool=NeuroTool.ICE, items={"orientation": 3, "naming": 3, "commands": 1}),
        fact(NeuroAssessment, 45, tool=NeuroTool.CAPD, items={"aware": "often"}, consciousness="awake"),
        fact(NeuroAssessment, 46, tool=NeuroTool.ICE, absent={"ice": "language"}),
        fact(NeuroAssessment, 47, absent={"motor": "unable", "icp": "not-taken"}, seizure="none"),
        fact(SymptomReport, 48, reporter=Reporter.CAREGIVER, symptom="chills", severity=Severity.MILD, note='a\nb;"c"'),
        fact(SymptomReport, 49, reporter=Reporter.PATIENT, symptom="chills", severity=Severity.NONE, note="N/A"),
        fact(SymptomReport, 50, reporter=Reporter.PATIENT, symptom="chills", severity=Severity.NONE, note=" '=1 "),
        fact(ChartedGrade, 51, syndrome=Syndrome.CRS, grade=2, note="@SUM(A1)"),
        fact(Attribution, 52, sign=Sign.HYPOXIA, cause=Cause.OTHER, note="＝1"),
        fact(Acknowledgement, 53, alert="crs-grade", note="seen"),
        fact(AlertChange, 54, alert="crs-grade", raised=True, grade=2),
        fact(Observation, 60, patient_id="=P 2", concept="temperature", value=38.9, unit="Cel"),
    ]


def filled(address: str, *batches: list[Fact]) -> Store:
    """A store that holds these facts."""
    store = open_store(address)
    for batch in batches:
        rows = [RowRead(source="typed", place=str(n), facts=(one,)) for n, one in enumerate(batch, start=1)]
        store.append(rows, author="typed", received_at=RECEIVED)
    return store


def demonstration(folder: Path, patients: int = 8) -> list[Fact]:
    """The facts of the synthetic ward."""
    now = datetime(2026, 3, 19, 12, tzinfo=UTC)
    write_ward(folder, now, patients)
    rows = read_paths([folder], received_at=now, dictionary=dictionary())
    return [one for row in rows for one in row.facts]


def exported(address: str, out: Path, fmt: str, *more: str) -> None:
    """Run the verb."""
    assert main(["export", "--format", fmt, "--db", address, "--out", str(out), *more]) == 0
