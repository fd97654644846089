"""A data manager mends what was refused, at a desk, on a telephone, and with the keyboard alone."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .screens import PATIENCE, board_rows, scrolls_sideways, settled, sign_in
from .served import OpenPage, Server

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")


def wrong_files(folder: Path) -> list[Path]:
    """A pressure typed with a digit too many, a formula for a temperature, and a code that only this ward uses."""
    then = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="minutes")
    vitals = folder / "ours.csv"
    vitals.write_text(
        "patient_id,time,temp_c,hr,rr,sbp,dbp,spo2,o2_device\n"
        f"MEND-1,{then},39.2,124,24,8400,48,95,room_air\n"
        f"MEND-2,{then},=1+1,80,16,120,70,97,room_air\n"
    )
    codes = folder / "codes.csv"
    codes.write_text(f"patient_id,time,concept,value,unit\nMEND-2,{then},Temp (Bay 4),38.6,Cel\n")
    patients = folder / "people.csv"
    patients.write_text("patient_id,birth_date,sex,ward,bed\nMEND-1,1960-05-01,female,7 North,51\n")
    return [vitals, codes, patients]


def take_in(page: Page, url: str, files: list[Path]) -> None:
    page.goto(f"{url}/intake")
    sign_in(page, "Data manager")
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Take in").click()
    expect(page.locator(".equation")).to_be_visible(timeout=PATIENCE)
    settled(page)


def refused(page: Page) -> None:
    page.get_by_role("button", name="Mend these rows").click()
    expect(page.get_by_text(re.compile("rows wait to be mended"))).to_be_visible(timeout=PATIENCE)
    settled(page)


def row(page: Page, place: str) -> Locator:
    return page.locator("[class*=st-key-intake-row-]").filter(has_text=place)


def open_row(page: Page, place: str) -> None:
    row(page, place).get_by_role("button", name="Mend").click()
    expect(page.get_by_role("heading", name=place)).to_be_visible(timeout=PATIENCE)
    settled(page)


def serious(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{barrier['id']} at {[node['target'] for node in barrier['nodes'][:3]]}"
        for barrier in found
        if barrier["impact"] in {"serious", "critical"}
    ]


def test_a_mistyped_pressure_is_corrected_where_it_is_shown_and_the_ward_grades_it(
    own_server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    take_in(page, own_server.url, wrong_files(tmp_path))
    refused(page)
    open_row(page, "ours.csv:2")
    expect(page.locator(".preview")).to_contain_text("Refused still")
    field = page.get_by_label("sbp, refused")
    field.fill("84")
    field.press("Tab")
    expect(page.locator(".preview")).to_contain_text("systolic pressure 84 mmHg", timeout=PATIENCE)
    page.get_by_role("button", name="Store the correction").click()
    expect(page.get_by_role("status").filter(has_text="is corrected")).to_be_visible(timeout=PATIENCE)
    expect(row(page, "ours.csv:2")).to_have_count(0)
    page.get_by_role("link", name="Ward", exact=True).click()
    ours = board_rows(page).filter(has_text="MEND-1")
    # fever and 84 systolic; up to 4, because no drug chart says that no vasopressor runs
    expect(ours.locator(".chip .number").first).to_have_text("2–4", timeout=PATIENCE)


def test_a_code_is_given_a_meaning_by_keyboard_and_its_rows_are_read_again(
    own_server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    take_in(page, own_server.url, wrong_files(tmp_path))
    page.get_by_role("radio", name="Unknown codes").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Temp (Bay 4)")).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.get_by_role("button", name="Map").focus()
    page.keyboard.press("Enter")
    means = page.get_by_label("What it means")
    means.focus()
    means.press_sequentially("temperat", delay=20)
    expect(page.get_by_role("option", name="temperature (°C)")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Enter")
    settled(page)
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_enabled(timeout=PATIENCE)
    save.focus()
    page.keyboard.press("Enter")
    again = page.get_by_role("button", name="Read again everything that waits")
    expect(again).to_be_visible(timeout=PATIENCE)
    again.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 row was accepted: 1 stored")).to_be_visible(timeout=PATIENCE)


def test_a_download_of_refused_rows_runs_nothing_in_a_spreadsheet(
    own_server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    take_in(page, own_server.url, wrong_files(tmp_path))
    refused(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download these rows").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    found = {entry["place"]: entry for entry in csv.DictReader(lines) if entry["source"] == "ours.csv"}
    assert found["3"]["value"] == "'=1+1"
    assert found["2"]["outcome"] == "open"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_is_without_barriers_and_fits_a_telephone(
    theme: str, own_server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("phone", theme)
    take_in(page, own_server.url, wrong_files(tmp_path))

    def looked_at(part: str) -> None:
        settled(page)
        assert serious(page) == [], part
        assert not scrolls_sideways(page), part

    looked_at("arrived")
    refused(page)
    looked_at("refused")
    open_row(page, "ours.csv:2")
    looked_at("one row")
    page.get_by_role("radio", name="Unknown codes").click()
    page.get_by_role("button", name="Map").click()
    expect(page.get_by_label("What it means")).to_be_visible(timeout=PATIENCE)
    looked_at("codes")
