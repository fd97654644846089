"""What a nurse or physician charts: vital signs, the neurological assessment, a symptom, a cause, their own grade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeVar

import streamlit as st

from monitoring.concepts import dictionary
from monitoring.records import Fact
from monitoring.ui import live
from monitoring.ui.people import Person
from monitoring.ui.statements import (
    SOURCE,
    StatementRefused,
    attribution_fact,
    grade_fact,
    neuro_fact,
    symptom_facts,
    vital_facts,
    ward_instant,
)
from monitoring.ui.traces import origin
from monitoring.ui.trouble import calm
from monitoring.vocabulary import (
    AbsentReason,
    Cause,
    Consciousness,
    Icp,
    Motor,
    NeuroTool,
    OxygenDevice,
    OxygenReason,
    Seizure,
    Severity,
    Sign,
    Syndrome,
)

Member = TypeVar("Member", bound=Enum)

_SAID = "charted-said"
_VITALS = (
    ("temperature", "Temperature °C", 0.1, "%.1f"),
    ("heart_rate", "Pulse /min", 1.0, "%.0f"),
    ("respiratory_rate", "Breathing /min", 1.0, "%.0f"),
    ("sbp", "Upper pressure mmHg", 1.0, "%.0f"),
    ("dbp", "Lower pressure mmHg", 1.0, "%.0f"),
    ("spo2", "SpO₂ %", 1.0, "%.0f"),
)


def words(member: Enum) -> str:
    """A vocabulary word as a person reads it."""
    text = str(member.value if isinstance(member.value, str) else member.name).replace("_", " ").replace("-", " ")
    return {"icp": "raised pressure", "hfnc": "high-flow cannula", "cpap": "CPAP", "bipap": "BiPAP"}.get(
        text, text.lower()
    )


def charting_forms(patient_id: str, someone: Person) -> None:
    """The forms, one tab each. Everything carries the session's person as its author."""
    st.header("Chart something", anchor=False)
    said = st.session_state.pop(_SAID, None)
    if said:
        st.success(said)
    vitals, neuro, symptom, cause, grade = st.tabs(
        ["Vital signs", "Neurological assessment", "Symptom", "Cause of a sign", "Own grade"]
    )
    with vitals:
        _vitals(patient_id, someone)
    with neuro:
        _neuro(patient_id, someone)
    with symptom:
        _symptom(patient_id, someone)
    with cause:
        _cause(patient_id, someone)
    with grade:
        _grade(patient_id, someone)


def _time(key: str) -> datetime:
    """The time of the statement on the ward's clock; the widget's own default would be the server's clock."""
    local = live.now().astimezone(live.settings().ward_zone).replace(tzinfo=None, second=0)
    typed = st.datetime_input(
        f"Time ({live.settings().ward_zone.key})", value=local, step=60, key=f"{key}-time", width=260
    )
    return ward_instant(typed or local)


def _choice(label: str, members: Sequence[Member], key: str, none: str) -> Member | None:
    return st.selectbox(label, members, index=None, format_func=words, placeholder=none, key=key)


def _keep(build: Callable[[], Sequence[Fact]], what: str, someone: Person) -> None:
    """Stores what `build` makes; the answer is said above the forms of the next run."""
    try:
        facts = build()
    except StatementRefused as refused:
        st.warning(str(refused))
        return
    with calm("Not charted"):
        tally = live.rounds().record(facts, source=SOURCE, by=origin(someone))
        st.session_state[_SAID] = (
            f"Charted: {what}." if tally.stored else "This was charted already; nothing was added."
        )
        st.rerun()


def _vitals(patient_id: str, someone: Person) -> None:
    with st.form("chart-vitals", clear_on_submit=True, border=False):
        columns = st.columns(len(_VITALS))
        values = {
            concept: column.number_input(
                label, value=None, step=step, format=form, key=f"v-{concept}", placeholder="not taken"
            )
            for column, (concept, label, step, form) in zip(columns, _VITALS, strict=True)
        }
        device_column, flow_column, reason_column, time_column = st.columns(4)
        with device_column:
            device = _choice("Oxygen", list(OxygenDevice), "v-device", "not charted")
        flow = flow_column.number_input(
            "Flow L/min", value=None, min_value=0.0, step=0.5, key="v-flow", placeholder="—"
        )
        with reason_column:
            reason = _choice("Oxygen given for", list(OxygenReason), "v-reason", "hypoxia")
        with time_column:
            at = _time("v")
        sent = st.form_submit_button("Chart vital signs", type="primary")
    if sent:
        now, oxygen = live.now(), (device, flow, reason)
        _keep(
            lambda: vital_facts(patient_id, values, oxygen, by=someone, at=at, now=now, dictionary=dictionary()),
            "vital signs",
            someone,
        )


def _neuro(patient_id: str, someone: Person) -> None:
    with st.form("chart-neuro", clear_on_submit=True, border=False):
        first, second, third, fourth = st.columns(4)
        with first:
            tool = _choice("Score", list(NeuroTool), "n-tool", "none")
        total = second.number_input(
            "Total", value=None, min_value=0, max_value=32, step=1, key="n-total", placeholder="not done"
        )
        with third:
            absent = _choice("Not done because", list(AbsentReason), "n-absent", "—")
        with fourth:
            at = _time("n")
        columns = st.columns(4)
        domains = {}
        for column, (name, label, members) in zip(columns, _domains(), strict=True):
            with column:
                domains[name] = _choice(label, members, f"n-{name}", "not assessed")
        sent = st.form_submit_button("Chart assessment", type="primary")
    if sent:
        if tool is None and (total is not None or absent is not None):
            st.warning("Please choose ICE or CAPD for the total.")
            return
        now = live.now()
        said = {"tool": tool, "total": total, "absent": absent, **domains}
        _keep(lambda: [neuro_fact(patient_id, said, by=someone, at=at, now=now)], "neurological assessment", someone)


def _domains() -> tuple[tuple[str, str, Sequence[Enum]], ...]:
    return (
        ("consciousness", "Wakefulness", list(Consciousness)),
        ("seizure", "Seizure", list(Seizure)),
        ("motor", "Motor", list(Motor)),
        ("icp", "Signs of raised pressure", list(Icp)),
    )


def _symptom(patient_id: str, someone: Person) -> None:
    known = dictionary().symptoms
    with st.form("chart-symptom", clear_on_submit=True, border=False):
        first, second, third = st.columns([2, 2, 1])
        chosen = first.selectbox(
            "Symptom",
            sorted(known, key=lambda key: known[key].label),
            index=None,
            format_func=lambda key: known[key].label,
            placeholder="choose",
            key="s-symptom",
        )
        severity = second.segmented_control("How bad", list(Severity), format_func=words, key="s-severity")
        with third:
            at = _time("s")
        sent = st.form_submit_button("Chart symptom", type="primary")
    if sent:
        if chosen is None or severity is None:
            st.warning("Please choose the symptom and how bad it is.")
            return
        now = live.now()
        _keep(
            lambda: symptom_facts(patient_id, {chosen: severity}, by=someone, at=at, now=now),
            f"{known[chosen].label}, {words(severity)}. Check: {known[chosen].check}",
            someone,
        )


def _cause(patient_id: str, someone: Person) -> None:
    with st.form("chart-cause", clear_on_submit=True, border=False):
        first, second, third, fourth = st.columns([1, 1, 2, 1])
        with first:
            sign = _choice("Sign", list(Sign), "c-sign", "choose")
        with second:
            cause = _choice("Is due to", list(Cause), "c-cause", "choose")
        note = third.text_input("Reason", key="c-note", placeholder="what speaks for it", max_chars=300)
        with fourth:
            at = _time("c")
        sent = st.form_submit_button("Chart cause", type="primary")
    if sent:
        if sign is None or cause is None:
            st.warning("Please choose the sign and its cause.")
            return
        now = live.now()
        _keep(
            lambda: [attribution_fact(patient_id, sign, cause, note, by=someone, at=at, now=now)],
            f"{words(sign)} attributed to {words(cause)}",
            someone,
        )


def _grade(patient_id: str, someone: Person) -> None:
    with st.form("chart-grade", clear_on_submit=True, border=False):
        first, second, third, fourth = st.columns([1, 2, 2, 1])
        syndrome = first.segmented_control(
            "Syndrome", list(Syndrome), format_func=lambda one: one.value.upper(), key="g-syndrome"
        )
        grade = second.segmented_control("Your grade", range(6), key="g-grade")
        note = third.text_input("Reason", key="g-note", placeholder="what speaks for it", max_chars=300)
        with fourth:
            at = _time("g")
        st.caption("It stands beside the derived grade and overwrites nothing.")
        sent = st.form_submit_button("Chart grade", type="primary")
    if sent:
        if syndrome is None or grade is None:
            st.warning("Please choose the syndrome and the grade.")
            return
        now = live.now()
        _keep(
            lambda: [grade_fact(patient_id, syndrome, grade, note, by=someone, at=at, now=now)],
            f"{syndrome.value.upper()} grade {grade}",
            someone,
        )
