"""The figure says what the view says: gaps, intervals, extremes, windows, and a hover that never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
import pytest
import sample_views as sample
from hypothesis import given
from hypothesis import strategies as st

from monitoring.charts import GRADE_COLOURS, patient_figure
from monitoring.charts.hover import moment_text
from monitoring.charts.series import MOST_POINTS, merged, reduced
from monitoring.ui.course import changed_list, figure_range
from monitoring.views import Bar, Changed, Series, Step

WHOLE = (sample.INFUSED - timedelta(hours=6), sample.AS_OF + timedelta(hours=6))
BERLIN = ZoneInfo("Europe/Berlin")


def drawn(view=None, *, start=WHOLE[0], end=WHOLE[1], dark=False, narrow=False) -> go.Figure:
    return patient_figure(view or sample.patient(), dark=dark, start=start, end=end, narrow=narrow)


def line(figure: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name)


def words(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations] + [
        shape.label.text for shape in figure.layout.shapes if shape.label.text
    ]


def test_hours_without_a_pressure_stay_a_gap() -> None:
    pressure = line(drawn(), "Systolic")
    assert pressure.connectgaps is False
    assert list(pressure.y).count(None) == 12, "the sample has no pressure from hour 132 to hour 144"


def test_an_interval_is_drawn_dashed_above_what_is_certain() -> None:
    figure = drawn()
    start = (sample.INFUSED + timedelta(hours=132)).astimezone(BERLIN).replace(tzinfo=None)
    blocks = [shape for shape in figure.layout.shapes if shape.x0 == start and shape.yref == "y"]
    certain, possible = sorted(blocks, key=lambda shape: shape.y0)
    assert (certain.y0, certain.y1, certain.line.dash) == (0, 1, None)
    assert (possible.y0, possible.y1, possible.line.dash) == (1, 2, "dot")
    assert possible.layer == "between", "a grid line must not cut through a grade"


def test_a_grade_that_cannot_be_given_is_said_in_words() -> None:
    view = sample.patient()
    step = replace(view.strips[0].steps[3], at_least=None, at_most=None)
    strip = replace(view.strips[0], steps=(step,))
    assert "not gradable" in words(drawn(replace(view, strips=(strip, *view.strips[1:]))))


def test_both_windows_are_named_and_the_onset_bar_where_there_is_one() -> None:
    said = words(drawn())
    assert "documented CRS window, day 0–14 · thin bar: onset after Kymriah" in said
    assert "documented ICANS window, day 7–28" in said
    assert "tisagenlecleucel" in said


def test_the_onset_bar_lies_above_grade_4_with_its_median_in_it() -> None:
    """The sample's bar runs from day 2 to day 8 after the infusion, its median is day 5."""
    figure = drawn()
    first = (sample.INFUSED + timedelta(days=2)).astimezone(BERLIN).replace(tzinfo=None)
    (bar,) = [shape for shape in figure.layout.shapes if shape.x0 == first and shape.yref == "y"]
    assert (bar.x1 - bar.x0, bar.y0 > 4) == (timedelta(days=6), True)
    ticks = [shape for shape in figure.layout.shapes if shape.yref == "y" and shape.y0 > 4 and shape.x0 > first]
    assert [tick.x0 + (tick.x1 - tick.x0) / 2 for tick in ticks] == [first + timedelta(days=3)]


def test_no_name_stands_among_the_lines() -> None:
    """Lines are named beside the axis, where no line can run through the word."""
    beside = {note.text: note for note in drawn().layout.annotations if "systolic" in note.text or "pulse" in note.text}
    assert len(beside) == 2
    assert all(note.xref == "paper" and note.xshift < 0 for note in beside.values())


def test_times_are_the_ward_s_wall_clock() -> None:
    """02:12 UTC on 10 March is 03:12 in Berlin."""
    assert any(text == "<b>now</b> 03:12" for text in words(drawn()))


def test_days_are_counted_from_the_infusion_day_as_day_0() -> None:
    ticks = list(drawn().layout.xaxis.ticktext)
    assert "<b>day 1</b><br>2 Mar" in ticks, "infused on 1 March at 11:12 UTC"


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("days", [1, 3, 7, 40])
def test_every_range_theme_and_width_can_be_drawn(days: int, dark: bool, narrow: bool) -> None:
    figure = drawn(start=sample.AS_OF - timedelta(days=days), end=sample.AS_OF, dark=dark, narrow=narrow)
    assert figure.layout.height > 500
    assert 2 <= len(figure.layout.xaxis.tickvals) <= 16


def test_a_patient_of_whom_nothing_is_charted_still_has_a_figure() -> None:
    empty = replace(sample.patient(), series=(), bars=(), strips=(), infusions=(), windows=(), episodes=())
    said = words(drawn(empty))
    assert said.count("nothing charted in this range") == 4
    assert drawn(empty).layout.xaxis.title.text == "ward time, Europe/Berlin · no infusion recorded"


def test_a_vital_sign_nobody_charted_takes_a_narrow_strip_and_names_no_line() -> None:
    view = sample.patient()
    without = replace(view, series=tuple(one for one in view.series if one.concept not in {"sbp", "dbp"}))
    assert drawn(without).layout.height < drawn(view).layout.height
    assert not [said for said in words(drawn(without)) if "systolic" in said]
    assert [said for said in words(drawn(view)) if "systolic" in said]


def test_one_minute_of_low_saturation_survives_28_days_of_minutes() -> None:
    times = np.array([sample.INFUSED + timedelta(minutes=step) for step in range(40_320)], dtype=object)
    values = np.full(times.size, 97.0)
    values[31_717] = 71.0
    kept_times, kept = reduced(times, values)
    assert kept.size <= MOST_POINTS * 1.1
    assert kept.min() == 71.0
    assert kept_times[int(np.argmin(kept))] == times[31_717]


@given(
    st.lists(st.one_of(st.floats(30, 45), st.just(float("nan"))), min_size=1, max_size=600),
    st.integers(min_value=10, max_value=100),
)
def test_thinning_keeps_the_extremes_the_ends_the_order_and_every_gap_it_met(values: list[float], most: int) -> None:
    times = np.arange(len(values)).astype(object)
    kept_times, kept = reduced(times, np.array(values), most)
    whole = np.array(values)
    assert list(kept_times) == sorted(kept_times)
    assert (kept_times[0], kept_times[-1]) == (0, len(values) - 1)
    assert all(np.array_equal(whole[at], value, equal_nan=True) for at, value in zip(kept_times, kept, strict=True))
    if (~np.isnan(whole)).any():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(whole), np.nanmax(whole))
    assert np.isnan(kept).any() == np.isnan(whole).any()


def steps_of(*grades: tuple[int | None, int | None], minutes: int = 1) -> list[Step]:
    """Steps of `minutes` each, one after the other."""
    start, each = sample.INFUSED, timedelta(minutes=minutes)
    return [Step(start + each * n, start + each * (n + 1), low, high, "", ()) for n, (low, high) in enumerate(grades)]


def test_a_minute_of_grade_3_among_minutes_of_grade_1_is_drawn_as_wide_as_can_be_seen() -> None:
    (shown,) = merged(steps_of((1, 1), (3, 4), (1, 1), (None, None)), timedelta(minutes=5))
    assert (shown.at_least, shown.at_most) == (3, 4)
    assert shown.end - shown.start == timedelta(minutes=4)


def test_steps_as_long_as_can_be_told_apart_are_drawn_as_they_are() -> None:
    steps = steps_of((0, 0), (2, 2), (None, None), (1, 2), minutes=20)
    assert merged(steps, timedelta(minutes=40)) == steps


GRADES = st.one_of(
    st.just((None, None)), st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda two: (min(two), max(two)))
)


@given(st.lists(GRADES, min_size=1, max_size=80), st.integers(1, 12))
def test_merged_steps_cover_the_same_time_and_nowhere_draw_less_than_there_was(
    grades: list[tuple[int | None, int | None]], minutes: int
) -> None:
    steps = steps_of(*grades)
    shown = merged(steps, timedelta(minutes=minutes))
    assert (shown[0].start, shown[-1].end) == (steps[0].start, steps[-1].end)
    assert all(one.end == other.start for one, other in pairwise(shown))
    for step in steps:
        over = next(one for one in shown if one.start <= step.start and step.end <= one.end)
        assert step.at_least is None or (over.at_least is not None and over.at_least >= step.at_least)
        assert step.at_most is None or (over.at_most is not None and over.at_most >= step.at_most)
    worst = max((high for _, high in grades if high is not None), default=None)
    assert worst == max((one.at_most for one in shown if one.at_most is not None), default=None)


def test_the_hover_names_the_last_value_before_the_cursor_and_its_time() -> None:
    at = sample.INFUSED + timedelta(hours=100, minutes=40)
    text = moment_text(sample.patient(), at)
    charted = (sample.INFUSED + timedelta(hours=100)).astimezone(BERLIN)
    assert f"Temperature <b>39.4</b> °C, {charted:%H:%M}" in text
    assert "CRS <b>2</b> hypotension, no vasopressor" in text
    assert text.startswith("<b>day 4</b>"), "infused 1 March; hour 100 is 5 March in Berlin"


def test_the_hover_is_silent_about_a_pressure_inside_a_gap() -> None:
    text = moment_text(sample.patient(), sample.INFUSED + timedelta(hours=138))
    assert "Systolic" not in text
    assert "CRS <b>1–2</b> blood pressure not taken" in text


def test_nothing_is_said_of_a_value_from_after_the_cursor() -> None:
    later = Series("spo2", "SpO₂", "%", (sample.AS_OF,), (71.0,))
    view = replace(sample.patient(), series=(later,))
    assert "71" not in moment_text(view, sample.AS_OF - timedelta(minutes=1))
    assert "SpO₂ <b>71</b>" in moment_text(view, sample.AS_OF)


def changed_after_the_fact(shown: str = "1", shown_at_most: int | None = 1):
    start = sample.INFUSED + timedelta(hours=30)
    end = start + timedelta(hours=9)
    said = f"At 16:00 the screen said {shown}; known since 01:00: 2."
    change = Changed(start, end, end, shown, shown_at_most, "2", said)
    view = sample.patient()
    return replace(view, strips=(replace(view.strips[0], changes=(change,)), *view.strips[1:])), change


@pytest.mark.parametrize(("shown", "shown_at_most", "height"), [("1", 1, 1), ("0–4", 4, 4), ("not gradable", None, 1)])
def test_what_a_screen_had_said_is_outlined_at_its_height_where_it_is_known_otherwise(
    shown: str, shown_at_most: int | None, height: float
) -> None:
    view, change = changed_after_the_fact(shown, shown_at_most)
    figure = drawn(view)
    outlined = [shape for shape in figure.layout.shapes if shape.layer == "above" and shape.line.dash == "dot"]
    assert [(shape.y0, shape.y1) for shape in outlined] == [(0, height)]
    assert outlined[0].x0 == change.start.astimezone(BERLIN).replace(tzinfo=None)
    assert not [shape for shape in drawn().layout.shapes if shape.layer == "above" and shape.line.dash == "dot"]


def test_the_hover_says_what_the_screen_had_said_inside_the_stretch_and_not_after_it() -> None:
    view, change = changed_after_the_fact()
    assert change.sentence in moment_text(view, change.start)
    assert change.sentence not in moment_text(view, change.end)


def test_the_list_names_the_scale_the_stretch_and_what_was_said() -> None:
    view, _ = changed_after_the_fact()
    assert "At 16:00 the screen said 1; known since 01:00: 2." in changed_list(view)
    assert changed_list(sample.patient()) == ""


def test_a_short_drug_s_words_stand_beside_its_bar_and_never_on_the_next_one() -> None:
    start = sample.AS_OF - timedelta(days=4)
    short = Bar("vasopressor", "norepinephrine", "0.04 µg/kg/min", start, start + timedelta(minutes=30), False)
    following = Bar("vasopressor", "norepinephrine", "0.08 µg/kg/min", start + timedelta(hours=1), sample.AS_OF, True)
    figure = drawn(replace(sample.patient(), bars=(short, following)))
    notes = {note.text: note for note in figure.layout.annotations}
    assert notes["0.04 µg/kg/min"].xanchor == "right"
    assert notes["0.08 µg/kg/min"].xanchor == "left"


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_every_grade_can_be_read_on_its_colour(dark: bool) -> None:
    for background, ink in GRADE_COLOURS[dark]:
        assert contrast(background, ink) >= 4.5, (background, ink)


def test_the_colours_go_from_light_to_dark_with_severity() -> None:
    lights = [luminance(background) for background, _ in GRADE_COLOURS[False]]
    assert lights == sorted(lights, reverse=True)


def test_the_sample_s_clock_is_the_one_the_expectations_were_typed_for() -> None:
    assert datetime(2026, 3, 10, 2, 12, 41, tzinfo=UTC) == sample.AS_OF


RANGES = [
    ("7d", timedelta(days=8, hours=15), timedelta(days=7)),
    ("3d", timedelta(days=8, hours=15), timedelta(days=3)),
    ("7d", timedelta(days=5), timedelta(days=5)),
    ("24h", timedelta(hours=6), timedelta(hours=6)),
    ("all", timedelta(days=40), timedelta(days=40)),
]


@pytest.mark.parametrize(("chosen", "infused_ago", "back"), RANGES, ids=[f"{row[0]} {row[1]}" for row in RANGES])
def test_a_range_never_begins_before_the_infusion_but_for_a_little(
    chosen: str, infused_ago: timedelta, back: timedelta
) -> None:
    given = sample.AS_OF - infused_ago
    mark = replace(sample.patient().infusions[0], at=given)
    view = replace(sample.patient(), infusions=(mark,), series=(), bars=(), windows=())
    start, end = figure_range(view, chosen)
    before = (sample.AS_OF - back) - start
    assert timedelta(0) <= before <= max(back * 0.04, timedelta(hours=1))
    assert (before > timedelta(0)) is (back == infused_ago)
    assert end > sample.AS_OF


def test_day_0_to_28_shows_both_windows_whole_with_the_future_empty() -> None:
    start, end = figure_range(sample.patient(), "day 0–28")
    assert start == sample.INFUSED - timedelta(hours=12)
    assert end == sample.INFUSED + timedelta(days=28)
    late = replace(sample.patient(), as_of=sample.INFUSED + timedelta(days=40))
    assert figure_range(late, "day 0–28")[1] == late.as_of
