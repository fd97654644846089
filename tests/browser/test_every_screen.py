"""Every screen, for everybody: no barrier axe finds, nothing wider than a phone, and pictures to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from .screens import PATIENCE, board_rows, open_patient, scrolls_sideways, settled, sign_in, signed_out, ward
from .served import ROOT, SCREENSHOTS, SIZES, OpenPage, Server

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
LAYOUT = """() => JSON.stringify([window.innerWidth, window.innerHeight,
  ...[...document.querySelectorAll("body *")].map((one) => one.getBoundingClientRect()).map((box) =>
    [box.x, box.y, box.width, box.height])])"""
SCREENS = ["sign-in", "ward", "patient", "calculator", "home", "intake", "administration", "audit"]


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
    elif screen == "calculator":
        page.goto(f"{url}/calculator")
        sign_in(page, "Physician")
        page.get_by_label("Temperature, °C").fill("39.2")
        page.get_by_label("Temperature, °C").press("Tab")
        expect(page.locator("tr[data-system='crs-astct-2019']")).to_contain_text("Fever", timeout=PATIENCE)
    elif screen == "home":
        page.goto(f"{url}/home")
        sign_in(page, "Family or caregiver")
    elif screen == "administration":
        page.goto(f"{url}/administration?part=Site")
        sign_in(page, "Administrator")
        page.get_by_text("below 85 mmHg").click()
        expect(page.get_by_role("button", name="Save these settings")).to_be_visible(timeout=PATIENCE)
    elif screen == "audit":
        page.goto(f"{url}/audit")
        sign_in(page, "Administrator")
        expect(page.locator(".sheet")).to_contain_text("audit read", timeout=PATIENCE)
    else:
        page.goto(f"{url}/intake")
        sign_in(page, "Data manager")
    settled(page)


@dataclass(frozen=True)
class Shown:
    """A screen as it came up; `at` gives it another size, as turning a tablet or leaving a desk would."""

    screen: str
    theme: str
    page: Page

    def at(self, size: str, *, whole: bool = False) -> Page:
        """The page in one of SIZES; `whole` makes the window as high as what it scrolls over."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self._still()
        if whole:
            inside = self.page.evaluate(
                "() => (document.querySelector(\"[data-testid='stMain']\") || document.body).scrollHeight"
            )
            self.page.set_viewport_size({"width": width, "height": max(height, inside)})
            self._still()
        return self.page

    def _still(self) -> None:
        """Waits until the run has ended and everything has the place and size it had a moment ago."""
        settled(self.page)
        if self.page.locator(".js-plotly-plot").count():
            self.page.wait_for_timeout(700)  # the figure draws after the run has ended
        seen: list[str] = []
        while len(seen) < 3 or len(set(seen[-3:])) > 1:
            assert len(seen) < PATIENCE / 100, "it never stands still"
            self.page.wait_for_timeout(100)
            seen.append(self.page.evaluate(LAYOUT))
        settled(self.page)


@pytest.fixture(scope="module", params=[f"{screen} {theme}" for screen in SCREENS for theme in ("light", "dark")])
def shown(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Shown]:
    """Each screen in each theme, brought up once for every question asked of it."""
    screen, theme = request.param.split()
    width, height = SIZES["desk"]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    show(screen, page, server.url)
    yield Shown(screen, theme, page)
    context.close()


def test_axe_finds_no_serious_barrier(shown: Shown) -> None:
    page = shown.at("desk")
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    serious = [
        f"{barrier['id']}: {barrier['help']} at {[node['target'] for node in barrier['nodes'][:3]]}"
        for barrier in found
        if barrier["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_a_phone_never_scrolls_sideways(shown: Shown) -> None:
    assert not scrolls_sideways(shown.at("phone"))


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_is_photographed_and_shows_no_error(shown: Shown, size: str) -> None:
    page = shown.at(size, whole=True)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{shown.screen}-{size}-{shown.theme}.png")
    assert page.locator("[data-testid='stException']").count() == 0
    assert "Traceback" not in page.locator("body").inner_text()


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
    page.mouse.move(0, 0)  # no row under the pointer
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / "ward.png")
    picture = ROOT / "docs" / "ward.png"
    with Image.open(tmp_path / "ward.png") as full:
        full.convert("RGB").resize((1280, 720), Image.Resampling.LANCZOS).quantize(192, dither=Image.Dither.NONE).save(
            picture, optimize=True
        )
    assert picture.stat().st_size < 200_000
