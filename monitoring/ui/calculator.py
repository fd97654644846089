"""The Calculator: a bedside picture filled in, every scale at once, and the picture as JSON to share.

Every field starts at "not recorded"; what was looked for and is absent is another choice. Nothing is stored. The
grades come from `monitoring.bedside.grade_pictures`, as those of the command `picture` do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from monitoring.bedside import grade_pictures
from monitoring.concepts import dictionary
from monitoring.grading import systems
from monitoring.grading.picture import PictureRefused, read_picture
from monitoring.score_view import of_picture as of_labs
from monitoring.side_by_side import REPORTED, SideBySide, of_picture
from monitoring.ui.marks import badge
from monitoring.ui.picture_entries import (
    CAPD,
    EXAMINATION,
    FEVER,
    FOLDED,
    ICE,
    MOST_VASOPRESSORS,
    NONE,
    OXYGEN,
    PATIENT,
    PRESSURE,
    VASOPRESSORS,
    Entry,
    Section,
    entries,
    vasopressor_entries,
)
from monitoring.ui.picture_form import NAME, Value, compose, shared
from monitoring.ui.scales import difference_list, scale_table
from monitoring.ui.scores import score_table
from monitoring.wording import plain

NOT_RECORDED = "not recorded"
ICE_FROM_YEARS = 12
_KEPT, _REFUSED, _PASTED, _DROPPED = "calc-kept", "calc-refused", "calc-pasted", "calc-dropped"
_SPOKEN = {NONE: "none found", "crs": "CRS", "icans": "ICANS"}


def _key(path: str) -> str:
    return f"calc:{path}"


def _words(option: str) -> str:
    drug = dictionary().drugs.get(option)
    return drug.label if drug else _SPOKEN.get(option) or plain(option)


def _field(entry: Entry) -> Value | None:
    """One widget; None while nothing is recorded."""
    key = _key(entry.path)
    value: Value | None
    match entry.kind:
        case "number":
            value = st.number_input(
                entry.label, value=None, step=entry.step, format="%g", key=key, placeholder=NOT_RECORDED
            )
        case "count":
            value = st.number_input(entry.label, value=None, step=1, key=key, placeholder=NOT_RECORDED)
        case "text":
            value = st.text_input(entry.label, value=None, key=key, placeholder=NOT_RECORDED)
        case "truth":
            value = st.selectbox(
                entry.label,
                (False, True),
                index=None,
                format_func=lambda said: "yes" if said else "no",
                key=key,
                placeholder=NOT_RECORDED,
            )
        case _:
            value = st.selectbox(
                entry.label,
                entry.options,
                index=None,
                format_func=_words,
                key=key,
                placeholder=NOT_RECORDED,
                accept_new_options=entry.kind == "open",
            )
    return value if value != "" else None


def _fields(some: Sequence[Entry]) -> dict[str, Value | None]:
    with st.container(horizontal=True, gap="small"):
        return {entry.path: _field(entry) for entry in some}


def _section(section: Section) -> dict[str, Value | None]:
    if section.folded:
        with st.expander(section.title):
            return _fields(section.entries)
    st.subheader(section.title, anchor=False)
    return _fields(section.entries)


def _vasopressors() -> dict[str, Value | None]:
    """How many run, and a row for each."""
    held = str(st.session_state.get(_key(VASOPRESSORS)))
    most = max(MOST_VASOPRESSORS, int(held) if held.isdigit() else 0)
    options = (NONE, *(str(count) for count in range(1, most + 1)))
    values = _fields([Entry(VASOPRESSORS, "Vasopressors running", "choice", options)])
    count = values[VASOPRESSORS]
    for number in range(int(count) if isinstance(count, str) and count.isdigit() else 0):
        values |= _fields(vasopressor_entries(number))
    return values


def _scores(values: dict[str, Value | None]) -> tuple[Entry, ...]:
    """ICE from 12 years on, CAPD below and with developmental delay; both while the age decides nothing.

    A score already filled in stays on the form whatever the age.
    """
    age = values["patient.age_years"]
    child = bool(values["patient.developmental_delay"]) or (isinstance(age, (int, float)) and age < ICE_FROM_YEARS)
    adult = not child and age is not None
    filled = {e.path for e in (*ICE, *CAPD) if st.session_state.get(_key(e.path)) is not None}
    ice = ICE if not child or filled & {e.path for e in ICE} else ()
    capd = CAPD if not adult or filled & {e.path for e in CAPD} else ()
    return (*capd, *ice) if child else (*ice, *capd)


def form() -> dict[str, Any]:
    """Draws the fields; the picture they make."""
    values = _section(PATIENT) | _section(FEVER) | _section(PRESSURE) | _vasopressors() | _section(OXYGEN)
    st.subheader("Neurological examination", anchor=False)
    values |= _fields(_scores(values)) | _fields(EXAMINATION)
    for section in FOLDED:
        values |= _section(section)
    st.button("Start again", key="calc-clear", on_click=_clear)
    return compose(values, st.session_state.get(_KEPT, {}))


def _clear() -> None:
    for key in [str(key) for key in st.session_state if str(key).startswith(_key(""))]:
        st.session_state[key] = None
    for slot in (_KEPT, _REFUSED):
        st.session_state.pop(slot, None)


def _fill(text: str) -> None:
    """Puts a shared picture into the form; one that cannot be read changes nothing but the sentence."""
    try:
        values, kept = shared(text)
    except PictureRefused as refused:
        st.session_state[_REFUSED] = str(refused)
        return
    _clear()
    for path, value in values.items():
        st.session_state[_key(path)] = value
    st.session_state[_KEPT] = kept


def _fill_from_paste() -> None:
    _fill(st.session_state[_PASTED])


def _fill_from_file() -> None:
    dropped = st.session_state[_DROPPED]
    if dropped is not None:
        try:
            _fill(dropped.getvalue().decode("utf-8-sig"))
        except UnicodeDecodeError:
            st.session_state[_REFUSED] = f"{dropped.name}: not text in UTF-8; expected a picture as JSON"


def sharing(picture: dict[str, Any]) -> None:
    """The picture as JSON, and a download."""
    text = json.dumps([picture], indent=2, ensure_ascii=False)
    with st.expander("Share this picture as JSON"):
        st.code(text, language="json")
        st.download_button("Download", text, "picture.json", "application/json", key="calc-download", on_click="ignore")
        st.text("The same grades on a terminal: python -m monitoring picture picture.json")


def opening() -> None:
    """Where a shared picture is pasted or dropped; why the last one did not fill the form stands above it."""
    if _REFUSED in st.session_state:
        st.error(f"The form was not filled. {st.session_state[_REFUSED]}")
    with st.expander("Open a picture somebody shared"):
        st.text_area("Paste the JSON here", key=_PASTED, height=120)
        st.button("Fill the form", key="calc-fill", on_click=_fill_from_paste)
        st.file_uploader("or drop the file", type=["json"], max_upload_size=1, key=_DROPPED, on_change=_fill_from_file)


def graded(picture: dict[str, Any]) -> list[SideBySide]:
    """Every scale on the picture; nothing, and one sentence, where the fields contradict."""
    try:
        (answer,) = grade_pictures([picture], list(systems()))
    except PictureRefused as refused:
        st.error(f"Not graded. {str(refused).removeprefix(f'picture {NAME!r}: ')}")
        return []
    return of_picture(answer["assessments"])


def kept_beside() -> None:
    """What the shared picture says that the form has no field for; it is graded and shared all the same."""
    inputs = st.session_state.get(_KEPT, {}).get("inputs", {})
    known = {entry.path.split(".")[1] for entry in entries()}
    names = [name if name not in known else f"{name}, in part" for name in inputs]
    if names:
        st.text(f"Also in this picture, with no field here: {', '.join(names)}.")


def answers(found: list[SideBySide]) -> None:
    """Each family: its differences, then a row a scale."""
    for family in found:
        title = family.family if family.family == REPORTED else f"{family.family}, published scales"
        st.subheader(title, anchor=False)
        st.html((difference_list(family) if family.family != REPORTED else "") + scale_table(family))


def laboratory(picture: dict[str, Any]) -> None:
    """The scores and the screen for IEC-HS, once a laboratory value is filled in."""
    if picture["inputs"].get("labs"):
        with suppress(PictureRefused):  # said where the grades are
            shown = of_labs(read_picture(picture, dictionary()))
            st.subheader("Scores", anchor=False)
            st.html(score_table(shown))


def summary(found: list[SideBySide]) -> str:
    """The first scale of CRS and of ICANS, as HTML: what stays in sight on a telephone."""
    first = {family.family: family.rows[0].grade for family in found}
    badges = "".join(f"<span>{name}</span>{badge(first[name])}" for name in ("CRS", "ICANS") if name in first)
    return f'<div class="verdict">{badges}</div>'
