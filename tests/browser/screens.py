"""What a person does on the screens, in the words of the screens."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page, expect

from .served import PASSWORD

ACCOUNTS = {
    "Nurse": "demo-nurse",
    "Physician": "demo-physician",
    "Data manager": "demo-data-manager",
    "Administrator": "demo-admin",
    "Family or caregiver": "demo-caregiver",
    "Wall screen": "demo-display",
}
"""The account that `demo` makes for each role."""

PATIENCE = 30_000
"""Milliseconds. Rendering is done in software here; how fast it is, is measured elsewhere."""


def settled(page: Page) -> None:
    """Waits until the script run that drew this page has ended; the sign-in has none."""
    if "/auth/" in page.url:
        return
    app = page.locator("[data-testid='stApp']")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def signed_out(page: Page) -> Locator:
    return page.get_by_role("heading", name="Sign in")


def sign_in(page: Page, role: str, password: str = PASSWORD) -> None:
    """Signs in with the demonstration account of `role`, on whatever address the page asked for, and goes on to it."""
    expect(signed_out(page)).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Name").fill(ACCOUNTS[role])
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/auth/" not in url, timeout=PATIENCE)
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


def until(page: Page, condition: str) -> None:
    """Waits until a JavaScript expression is true. Playwright's own way of waiting needs `eval`, which we forbid."""
    give_up = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < give_up, f"never true: {condition}"
        page.wait_for_timeout(100)
