"""Intake: drop files, see every row accounted for, read each refusal with its place, take the refused rows home."""

import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from monitoring.ingest import FileRefused
from monitoring.settings import ROOT
from monitoring.ui import live
from monitoring.ui.frame import open_screen, style
from monitoring.ui.intake_report import SHOWN, equation, ledger_table, refusal_table, refused_csv
from monitoring.ui.people import Person
from monitoring.ui.trouble import calm

someone = open_screen("intake")
style("intake")

REPORT, REFUSED, ROUND = "intake-report", "intake-refused", "intake-round"
NO_ZONE = "times carry their offset"


def take_in(files: list[UploadedFile], zone: str, by: Person) -> None:
    """Ingests the dropped files under the names they came with; what was found is kept for the next run."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for upload in files:
            path = Path(folder) / Path(upload.name).name
            path.write_bytes(upload.getvalue())
            paths.append(path)
        tz = None if zone == NO_ZONE else ZoneInfo(zone)
        st.session_state.pop(REPORT, None)
        try:
            report = live.rounds().ingest(paths, fmt="auto", tz=tz, author=by.author, received_at=live.now())
        except FileRefused as refused:
            st.session_state[REFUSED] = str(refused).replace(f"{folder}/", "")
        else:
            st.session_state.pop(REFUSED, None)
            st.session_state[REPORT] = report
            st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.rerun()


def drop() -> None:
    """The drop zone and the zone of times that carry none."""
    files = st.file_uploader(
        "Drop files here: CSV of the ward, symptom logs, drug charts, CLIF tables",
        accept_multiple_files=True,
        key=f"intake-files-{st.session_state.get(ROUND, 0)}",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        zone = st.selectbox(
            "Zone of times without an offset", [NO_ZONE, *sorted(available_timezones())], key="intake-zone", width=340
        )
        pressed = st.button("Take in", type="primary", key="take-in", disabled=not files)
    if pressed and files:
        take_in(files, zone, someone)


def outcome() -> None:
    """What the last drop came to."""
    if REFUSED in st.session_state:
        st.error(st.session_state[REFUSED])
    report = st.session_state.get(REPORT)
    if report is None:
        return
    st.html(equation(report))
    for kind, count in sorted(report.ignored_kinds.items()):
        st.text(f"ignored: {count} × {kind}")
    if report.refusals:
        st.subheader("Refused, and why", anchor=False)
        st.html(refusal_table(report.refusals))
        if len(report.refusals) > SHOWN:
            st.text(f"The first {SHOWN} of {len(report.refusals)}; the download holds all.")
        st.download_button(
            "Download the refused rows",
            refused_csv(report.refusals),
            "refused.csv",
            "text/csv",
            key="refused",
            on_click="ignore",
        )
    st.page_link(ROOT / "pages" / "ward.py", label="See the ward")


def ledger() -> None:
    """What has arrived so far, a line a source and day."""
    rows = live.rounds().ledger()
    st.header("What arrived so far", anchor=False)
    if not rows:
        st.text("Nothing yet.")
        return
    st.html(ledger_table(rows))


st.title("Intake", anchor=False)
with calm("Intake is not possible now"):
    drop()
    outcome()
    ledger()
