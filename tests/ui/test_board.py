"""What the ward board is told, and that its script never writes HTML."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import sample_views as sample

from monitoring import board_view
from monitoring.board_view import STALE_AFTER_SECONDS, WrittenRows, spoken, state
from monitoring.settings import ROOT
from monitoring.ui.board import board_payload
from monitoring.ui.marks import badge, tokens
from monitoring.ui.people import patient_key, patient_of

pytestmark = pytest.mark.usefixtures("store")  # whose secret makes the keys of the patients

BOARD = ROOT / "monitoring" / "ui" / "board"


def payload() -> dict:
    return board_payload(sample.ward(), "03:12:41", empty="nobody")


def row_of(name: str) -> dict:
    return next(row for row in payload()["rows"] if row["name"] == name)


def test_the_counts_stand_in_the_heading() -> None:
    said = [f"{count['number']} {count['words']}" for count in payload()["counts"]]
    assert said == ["16 patients", "3 need somebody now", "3 overdue", "1 silent"]


def test_the_rows_keep_the_order_of_the_view() -> None:
    assert [row["bed"] for row in payload()["rows"]][:3] == ["04", "12", "07"]


def test_an_interval_shows_both_ends_and_fills_the_circle_to_the_upper() -> None:
    crs = row_of("Marsh, L.")["grades"]["crs"]
    assert (crs["text"], crs["state"], crs["shade"], crs["glyph"]) == ("1–2", "interval", "1", 2)
    assert crs["spoken"] == "CRS grade between 1 and 2, not enough is known"


def test_a_grade_that_cannot_be_given_is_words_without_a_circle() -> None:
    crs = row_of("Conti, R.")["grades"]["crs"]
    assert (crs["text"], crs["state"], crs["glyph"]) == ("not gradable", "ungradable", None)


def test_nobody_having_reported_is_not_grade_0() -> None:
    silent, well = row_of("Moreau, C.")["grades"]["reported"], row_of("Khan, Z.")["grades"]["reported"]
    assert (silent["text"], silent["state"], silent["spoken"]) == ("—", "silent", "Reported: nothing reported")
    assert (well["text"], well["state"], well["glyph"]) == ("0", "certain", 0)


def test_a_reported_grade_is_what_somebody_said_and_has_no_dashes() -> None:
    """Symptoms nobody was asked about leave the list open above, and that is not the report's fault."""
    reported = sample.grade("Reported", 2, 4)
    said = type(reported)(**{**vars(reported), "text": "2"})
    assert (state(said), spoken(said)) == ("certain", "Reported grade 2")


def test_a_worse_grade_within_24_hours_is_remembered() -> None:
    assert row_of("Haddad, R.")["grades"]["crs"]["worst"] == "was 1\nin 24 h"
    assert row_of("Ito, M.")["grades"]["crs"]["worst"] == ""


def test_an_old_value_is_struck_through_with_its_age_and_an_absent_one_is_a_dash() -> None:
    nowak = row_of("Nowak, E.")
    temperature = nowak["vitals"]["temperature"]
    assert (temperature["text"], temperature["old"], temperature["age"]) == ("37.8", True, "9 h 10")
    assert nowak["vitals"]["heart_rate"] == {"label": "Pulse", "text": "—", "age": "", "old": False, "notable": False}


def test_a_patient_without_a_vital_sign_others_have_still_fills_the_column() -> None:
    view = sample.ward()
    bare = type(view.rows[0])(**{**vars(view.rows[0]), "vitals": ()})
    shown = board_payload(type(view)(**{**vars(view), "rows": (bare, view.rows[1])}), "", empty="")
    assert [cell["text"] for cell in shown["rows"][0]["vitals"].values()] == ["—"] * 4


def test_overdue_and_silence_are_said() -> None:
    marsh, nowak = row_of("Marsh, L."), row_of("Nowak, E.")
    assert (marsh["due"], marsh["dueDetail"], marsh["overdue"]) == ("BP overdue", "since 01:10", True)
    assert nowak["silent"] is True


def test_an_empty_ward_is_a_sentence_and_no_counts() -> None:
    shown = board_payload(sample.empty_ward(), "03:12:41", empty="Drop files on Intake.")
    assert (shown["rows"], shown["counts"], shown["empty"]) == ([], [], "Drop files on Intake.")


def test_paper_is_not_live_it_carries_the_day_and_the_time() -> None:
    shown = board_payload(sample.ward(), "03:12:41", day_text="2 Mar 2026", empty="")
    assert shown["printed"] == "2 Mar 2026 03:12:41"
    style = (BOARD / "board.css").read_text(encoding="utf-8")
    printed = style[style.index("@media print") :]
    assert 'content: "as of " attr(data-as-of)' in printed


def test_no_patient_number_goes_to_the_browser() -> None:
    text = json.dumps(payload())
    assert not [row.patient_id for row in sample.ward().rows if f'"{row.patient_id}"' in text]


def test_the_address_of_a_patient_is_a_key_that_finds_the_patient_back() -> None:
    ids = [row.patient_id for row in sample.ward().rows]
    assert [patient_of(patient_key(one), ids) for one in ids] == ids
    assert patient_of("nobody", ids) is None
    assert "P07" not in patient_key("P07")


def test_the_script_writes_text_and_never_html() -> None:
    script = (BOARD / "board.js").read_text(encoding="utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script, way


def test_the_script_fetches_each_second_and_the_page_itself_never_again() -> None:
    """A run of Streamlit for each open screen every ten seconds was a quarter of what the server did (docs/load.md)."""
    assert "run_every" not in (ROOT / "pages" / "ward.py").read_text(encoding="utf-8")
    script = (BOARD / "board.js").read_text(encoding="utf-8")
    assert "setInterval(() => fetchBoard(board), 1000)" in script
    assert STALE_AFTER_SECONDS == 15
    assert "STALE: no data for ${seconds} s" in script


def test_every_colour_the_styles_ask_for_exists() -> None:
    sheets = [*BOARD.glob("*.css"), *(ROOT / "monitoring" / "ui" / "css").glob("*.css")]
    asked = {name for sheet in sheets for name in re.findall(r"var\(--([\w-]+)\)", sheet.read_text(encoding="utf-8"))}
    given = set(re.findall(r"--([\w-]+):", tokens()))
    assert asked - given - {"turn", "st-font"} == set()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'a" onload="b'])
def test_a_badge_shows_markup_as_text(name: str) -> None:
    cell = sample.grade("CRS", 2)
    html = badge(type(cell)(**{**vars(cell), "label": name}))
    assert "<script" not in html
    assert 'onload="' not in html


@pytest.mark.parametrize("named", [True, False])
def test_the_text_that_is_fetched_says_what_the_page_draws(named: bool) -> None:
    """Rows are written once each: after a row has changed, gone, or gained a column, the text is the board's own."""
    view = sample.ward()
    first, second, *others = view.rows
    changed = replace(second, why="Fever 39.9.", vitals=second.vitals[:1])
    views = [view, replace(view, rows=(changed, first, *others)), replace(view, rows=(changed,)), sample.empty_ward()]
    written = WrittenRows(patient_key, named=named)
    for shown in views:
        text = written.board(shown, "03:12:41", day_text="2 Mar 2026", trouble="")
        drawn = board_view.board_payload(shown, "03:12:41", key_of=patient_key, day_text="2 Mar 2026", named=named)
        assert json.loads(text) == drawn
