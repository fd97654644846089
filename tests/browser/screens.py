"""What a person does on the screens, in the words of the screens."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE = 30_000
"""Milliseconds. Rendering is done in software here; how fast it is, is measured elsewhere."""


def settled(page: Page) -> None:
    """Waits until the script run that drew this page has ended."""
    app = page.locator("[data-testid='stApp']")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def signed_out(page: Page) -> Locator:
    return page.get_by_role("heading", name="Sign in")


def sign_in(page: Page, role: str, name: str = "R. Nightingale", patient: str | None = None) -> None:
    """Signs in on whatever address the page shows, and stays there."""
    expect(signed_out(page)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name=role).click()
    if patient is not None:
        page.get_by_role("combobox", name=re.compile("I care for")).click()
        page.get_by_role("option", name=re.compile(patient)).first.click()
    page.get_by_label("My name").fill(name)
    page.get_by_label("My name").press("Tab")
    page.get_by_role("button", name="Sign in").click()
    expect(signed_out(page)).to_be_hidden(timeout=PATIENCE)
    settled(page)


def board_rows(page: Page) -> Locator:
    return page.locator(".board tbody tr")


def ward(page: Page, url: str, role: str = "Nurse") -> Locator:
    """Signs in on the ward page; the rows of the board, once they are drawn."""
    page.goto(f"{url}/ward")
    sign_in(page, role)
    rows = board_rows(page)
    expect(rows.first).to_be_visible(timeout=PATIENCE)
    return rows


def open_patient(page: Page, rows: Locator, place: int = 0) -> str:
    """Presses the name in a row of the board; the name, once the patient page shows it."""
    button = rows.nth(place).get_by_role("button")
    name = rows.nth(place).locator(".name").inner_text()
    button.click()
    expect(page.get_by_role("heading", name=re.compile(re.escape(name))).first).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_url(re.compile("/patient"), timeout=PATIENCE)
    settled(page)
    return name


def scrolls_sideways(page: Page) -> bool:
    """Whether anything makes the page wider than the screen."""
    widest = page.evaluate(
        """() => Math.max(document.documentElement.scrollWidth,
             ...[...document.querySelectorAll("[data-testid='stMain'], [data-testid='stAppViewContainer']")]
               .map((box) => box.scrollWidth - box.clientWidth + window.innerWidth))"""
    )
    return bool(widest > page.viewport_size["width"] + 1)  # type: ignore[index]
