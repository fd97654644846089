"""Every screen, for everybody: no barrier axe finds, nothing wider than a phone, and pictures to look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from screens import PATIENCE, board_rows, open_patient, scrolls_sideways, settled, sign_in, signed_out, ward
from served import ROOT, SCREENSHOTS, OpenPage, Server

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
SCREENS = ["sign-in", "ward", "patient", "home", "intake"]


def show(screen: str, page: Page, url: str) -> None:
    """Brings `screen` up, as the person it is made for would."""
    if screen == "sign-in":
        page.goto(url)
        expect(signed_out(page)).to_be_visible(timeout=PATIENCE)
    elif screen == "ward":
        ward(page, url)
    elif screen == "patient":
        open_patient(page, ward(page, url, "Physician"))
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    elif screen == "home":
        page.goto(f"{url}/home")
        sign_in(page, "Family or caregiver", patient="")
    else:
        page.goto(f"{url}/intake")
        sign_in(page, "Data manager")
    settled(page)
    page.wait_for_timeout(700)  # the figure and the fonts


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_no_serious_barrier(screen: str, theme: str, server: Server, open_page: OpenPage) -> None:
    page = open_page("desk", theme)
    show(screen, page, server.url)
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    serious = [
        f"{barrier['id']}: {barrier['help']} at {[node['target'] for node in barrier['nodes'][:3]]}"
        for barrier in found
        if barrier["impact"] in {"serious", "critical"}
    ]
    assert serious == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_phone_never_scrolls_sideways(screen: str, server: Server, open_page: OpenPage) -> None:
    page = open_page("phone")
    show(screen, page, server.url)
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_is_photographed_and_shows_no_error(screen: str, server: Server, open_page: OpenPage) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for size in ("wall", "desk", "phone"):
        for theme in ("light", "dark"):
            page = open_page(size, theme)
            show(screen, page, server.url)
            assert page.locator("[data-testid='stException'], [data-testid='stAlertContentError']").count() == 0
            page.screenshot(path=SCREENSHOTS / f"{screen}-{size}-{theme}.png", full_page=True)
            page.context.close()


def test_the_whole_ward_fits_the_wall_screen(server: Server, open_page: OpenPage) -> None:
    page = open_page("wall")
    ward(page, server.url)
    last = board_rows(page).last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 1080


@pytest.mark.skipif(
    os.environ.get("MONITORING_UPDATE_PICTURE") != "1", reason="MONITORING_UPDATE_PICTURE=1 renews docs/ward.png"
)
def test_the_picture_of_the_readme_is_renewed(server: Server, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("wall")
    ward(page, server.url)
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / "ward.png")
    picture = ROOT / "docs" / "ward.png"
    with Image.open(tmp_path / "ward.png") as full:
        full.convert("RGB").resize((1440, 810), Image.Resampling.LANCZOS).quantize(64, dither=Image.Dither.NONE).save(
            picture, optimize=True
        )
    assert picture.stat().st_size < 200_000
