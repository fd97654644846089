"""The site's settings as a person changes them: what holds, what a change would do to the ward, and the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from monitoring.access.acts import Act, Deed, Origin
from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.languages import known
from monitoring.monitored import watched
from monitoring.rounds.courses import Courses
from monitoring.site import CONCEPTS, SiteSettings, changes
from monitoring.store import Store
from monitoring.store.site import Revision
from monitoring.views import WardRow
from monitoring.ward_view import ward_view


class SettingRefused(ValueError):
    """Settings that contradict themselves; the message says which and why."""


@dataclass(frozen=True)
class Effect:
    """One thing that a row of the ward would say otherwise."""

    patient_id: str
    bed: str
    name: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What other settings would change of the present ward: `rows` patients of `of`, each difference in `effects`."""

    rows: int
    of: int
    effects: tuple[Effect, ...]


class SiteRounds:
    """The settings of one ward. Every method raises StoreUnavailable when the store does not answer."""

    def __init__(self, store: Store, courses: Courses, dictionary: Dictionary, ward_zone: tzinfo) -> None:
        self._store = store
        self._courses = courses
        self._dictionary = dictionary
        self._ward_zone = ward_zone

    def now(self) -> Revision:
        """The settings that hold."""
        return self._store.site.now()

    def history(self) -> list[Revision]:
        """Every revision somebody made, newest first."""
        return self._store.site.history()

    def preview(self, settings: SiteSettings, as_of: datetime) -> Preview:
        """What `settings` would change of the ward at `as_of`. Raises SettingRefused. Nothing is kept."""
        self._refuse(settings)
        before = self._rows(self._courses.now(), as_of)
        after = self._rows(self._courses.with_settings(settings), as_of)
        effects = [effect for name in before | after for effect in _effects(before.get(name), after.get(name))]
        return Preview(len({effect.patient_id for effect in effects}), len(before), tuple(effects))

    def change(self, settings: SiteSettings, *, seen: int, author: str, at: datetime, by: Origin) -> int:
        """Let `settings` hold from now on, in every process; the number of the new revision.

        `seen` is the revision the person looked at. Raises SettingRefused, and SettingsMoved where it is not the last.
        """
        self._refuse(settings)
        differing = changes(self.now().settings, settings)
        if not differing:
            raise SettingRefused("nothing is different from the settings that hold")
        deed = Deed(
            Act.SETTINGS_CHANGED, by, about="; ".join(name for name, _, _ in differing), how_many=len(differing)
        )
        return self._store.site.change(settings, seen=seen, author=author, at=at, deed=deed)

    def _rows(self, courses: Mapping[str, Course], as_of: datetime) -> dict[str, WardRow]:
        view = ward_view(watched(courses.values(), as_of), as_of, self._ward_zone, "")
        return {row.patient_id: row for row in view.rows}

    def _refuse(self, settings: SiteSettings) -> None:
        unknown = [code for code in settings.languages if code not in known()[0]]
        if unknown:
            raise SettingRefused(f"there is no wording for {unknown[0]!r}; expected one of {', '.join(known()[0])}")
        concepts = self._dictionary.with_site(settings, 0).concepts
        for group, names in CONCEPTS.items():
            for concept in (concepts[name] for name in names):
                cadence, keeps = concept.cadence_hours, concept.freshness_hours
                if cadence is not None and keeps is not None and keeps < cadence:
                    raise SettingRefused(
                        f"{group}: the {concept.label} would be too old after {keeps:g} h and is due every "
                        f"{cadence:g} h; expected a freshness of at least the cadence"
                    )


def _effects(before: WardRow | None, after: WardRow | None) -> Iterator[Effect]:
    row = after or before
    if row is None:
        return
    told = [_told(one) if one is not None else {} for one in (before, after)]
    for what in dict.fromkeys([*told[0], *told[1]]):
        was, now = (one.get(what, "not on the board") for one in told)
        if was != now:
            yield Effect(row.patient_id, row.bed, row.name, what, was, now)


def _told(row: WardRow) -> dict[str, str]:
    """What of a row a setting can change, in the words of the ward."""
    due = " ".join(part for part in (row.due, row.due_detail) if part)
    return {
        "CRS": row.crs.text,
        "ICANS": row.icans.text,
        "Reported": row.reported.text,
        "heard of": "silent" if row.silent else "heard of",
        "due next": due or "nothing",
        "needs somebody": row.level.value,
        **{vital.label: vital.age.value for vital in row.vitals},
    }
