"""Intake, Arrived: files in, every row accounted for, and what each source sent on each day."""

from __future__ import annotations

import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from monitoring.access import Action, may
from monitoring.ingest import FileRefused
from monitoring.rounds import IngestReport
from monitoring.settings import ROOT
from monitoring.ui import live
from monitoring.ui.intake_desk import show_source, zone_field
from monitoring.ui.intake_report import (
    SHOWN,
    channel_table,
    equation,
    ledger_frame,
    ledger_table,
    refusal_table,
    refused_csv,
    sheet,
    since_then,
)
from monitoring.ui.intake_words import literal
from monitoring.ui.people import Person
from monitoring.ui.traces import traced

FIRST = 20
"""How many refusals of the last drop are shown beside it."""

_REPORT, _REFUSED, _ROUND = "intake-report", "intake-refused-whole", "intake-round"


def arrived(someone: Person) -> None:
    """The whole view."""
    if may(someone.role, Action.TAKE_IN):
        _drop(someone)
    _outcome(someone)
    _ledger(someone)


def _drop(someone: Person) -> None:
    files = st.file_uploader(
        "Drop files here: CSV of the ward, symptom logs, drug charts, CLIF tables, FHIR, HL7 v2",
        accept_multiple_files=True,
        key=f"intake-files-{st.session_state.get(_ROUND, 0)}",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        zone = zone_field("intake-zone")
        pressed = st.button("Take in", type="primary", key="take-in", disabled=not files)
    if pressed and files:
        _take_in(files, zone, someone)


def _take_in(files: list[UploadedFile], tz: ZoneInfo | None, by: Person) -> None:
    """Ingests the dropped files under the names they came with; what was found is kept for the next run."""
    bar = st.progress(0.0, "Reading")

    def share(part: float) -> None:
        bar.progress(min(part, 1.0), f"Reading: {min(part, 1.0):.0%}")

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for upload in files:
            path = Path(folder) / Path(upload.name).name
            path.write_bytes(upload.getvalue())
            paths.append(path)
        st.session_state.pop(_REPORT, None)
        try:
            report = live.rounds().ingest(
                paths, fmt="auto", tz=tz, author=by.author, received_at=live.now(), share=share
            )
        except FileRefused as refused:
            st.session_state[_REFUSED] = str(refused).replace(f"{folder}/", "")
        else:
            st.session_state.pop(_REFUSED, None)
            st.session_state[_REPORT] = report
            st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.rerun()


def _outcome(someone: Person) -> None:
    if _REFUSED in st.session_state:
        st.error(literal(st.session_state[_REFUSED]))
    report = st.session_state.get(_REPORT)
    if not isinstance(report, IngestReport):
        return
    st.html(equation(report))
    for kind, count in sorted(report.ignored_kinds.items()):
        st.text(f"ignored: {count} × {kind}")
    if report.refusals:
        _refused_now(report, someone)
    st.page_link(ROOT / "pages" / "ward.py", label="See the ward")


def _refused_now(report: IngestReport, someone: Person) -> None:
    sources = [one.source for one in report.sources if one.quarantined]
    with st.container(horizontal=True):
        if may(someone.role, Action.CORRECT_INTAKE):
            only = sources[0] if len(sources) == 1 else None
            st.button("Mend these rows", type="primary", key="mend-these", on_click=show_source, args=(only,))
        if may(someone.role, Action.EXPORT):
            st.download_button(
                "Download the refused rows",
                traced(someone, "refused rows", lambda: refused_csv(report.refusals)),
                "refused.csv",
                "text/csv",
                key="refused",
                on_click="ignore",
            )
    st.subheader("Refused, and why", anchor=False)
    st.html(refusal_table(report.refusals[:FIRST]))
    if len(report.refusals) > FIRST:
        st.text(f"The first {FIRST} of {len(report.refusals)}; the download and the list under Refused hold all.")


def _ledger(someone: Person) -> None:
    rows = live.rounds().ledger()
    st.header("What arrived so far", anchor=False)
    if not rows:
        st.text("Nothing yet. Drop a file above, or let a system send: then every row of it is accounted for here.")
        return
    st.text(since_then(rows))
    st.html(channel_table(rows) + ledger_table(rows))
    if len(rows) > SHOWN:
        st.text(f"The newest {SHOWN} of {len(rows)} lines; the download holds all.")
    if may(someone.role, Action.EXPORT):
        st.download_button(
            "Download this account",
            traced(someone, "what arrived", lambda: sheet(ledger_frame(live.rounds().ledger()))),
            "arrived.csv",
            "text/csv",
            key="ledger-csv",
            on_click="ignore",
        )
