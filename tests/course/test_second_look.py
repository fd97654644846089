"""A value outside the usual range is kept and graded, and said to be worth a second look (clinical.md k)."""

from __future__ import annotations

from datetime import UTC, date

import pytest

from monitoring.axis_evidence import evidence_for
from monitoring.records import Observation, Patient
from monitoring.timeline import micros
from monitoring.ward_view import ward_view
from tests.course.charts import CRS, adult, after, carried, course, steps, temperature, vitals


@pytest.mark.parametrize(("celsius", "said"), [(35.0, False), (34.9, True), (41.0, False), (41.1, True)])
def test_a_temperature_outside_35_to_41_is_graded_and_marked(celsius: float, said: bool) -> None:
    chart = course(adult(), vitals(0), temperature(1, celsius))
    text = evidence_for(chart, "temperature", ("temperature",), micros(after(2))).text
    assert ("look twice" in text) is said
    assert steps(chart, CRS, 2)[-1][1:] == ((1, 1) if celsius >= 38 else (0, 0))


@pytest.mark.parametrize(("percent", "notable"), [(92.0, False), (91.0, True)])
def test_a_saturation_below_92_stands_out_on_the_ward_and_grades_no_crs(percent: float, notable: bool) -> None:
    chart = course(adult(), vitals(0), Observation(**carried(0), concept="spo2", value=percent))
    row = ward_view([chart], after(1), UTC, "7 North").rows[0]
    assert row.vitals[3].notable is notable
    assert row.crs.text == "0"


def test_the_ward_names_the_limit_of_the_childs_age_today() -> None:
    child = [fact for fact in adult() if not isinstance(fact, Patient)]
    born = Patient(**carried(0), birth_date=date(2021, 9, 1))
    row = ward_view([course(child, born, vitals(0, celsius=38.5, systolic=74))], after(1), UTC, "7 North").rows[0]
    assert "low for age 4 (below 79)" in row.why  # 181 of 365 days: 70 + 2 x 4.496 = 78.99
