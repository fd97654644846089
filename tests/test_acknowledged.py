"""Who has seen an alert stands beside it until the reason changes or the time is over (D109); charted grades (D110)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.patient_view import patient_view
from monitoring.records import (
    Acknowledgement,
    Administration,
    ChartedGrade,
    Fact,
    Infusion,
    NeuroAssessment,
    Observation,
    Patient,
)
from monitoring.records import OxygenSupport as Oxygen
from monitoring.views import PatientView, StandingAlert
from monitoring.vocabulary import NeuroTool, OxygenDevice, Syndrome
from monitoring.ward_view import placed_row, ward_view
from monitoring.wording import as_charted_text

UTC_ZONE = ZoneInfo("UTC")
INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)


def after(hours: float) -> datetime:
    return INFUSED + timedelta(hours=hours)


def said(hours: float, author: str | None = None) -> dict[str, object]:
    at = after(hours)
    return {"patient_id": "P1", "effective_at": at, "received_at": at, "source": "chart", "author": author}


def enrolled() -> list[Fact]:
    return [
        Patient(**said(0), birth_date="1970-01-01"),
        Infusion(**said(0)),
        Administration(**said(0), drug="none"),
    ]


def vitals(
    hours: float, celsius: float, systolic: float = 124, device: OxygenDevice = OxygenDevice.ROOM_AIR
) -> list[Fact]:
    values = {"temperature": celsius, "heart_rate": 84, "sbp": systolic, "spo2": 97}
    return [
        *(Observation(**said(hours), concept=concept, value=value) for concept, value in values.items()),
        Oxygen(**said(hours), device=device),
    ]


FEVER = [*enrolled(), *vitals(24, 38.6)]
SHOCK = [*FEVER, Administration(**said(24), drug="norepinephrine", dose=5, unit="ug/min")]


def view(facts: Sequence[Fact], hours: float) -> PatientView:
    course = Course("P1", list(facts), dictionary(), UTC_ZONE)
    return patient_view(course, after(hours), UTC_ZONE)


def alert(facts: Sequence[Fact], hours: float, name: str = "crs") -> StandingAlert:
    return next(one for one in view(facts, hours).alerts if one.name == name)


def seen(facts: Sequence[Fact], hours: float, *, by: str = "nurse:Ada Nowak", name: str = "crs") -> list[Fact]:
    """The facts, and that somebody saw the alert as it stood."""
    return [*facts, Acknowledgement(**said(hours, by), alert=alert(facts, hours, name).key)]


def held(facts: Sequence[Fact], hours: float, name: str = "crs") -> bool:
    mark = alert(facts, hours, name).seen
    return mark is not None and not mark.lapsed


def test_who_and_when_stand_beside_the_alert_and_on_the_ward_row() -> None:
    shown = view(seen(FEVER, 24.5), 25)
    (one,) = shown.alerts
    assert (one.text, one.since) == ("CRS grade 1", after(24))
    assert one.seen is not None
    assert (one.seen.who, one.seen.role, one.seen.at, one.seen.until) == ("Ada N.", "nurse", after(24.5), after(28.5))
    assert shown.row.seen == "seen by Ada N. 10:30"
    assert view(FEVER, 25).row.seen == ""


@pytest.mark.parametrize(
    ("author", "who"),
    [
        ("nurse:Ada Nowak", "Ada N."),
        ("nurse:R. Nightingale", "R. Nightingale"),
        ("physician:Bo", "Bo"),
        (None, "somebody"),
    ],
)
def test_a_name_is_short_and_still_tells_who(author: str | None, who: str) -> None:
    told = [*FEVER, Acknowledgement(**said(24.5, author), alert=alert(FEVER, 24.5).key)]
    assert view(told, 25).row.seen == f"seen by {who} 10:30"


def test_seeing_changes_no_grade_no_sentence_no_order_and_no_count() -> None:
    for facts in (FEVER, SHOCK):
        before, then = view(facts, 25), view(seen(facts, 24.5), 25)
        assert (then.row.crs, then.row.icans, then.row.why, then.row.then, then.row.level, then.row.due) == (
            before.row.crs, before.row.icans, before.row.why, before.row.then, before.row.level, before.row.due
        )  # fmt: skip
        assert [strip.steps for strip in then.strips] == [strip.steps for strip in before.strips]
        courses = [Course("P1", list(one), dictionary(), UTC_ZONE) for one in (facts, seen(facts, 24.5))]
        plain, marked = (placed_row(course, after(25), UTC_ZONE) for course in courses)
        assert plain.order == marked.order
        boards = [ward_view([course], after(25), UTC_ZONE, "7 North") for course in courses]
        assert [(board.need_now, board.overdue, board.silent, len(board.rows)) for board in boards] == [
            (boards[0].need_now, boards[0].overdue, boards[0].silent, 1)
        ] * 2


@pytest.mark.parametrize(("facts", "last", "over"), [(FEVER, 28.49, 28.5), (SHOCK, 25.49, 25.5)])
def test_it_holds_four_hours_and_one_from_grade_3(facts: list[Fact], last: float, over: float) -> None:
    told = seen(facts, 24.5)
    assert held(told, last)
    assert not held(told, over)
    assert "ago or more" in alert(told, over).seen.lapsed  # type: ignore[union-attr]


def test_the_line_of_the_board_ends_with_the_mark() -> None:
    course = Course("P1", [*seen(FEVER, 24.5)], dictionary(), UTC_ZONE)
    just_before = after(28.5) - timedelta(seconds=20)
    assert placed_row(course, just_before, UTC_ZONE).until <= after(28.5)
    at_once = Course(
        "P1",
        [*FEVER, Acknowledgement(**said(24.505, "nurse:Ada"), alert=alert(FEVER, 24.5).key)],
        dictionary(),
        UTC_ZONE,
    )
    assert placed_row(at_once, after(28.505) - timedelta(seconds=5), UTC_ZONE).until == after(28.505)


@pytest.mark.parametrize(
    ("later", "holds"),
    [
        (vitals(25, 39.4), True),  # a higher fever is the same finding
        (vitals(25, 38.6, systolic=84), False),  # grade 2
        (vitals(25, 38.6, device=OxygenDevice.NASAL_CANNULA), False),
        ([Administration(**said(25), drug="norepinephrine", dose=5, unit="ug/min")], False),
        (vitals(25, 36.8), False),  # over, and what comes back is new
    ],
)
def test_it_lapses_with_a_higher_grade_or_the_end_of_the_alert(later: list[Fact], holds: bool) -> None:
    told = [*seen(FEVER, 24.5), *later]
    back = [*told, *vitals(25.5, 38.6)]
    assert held(back, 26) is holds


def test_a_new_finding_of_the_same_grade_lapses_it_and_one_that_goes_does_not() -> None:
    low = [*enrolled(), *vitals(24, 38.6, systolic=84)]
    both = vitals(25, 38.6, systolic=84, device=OxygenDevice.NASAL_CANNULA)
    told = [*seen(low, 24.5), *both]
    assert alert(told, 26).text == "CRS grade 2"
    assert not held(told, 26)
    again = seen(told, 26, by="physician:Bo")
    assert held([*again, *vitals(26.5, 38.6, systolic=84)], 27)


def test_what_lapsed_stays_lapsed_when_the_grade_comes_back_down_and_says_so() -> None:
    told = [*seen(FEVER, 24.5), *vitals(25, 38.6, systolic=84), *vitals(25.5, 38.6)]
    mark = alert(told, 26).seen
    assert mark is not None
    assert (mark.who, mark.lapsed) == ("Ada N.", "the reason has changed since")
    assert view(told, 26).row.seen == ""


def test_a_graver_value_that_comes_late_from_before_takes_the_mark_away() -> None:
    told = [*seen(FEVER, 24.5), *vitals(24.4, 38.6, systolic=84)]
    assert not held(told, 25)


def test_a_press_on_a_page_that_was_old_covers_what_stood_there_and_no_more() -> None:
    old = alert(FEVER, 24.5).key
    worse = [*FEVER, *vitals(25, 38.6, systolic=84)]
    assert not held([*worse, Acknowledgement(**said(25.1, "nurse:Ada"), alert=old)], 25.2)


def test_silence_that_was_seen_is_new_when_somebody_was_heard_since() -> None:
    told = seen(FEVER, 31, name="silent")
    assert held(told, 31.5, "silent")
    assert not held(told, 32, "silent")
    heard = [*told, *vitals(31.5, 36.8)]
    assert not any(one.name == "silent" for one in view(heard, 31.6).alerts)
    assert not held(heard, 38, "silent")


def test_the_mark_names_the_alert_where_another_was_not_seen() -> None:
    both = [*FEVER, NeuroAssessment(**said(24), tool=NeuroTool.ICE, total=5)]
    assert [one.name for one in view(both, 24.5).alerts] == ["crs", "icans"]
    first = seen(both, 24.5)
    assert view(first, 25).row.seen == "CRS seen by Ada N. 10:30"
    assert view(seen(first, 24.6, by="physician:Bo", name="icans"), 25).row.seen == "seen by Ada N. 10:30, Bo 10:36"


@pytest.mark.parametrize("words", ["crs", "crs two", "crs 9 x", "", "something else", "crs 1 :", "silent now"])
def test_what_another_program_wrote_as_seen_breaks_nothing(words: str) -> None:
    assert view([*FEVER, Acknowledgement(**said(24.5), alert=words)], 25).row.crs.text == "1"


@pytest.mark.parametrize(
    ("charted", "sentence", "differs"),
    [
        (1, "CRS 1 charted by Bo for 10:00, in keeping with the derived 1.", False),
        (2, "CRS 2 charted by Bo for 10:00; derived for the same moment: 1. Both stand; look at the reasons.", True),
        (0, "CRS 0 charted by Bo for 10:00; derived for the same moment: 1. Both stand; look at the reasons.", True),
        (5, "CRS 5 charted by Bo for 10:00.", False),
    ],
)
def test_a_charted_grade_stands_beside_the_derived_one(charted: int, sentence: str, differs: bool) -> None:
    told = [*FEVER, ChartedGrade(**said(24, "physician:Bo"), syndrome=Syndrome.CRS, grade=charted, note="see note")]
    (one,) = view(told, 24.5).charted
    assert (one.sentence, one.differs, one.note) == (sentence, differs, "see note")


def test_a_charted_grade_does_not_move_the_derived_one_and_is_held_to_its_own_moment() -> None:
    told = [*FEVER, ChartedGrade(**said(24, "physician:Bo"), syndrome=Syndrome.CRS, grade=3), *vitals(25, 38.6, 84)]
    shown = view(told, 26)
    assert shown.row.crs.text == "2"
    assert shown.charted[0].sentence.endswith("Both stand; look at the reasons. Derived now: 2.")


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "offset", "text"),
    [
        (datetime(2026, 3, 1, 12, 5, tzinfo=UTC), 60, ""),
        (datetime(2026, 3, 1, 12, 5, tzinfo=UTC), None, ""),
        (datetime(2026, 3, 1, 12, 5, tzinfo=UTC), 0, "12:05 +00:00 as charted; 13:05 on the ward's clock"),
        (datetime(2026, 7, 1, 12, 5, tzinfo=UTC), 60, "13:05 +01:00 as charted; 14:05 on the ward's clock"),
        (datetime(2026, 7, 1, 12, 5, tzinfo=UTC), 120, ""),
        (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), -300, "1 Mar 18:30 -05:00 as charted; 00:30 on the ward's clock"),
        (datetime(2026, 3, 1, 12, 0, tzinfo=UTC), 345, "17:45 +05:45 as charted; 13:00 on the ward's clock"),
    ],
)
def test_the_offset_is_told_where_it_is_not_the_wards_of_that_day(at: datetime, offset: int | None, text: str) -> None:
    assert as_charted_text(at, offset, BERLIN) == text


def test_every_row_of_evidence_says_the_time_as_it_was_charted() -> None:
    abroad = [fact.model_copy(update={"utc_offset_minutes": 60}) for fact in FEVER]
    rows = view(abroad, 25).explanations[0].rows
    told = {row.as_charted for row in rows if row.at == after(24)}
    assert told == {"11:00 +01:00 as charted; 10:00 on the ward's clock"}
    assert {row.as_charted for row in view(FEVER, 25).explanations[0].rows} == {""}
