"""Coming in and going out before a real browser: the cookie, the tabs, the lock, the wall."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .screens import PATIENCE, board_rows, sign_in, signed_out, ward
from .served import OpenPage, Server


def test_signing_out_in_one_tab_empties_the_others_within_seconds(own_server: Server, open_page: OpenPage) -> None:
    first = open_page()
    ward(first, own_server.url)
    second = first.context.new_page()
    second.goto(f"{own_server.url}/calculator")
    expect(second.get_by_role("heading", name="Calculator")).to_be_visible(timeout=PATIENCE)
    first.get_by_role("button", name="Sign out").click()
    expect(signed_out(first)).to_be_visible(timeout=PATIENCE)
    expect(signed_out(second)).to_be_visible(timeout=PATIENCE)
    assert "next=" not in first.url, "whoever signs in next at a shared computer starts afresh"
    first.goto(f"{own_server.url}/ward")
    expect(signed_out(first)).to_be_visible(timeout=PATIENCE)


def test_scripts_cannot_read_the_cookie_and_nothing_breaks_the_policy(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    ward(page, server.url, "Physician")
    assert "ward_session" not in page.evaluate("document.cookie")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "ward_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert [line for line in told if "Content Security Policy" in line] == []


def test_a_wrong_password_is_said_and_the_sixth_must_wait(own_server: Server, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(own_server.url)
    for attempt in range(6):
        page.get_by_label("Name").fill("demo-nurse")
        page.get_by_label("Password").fill(f"not the password {attempt}")
        page.get_by_role("button", name="Sign in").click()
        expected = "Please wait until" if attempt == 5 else "do not go together"
        expect(page.get_by_role("alert")).to_contain_text(expected, timeout=PATIENCE)


@pytest.mark.parametrize("address", ["patient", "intake", "calculator"])
def test_a_wall_screen_sees_the_ward_by_initials_and_nothing_else(
    address: str, server: Server, open_page: OpenPage
) -> None:
    page = open_page("wall")
    page.goto(f"{server.url}/ward?embed=true")
    sign_in(page, "Wall screen")
    names = board_rows(page).locator(".name")
    expect(names.first).to_be_visible(timeout=PATIENCE)
    assert [name for name in names.all_inner_texts() if not re.fullmatch(r"(\w\. ?)+", name)] == []
    board_rows(page).first.get_by_role("button").click()
    page.wait_for_timeout(1000)
    expect(page).to_have_url(re.compile("/ward"))
    page.goto(f"{server.url}/{address}")
    expect(page.get_by_text("This page is not for the role")).to_be_visible(timeout=PATIENCE)
