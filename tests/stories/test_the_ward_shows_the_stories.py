"""Every story of the demonstration ward, from its files to its line on the ward: grades, sentence and episodes.

Expected values are the story's own, written beside it in `data/demo/stories.toml` from clinical.md a to d.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.demonstration import write_ward
from monitoring.demonstration.stories import Story, read_stories
from monitoring.ingest import read_paths
from monitoring.patient_view import patient_view
from monitoring.records import Fact, Refusal
from monitoring.rounds import Rounds
from monitoring.settings import read_settings
from monitoring.store import open_store
from monitoring.views import GradeCell, WardRow
from monitoring.vocabulary import Syndrome
from monitoring.ward_view import ward_view

NIGHT = datetime(2026, 3, 10, 3, 12, tzinfo=UTC)
MOMENTS = {
    "at night": NIGHT,
    "before noon": NIGHT.replace(hour=10, minute=39),
    "late": NIGHT.replace(hour=23, minute=58),
}
STORIES = {story.id: story for story in read_stories().patients}
IMPOSSIBLE_OR_NAIVE = 2  # data/demo/README.md, "Rows a real export would have wrong"


def read_in(folder: Path, now: datetime) -> tuple[dict[str, Course], list[Refusal]]:
    facts: dict[str, list[Fact]] = defaultdict(list)
    refusals: list[Refusal] = []
    for row in read_paths([folder], fmt="auto", tz=None, received_at=now, dictionary=dictionary()):
        refusals.extend(row.refusals)
        for fact in row.facts:
            facts[fact.patient_id].append(fact)
    return {name: Course.from_facts(name, held, dictionary()) for name, held in facts.items()}, refusals


def test_the_readers_refuse_exactly_the_two_faulty_rows(tmp_path: Path) -> None:
    write_ward(tmp_path, NIGHT)
    _, refusals = read_in(tmp_path, NIGHT)
    assert {refusal.source.rsplit("/", 1)[-1] for refusal in refusals} == {"vitals_7north.csv"}
    assert sorted(refusal.field or "" for refusal in refusals) == ["spo2", "time"]
    assert len(refusals) == IMPOSSIBLE_OR_NAIVE


def grade(cell: GradeCell) -> tuple[int, ...]:
    if cell.at_least is None or cell.at_most is None:
        assert not cell.gradable
        return ()
    return (cell.at_least, cell.at_most)


@pytest.fixture(scope="module", params=MOMENTS.values(), ids=MOMENTS)
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[datetime, dict[str, Course]]:
    now: datetime = request.param
    folder = tmp_path_factory.mktemp("moment")
    write_ward(folder, now)
    return now, read_in(folder, now)[0]


def line(shown: tuple[datetime, dict[str, Course]], patient_id: str) -> WardRow:
    now, courses = shown
    return ward_view([courses[patient_id]], now, UTC, "7 North").rows[0]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_ward_shows_the_grades_of_the_story(shown: tuple[datetime, dict[str, Course]], story: Story) -> None:
    row = line(shown, story.id)
    assert (grade(row.crs), grade(row.icans)) == (story.expected.crs, story.expected.icans), row.why


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_sentence_says_what_the_story_is_about(shown: tuple[datetime, dict[str, Course]], story: Story) -> None:
    row = line(shown, story.id)
    said = f"{row.why} {row.then}".casefold()
    assert [word for word in story.expected.words if word.casefold() not in said] == [], said


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_peak_of_each_syndrome_is_the_one_told(shown: tuple[datetime, dict[str, Course]], story: Story) -> None:
    now, courses = shown
    episodes = patient_view(courses[story.id], now, UTC).episodes
    peaks = {
        kind: max((each.peak for each in episodes if each.syndrome is kind), default=0)
        for kind in (Syndrome.CRS, Syndrome.ICANS)
    }
    assert peaks == {Syndrome.CRS: story.expected.crs_peak, Syndrome.ICANS: story.expected.icans_peak}


@pytest.mark.parametrize("patient_id", ["DEMO-12", "DEMO-14"])
def test_a_fever_seven_days_after_resolution_is_a_second_episode(
    shown: tuple[datetime, dict[str, Course]], patient_id: str
) -> None:
    now, courses = shown
    found = [each for each in patient_view(courses[patient_id], now, UTC).episodes if each.syndrome is Syndrome.CRS]
    first, second = sorted(found, key=lambda episode: episode.onset)
    assert first.resolved is not None
    assert second.onset - first.resolved >= timedelta(days=7)
    assert second.resolved is None


def test_the_silent_patient_is_the_only_silent_one(shown: tuple[datetime, dict[str, Course]]) -> None:
    assert [name for name in STORIES if line(shown, name).silent] == ["DEMO-15"]


def test_the_two_infusion_patient_counts_both_days(shown: tuple[datetime, dict[str, Course]]) -> None:
    assert line(shown, "DEMO-13").day_text == "day 3 / 13"


def test_intake_shows_two_refused_rows_and_one_duplicate_and_a_second_load_stores_nothing(tmp_path: Path) -> None:
    write_ward(tmp_path / "ward", NIGHT)
    settings = read_settings(f"sqlite:///{tmp_path / 'demo.db'}")
    rounds = Rounds(open_store(settings.database_url), settings, dictionary())
    first = rounds.ingest([tmp_path / "ward"], received_at=NIGHT)
    assert first.holds
    assert (first.quarantined, first.duplicates, first.ignored) == (IMPOSSIBLE_OR_NAIVE, 1, 0)
    again = rounds.ingest([tmp_path / "ward"], received_at=NIGHT)
    assert again.holds
    assert again.stored == 0
