"""Home: a caregiver writes down a temperature and what they see, and is told at once what to do. Never a grade."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.alerts import home_answer
from monitoring.clock import TimeRefused, parse_instant
from monitoring.concepts import dictionary
from monitoring.ui import live
from monitoring.ui.frame import open_screen, style
from monitoring.ui.home_report import (
    GROUPS,
    HOW_MUCH,
    about,
    answer_card,
    asked,
    entry_text,
    heading,
    moment_text,
    phone_card,
)
from monitoring.ui.statements import StatementRefused, checked, home_facts
from monitoring.ui.traces import origin, viewed
from monitoring.ui.trouble import calm
from monitoring.views import HomeView
from monitoring.vocabulary import Severity

someone = open_screen("home")
style("home")

FAHRENHEIT, CELSIUS = "°F", "°C"
ANSWER, ROUND = "home-answer", "home-round"
SHOWN = 8


def here() -> ZoneInfo:
    """The zone of the browser, because a family writes the hour their own clock shows."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, LookupError):
        return live.settings().ward_zone


def temperature(turn: int) -> float | None:
    """The temperature in Celsius if one was written."""
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        typed = st.number_input(
            "Temperature", value=None, step=0.1, format="%.1f", key=f"home-temp-{turn}", placeholder="not measured"
        )
        scale = st.segmented_control(
            "Scale",
            [CELSIUS, FAHRENHEIT],
            default=CELSIUS,
            required=True,
            key="home-scale",
            label_visibility="collapsed",
        )
    if typed is None:
        return None
    celsius = dictionary().concepts["temperature"].canonical(typed, "°F" if scale == FAHRENHEIT else "Cel")
    return checked("temperature", celsius, dictionary())


def symptoms(turn: int) -> tuple[dict[str, Severity], list[str]]:
    """What is marked with how much of it, and the plain words of what still needs a “how much”."""
    marked: dict[str, Severity] = {}
    unsaid: list[str] = []
    for group, names in asked(dictionary()).items():
        chosen = st.pills(
            GROUPS[group],
            list(names),
            selection_mode="multi",
            format_func=names.__getitem__,
            key=f"home-{group}-{turn}",
            width="stretch",
        )
        for symptom in chosen or []:
            much = st.segmented_control(
                f"{names[symptom]}: how much?",
                list(HOW_MUCH),
                format_func=HOW_MUCH.__getitem__,
                key=f"much-{symptom}-{turn}",
                width="stretch",
            )
            if much is None:
                unsaid.append(names[symptom])
            marked[symptom] = much or Severity.MILD
    return marked, unsaid


def moment() -> datetime:
    """When it was seen: now, or the time chosen on the family's own clock. Raises StatementRefused."""
    when = st.segmented_control(
        "When", ["just now", "earlier"], default="just now", required=True, key="home-when", width="stretch"
    )
    if when != "earlier":
        return live.now()
    local = live.now().astimezone(here()).replace(tzinfo=None, second=0)
    typed = st.datetime_input("Time", value=local, step=300, key="home-time")
    try:
        return parse_instant((typed or local).isoformat(timespec="minutes"), here())
    except TimeRefused as refused:
        raise StatementRefused(f"This time cannot be used: {refused}.") from refused


def sent_before(view: HomeView) -> None:
    """What the team has been told, newest first, in the scale the family uses."""
    if not view.reports:
        return
    st.subheader("Sent", anchor=False)
    fahrenheit = st.session_state.get("home-scale") == FAHRENHEIT
    for report in view.reports[:SHOWN]:
        celsius = report.temperature_c
        shown = (
            "" if celsius is None else f"{celsius * 9 / 5 + 32:.1f} {FAHRENHEIT}" if fahrenheit else f"{celsius:.1f} °C"
        )
        st.text(entry_text(report, moment_text(report.seen_at, live.now(), here()), shown, dictionary()))
    if len(view.reports) > SHOWN:
        st.text(f"and {len(view.reports) - SHOWN} before these")


def report(patient_id: str, view: HomeView) -> None:
    """The whole form, top to bottom under one thumb."""
    st.title(heading(view), anchor=False)
    st.text(about(view, live.now(), here()))
    if view.contacts:
        st.html(phone_card(view.contacts))
    turn = st.session_state.setdefault(ROUND, 0)
    try:
        celsius = temperature(turn)
    except StatementRefused as refused:
        st.warning(str(refused))
        return
    marked, unsaid = symptoms(turn)
    if marked or celsius is not None:
        st.html(answer_card(home_answer(marked, celsius, dictionary()), sent=False))
    elif ANSWER in st.session_state:
        st.html(answer_card(st.session_state[ANSWER], sent=True))
    try:
        at = moment()
        sent = st.button("Send", type="primary", key="send", width="stretch")
        st.text("What you did not mark is recorded as not there.")
        if sent and unsaid:
            st.warning(f"Please say how much: {', '.join(unsaid)}.")
        elif sent:
            now = live.now()
            facts = home_facts(patient_id, celsius, marked, by=someone, at=at, now=now, dictionary=dictionary())
            live.rounds().record(facts, source="home", by=origin(someone))
            st.session_state[ANSWER] = home_answer(marked, celsius, dictionary())
            st.session_state[ROUND] = turn + 1
            st.rerun()
    except StatementRefused as refused:
        st.warning(str(refused))
    sent_before(view)


with st.container(key="home"), calm("Not sent. If you are worried, phone the team"):
    if someone.patient_id is not None:
        viewed(someone, someone.patient_id)
        shown = live.rounds().home(someone.patient_id, live.now())
        if shown is None:
            st.info("Nothing is known of your patient yet. Please ask the team.")
        else:
            report(someone.patient_id, shown)
