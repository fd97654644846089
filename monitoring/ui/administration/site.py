"""The site's settings: what holds, what a change would do to the ward as it is now, and the change."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from pydantic import ValidationError

from monitoring.concepts import dictionary
from monitoring.enrolled_view import author_text
from monitoring.languages import known
from monitoring.rounds.site import Preview, SettingRefused
from monitoring.site import CONCEPTS, LATE_MINUTES, LONGEST_HOURS, SHORTEST_HOURS, Group, LowPressure, SiteSettings
from monitoring.site import changes as differing
from monitoring.store.site import Revision, SettingsMoved
from monitoring.ui import live
from monitoring.ui.administration import kept
from monitoring.ui.administration.plain import table
from monitoring.ui.people import Person
from monitoring.ui.traces import origin

GROUPS = {
    Group.VITALS: "Vital signs",
    Group.OXYGEN: "Oxygen as charted",
    Group.NEURO: "Neurological assessment",
    Group.REPORTS: "Reports from home",
    Group.LABORATORY: "Laboratory",
}
_PRESSURES = {90: "below 90 mmHg (PALS)", 85: "below 85 mmHg (Brudno 2016, “in anyone”)"}
_SHOWN = 60


def site_part(someone: Person) -> None:
    """The settings that hold, as a form."""
    kept.said_before()
    holding = live.rounds().site.now()
    st.text(_about(holding))
    try:
        wanted = _typed(holding.settings, holding.number)
    except ValidationError as refused:
        st.warning("; ".join(error["msg"].removeprefix("Value error, ") for error in refused.errors()))
        return
    _change(holding, wanted, someone)
    _history()


def _usual() -> SiteSettings:
    """What the dictionary says, spelled out."""
    first = {group: dictionary().concepts[names[0]] for group, names in CONCEPTS.items()}
    return SiteSettings(
        cadence_hours={group: one.cadence_hours for group, one in first.items() if one.cadence_hours is not None},
        freshness_hours={group: one.freshness_hours for group, one in first.items() if one.freshness_hours is not None},
    )


def _about(holding: Revision) -> str:
    if holding.at is None:
        return "Nobody has changed anything: these are the values of the dictionary (data/reference)."
    when = live.clock(holding.at, "%-d %b %Y %H:%M")
    return f"Revision {holding.number}, by {author_text(holding.author)}, {when}."


def _typed(held: SiteSettings, number: int) -> SiteSettings:
    tag = f"{number}-{kept.turn()}"
    st.header("How often, and how long a value counts", anchor=False)
    cadence: dict[Group, float] = {}
    freshness: dict[Group, float] = {}
    for group, name in GROUPS.items():
        usual = dictionary().concepts[CONCEPTS[group][0]]
        first, second = st.columns(2)
        with first:
            _hours(f"{name}: due every, hours", group, 0, usual.cadence_hours, held.cadence_hours, cadence, tag)
        with second:
            _hours(f"{name}: count for, hours", group, 1, usual.freshness_hours, held.freshness_hours, freshness, tag)
    st.header("Low pressure in adults", anchor=False)
    st.text("Children keep the limits of their age. A clinician's word outranks every limit.")
    below = st.radio(
        "Upper pressure is low",
        list(_PRESSURES),
        index=list(_PRESSURES).index(held.low_pressure.adult_below),
        format_func=_PRESSURES.__getitem__,
        key=f"below-{tag}",
    )
    mean = st.checkbox("A mean below 65 mmHg counts", value=held.low_pressure.mean_counts, key=f"mean-{tag}")
    baseline = st.checkbox(
        "Below 80 % of the patient's own baseline and below 100 mmHg counts (Brudno 2016)",
        value=held.low_pressure.baseline_counts,
        key=f"baseline-{tag}",
    )
    st.header("Late values", anchor=False)
    late = st.number_input(
        "A value that comes more than this many minutes after it was taken is late",
        value=held.late_minutes,
        min_value=LATE_MINUTES[0],
        max_value=LATE_MINUTES[1],
        step=5,
        key=f"late-{tag}",
        width=340,
    )
    languages = _languages(held.languages, tag)
    return SiteSettings(
        cadence_hours=cadence,
        freshness_hours=freshness,
        low_pressure=LowPressure(adult_below=85 if below == 85 else 90, mean_counts=mean, baseline_counts=baseline),
        late_minutes=int(late),
        languages=languages,
    )


def _languages(held: tuple[str, ...], tag: str) -> tuple[str, ...]:
    """Those for families, in the order chosen; the first is the site's own."""
    there, faults = known()
    st.header("Languages for families", anchor=False)
    st.text("What families see: the sign-in, their page, the answer. Staff screens and the documents are in English.")
    chosen = st.multiselect(
        "Languages; the first is shown to whoever has chosen none",
        list(dict.fromkeys([*held, *there])),
        default=list(held),
        format_func=lambda code: there[code].name if code in there else f"{code} (no wording)",
        placeholder="Choose at least one",
        key=f"languages-{tag}",
    )
    unread = [there[code].name for code in chosen if code in there and there[code].unreviewed]
    if unread:
        st.warning(
            f"Not yet reviewed by a clinical translator: {', '.join(unread)}. Let somebody who speaks it and knows "
            "the treatment read data/reference/wording before families do."
        )
    for fault in faults:
        st.warning(f"A language cannot be offered: {fault}.")
    return tuple(chosen)


def _hours(
    label: str,
    group: Group,
    place: int,
    usual: float | None,
    held: Mapping[Group, float],
    chosen: dict[Group, float],
    tag: str,
) -> None:
    """One number of hours; kept only where it differs from the dictionary, or was kept before."""
    longest = float(LONGEST_HOURS[group][place])
    typed = st.number_input(
        label,
        value=float(held.get(group, usual or longest)),
        min_value=SHORTEST_HOURS,
        max_value=longest,
        step=0.25,
        format="%g",
        help=f"{SHORTEST_HOURS:g} to {longest:g} hours; the dictionary says {usual:g}" if usual else None,
        key=f"{group}-{place}-{tag}",
    )
    if typed != usual:
        chosen[group] = float(typed)


def _change(holding: Revision, wanted: SiteSettings, someone: Person) -> None:
    st.header("What would change", anchor=False)
    rows = differing(holding.settings, wanted, _usual())
    if not rows:
        st.text("Nothing is different from what holds. Change a value above to see its effect here before saving.")
        return
    st.html(table(["Setting", "Now", "Then"], [(one, was, then) for one, was, then in rows]))
    try:
        preview = live.rounds().site.preview(wanted, live.now())
    except SettingRefused as refused:
        st.warning(f"{refused}.")
        return
    _effects(preview)
    if st.button("Save these settings", type="primary", key="save-site"):
        try:
            number = live.rounds().site.change(
                wanted, seen=holding.number, author=someone.author, at=live.now(), by=origin(someone)
            )
        except (SettingRefused, SettingsMoved) as refused:
            st.warning(f"{refused}.")
            return
        kept.say(f"Revision {number} holds from now on, on every screen.")


def _effects(preview: Preview) -> None:
    if not preview.effects:
        st.text(f"No row of the ward would change now ({preview.of} patients).")
        return
    st.text(f"{preview.rows} of {preview.of} rows of the ward would change now:")
    shown = preview.effects[:_SHOWN]
    rows = [(one.bed, one.name, one.what, one.before, one.after) for one in shown]
    st.html(table(["Bed", "Patient", "", "Now", "Then"], rows))
    if len(preview.effects) > _SHOWN:
        st.text(f"and {len(preview.effects) - _SHOWN} more.")


def _history() -> None:
    revisions = live.rounds().site.history()
    if not revisions:
        return
    st.header("Changes so far", anchor=False)
    before = [*(one.settings for one in revisions[1:]), SiteSettings()]
    rows = [
        (str(one.number), live.clock(one.at, "%-d %b %Y %H:%M") if one.at else "", author_text(one.author), *change)
        for one, old in zip(revisions, before, strict=True)
        for change in differing(old, one.settings, _usual())
    ]
    st.html(table(["Revision", "When", "By", "Setting", "Old", "New"], rows))
