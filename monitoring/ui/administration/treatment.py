"""One patient's treatment: its steps and infusions, the place, baselines, the numbers for the family, the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from monitoring.concepts import dictionary
from monitoring.enrolled_view import BASELINES, STEP_NAMES, EnrolledView
from monitoring.products import product_named
from monitoring.records import Fact
from monitoring.ui import live
from monitoring.ui.administration import kept
from monitoring.ui.administration.plain import listed, table
from monitoring.ui.administration.words import (
    HOME,
    baseline_facts,
    contact_fact,
    infusion_fact,
    place_fact,
    step_fact,
    taken_away,
)
from monitoring.ui.people import Person
from monitoring.ui.statements import StatementRefused
from monitoring.vocabulary import CourseStep

INFUSION, DISCHARGE = "Infusion", "Discharged home"
_STEPS = [step for step in CourseStep if step not in {CourseStep.MONITORING_ENDED, CourseStep.MONITORING_RESUMED}]
_FIELDS = {
    "baseline_ice": ("ICE, 0 to 10", 1.0, "%.0f"),
    "baseline_capd": ("CAPD, 0 to 32 (children)", 1.0, "%.0f"),
    "baseline_sbp": ("Upper pressure, mmHg", 1.0, "%.0f"),
    "baseline_spo2": ("SpO₂, %", 1.0, "%.0f"),
    "baseline_o2_flow": ("Oxygen at home, L/min", 0.5, "%.1f"),
}


def treatment(view: EnrolledView, someone: Person) -> None:
    """What has happened, and a form for the next step."""
    st.header("Course of treatment", anchor=False)
    if view.events:
        rows = [(live.clock(one.at, "%-d %b %Y %H:%M"), one.label, one.detail, one.author) for one in view.events]
        st.html(table(["When", "Step", "", "Written by"], rows))
    else:
        st.text("Nothing is written yet.")
    product = product_named(view.product)
    if product is not None and product.infusions > 1 and view.infusions < product.infusions:
        st.text(
            f"{product.label} is given in {product.infusions} infusions, the second {product.second}; "
            f"{view.infusions} of {product.infusions} written. Each has its own windows."
        )
    with st.expander("Write down a step"), st.container(key="step"):
        labels = [INFUSION, DISCHARGE, *(STEP_NAMES[step] for step in _STEPS)]
        chosen = st.selectbox("Step", labels, index=None, placeholder="choose", key=f"step-{kept.turn()}", width=340)
        note = ""
        if chosen == INFUSION:
            note = st.text_input("Product given", value=view.product or "", key=f"step-product-{kept.turn()}")
        elif chosen not in {None, DISCHARGE}:
            note = st.text_input("Note", key=f"step-note-{kept.turn()}", max_chars=200)
        _sent(lambda at: _step(view, chosen, note, someone, at), "Step", "step-send", "Write down", someone)


def _step(view: EnrolledView, chosen: str | None, note: str, someone: Person, at: datetime) -> list[Fact]:
    now = live.now()
    if chosen is None:
        raise StatementRefused("Please choose the step.")
    if chosen == INFUSION:
        return [infusion_fact(view.patient_id, note, view.indication or "", by=someone, at=at, now=now)]
    if chosen == DISCHARGE:
        return [place_fact(view.patient_id, HOME, "", by=someone, at=at, now=now)]
    step = next(step for step in _STEPS if STEP_NAMES[step] == chosen)
    return [step_fact(view.patient_id, step, note, by=someone, at=at, now=now)]


def _sent(build: Callable[[datetime], list[Fact]], label: str, key: str, button: str, someone: Person) -> None:
    """The moment and the button of a form; keeps what `build` makes of the moment."""
    try:
        at = kept.moment(label, key)
    except StatementRefused as refused:
        st.warning(str(refused))
        return
    if st.button(button, type="primary", key=key):
        kept.keep(lambda: build(kept.wanted(at)), someone, "Written down.")


def place(view: EnrolledView, someone: Person) -> None:
    """Ward and bed, from a moment on."""
    st.header("Ward and bed", anchor=False)
    here = view.place
    where = " ".join(part for part in (here.ward, here.bed) if part) if here else ""
    st.text(where or "Not written.")
    with st.expander("Move"):
        first, second = st.columns(2)
        ward = first.text_input("Ward", key=f"ward-{kept.turn()}", max_chars=60)
        bed = second.text_input("Bed", key=f"bed-{kept.turn()}", max_chars=20)
        _sent(
            lambda at: [place_fact(view.patient_id, ward, bed, by=someone, at=at, now=live.now())],
            "From",
            "place-send",
            "Move",
            someone,
        )


def baselines(view: EnrolledView, someone: Person) -> None:
    """What was measured before the infusion; scores and pressures are compared with it."""
    st.header("Before the infusion", anchor=False)
    known = {one.concept: one for one in view.baselines}
    concepts = dictionary().concepts
    st.html(
        listed(
            {
                _FIELDS[name][0]: f"{known[name].value:g}, {live.clock(known[name].at, '%-d %b %Y')}"
                if name in known
                else ""
                for name in BASELINES
            }
        )
    )
    with st.expander("Write down baselines"):
        columns = st.columns(len(BASELINES))
        values = {}
        for column, name in zip(columns, BASELINES, strict=True):
            label, step, form = _FIELDS[name]
            low, high = concepts[name].refuse_outside or (None, None)
            values[name] = column.number_input(
                label,
                value=None,
                step=step,
                format=form,
                placeholder="not taken",
                help=None if low is None else f"{low:g} to {high:g}",
                key=f"{name}-{kept.turn()}",
            )
        _sent(
            lambda at: baseline_facts(
                view.patient_id, values, by=someone, at=at, now=live.now(), dictionary=dictionary()
            ),
            "Taken",
            "baseline-send",
            "Keep baselines",
            someone,
        )


def contacts(view: EnrolledView, someone: Person) -> None:
    """The numbers the family sees on its page."""
    st.header("Numbers for the family", anchor=False)
    if not view.contacts:
        st.text("None yet: the family's page names nobody to phone.")
    for one in view.contacts:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(" · ".join(part for part in (one.label, one.phone, one.hours) if part))
            if st.button("Take away", key=f"away-{one.fact_id}", help=f"{one.label} {one.phone}"):
                gone = taken_away(view.patient_id, one.fact_id, "number taken away", by=someone, now=live.now())
                kept.keep(lambda fact=gone: [fact], someone, "Taken away.")  # type: ignore[misc]
    with st.expander("Add a number"):
        first, second, third = st.columns(3)
        label = first.text_input("Who answers", key=f"contact-{kept.turn()}", max_chars=80)
        phone = second.text_input("Telephone", key=f"phone-{kept.turn()}", max_chars=40)
        hours = third.text_input("When", key=f"hours-{kept.turn()}", placeholder="day and night", max_chars=80)
        if st.button("Add", type="primary", key="contact-send"):
            now = live.now()
            kept.keep(
                lambda: [contact_fact(view.patient_id, label, phone, hours, by=someone, now=now)],
                someone,
                "Added. The family's page shows it now.",
            )


def monitoring(view: EnrolledView, someone: Person) -> None:
    """The end of the monitoring, or its going on."""
    st.header("Monitoring", anchor=False)
    over = bool(view.ended)
    st.text(view.ended or "Goes on. When it ends the patient leaves the board; nothing is deleted.")
    step = CourseStep.MONITORING_RESUMED if over else CourseStep.MONITORING_ENDED
    with st.expander("Resume monitoring" if over else "End monitoring"):
        note = st.text_input("Why", key=f"end-note-{kept.turn()}", max_chars=200)
        _sent(
            lambda at: [step_fact(view.patient_id, step, note, by=someone, at=at, now=live.now())],
            "Since",
            "end-send",
            "Resume monitoring" if over else "End monitoring",
            someone,
        )
