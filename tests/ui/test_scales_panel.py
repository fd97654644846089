"""The Scales panel of the patient page: every published scale, on the time axis of the course above it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

from conftest import PHYSICIAN, Opened, seen
from streamlit.testing.v1 import AppTest

from monitoring.ui import live
from monitoring.ui.people import patient_key


def panel(opened: Opened, patient_id: str, family: str = "CRS") -> AppTest:
    page = opened("patient", PHYSICIAN, p=patient_key(patient_id))
    page.segmented_control(key="scales-of").set_value(family).run()
    assert not page.exception
    return page


def figures(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def scales(page: AppTest) -> dict[str, str]:
    return dict(re.findall(r'<tr data-system="([^"]+)">.*?<b class="number">([^<]*)</b>', seen(page)))


def test_a_row_a_scale_with_the_interval_of_the_missing_pressure(opened: Opened, one_patient: str) -> None:
    # fever 39.1, room air, a drug chart without a vasopressor, pressure too old to use
    shown = scales(panel(opened, one_patient))
    assert next(iter(shown)) == "crs-astct-2019"
    assert shown["crs-astct-2019"] == "1–2"
    assert shown["crs-ctcae-5"] == "1–2"
    assert shown["crs-mskcc"] == "1"
    assert {"crs-lee-2014", "crs-penn-2018", "crs-cartox-2018"} <= set(shown)


def test_another_family_is_graded_when_it_is_chosen(opened: Opened, one_patient: str) -> None:
    assert set(scales(panel(opened, one_patient, "ICANS"))) == {"icans-astct-2019", "cres-cartox-2018"}


def test_the_strips_share_the_time_axis_of_the_course(opened: Opened, one_patient: str) -> None:
    course, strips = figures(panel(opened, one_patient))[-2:]
    for part in ("range", "tickvals", "ticktext"):
        assert strips["layout"]["xaxis"][part] == course["layout"]["xaxis"][part], part


def test_an_interval_is_dashed_and_carries_its_bounds(opened: Opened, one_patient: str) -> None:
    shapes = figures(panel(opened, one_patient))[-1]["layout"]["shapes"]
    bounds = {
        shape["label"]["text"]: shape["line"].get("dash") for shape in shapes if shape.get("label", {}).get("text")
    }
    assert bounds["<b>1–4</b>"] == "dash"  # Lee and CARTOX: no organ toxicity was charted
    assert bounds["<b>1</b>"] is None  # MSKCC: fever alone, and low pressure is grade 1 there too


def test_the_strips_are_said_aloud(opened: Opened, one_patient: str) -> None:
    chart = panel(opened, one_patient).get("plotly_chart")[-1]
    # In hospital with a fever is 2 in Penn, a fever is 1 in MSKCC: six hours from the first temperature until it is
    # too old, and the twenty minutes since the second.
    assert "6 CRS scales over time; they differ for 6 hours of it" in str(chart.proto)


def test_the_scores_stand_under_the_scales_and_say_what_is_missing(opened: Opened, one_patient: str) -> None:
    text = unescape(seen(panel(opened, one_patient)))
    assert "CAR-HEMATOTOX" in text
    assert "lactate dehydrogenase not taken" in text
    assert "Cannot be answered yet." in text


def test_another_scale_is_explained_at_another_moment(opened: Opened, one_patient: str) -> None:
    page = panel(opened, one_patient)
    page.selectbox(key="why-scale").set_value("crs-mskcc").run()
    assert "MSKCC grade 4" in seen(page)
    before = live.now().astimezone(live.settings().ward_zone).replace(tzinfo=None, microsecond=0) - timedelta(hours=8)
    page.datetime_input(key="why-at").set_value(before).run()
    assert not page.exception
    assert "Grade 1: Fever (grade 1 while observation or supportive care suffices)." in seen(page)
    assert "38.4 °C" in seen(page)
