"""Patients: enrol one, and for one enrolled who, the course of treatment, the place, baselines, contacts, the end."""

from __future__ import annotations

from datetime import date

import streamlit as st

from monitoring.enrolled_view import EnrolledView
from monitoring.products import diseases, product_named, products
from monitoring.ui import live
from monitoring.ui.administration import kept
from monitoring.ui.administration.plain import listed, noted, table
from monitoring.ui.administration.treatment import baselines, contacts, monitoring, place, treatment
from monitoring.ui.administration.words import Said, enrolment_facts
from monitoring.ui.people import Person, patient_key, patient_of
from monitoring.ui.traces import viewed
from monitoring.vocabulary import Sex

NEW = "new"


def patients_part(someone: Person) -> None:
    """The patients, one at a time."""
    kept.said_before()
    everybody = dict(live.rounds().patients())
    keys = {patient_key(patient_id): label for patient_id, label in everybody.items()}
    chosen = st.selectbox(
        "Patient",
        [NEW, *keys],
        index=0,
        format_func=lambda key: keys.get(key, "Enrol a new patient"),
        key="administered",
        width=340,
    )
    patient_id = patient_of(chosen, everybody) if chosen and chosen != NEW else None
    if patient_id is None:
        _enrol(someone, set(everybody))
        _ended()
        return
    viewed(someone, patient_id)
    view = live.rounds().enrolled(patient_id, live.now())
    if view is not None:
        _enrolled(view, someone)


def _enrolled(view: EnrolledView, someone: Person) -> None:
    if view.ended:
        st.info(view.ended)
    st.header(view.name, anchor=False)
    st.html(listed(_who(view)))
    with st.expander("Amend who and for what"):
        _form(someone, view)
    treatment(view, someone)
    place(view, someone)
    baselines(view, someone)
    contacts(view, someone)
    monitoring(view, someone)


def _who(view: EnrolledView) -> dict[str, str]:
    who, told = view.patient, view.enrolment
    lines = "" if told is None or told.prior_lines is None else str(told.prior_lines)
    return {
        "Identifier": view.patient_id,
        "Born": f"{who.birth_date:%-d %b %Y}" if who and who.birth_date else "",
        "Sex": "" if who is None or who.sex is Sex.UNKNOWN else who.sex.value,
        "Weight": f"{who.weight_kg:g} kg" if who and who.weight_kg else "",
        "Treated for": view.indication or "",
        "Product": view.product or "",
        "Earlier lines": lines,
        "Notes on the label confirmed": ", ".join(told.confirmed) if told else "",
    }


def _enrol(someone: Person, known: set[str]) -> None:
    st.header("Enrol a patient", anchor=False)
    _form(someone, None, known)


def _form(someone: Person, view: EnrolledView | None, known: set[str] | None = None) -> None:
    """Who the patient is and for what they are treated; the notes on the label change as somebody types."""
    said = _typed(view)
    remarks = said.remarks(live.now())
    confirmed = True
    if remarks:
        st.html(noted(remarks))
        confirmed = st.checkbox(
            "I have read these notes and go on", value=False, key=f"confirm-{_name(view)}-{kept.turn()}"
        )
    sent = st.button("Keep" if view else "Enrol", type="primary", key=f"enrol-{_name(view)}")
    if not sent:
        return
    if known is not None and said.patient_id.strip() in known:
        st.warning("This identifier is known already. Choose the patient above to amend.")
    elif not confirmed:
        st.warning("Please confirm that you have read the notes on the label, or change what they speak of.")
    else:
        now = live.now()
        kept.keep(
            lambda: enrolment_facts(said, by=someone, now=now, confirmed=[remark.id for remark in remarks]),
            someone,
            "Kept." if view else "Enrolled. Choose the patient above to go on.",
        )


def _name(view: EnrolledView | None) -> str:
    return NEW if view is None else patient_key(view.patient_id)


def _typed(view: EnrolledView | None) -> Said:
    """The fields. Of a new patient they are empty, of a known one they hold what is known."""
    tag = f"{_name(view)}-{kept.turn()}"
    who, told = (view.patient, view.enrolment) if view else (None, None)
    if view is None:
        first, second = st.columns(2)
        patient_id = first.text_input("Identifier", key=f"id-{tag}", placeholder="as in the ward's files")
        name = second.text_input("Name", key=f"name-{tag}", placeholder="Family name, first name")
    else:
        patient_id = view.patient_id
        name = st.text_input("Name", value=(who.name or "") if who else "", key=f"name-{tag}")
    first, second, third = st.columns(3)
    born = first.date_input(
        "Birth date",
        value=who.birth_date if who else None,
        min_value=date(1900, 1, 1),
        max_value=live.now().date(),
        format="YYYY-MM-DD",
        key=f"born-{tag}",
    )
    sexes = [sex for sex in Sex if sex is not Sex.UNKNOWN]
    sex = second.selectbox(
        "Sex",
        sexes,
        index=sexes.index(who.sex) if who and who.sex in sexes else None,
        format_func=lambda one: one.value,
        placeholder="not written",
        key=f"sex-{tag}",
    )
    weight = third.number_input(
        "Weight, kg", value=who.weight_kg if who else None, step=0.1, format="%.1f", key=f"weight-{tag}"
    )
    first, second, third = st.columns(3)
    with first:
        indication = _or_other(
            "Treated for", [one.label for one in diseases().values()], view.indication if view else None, f"for-{tag}"
        )
    with second:
        product = _or_other("Product", [one.label for one in products()], view.product if view else None, f"with-{tag}")
    lines = third.number_input(
        "Earlier lines of treatment",
        value=told.prior_lines if told else None,
        min_value=0,
        max_value=30,
        step=1,
        placeholder="not written",
        key=f"lines-{tag}",
    )
    return Said(
        patient_id=patient_id,
        name=name,
        birth_date=born if isinstance(born, date) else None,
        sex=sex,
        weight_kg=weight,
        indication=indication,
        product=product,
        prior_lines=lines,
    )


def _or_other(label: str, listed_ones: list[str], known: str | None, key: str) -> str:
    """One of a list, or words of one's own."""
    named = product_named(known)
    known = named.label if named and named.label in listed_ones else known
    options = listed_ones if known is None or known in listed_ones else [*listed_ones, known]
    return (
        st.selectbox(
            label,
            options,
            index=options.index(known) if known else None,
            accept_new_options=True,
            placeholder="choose or write",
            key=key,
        )
        or ""
    )


def _ended() -> None:
    over = live.rounds().ended(live.now())
    if over:
        st.header("Monitoring ended", anchor=False)
        st.html(table(["Patient", ""], over))
