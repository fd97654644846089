"""The Intake page: what arrived is accounted for, what was refused is mended where it is shown, codes get a meaning."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from conftest import DATA_MANAGER, NURSE, PHYSICIAN, Opened, facts, seen, signed_in
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from monitoring.settings import ROOT
from monitoring.ui import live
from monitoring.ui.people import SESSION, Person
from monitoring.vocabulary import Role

VITALS = b"""patient_id,time,temp_c,spo2
N1,2026-03-01T08:00:00+00:00,38.5,97
N1,2026-03-01T12:00:00+00:00,38.6,9
N1,2026-03-01T12:30:00,38.6,97
N1,2026-03-01T08:00:00+00:00,38.5,97
"""
CODES = b"""patient_id,time,concept,value,unit
N1,2026-03-01T08:00Z,Temp (Bay 4),38.4,Cel
N2,2026-03-01T08:00Z,Temp (Bay 4),36.9,Cel
N1,2026-03-01T08:00Z,SQI,88,%
"""
ADMIN = Person(Role.ADMIN, "Eve")


def sent(folder: Path, name: str, text: bytes) -> None:
    """A file that arrived before anybody looked."""
    (folder / name).write_bytes(text)
    live.rounds().ingest([folder / name], author="nurse:Ada", received_at=live.now())


def whole_application(person: Person) -> AppTest:
    """The entry script, which knows the pages that links lead to."""
    test = AppTest.from_file(str(ROOT / "monitoring" / "ui" / "main.py"), default_timeout=30)
    test.user = {SESSION: signed_in(person)}
    return test.run()


def part(page: AppTest, name: str) -> AppTest:
    page.segmented_control(key="intake-view").set_value(name).run()
    assert not page.exception
    return page


def plain(page: AppTest) -> str:
    """What stands on the page, without markup; Markdown's backslashes stand before what is no Markdown."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", seen(page), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"\\(\W)", r"\1", text))


def mending(page: AppTest, place: str) -> AppTest:
    """The first open row of that place on the page, opened."""
    first = min(one.id for one in live.rounds().open_refusals() if place in f"{one.refusal.source}:{one.refusal.place}")
    page.button(key=f"intake-open-{first}").click().run()
    assert not page.exception
    return page


def field(page: AppTest, name: str):
    """The field of a column of the row that is being mended."""
    (found,) = [
        one for one in page.text_input if one.label.replace("\\", "").strip("*").removesuffix(", refused") == name
    ]
    return found


def values(store: Path) -> dict[str, tuple[float, str | None]]:
    """Concept: (value, author) of every observation stored."""
    return {one["concept"]: (one["value"], one.get("author")) for one in facts(store) if one["kind"] == "observation"}


def test_a_drop_shows_the_equation_and_each_refusal_with_its_place(store: Path, opened: Opened) -> None:
    shown = whole_application(DATA_MANAGER)
    shown.file_uploader[0].upload("ours.csv", VITALS, "text/csv").run()
    shown.button(key="take-in").click().run()
    assert not shown.exception
    text = re.sub(r"<[^>]+>", "", seen(shown))
    assert "4 read = 1 stored + 1 duplicate + 2 quarantined + 0 ignored" in text
    assert "ours.csv:3" in text
    assert "ours.csv:4" in text
    assert "no time zone" in text
    assert "refused" in {one.key for one in shown.get("download_button")}


def test_a_long_file_fills_a_bar_with_the_share_that_is_read(
    store: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    drawn = DeltaGenerator.progress

    def progress(on: DeltaGenerator, value: float, text: str) -> DeltaGenerator:
        told.append(text)
        return drawn(on, value, text)

    monkeypatch.setattr(DeltaGenerator, "progress", progress)
    shown = whole_application(DATA_MANAGER)
    line = b"N1,2026-03-01T08:00:00Z,heart_rate,80,/min\n"
    shown.file_uploader[0].upload("long.csv", b"patient_id,time,concept,value,unit\n" + line * 4000, "text/csv").run()
    shown.button(key="take-in").click().run()
    assert not shown.exception
    assert (len(told), told[-1]) == (4, "Reading: 100%")


def test_a_file_refused_whole_is_refused_with_a_sentence(store: Path, opened: Opened) -> None:
    shown = opened("intake", DATA_MANAGER)
    shown.file_uploader[0].upload("scores.csv", b"colour,shape\nred,round\n", "text/csv").run()
    shown.button(key="take-in").click().run()
    assert not shown.exception
    (said,) = [error.value for error in shown.error]
    assert "scores.csv" in said
    assert said.count("/") == 0, "the folder of the upload is nobody's business"


def test_from_a_drop_one_button_leads_to_its_rows(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "before.csv", VITALS.replace(b"38.6,9\n", b"99,97\n"))
    shown = whole_application(DATA_MANAGER)
    shown.file_uploader[0].upload("ours.csv", VITALS, "text/csv").run()
    shown.button(key="take-in").click().run()
    shown.button(key="mend-these").click().run()
    assert not shown.exception
    text = plain(shown)
    assert "2 rows wait to be mended (source ours.csv)" in text
    assert "before.csv:3" not in text


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ("arrived", "Nothing yet. Drop a file above"),
        ("refused", "Nothing waits here"),
        ("codes", "No code waits for a meaning"),
    ],
)
def test_an_empty_store_says_what_will_stand_here(store: Path, opened: Opened, view: str, sentence: str) -> None:
    assert sentence in seen(part(opened("intake", DATA_MANAGER), view))


def test_each_refusal_says_place_value_expectation_and_from_whom(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    text = plain(part(opened("intake", DATA_MANAGER), "refused"))
    assert "2 rows wait to be mended." in text
    assert re.search(r"ours\.csv:3 arrived .+ from Ada, nurse", text)
    assert re.search(r"spo2 = 9 : outside 40–100 % for oxygen saturation", text)


def test_a_cell_is_corrected_and_stored_by_who_corrected_it(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    before = len(facts(store))
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:3")
    assert field(shown, "spo2").label == "**spo2, refused**"
    assert field(shown, "temp_c").label == r"temp\_c"
    assert shown.button(key="mend-store").disabled
    field(shown, "spo2").set_value("96").run()
    text = plain(shown)
    assert "Would be stored" in text
    assert "N1: oxygen saturation 96 %, 1 Mar 2026 13:00" in text
    assert len(facts(store)) == before, "a preview stores nothing"
    shown.button(key="mend-store").click().run()
    assert not shown.exception
    assert "is corrected" in shown.success[0].value
    assert values(store)["spo2"] == (96.0, "data-manager:Dee")
    shown.segmented_control(key="intake-state").set_value("resolved").run()
    assert re.search(r"ours\.csv:3.+Corrected by Dee, data manager on ", plain(shown))


def test_what_is_refused_still_cannot_be_stored(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:3")
    field(shown, "spo2").set_value("960").run()
    assert "Refused still" in plain(shown)
    assert shown.button(key="mend-store").disabled


def test_the_cells_of_a_german_file_keep_their_commas(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "german.csv", b"patient_id;time;temp_c;sbp\nN1;2026-03-01T08:00Z;38,4;1210\n")
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "german.csv:2")
    assert field(shown, "temp_c").value == "38,4"
    field(shown, "sbp").set_value("121").run()
    shown.button(key="mend-store").click().run()
    assert {concept: value for concept, (value, _) in values(store).items()} == {"temperature": 38.4, "sbp": 121.0}
    assert live.rounds().open_refusals() == []


def test_a_time_without_an_offset_is_taken_in_once_its_zone_is_named(
    store: Path, opened: Opened, tmp_path: Path
) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:4")
    (zone,) = [one for one in shown.selectbox if one.label == "Zone of times without an offset"]
    zone.set_value("Europe/Berlin").run()
    assert "1 Mar 2026 12:30" in plain(shown)
    shown.button(key="mend-again").click().run()
    assert not shown.exception
    assert "1 row was accepted" in shown.success[0].value
    assert "2026-03-01T11:30:00Z" in {one["effective_at"] for one in facts(store)}


def test_a_resource_is_corrected_as_text(store: Path, opened: Opened, tmp_path: Path) -> None:
    resource = (
        b'{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org",'
        b'"code":"8310-5"}]},"subject":{"reference":"Patient/P9"},"effectiveDateTime":"2026-03-01T08:00:00Z",'
        b'"valueQuantity":{"value":98.60,"system":"http://unitsofmeasure.org","code":"Cel"}}'
    )
    sent(tmp_path, "obs.json", resource)
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "Observation/o1")
    (text,) = shown.text_area
    assert '"value": 98.60' in text.value, "indented, and the number as it was written"
    text.set_value(text.value.replace("98.60", "38.60")).run()
    shown.button(key="mend-store").click().run()
    assert not shown.exception
    assert values(store)["temperature"] == (38.6, "data-manager:Dee")


def test_a_row_that_is_no_row_of_its_table_is_corrected_as_text(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", b"patient_id,time,temp_c\nN1,2026-03-01T08:00Z\n")
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:2")
    assert "The columns: patient_id,time,temp_c" in seen(shown)
    shown.text_area[0].set_value("N1,2026-03-01T08:00Z,38.4").run()
    shown.button(key="mend-store").click().run()
    assert values(store)["temperature"][0] == 38.4


def test_a_row_is_set_aside_with_a_reason_only(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    before = len(facts(store))
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:3")
    (press,) = [one for one in shown.button if one.label == "Set aside"]
    press.click().run()
    assert [one.value for one in shown.error] == ["Say why: whoever looks later will ask."]
    (why,) = [one for one in shown.text_input if one.label == "Why it needs no correction"]
    why.set_value("the probe was off")
    next(one for one in shown.button if one.label == "Set aside").click().run()
    assert not shown.exception
    assert len(facts(store)) == before
    shown.segmented_control(key="intake-state").set_value("resolved").run()
    assert "Set aside by Dee, data manager on" in plain(shown)
    assert "the probe was off" in plain(shown)
    arrived = plain(part(shown, "arrived"))
    assert "Of 2 quarantined rows, 1 was resolved since and 1 is open." in arrived


def test_several_rows_are_chosen_and_set_aside_at_once(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    shown = part(opened("intake", DATA_MANAGER), "refused")
    shown.checkbox(key="intake-pick-all").check().run()
    shown.text_input(key="aside-why-chosen").set_value("a test of the monitor")
    next(one for one in shown.button if one.label == "Set aside").click().run()
    assert not shown.exception
    assert shown.success[0].value.startswith("2 rows were set aside")
    assert live.rounds().open_refusals() == []


def test_a_code_is_given_a_meaning_and_its_rows_are_read_again(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "codes.csv", CODES)
    shown = part(opened("intake", DATA_MANAGER), "codes")
    text = plain(shown)
    assert "2 codes are not known" in text
    assert re.search(r"Temp \(Bay 4\) 2 rows, seen .+, for example codes\.csv:2", text)
    shown.button(key="map-0").click().run()
    (means,) = [one for one in shown.selectbox if one.label.startswith("What it means")]
    assert shown.button(key="code-save").disabled
    means.set_value("temperature").run()
    shown.button(key="code-save").click().run()
    assert not shown.exception
    assert "2 rows wait to be read again" in plain(shown)
    shown.button(key="codes-again").click().run()
    assert "2 rows were accepted: 2 stored" in plain(shown)
    assert values(store)["temperature"][0] == 36.9
    assert re.search(r"Temp \(Bay 4\) temperature \(°C\) Dee, data manager", plain(shown))


def test_a_code_that_is_never_a_vital_sign_is_passed_over(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "codes.csv", CODES.replace(b"Temp (Bay 4)", b"SQI"))
    shown = part(opened("intake", ADMIN), "codes")
    shown.button(key="map-0").click().run()
    (means,) = [one for one in shown.selectbox if one.label.startswith("What it means")]
    means.set_value("").run()
    shown.button(key="code-save").click().run()
    shown.button(key="codes-again").click().run()
    assert "3 rows were accepted: 0 stored, 0 known already, 3 ignored. None waits." in plain(shown)
    assert facts(store) == []


@pytest.mark.parametrize("person", [NURSE, PHYSICIAN], ids=["nurse", "physician"])
def test_the_bedside_corrects_a_row_and_maps_no_code(
    store: Path, opened: Opened, tmp_path: Path, person: Person
) -> None:
    sent(tmp_path, "codes.csv", CODES)
    shown = part(opened("intake", person), "codes")
    assert [one.key for one in shown.button if str(one.key).startswith("map-")] == []
    assert "A data manager says what it stands for." in plain(shown)
    assert any(one.label == "Mend" for one in part(shown, "refused").button)


def test_rows_are_found_by_source_rule_field_and_day(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    sent(tmp_path, "codes.csv", CODES)
    shown = part(opened("intake", DATA_MANAGER), "refused")
    assert "5 rows wait" in plain(shown)
    for key, value, count in (
        ("intake-source", "codes.csv", 3),
        ("intake-rule", "time", 1),
        ("intake-field", "spo2", 1),
        ("intake-day", live.rounds().ledger()[0].day, 5),
    ):
        shown.selectbox(key=key).set_value(value).run()
        rows = "1 row waits" if count == 1 else f"{count} rows wait"
        assert rows in plain(shown), key
        shown.button(key="intake-clear").click().run()
    assert "5 rows wait to be mended." in plain(shown)


def test_the_filter_is_kept_while_a_row_is_open(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    sent(tmp_path, "codes.csv", CODES)
    shown = part(opened("intake", DATA_MANAGER), "refused")
    shown.selectbox(key="intake-field").set_value("spo2").run()
    mending(shown, "ours.csv:3").button(key="intake-list").click().run()
    assert "1 row waits to be mended (field spo2)." in plain(shown)


def test_a_long_list_is_turned_page_by_page_and_shows_every_row_once(
    store: Path, opened: Opened, tmp_path: Path
) -> None:
    lines = [f"N1,2026-03-01T08:{minute:02d}Z,99,999\n" for minute in range(30)]
    sent(tmp_path, "long.csv", f"patient_id,time,temp_c,hr\n{''.join(lines)}".encode())
    shown = part(opened("intake", DATA_MANAGER), "refused")
    places: list[str] = []
    while True:
        places += re.findall(r"long\.csv:(\d+) arrived", plain(shown))
        if shown.button(key="intake-on").disabled:
            break
        shown.button(key="intake-on").click().run()
    assert places == [str(line) for line in range(2, 32)]
    shown.button(key="intake-back").click().run()
    assert not shown.exception


def test_what_came_from_outside_is_text_and_never_markup(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "![x](e) :red[y].csv", b"patient_id,time,temp_c\n<img src=x>,2026-03-01T08:00Z,<b>hot</b>\n")
    shown = part(opened("intake", DATA_MANAGER), "refused")
    assert "<b>hot" not in seen(shown)
    mending(shown, ".csv:2")
    assert "![x](" not in shown.subheader[0].value
    field(shown, "temp_c").set_value("38.4").run()
    assert "<img" not in seen(shown)
    shown.button(key="mend-store").click().run()
    assert "![x](" not in shown.success[0].value


def test_somebody_else_was_faster_and_the_page_says_who(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:3")
    field(shown, "spo2").set_value("96").run()
    held = next(one for one in live.rounds().open_refusals() if one.refusal.place == "3")
    live.rounds().dismiss([held.id], author="nurse:Ada", at=live.now(), reason="seen")
    shown.run()
    assert not shown.exception
    assert "Set aside by Ada, nurse" in plain(shown)
    assert [one for one in shown.button if one.key == "mend-store"] == []


def test_a_silent_store_is_said_calmly(opened: Opened, silence, store: Path) -> None:  # type: ignore[no-untyped-def]
    shown = opened("intake", DATA_MANAGER)
    silence()
    shown.run()
    assert not shown.exception
    assert "does not answer" in " ".join(one.value for one in shown.error)


def test_nothing_typed_or_shown_changes_a_refusal_as_it_came(store: Path, opened: Opened, tmp_path: Path) -> None:
    sent(tmp_path, "ours.csv", VITALS)
    shown = mending(part(opened("intake", DATA_MANAGER), "refused"), "ours.csv:3")
    field(shown, "spo2").set_value("96").run()
    shown.button(key="mend-store").click().run()
    with sqlite3.connect(store) as database:
        kept = database.execute("select value from refusal where place = '3'").fetchall()
    assert kept == [("9",)]
    assert live.rounds().open_refusals(state="resolved")[0].row.raw == "N1,2026-03-01T12:00:00+00:00,38.6,9"
