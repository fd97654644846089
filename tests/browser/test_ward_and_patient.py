"""A nurse and a physician before a real browser: who needs me, why, and how is it moving."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Route, expect

from .screens import PATIENCE, board_rows, open_patient, settled, sign_in, signed_out, until, ward
from .served import OpenPage, Server

SPAN = """() => {
  const [first, last] = document.querySelector(".js-plotly-plot")._fullLayout.xaxis.range
  return new Date(last) - new Date(first)
}"""
FOCUSED = """() => {
  let element = document.activeElement
  while (element && element.shadowRoot) element = element.shadowRoot.activeElement
  return element ? element.className : ""
}"""


def test_the_ward_shows_every_patient_and_who_needs_somebody_first_at_the_top(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page("wall")
    rows = ward(page, server.url)
    assert rows.count() >= 16
    classes = [(rows.nth(place).get_attribute("class") or "").split() for place in range(rows.count())]
    urgent = ["critical" in words for words in classes]
    assert urgent == sorted(urgent, reverse=True), "an urgent row stands below one that is not"
    assert {True, False} == set(urgent)
    silent = ["silent" in words for words in classes]
    assert silent == sorted(silent, reverse=True), "nobody is quieter than those nobody has heard of"
    assert any(silent)
    expect(page.get_by_text("Demonstration ward: synthetic patients")).to_be_visible()


@pytest.mark.parametrize("address", ["ward", "patient", "home", "intake"])
def test_the_first_page_of_a_fresh_server_is_the_sign_in_whatever_the_address(
    address: str, own_server: Server, open_page: OpenPage
) -> None:
    # Streamlit runs a page of pages/ alone until the first st.navigation of the process (lab.md 0.1).
    page = open_page()
    page.goto(f"{own_server.url}/{address}")
    expect(signed_out(page)).to_be_visible(timeout=PATIENCE)
    assert board_rows(page).count() == 0
    assert page.locator("[data-testid]").count() == 0, "something of the application itself is there"


def test_signing_in_leads_to_where_the_address_pointed(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    rows = ward(page, server.url)
    name = open_patient(page, rows, 2)
    address = page.url
    assert not any(part in address for part in name.split()), "a name in an address"
    stranger = open_page()
    stranger.goto(address)
    sign_in(stranger, "Physician")
    expect(stranger.get_by_role("heading", name=re.compile(re.escape(name))).first).to_be_visible(timeout=PATIENCE)


def test_a_caregiver_does_not_reach_the_ward_by_its_address_on_a_fresh_server(
    own_server: Server, open_page: OpenPage
) -> None:
    page = open_page("phone")
    page.goto(f"{own_server.url}/ward")
    sign_in(page, "Family or caregiver")
    expect(page.get_by_text("This page is not for the role")).to_be_visible(timeout=PATIENCE)
    assert board_rows(page).count() == 0


def test_the_patient_figure_is_drawn_with_both_documented_windows_named(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    open_patient(page, ward(page, server.url))
    page.get_by_role("radio", name="all").click()
    settled(page)
    figure = page.locator(".js-plotly-plot").first
    expect(figure).to_be_visible(timeout=PATIENCE)
    expect(figure.get_by_text(re.compile("CRS.*day 0.*14")).first).to_be_visible(timeout=PATIENCE)
    expect(figure.get_by_text(re.compile("ICANS.*day 7.*28")).first).to_be_attached()


def test_the_range_switch_changes_the_figure_and_the_address(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    open_patient(page, ward(page, server.url))
    for choice, least, most in (("24h", 24, 48), ("3d", 72, 96)):
        page.get_by_role("radio", name=choice).click()
        settled(page)
        expect(page).to_have_url(re.compile(f"range={choice}"), timeout=PATIENCE)
        shown = f"(hours => hours >= {least} && hours < {most})(({SPAN})() / 3600000)"
        until(page, shown)


def test_day_0_to_28_shows_the_whole_documented_time(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    open_patient(page, ward(page, server.url), 1)
    page.get_by_role("radio", name="day 0–28").click()
    settled(page)
    expect(page).to_have_url(re.compile("range=day"), timeout=PATIENCE)
    until(page, f"({SPAN})() >= 28 * 86400000")
    assert page.evaluate(SPAN) / 86_400_000 < 31


def test_the_risk_window_stands_under_the_heading_in_words_and_as_a_picture(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page("phone")
    open_patient(page, ward(page, server.url), 1)
    risk = page.get_by_role("region", name="Risk window")
    expect(risk).to_contain_text(re.compile(r"Day \d+: .*CRS window.*ICANS window"), timeout=PATIENCE)
    picture = risk.locator(".track")
    assert picture.get_attribute("aria-hidden") == "true"
    today, infusion = (picture.locator(name).bounding_box() for name in (".today", ".given"))
    assert today is not None
    assert infusion is not None
    assert 0 <= infusion["x"] < today["x"] <= 390


def test_on_a_telephone_no_word_of_the_reasons_is_cut(server: Server, open_page: OpenPage) -> None:
    page = open_page("phone")
    open_patient(page, ward(page, server.url), 1)
    expect(page.locator(".sheet.why").first).to_be_visible(timeout=PATIENCE)
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".sheet.why td, .sheet.why caption")]
             .filter((cell) => cell.offsetParent !== null)
             .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 || cell.getBoundingClientRect().right > 390)
             .map((cell) => cell.innerText)"""
    )
    assert cut == []


def test_why_this_grade_names_the_place_in_the_paper(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    open_patient(page, ward(page, server.url))
    expect(page.get_by_text(re.compile("Why")).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("Table 2, row Fever")).first).to_be_attached()


def test_the_keyboard_reaches_a_row_and_opens_it(server: Server, open_page: OpenPage) -> None:
    page = open_page()
    rows = ward(page, server.url)
    first = rows.first.locator(".name").inner_text()
    for _ in range(40):
        page.keyboard.press("Tab")
        if "open" in str(page.evaluate(FOCUSED)).split():
            break
    else:
        pytest.fail("forty presses of Tab reach no row")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(re.escape(first))).first).to_be_visible(timeout=PATIENCE)


def test_a_server_that_hangs_turns_the_board_stale(own_server: Server, open_page: OpenPage) -> None:
    page = open_page()
    ward(page, own_server.url)
    expect(page.locator(".live")).to_have_text(re.compile("^live"), timeout=PATIENCE)
    own_server.pause()
    expect(page.locator(".live")).to_have_text(re.compile("STALE: no data for"), timeout=60_000)
    own_server.resume()
    expect(page.locator(".live")).to_have_text(re.compile("^live"), timeout=60_000)


def test_a_store_that_is_silent_is_said_above_the_last_rows_and_forgotten_when_it_answers(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page()
    rows = ward(page, server.url)
    many = rows.count()
    expect(page.locator(".live")).to_have_text(re.compile("^live"), timeout=PATIENCE)
    page.route("**/api/board*", lambda route: route.fulfill(status=503, json={"detail": "The store does not answer."}))
    expect(page.locator(".trouble")).to_have_text(
        re.compile(r"^Not live since \d\d:\d\d:\d\d: the store does not answer\.$"), timeout=PATIENCE
    )
    assert rows.count() == many
    page.unroute("**/api/board*")
    expect(page.locator(".live")).to_have_text(re.compile("^live"), timeout=PATIENCE)
    expect(page.locator(".trouble")).to_be_hidden()


def test_a_board_that_was_overtaken_is_left_alone_and_a_clock_that_was_moved_back_is_followed(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page()
    ward(page, server.url)
    live = page.locator(".live")
    expect(live).to_have_text(re.compile("^live"), timeout=PATIENCE)

    def answered_earlier_by(seconds: int, text: str) -> Callable[[Route], None]:
        def answer(route: Route) -> None:
            board = route.fetch().json()
            as_of = datetime.fromisoformat(board["asOf"]) - timedelta(seconds=seconds)
            route.fulfill(json=board | {"asOf": as_of.isoformat(), "liveText": text})

        return answer

    page.route("**/api/board*", answered_earlier_by(3600, "an hour ago"))
    expect(live).to_have_text("live an hour ago", timeout=PATIENCE)
    page.unroute("**/api/board*")
    expect(live).to_have_text(re.compile(r"^live \d\d:"), timeout=PATIENCE)
    page.route("**/api/board*", answered_earlier_by(5, "overtaken"))
    page.wait_for_timeout(3000)
    expect(live).to_have_text(re.compile(r"^live \d\d:"))


def test_a_proxy_that_answers_in_its_own_words_is_not_taken_for_a_silent_store(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page()
    ward(page, server.url)
    expect(page.locator(".live")).to_have_text(re.compile("^live"), timeout=PATIENCE)
    page.route("**/api/board*", lambda route: route.fulfill(status=503, content_type="text/html", body="Unavailable"))
    expect(page.locator(".live")).to_have_text(re.compile("STALE: no data for"), timeout=60_000)
    expect(page.locator(".trouble")).to_be_hidden()
