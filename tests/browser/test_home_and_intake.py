"""A frightened family with one thumb, and a data manager with a folder of files."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .screens import PATIENCE, board_rows, scrolls_sideways, settled, sign_in
from .served import OpenPage, Server

# What a family must never read (design.md; clinical.md i).
CLINICAL = re.compile(r"\bgrade|\bCRS\b|\bICANS\b|ASTCT|\bICE\b|CAPD|cytokine|neurotox", re.IGNORECASE)


def at_home(page: Page, url: str) -> None:
    page.goto(f"{url}/home")
    sign_in(page, "Family or caregiver")
    expect(page.get_by_role("heading", name=re.compile("How is .+ now"))).to_be_visible(timeout=PATIENCE)


def mark(page: Page, symptom: str, how_much: str) -> None:
    page.get_by_role("button", name=symptom, exact=True).click()
    settled(page)
    page.get_by_role("radiogroup", name=f"{symptom}: how much?").get_by_text(how_much, exact=True).click()
    settled(page)


def test_a_family_marks_a_symptom_is_told_to_telephone_and_sees_that_it_was_sent(
    own_server: Server, open_page: OpenPage
) -> None:
    page = open_page("phone")
    at_home(page, own_server.url)
    mark(page, "Chills, shaking with cold", "some")
    answer = page.locator(".answer")
    expect(answer).to_have_class(re.compile(r"\bphone\b"), timeout=PATIENCE)
    expect(answer).to_contain_text(re.compile("phone|call|ring", re.IGNORECASE))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("today .*Chills, shaking with cold .some."))).to_be_visible()
    expect(page.get_by_text(re.compile("last report sent today"))).to_be_visible()
    assert CLINICAL.search(page.locator("body").inner_text()) is None


HOME_ANSWERS = [
    ("a temperature of 36.8 and nothing marked", "36.8", None, "noted"),
    ("one tenth below fever", "37.9", None, "noted"),
    ("exactly at fever", "38.0", None, "phone"),
    ("a seizure, however slight", None, "Seizure, fit", "emergency"),
]


@pytest.mark.parametrize(("case", "temperature", "symptom", "band"), HOME_ANSWERS, ids=[row[0] for row in HOME_ANSWERS])
def test_home_answers_with_one_of_three_sentences(
    case: str, temperature: str | None, symptom: str | None, band: str, server: Server, open_page: OpenPage
) -> None:
    page = open_page("phone")
    at_home(page, server.url)
    if temperature:
        page.get_by_label("Temperature").fill(temperature)
        page.get_by_label("Temperature").press("Tab")
    if symptom:
        mark(page, symptom, "a little")
    expect(page.locator(".answer")).to_have_class(re.compile(rf"\b{band}\b"), timeout=PATIENCE)
    assert CLINICAL.search(page.locator("body").inner_text()) is None


def test_a_family_chooses_its_language_with_one_touch_and_the_browser_keeps_it(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page("phone")
    at_home(page, server.url)
    page.get_by_label("Temperature").fill("38.9")
    page.get_by_label("Temperature").press("Tab")
    settled(page)
    page.get_by_text("Deutsch", exact=True).click()
    expect(page.locator(".answer")).to_contain_text("Rufen Sie jetzt das Team an.", timeout=PATIENCE)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_label("Temperatur")).to_have_value("38.9")
    expect(page.get_by_label("Temperatur")).to_have_attribute("inputmode", "decimal")
    assert not scrolls_sideways(page)
    page.goto(f"{server.url}/home")
    expect(page.get_by_role("heading", name=re.compile("Wie geht es .+ jetzt"))).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Temperatur").fill("38,0")
    page.get_by_label("Temperatur").press("Tab")
    expect(page.locator(".answer")).to_have_class(re.compile(r"\bphone\b"), timeout=PATIENCE)


def own_files(folder: Path) -> list[Path]:
    """Two patients of our own, an hour ago: one well, one with a fever and a low pressure, and one impossible value."""
    then = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="minutes")
    vitals = folder / "our_vitals.csv"
    vitals.write_text(
        "patient_id,time,temp_c,hr,rr,sbp,dbp,spo2,o2_device\n"
        f"OWN-1,{then},36.8,78,14,122,74,98,room_air\n"
        f"OWN-2,{then},39.2,124,24,84,48,95,room_air\n"
        f"OWN-2,{then},39.2,124,24,84,48,9,room_air\n"
    )
    drugs = folder / "our_drugs.csv"
    drugs.write_text(
        f"patient_id,drug,start,end,dose,unit,route,reason\nOWN-1,none,{then},,,,,\nOWN-2,none,{then},,,,,\n"
    )
    patients = folder / "our_patients.csv"
    patients.write_text(
        "patient_id,birth_date,sex,ward,bed\nOWN-1,1960-05-01,female,7 North,41\nOWN-2,1971-09-12,male,7 North,42\n"
    )
    return [vitals, drugs, patients]


def drop(page: Page, url: str, files: list[Path]) -> None:
    page.goto(f"{url}/intake")
    sign_in(page, "Data manager")
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Take in").click()
    settled(page)


def test_our_own_csv_is_accounted_for_and_graded_on_the_ward(
    own_server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    drop(page, own_server.url, own_files(tmp_path))
    expect(page.locator(".equation")).to_have_text(
        "7 read = 6 stored + 0 duplicates + 1 quarantined + 0 ignored", timeout=PATIENCE
    )
    refused = page.locator("table", has_text="our_vitals.csv:4").first
    expect(refused).to_contain_text("spo2")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the refused rows").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["source"], row["place"], row["field"], row["value"]) for row in rows] == [
        ("our_vitals.csv", "4", "spo2", "9")
    ]
    page.get_by_role("link", name="See the ward").click()
    ours = board_rows(page).filter(has_text="OWN-2")
    expect(ours).to_have_count(1, timeout=PATIENCE)
    expect(ours.locator(".chip .number").first).to_have_text("2")
    well = board_rows(page).filter(has_text="OWN-1")
    expect(well.locator(".chip .number").first).to_have_text("0")


def test_the_same_file_again_stores_nothing_new(own_server: Server, open_page: OpenPage, tmp_path: Path) -> None:
    files = own_files(tmp_path)
    first, second = open_page(), open_page()
    drop(first, own_server.url, files)
    expect(first.locator(".equation")).to_be_visible(timeout=PATIENCE)
    drop(second, own_server.url, files)
    expect(second.locator(".equation")).to_have_text(
        "7 read = 0 stored + 6 duplicates + 1 quarantined + 0 ignored", timeout=PATIENCE
    )


def test_a_file_of_no_known_kind_is_refused_with_a_sentence(
    server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    wrong = tmp_path / "scores.csv"
    wrong.write_text("pulse,temp,syst,dias,resp\n82,37.1,121,70,16\n")
    page = open_page()
    drop(page, server.url, [wrong])
    said = page.get_by_role("alert").filter(has_text="scores.csv")
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(said).to_contain_text("patient_id")
    assert "Traceback" not in page.locator("body").inner_text()
