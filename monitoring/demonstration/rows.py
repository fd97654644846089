"""The rows of each file of the demonstration ward, in the columns of the contract and of the CLIF tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from monitoring.demonstration.charting import Chart, Charting
from monitoring.demonstration.stories import Drug

Row = Mapping[str, object]


def patient_rows(chart: Chart) -> Iterator[Row]:
    """Who the patient is, and one row for each infusion."""
    story = chart.story
    born = _born(chart.now.date(), story.age)
    for infused in chart.infusions:
        yield {
            "patient_id": story.id,
            "name": story.name,
            "birth_date": born.isoformat(),
            "sex": story.sex,
            "ward": story.ward,
            "bed": story.bed,
            "weight_kg": story.weight_kg,
            "product": story.product,
            "indication": story.indication,
            "infused_at": infused.isoformat(),
        }


def _born(today: date, age: float) -> date:
    """A birthday `age` years and some weeks ago, so that nobody has a birthday during the demonstration."""
    return date(today.year - int(age), today.month, 1) - timedelta(days=60 + round(365.25 * (age % 1)))


def wide_row(chart: Chart, taken: Charting) -> Row:
    """One set of vital signs, wide; an empty cell was not taken."""
    return {
        "patient_id": chart.story.id,
        "time": taken.at.isoformat(),
        "temp_c": taken.temp,
        "hr": taken.hr,
        "rr": taken.rr,
        "sbp": taken.sbp,
        "dbp": taken.dbp,
        "spo2": taken.spo2,
        "o2_device": taken.oxygen.device,
        "o2_flow_l_min": taken.oxygen.flow,
        "fio2": taken.oxygen.fio2,
    }


def in_fahrenheit(row: Row) -> Row:
    """A wide row with its temperature in Fahrenheit."""
    return {
        ("temp_f" if key == "temp_c" else key): (_as_f(value) if key == "temp_c" else value)
        for key, value in row.items()
    }


def _as_f(celsius: object) -> float:
    return round(float(str(celsius)) * 9 / 5 + 32, 1)


def flawed_rows(wide: list[Row]) -> Iterator[Row]:
    """Three rows of the sort every export has: an impossible saturation, a time without a zone, the same line twice."""
    if len(wide) < 9:
        return
    yield {**wide[3], "time": _shifted(wide[3], 11).isoformat(), "spo2": 9}
    yield {**wide[5], "time": _shifted(wide[5], 13).replace(tzinfo=None).isoformat()}
    yield wide[7]


def _shifted(row: Row, minutes: int) -> datetime:
    return datetime.fromisoformat(str(row["time"])) + timedelta(minutes=minutes)


def long_rows(chart: Chart, taken: Charting) -> Iterator[Row]:
    """One set of vital signs as a home sends it: one row a value."""
    fahrenheit = chart.story.charted_as == "long_fahrenheit"
    values: tuple[tuple[str, float | None, str], ...] = (
        ("temperature", _as_f(taken.temp) if fahrenheit else taken.temp, "degF" if fahrenheit else "Cel"),
        ("heart_rate", taken.hr, "/min"),
    )
    if taken.sbp is not None:
        values += (("sbp", taken.sbp, "mmHg"), ("dbp", taken.dbp, "mmHg"))
    for concept, value, unit in values:
        yield {
            "patient_id": chart.story.id,
            "time": taken.at.isoformat(),
            "concept": concept,
            "value": value,
            "unit": unit,
            "method": "oral" if concept == "temperature" else "",
        }


def clif_vital_rows(chart: Chart, taken: Charting) -> Iterator[Row]:
    """One set of vital signs as CLIF rows."""
    named = (
        ("Temperature Celsius", "temp_c", taken.temp, "Oral"),
        ("Heart Rate", "heart_rate", taken.hr, ""),
        ("Respiratory Rate", "respiratory_rate", taken.rr, ""),
        ("Non Invasive Blood Pressure systolic", "sbp", taken.sbp, ""),
        ("Non Invasive Blood Pressure diastolic", "dbp", taken.dbp, ""),
        ("O2 saturation pulseoxymetry", "spo2", taken.spo2, ""),
    )
    for name, category, value, site in named:
        yield {
            "hospitalization_id": chart.story.id,
            "recorded_dttm": taken.at.isoformat(sep=" "),
            "vital_name": name,
            "vital_category": category,
            "vital_value": value,
            "meas_site_name": site,
        }


_CLIF_DEVICES = {
    "room_air": ("None", "Room Air"),
    "nasal_cannula": ("Nasal cannula", "Nasal Cannula"),
    "hfnc": ("High flow nasal cannula", "High Flow NC"),
    "bipap": ("Bipap mask", "NIPPV"),
}


def clif_oxygen_row(chart: Chart, taken: Charting) -> Row:
    """Oxygen as one CLIF row."""
    name, category = _CLIF_DEVICES[taken.oxygen.device]
    return {
        "hospitalization_id": chart.story.id,
        "recorded_dttm": taken.at.isoformat(sep=" "),
        "device_name": name,
        "device_category": category,
        "vent_brand_name": "",
        "mode_name": "",
        "mode_category": "",
        "tracheostomy": False,
        "fio2_set": None if taken.oxygen.fio2 is None else taken.oxygen.fio2 / 100,
        "lpm_set": taken.oxygen.flow,
        "resp_rate_obs": taken.rr,
    }


def _given(chart: Chart) -> Iterable[Drug]:
    """The drugs told, and the prophylaxis everybody on a drug chart has."""
    if chart.story.drug_chart and not chart.story.at_home:
        yield Drug(h=chart.begins - 2, drug="aciclovir", dose=400, unit="mg", route="oral", reason="prophylaxis")
    yield from chart.story.drugs


def clif_drug_rows(chart: Chart, *, rates: bool) -> Iterator[Row]:
    """Drug events: those of running drugs (`rates`), or the single doses."""
    for number, drug in enumerate(_given(chart), start=1):
        if bool(drug.rates) is not rates:
            continue
        events: list[tuple[float, str, str, float | None]] = [(drug.h, "FinishedRunning", "given", drug.dose)]
        if drug.rates:
            start, *changes = drug.rates
            events = [(start[0], "Started", "start", start[1])]
            events += [(hours, "ChangeDose/Rate", "dose_change", rate) for hours, rate in changes]
            if drug.until is not None:
                events.append((drug.until, "FinishedRunning", "stop", 0.0))
        for hours, name, category, dose in events:
            yield {
                "hospitalization_id": chart.story.id,
                "med_order_id": f"{chart.story.id}-{number}",
                "med_name": drug.drug.capitalize(),
                "med_category": drug.drug,
                "admin_dttm": chart.at(hours).isoformat(sep=" "),
                "mar_action_name": name,
                "mar_action_category": category,
                "med_dose": dose,
                "med_dose_unit": drug.unit,
                "med_group": "vasoactives" if drug.rates else "others",
                "med_route_name": drug.route,
                "med_route_category": drug.route,
            }


def drug_rows(chart: Chart) -> Iterator[Row]:
    """Drugs as intervals; a change of rate ends one row and begins the next."""
    for drug in _given(chart):
        steps = drug.rates or ((drug.h, drug.dose),)
        ends = [hours for hours, _ in steps[1:]] + [drug.until]
        for (hours, dose), end in zip(steps, ends, strict=True):
            yield {
                "patient_id": chart.story.id,
                "drug": drug.drug,
                "start": chart.at(hours).isoformat(),
                "end": "" if end is None else chart.at(end).isoformat(),
                "dose": dose,
                "unit": drug.unit,
                "route": drug.route,
                "reason": drug.reason,
            }


def neuro_rows(chart: Chart) -> Iterator[Row]:
    """Neurological assessments, every domain charted."""
    for at, found in chart.assessments():
        yield {
            "patient_id": chart.story.id,
            "time": at.isoformat(),
            "tool": chart.story.tool,
            "total": found.total,
            "consciousness": found.consciousness,
            "seizure": found.seizure,
            "motor": found.motor,
            "icp": found.icp,
            "absent_reason": "",
        }


_LABORATORY_UNITS = {
    "ferritin": "ng/mL",
    "crp": "mg/L",
    "ldh": "U/L",
    "creatinine": "mg/dL",
    "platelets": "10*3/uL",
    "anc": "10*3/uL",
    "hemoglobin": "g/dL",
    "fibrinogen": "mg/dL",
    "ast": "U/L",
    "alt": "U/L",
}


def laboratory_rows(chart: Chart) -> Iterator[Row]:
    """The values of each blood sample, one row a value."""
    for sample in chart.story.laboratory:
        for concept, unit in _LABORATORY_UNITS.items():
            yield {
                "patient_id": chart.story.id,
                "time": chart.at(sample.h).isoformat(),
                "concept": concept,
                "value": getattr(sample, concept),
                "unit": unit,
            }


def monitor_rows(chart: Chart, last: Charting) -> Iterator[Row]:
    """The last pressure again, as the bedside monitor sent it in the same minute."""
    adds = chart.story.monitor_adds
    if adds is not None and last.sbp is not None and last.dbp is not None:
        yield {
            "patient_id": chart.story.id,
            "time": last.at.isoformat(),
            "sbp": last.sbp + adds,
            "dbp": last.dbp + adds,
        }


def symptom_rows(chart: Chart) -> Iterator[Row]:
    """What the family reported."""
    for report in chart.story.symptoms:
        yield {
            "patient_id": chart.story.id,
            "time": chart.at(report.h).isoformat(),
            "reporter": "caregiver",
            "symptom": report.symptom,
            "severity": report.severity,
            "note": report.note,
        }
