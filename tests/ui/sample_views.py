# ruff: noqa: E501  a table is read across
"""Hand-made views: a ward and one patient's course, for the charts, the board and the pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitoring.views import (
    Age,
    Bar,
    CriterionRow,
    EpisodeRow,
    Explanation,
    GradeCell,
    InfusionMark,
    OnsetBand,
    PatientView,
    RiskWindow,
    Series,
    Step,
    Strip,
    VitalCell,
    WardRow,
    WardView,
    Window,
)
from monitoring.vocabulary import AlertLevel, Answer, Syndrome

AS_OF = datetime(2026, 3, 10, 2, 12, 41, tzinfo=UTC)
INFUSED = AS_OF - timedelta(days=8, hours=15)


def grade(
    label: str, low: int | None, high: int | None = None, *, worst: int | None = None, text: str = ""
) -> GradeCell:
    """`low` alone is certain; both None without `text` = nobody reported; `text` = not gradable."""
    high = low if high is None else high
    shown = text or ("—" if low is None else str(low) if low == high else f"{low}–{high}")
    return GradeCell(
        system=f"{label.lower()}-astct-2019",
        label=label,
        text=shown,
        at_least=low,
        at_most=high,
        gradable=not text,
        since=AS_OF - timedelta(hours=2),
        worst_24h=worst,
        flags=(),
    )


def vital(
    concept: str, label: str, unit: str, text: str, minutes: int, *, age: Age = Age.FRESH, notable: bool = False
) -> VitalCell:
    hours, rest = divmod(minutes, 60)
    age_text = f"{hours} h {rest:02d}" if hours else f"{rest} min"
    at = None if age is Age.ABSENT else AS_OF - timedelta(minutes=minutes)
    return VitalCell(concept, label, unit, text, at, "" if at is None else age_text, age, notable)


def vitals(
    temp: str, pulse: str, pressure: str, oxygen: str, minutes: int = 12, /, **ages: Age
) -> tuple[VitalCell, ...]:
    hot = float(temp) >= 38 if temp != "—" else False
    return (
        vital("temperature", "Temp", "°C", temp, minutes, age=ages.get("temp", Age.FRESH), notable=hot),
        vital(
            "heart_rate",
            "Pulse",
            "",
            pulse,
            minutes,
            age=ages.get("pulse", Age.FRESH),
            notable=pulse.isdigit() and int(pulse) > 110,
        ),
        vital(
            "sbp",
            "BP",
            "mmHg",
            pressure,
            minutes if "pressure" not in ages else 302,
            age=ages.get("pressure", Age.FRESH),
        ),
        vital("spo2", "SpO₂ % · O₂", "", oxygen, minutes, age=ages.get("oxygen", Age.FRESH)),
    )


def row(bed: str, name: str, subtitle: str, day: str, grades: Sequence[GradeCell], why: str, then: str, signs: tuple[VitalCell, ...],
        due: str, detail: str, *, overdue: bool = False, silent: bool = False, level: AlertLevel = AlertLevel.INFO) -> WardRow:  # fmt: skip
    crs, icans, reported = grades
    return WardRow(
        f"P{bed}", bed, name, subtitle, day, crs, icans, reported, why, then, signs, due, detail, overdue, silent, level
    )


def three(crs: GradeCell | int, icans: GradeCell | int, reported: GradeCell | int | None) -> tuple[GradeCell, ...]:
    cells = zip(("CRS", "ICANS", "Reported"), (crs, icans, reported), strict=True)
    return tuple(cell if isinstance(cell, GradeCell) else grade(label, cell) for label, cell in cells)


def ward() -> WardView:
    """Sixteen patients, worst first."""
    absent = {"temp": Age.ABSENT, "pulse": Age.ABSENT, "pressure": Age.ABSENT, "oxygen": Age.ABSENT}
    critical, warning = AlertLevel.CRITICAL, AlertLevel.WARNING
    rows = (
        row("04", "Adeyemi, F.", "49 · Yescarta", "day 6", three(4, 3, 3), "Two vasopressors and BiPAP since 00:40 → CRS 4 ↑ from 3",
            "Seizure 23:50, stopped in 2 min. ICE 1 of 10 at 01:30.", vitals("39.4", "134", "86/44", "91 · BiPAP", 4), "ICE 02:30", "in 18 min", level=critical),
        row("12", "Okafor, A.", "54 · Yescarta", "day 5", three(3, 2, 3), "One vasopressor since 01:40 → CRS 3 ↑ from 2",
            "Wakes to voice; ICE 5 of 10 at 02:30. Tocilizumab 2 of 4 given.", vitals("38.9", "128", "94/52", "93 · 4 L"), "ICE 04:30", "in 1 h 18", level=critical),
        row("07", "Marsh, L.", "61 · Kymriah", "day 3", three(grade("CRS", 1, 2), 0, 2), "Fever 39.1; blood pressure not taken for 5 h. One pressure decides.",
            "Measure blood pressure now. No vasopressor on the drug chart.", vitals("39.1", "116", "112/70", "96 · air", 22, pressure=Age.OLD), "BP overdue", "since 01:10", overdue=True, level=critical),
        row("03", "Silva, T.", "8 · Kymriah", "day 6", three(2, grade("ICANS", 0, 3), 1), "SBP 82, low for age 8 (86); no vasopressor. CAPD not done since 19:00.",
            "Awake; CAPD decides between 0 and 3.", vitals("38.4", "132", "82/48", "97 · air", 8), "CAPD overdue", "since 03:00", overdue=True, level=warning),
        row("H2", "Nowak, E.", "34 · home", "day 11", three(grade("CRS", 0, 1), 0, 2), "No report from home for 9 h; last: moderate chills, 37.8.",
            "Call the family: number on the patient page.", vitals("37.8", "—", "—", "—", 550, **(absent | {"temp": Age.STALE})), "Report overdue", "since 21:00", overdue=True, silent=True, level=warning),
        row("08", "Conti, R.", "58 · Tecartus", "day 4", three(grade("CRS", None, text="not gradable"), 1, 1), "Steroid since day 0 before any fever: fever may be masked; SBP 84.",
            "Charted grade decides. Pressure and oxygen are shown as measured.", vitals("36.8", "104", "84/50", "95 · 2 L", 31), "Vitals 03:00", "in 48 min", level=warning),
        row("15", "Brandt, K.", "66 · Abecma", "day 2", three(1, 1, 1), "ICE 8 of 10: writing changed. Day 2, before the documented ICANS window.",
            "Fever 38.2 since 20:15.", vitals("38.2", "98", "118/74", "98 · air", 40), "Vitals 04:30", "in 1 h 18"),
        row("02", "Ferrari, G.", "71 · Tecartus", "day 19", three(1, 0, 0), "Fever 38.3, day 19: after the documented CRS window; look for infection.",
            "", vitals("38.3", "92", "131/79", "97 · air", 48), "Vitals 04:24", "in 1 h 12"),
        row("09", "Haddad, R.", "47 · Breyanzi", "day 9", three(grade("CRS", 0, worst=1), 0, 0), "CRS 1 settled 22:10, 40 min after tocilizumab.",
            "Pressure and oxygen decide until the episode is over.", vitals("37.1", "84", "121/76", "97 · air", 55), "Vitals 04:15", "in 1 h 03"),
        row("05", "Petrov, D.", "59 · Carvykti", "day 8", three(0, 0, 1), "Mild headache reported 01:00; counts in both lists. Watch.", "", vitals("36.9", "76", "126/80", "98 · air", 80), "Vitals 05:50", "in 2 h 38"),
        *(row(bed, name, about, day, three(0, 0, reported), "No finding.", "", vitals(temp, pulse, pressure, "98 · air", 100), due, "in 2 h")
          for bed, name, about, day, reported, temp, pulse, pressure, due in (
            ("11", "Lindqvist, S.", "22 · Kymriah", "day 14", 0, "36.7", "68", "115/72", "Vitals 05:10"),
            ("06", "Ito, M.", "29 · Aucatzyl", "day 3 / 13", 0, "36.8", "72", "119/75", "Vitals 04:12"),
            ("01", "Moreau, C.", "63 · Abecma", "day 21", None, "36.6", "70", "128/77", "Vitals 04:40"),
            ("10", "Khan, Z.", "41 · Breyanzi", "day 1", 0, "37.0", "81", "122/70", "Vitals 04:45"),
            ("14", "Osei, B.", "55 · Yescarta", "day 26", 0, "36.5", "66", "117/73", "Vitals 05:00"),
            ("H1", "Lund, P.", "38 · home", "day 16", 0, "36.9", "—", "—", "Report 08:00"),
        )),
    )  # fmt: skip
    return WardView("7 North · Cell therapy", AS_OF, rows, need_now=3, overdue=3, silent=1)


def _wave(hour: float) -> float:
    rise = 2.4 * math.exp(-(((hour - 100) / 30) ** 2))
    return 36.8 + rise + 0.25 * math.sin(hour / 3.8)


def series(every_minutes: int = 60) -> tuple[Series, ...]:
    """Vital signs from infusion to now; no pressure from hour 132 to hour 144."""
    count = int((AS_OF - INFUSED) / timedelta(minutes=every_minutes))
    times = tuple(INFUSED + timedelta(minutes=every_minutes * step) for step in range(count + 1))
    hours = [step * every_minutes / 60 for step in range(count + 1)]
    temperature = [round(_wave(hour), 1) for hour in hours]
    pulse = [
        round(74 + 12 * (value - 36.8) + 3 * math.sin(hour)) for value, hour in zip(temperature, hours, strict=True)
    ]
    upper = [
        None if 132 <= hour < 144 else round(122 - 14 * (value - 36.8) + 4 * math.sin(hour / 2))
        for value, hour in zip(temperature, hours, strict=True)
    ]
    made: list[tuple[str, str, str, Sequence[float | None]]] = [
        ("temperature", "Temperature", "°C", temperature),
        ("heart_rate", "Pulse", "/min", pulse),
        ("respiratory_rate", "Breathing", "/min", [round(15 + 3 * (value - 36.8)) for value in temperature]),
        ("sbp", "Systolic", "mmHg", upper),
        ("dbp", "Diastolic", "mmHg", [None if value is None else value - 48 for value in upper]),
        ("spo2", "SpO₂", "%", [round(98 - 2.4 * (value - 36.8)) for value in temperature]),
    ]
    return tuple(Series(concept, label, unit, times, tuple(values)) for concept, label, unit, values in made)


def _at(hour: float) -> datetime:
    return INFUSED + timedelta(hours=hour)


def steps(*parts: tuple[float, float, int | None, int | None, str]) -> tuple[Step, ...]:
    return tuple(Step(_at(start), min(_at(end), AS_OF), low, high, why, ()) for start, end, low, high, why in parts)


def patient(every_minutes: int = 60) -> PatientView:
    """One patient on day 8: CRS 3 on day 4 with an unmeasured stretch, ICANS 2 on day 5."""
    last = (AS_OF - INFUSED) / timedelta(hours=1)
    strips = (
        Strip("crs-astct-2019", "CRS", Syndrome.CRS, steps(
            (0, 62, 0, 0, "no finding"), (62, 98, 1, 1, "fever"), (98, 112, 2, 2, "hypotension, no vasopressor"),
            (112, 132, 3, 3, "one vasopressor"), (132, 144, 1, 2, "blood pressure not taken"), (144, 166, 1, 1, "fever"), (166, last, 0, 0, "no finding"))),
        Strip("icans-astct-2019", "ICANS", Syndrome.ICANS, steps(
            (0, 117, 0, 0, "no finding"), (117, 127, 1, 1, "ICE 8"), (127, 151, 2, 2, "ICE 5"), (151, 170, 1, 1, "ICE 8"), (170, 182, 0, 1, "ICE not done"), (182, last, 0, 0, "no finding"))),
        Strip("crs-documented-symptoms", "Reported, CRS list", Syndrome.CRS, steps((60, 84, 1, 1, "mild chills"), (84, 118, 3, 3, "severe dizziness"), (118, 150, 1, 1, "mild fatigue"), (150, last, 0, 4, "not reported"))),
        Strip("icans-documented-symptoms", "Reported, ICANS list", Syndrome.ICANS, steps((100, 130, 2, 2, "moderate confusion"), (130, 160, 1, 1, "mild tremor"))),
    )  # fmt: skip
    bars = (
        Bar("oxygen", "nasal cannula", "2→4 L/min", _at(103), _at(148), False),
        Bar("oxygen", "high flow", "40 L/min", _at(148), _at(151), False),
        Bar("anticytokine", "tocilizumab", "560 mg", _at(98), _at(98), False),
        Bar("anticytokine", "tocilizumab", "560 mg", _at(112), _at(112), False),
        Bar("vasopressor", "norepinephrine", "0.04→0.08 µg/kg/min", _at(112), _at(132), False),
        Bar("corticosteroid", "dexamethasone", "10 mg every 6 h", _at(128), _at(172), False),
        Bar("antipyretic", "paracetamol", "1 g", _at(64), _at(64), False),
    )
    windows = (
        Window(Syndrome.CRS, "documented CRS window, day 0–14", INFUSED, INFUSED + timedelta(days=14), 1, (0, 14)),
        Window(
            Syndrome.ICANS,
            "documented ICANS window, day 7–28",
            INFUSED + timedelta(days=7),
            INFUSED + timedelta(days=28),
            1,
            (7, 28),
        ),
    )
    band = OnsetBand(
        Syndrome.CRS,
        "Kymriah",
        1,
        INFUSED + timedelta(days=2),
        INFUSED + timedelta(days=8),
        INFUSED + timedelta(days=5),
        "median day 5, middle half day 2–7 (registry)",
    )
    risk = RiskWindow("Day 8: inside both.", (band,), ("Kymriah, CRS: median day 5.",))
    crs = grade("CRS", 1, 2, worst=3)
    why = (
        CriterionRow(1, "fever ≥ 38.0 °C", "ASTCT 2019, Table 2, Fever", Answer.YES, "39.1 °C", AS_OF - timedelta(minutes=22), "22 min", "vitals.csv:412", ""),
        CriterionRow(2, "hypotension, no vasopressor", "ASTCT 2019, Table 2, Hypotension", Answer.UNKNOWN, "112/70", AS_OF - timedelta(hours=5), "5 h 02", "vitals.csv:380", "D3"),
        CriterionRow(3, "one vasopressor with or without vasopressin", "ASTCT 2019, Table 2, Hypotension", Answer.NO, "none on the drug chart", None, "", "drugs.csv", "D1"),
        CriterionRow(3, "high-flow cannula, mask or Venturi", "ASTCT 2019, Table 2, Hypoxia", Answer.NO, "room air", AS_OF - timedelta(minutes=22), "22 min", "vitals.csv:412", ""),
    )  # fmt: skip
    neuro = (
        CriterionRow(
            2,
            "ICE 3–6",
            "ASTCT 2019, Table 3, ICE",
            Answer.NO,
            "10 of 10",
            AS_OF - timedelta(hours=3),
            "3 h",
            "neuro.csv:12",
            "",
        ),
    )
    return PatientView(
        row=row("07", "Marsh, L.", "61 · Kymriah", "day 8", three(crs, 0, 2), "Fever 39.1; blood pressure not taken for 5 h.", "Measure blood pressure now.",
                vitals("39.1", "116", "112/70", "96 · air", 22, pressure=Age.OLD), "BP overdue", "since 01:10", overdue=True),
        heading="61 years · Kymriah",
        as_of=AS_OF,
        ward_zone="Europe/Berlin",
        infusions=(InfusionMark(INFUSED, "tisagenlecleucel"),),
        windows=windows,
        risk=risk,
        strips=strips,
        series=series(every_minutes),
        bars=bars,
        explanations=(
            Explanation("crs-astct-2019", "CRS, ASTCT 2019", "Lee 2019, doi:10.1016/j.bbmt.2018.12.758", crs, "Fever is certain; pressure is not known.", "blood pressure",
                        ("No vasopressor on the drug chart, which covers this time.",), why),
            Explanation("icans-astct-2019", "ICANS, ASTCT 2019", "Lee 2019, doi:10.1016/j.bbmt.2018.12.758", grade("ICANS", 0), "Every domain was assessed.", None, (), neuro),
        ),
        episodes=(EpisodeRow(Syndrome.CRS, _at(62), 3, 3, _at(112), None, "6 days, still running"), EpisodeRow(Syndrome.ICANS, _at(117), 5, 2, _at(127), _at(182), "2 d 17 h")),
    )  # fmt: skip


def empty_ward() -> WardView:
    return WardView("7 North · Cell therapy", AS_OF, (), 0, 0, 0)
