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
    CELSIUS,
    FAHRENHEIT,
    GROUPS,
    HOW_MUCH,
    about,
    answer_card,
    asked,
    celsius_of,
    entry_text,
    heading,
    phone_card,
)
from monitoring.ui.spoken import choice, spoken, to_choose
from monitoring.ui.statements import StatementRefused, home_facts
from monitoring.ui.traces import origin, viewed
from monitoring.ui.trouble import calm
from monitoring.views import HomeView
from monitoring.vocabulary import Severity

someone = open_screen("home")
style("home")
words = spoken()

ANSWER, ROUND = "home-answer", "home-round"
SHOWN = 8


def here() -> ZoneInfo:
    """The zone of the browser, because a family writes the hour their own clock shows."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, LookupError):
        return live.settings().ward_zone


def scale() -> str:
    """The scale the family uses."""
    return str(st.session_state.get("home-scale", CELSIUS))


def temperature(turn: int) -> float | None:
    """The temperature in Celsius if one was written. Raises StatementRefused."""
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        typed = st.text_input(
            words.say("home.temperature"),
            key=f"home-temp-{turn}",
            placeholder=words.say("home.not_measured"),
            autocomplete="off",
        )
        st.segmented_control(
            words.say("home.scale"),
            [CELSIUS, FAHRENHEIT],
            default=CELSIUS,
            required=True,
            key="home-scale",
            label_visibility="collapsed",
        )
    return celsius_of(typed, scale(), dictionary(), words)


def symptoms(turn: int) -> tuple[dict[str, Severity], list[str]]:
    """What is marked with how much of it, and the plain words of what still needs a “how much”."""
    marked: dict[str, Severity] = {}
    unsaid: list[str] = []
    groups = asked(dictionary(), words)
    for group in GROUPS:
        names = groups[group]
        chosen = st.pills(
            words.say(f"home.{group}"),
            list(names),
            selection_mode="multi",
            format_func=names.__getitem__,
            key=f"home-{group}-{turn}",
            width="stretch",
        )
        for symptom in chosen or []:
            much = st.segmented_control(
                words.say("home.how_much", symptom=names[symptom]),
                list(HOW_MUCH),
                format_func=lambda severity: words.say(HOW_MUCH[severity]),
                key=f"much-{symptom}-{turn}",
                width="stretch",
            )
            if much is None:
                unsaid.append(names[symptom])
            marked[symptom] = much or Severity.MILD
    return marked, unsaid


def moment() -> datetime:
    """When it was seen: now, or the time chosen on the family's own clock. Raises StatementRefused."""
    options = {"now": words.say("home.now"), "earlier": words.say("home.earlier")}
    when = st.segmented_control(
        words.say("home.when"),
        list(options),
        format_func=options.__getitem__,
        default="now",
        required=True,
        key="home-when",
        width="stretch",
    )
    now = live.now()
    if when != "earlier":
        return now
    local = now.astimezone(here()).replace(tzinfo=None, second=0)
    typed = st.datetime_input(
        words.say("home.time"), value=local, step=300, format=words.say("dates.typed"), key="home-time"
    )
    try:
        at = parse_instant((typed or local).isoformat(timespec="minutes"), here())
    except TimeRefused as refused:
        raise StatementRefused(words.say("home.clocks_changed")) from refused
    if at > now:
        raise StatementRefused(words.say("home.still_to_come", when=words.day(at, now, here())))
    return at


def sent_before(view: HomeView) -> None:
    """What the team has been told, newest first, in the scale the family uses."""
    if not view.reports:
        return
    st.subheader(words.say("home.sent"), anchor=False)
    for report in view.reports[:SHOWN]:
        st.text(entry_text(report, words.day(report.seen_at, live.now(), here()), scale(), words))
    if len(view.reports) > SHOWN:
        st.text(words.say("home.and_before", count=len(view.reports) - SHOWN))


def report(patient_id: str, view: HomeView) -> None:
    """The whole form, top to bottom under one thumb."""
    st.title(heading(view, words), anchor=False)
    st.text(about(view, live.now(), here(), words))
    if view.contacts:
        st.html(phone_card(view.contacts, words))
    turn = st.session_state.setdefault(ROUND, 0)
    try:
        celsius = temperature(turn)
    except StatementRefused as refused:
        st.warning(str(refused))
        return
    marked, unsaid = symptoms(turn)
    ward = to_choose()[0]
    if marked or celsius is not None:
        st.html(answer_card(home_answer(marked, celsius, dictionary()), scale(), words, ward, sent=False))
    elif ANSWER in st.session_state:
        st.html(answer_card(st.session_state[ANSWER], scale(), words, ward, sent=True))
    try:
        at = moment()
        st.text(words.say("home.unmarked"))
        sent = st.button(words.say("home.send"), type="primary", key="send", width="stretch")
        if sent and unsaid:
            st.warning(words.say("home.please_say", symptoms=", ".join(unsaid)))
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


with st.container(key="home"), calm("Not sent", lambda: words.say("home.silent")):
    if someone.patient_id is not None:
        choice(words)
        viewed(someone, someone.patient_id)
        shown = live.rounds().home(someone.patient_id, live.now())
        if shown is None:
            st.info(words.say("home.unknown"))
        else:
            report(someone.patient_id, shown)
