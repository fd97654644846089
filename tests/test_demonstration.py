"""The demonstration ward's files: well formed, the same for a moment and seed, about every story asked for."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.demonstration import write_ward
from monitoring.demonstration.charting import Chart
from monitoring.demonstration.stories import STORIES as STORIES_FILE
from monitoring.demonstration.stories import Story, read_stories

NIGHT = datetime(2026, 3, 10, 3, 12, tzinfo=UTC)

# Issue 2, outcome 9, one tag for each story it names.
STORIES_ASKED_FOR = {
    "crs-1",
    "crs-2",
    "crs-3",
    "crs-4",
    "icans-1",
    "icans-2",
    "icans-3",
    "icans-4",
    "icans-day-3-before-crs",
    "masked-after-tocilizumab",
    "prophylactic-steroid",
    "child-4-capd",
    "child-2",
    "two-infusions",
    "recurrence",
    "late-fever-day-19",
    "silent-nine-hours",
    "missing-pressure-with-drug-chart",
    "missing-pressure-without-drug-chart",
    "at-home",
    "well",
}
FILES = [
    "clif_medication_admin_continuous.csv",
    "clif_medication_admin_intermittent.csv",
    "clif_respiratory_support.csv",
    "clif_vitals.csv",
    "drugs.csv",
    "laboratory.csv",
    "monitor_7north.csv",
    "neuro.csv",
    "patients.csv",
    "symptoms_home.csv",
    "vitals_7north.csv",
    "vitals_7north_fahrenheit.csv",
    "vitals_home.csv",
]
STORIES = {story.id: story for story in read_stories().patients}
SAID_TWICE = 1  # data/demo/README.md, "Rows a real export would have wrong"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ward")
    write_ward(folder, NIGHT)
    return folder


def test_the_stories_cover_every_story_asked_for() -> None:
    told = {tag for story in STORIES.values() for tag in story.tags}
    assert told == STORIES_ASKED_FOR


def test_two_patients_are_at_home_and_seventeen_are_told_of() -> None:
    assert len(STORIES) == 17
    assert sum(story.ward == "home" for story in STORIES.values()) == 2


def test_no_two_patients_share_an_id_a_name_or_a_bed() -> None:
    for field in ("id", "name", "bed"):
        assert len({getattr(story, field) for story in STORIES.values()}) == len(STORIES)


def test_the_files_are_the_ones_the_readme_names(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_the_files_come_back_in_the_order_of_their_names(tmp_path: Path) -> None:
    assert [path.name for path in write_ward(tmp_path, NIGHT)] == FILES


def test_the_same_moment_and_seed_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_ward(tmp_path, NIGHT, patients=17, seed=7)
    assert {path.name: path.read_bytes() for path in again} == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_another_seed_moves_the_vital_signs(folder: Path, tmp_path: Path) -> None:
    write_ward(tmp_path, NIGHT, seed=8)
    assert (tmp_path / "vitals_7north.csv").read_bytes() != (folder / "vitals_7north.csv").read_bytes()
    assert (tmp_path / "patients.csv").read_bytes() == (folder / "patients.csv").read_bytes()


@pytest.mark.parametrize(("asked", "first", "last"), [(1, "DEMO-01", "DEMO-01"), (5, "DEMO-01", "DEMO-05")])
def test_a_smaller_ward_is_the_first_stories(tmp_path: Path, asked: int, first: str, last: str) -> None:
    write_ward(tmp_path, NIGHT, patients=asked)
    ids = list(dict.fromkeys(row["patient_id"] for row in rows(tmp_path / "patients.csv")))
    assert (len(ids), ids[0], ids[-1]) == (asked, first, last)


def test_a_larger_ward_repeats_quiet_stories_under_names_of_their_own(tmp_path: Path) -> None:
    write_ward(tmp_path, NIGHT, patients=120)
    people = {row["patient_id"]: row for row in rows(tmp_path / "patients.csv")}
    assert len(people) == 120
    assert len({row["name"] for row in people.values()}) == 120


@pytest.mark.parametrize("asked", [0, -1])
def test_a_ward_of_nobody_is_refused_in_words(tmp_path: Path, asked: int) -> None:
    with pytest.raises(ValueError, match="expected at least 1"):
        write_ward(tmp_path, NIGHT, patients=asked)


def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="with a zone"):
        write_ward(tmp_path, NIGHT.replace(tzinfo=None))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_charted_after_now(folder: Path) -> None:
    late = []
    for path in folder.iterdir():
        for row in rows(path):
            times = [
                row[name] for name in ("time", "recorded_dttm", "admin_dttm", "start", "infused_at") if row.get(name)
            ]
            late += [time for time in times if datetime.fromisoformat(time).replace(tzinfo=UTC) > NIGHT]
    assert late == []


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_never_carries_a_temperature_or_a_pressure_over_its_cut(story: Story, seed: int) -> None:
    quiet = story.model_copy(update={"frames": (), "last_pressure_hours": None})
    taken = Chart(quiet, NIGHT, seed).sets()
    assert max(each.temp for each in taken) < 38.0
    assert min(each.sbp for each in taken if each.sbp is not None) >= story.low_sbp


def test_the_wide_file_holds_the_three_faults_the_readme_states(folder: Path) -> None:
    charted = rows(folder / "vitals_7north.csv")
    assert [row["spo2"] for row in charted if row["spo2"] and int(row["spo2"]) < 80] == ["9"]
    assert len([row for row in charted if not row["time"].endswith("+00:00")]) == 1
    assert len(charted) - len({tuple(row.values()) for row in charted}) == SAID_TWICE


def test_charting_goes_on_evenly_across_a_change_of_the_clocks(tmp_path: Path) -> None:
    now = datetime(2026, 3, 30, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # the clocks went forward the day before
    write_ward(tmp_path, now)
    last = [row["time"] for row in rows(tmp_path / "vitals_7north.csv") if row["patient_id"] == "DEMO-17"]
    assert {time[-6:] for time in last if "T" in time and "+" in time} == {"+01:00", "+02:00"}
    instants = [datetime.fromisoformat(time) for time in last]
    gaps = [late - early for early, late in pairwise(sorted(instants))]
    assert timedelta(hours=3, minutes=45) <= min(gaps)
    assert max(gaps) <= timedelta(hours=4, minutes=15)


def test_three_patients_have_blood_samples_and_one_has_its_last_pressure_from_two_sources(folder: Path) -> None:
    assert {row["patient_id"] for row in rows(folder / "laboratory.csv")} == {"DEMO-01", "DEMO-02", "DEMO-12"}
    (monitor,) = rows(folder / "monitor_7north.csv")
    (charted,) = [
        row
        for row in rows(folder / "vitals_7north.csv")
        if (row["patient_id"], row["time"]) == (monitor["patient_id"], monitor["time"])
    ]
    assert monitor["patient_id"] == "DEMO-12"
    assert int(monitor["sbp"]) - int(charted["sbp"]) == 5


def test_every_neurological_domain_is_charted_each_time(folder: Path) -> None:
    for row in rows(folder / "neuro.csv"):
        assert all(row[domain] for domain in ("total", "consciousness", "seizure", "motor", "icp"))


def shown(grade: tuple[int, ...]) -> str:
    """A grade as the README prints it."""
    return "cannot be graded" if not grade else "–".join(str(each) for each in dict.fromkeys(grade))


def test_the_readme_promises_what_the_stories_expect() -> None:
    text = (STORIES_FILE.parent / "README.md").read_text(encoding="utf-8")
    table = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| DEMO-")
    ]
    promised = {cells[0].split(" ")[0]: (cells[1], *cells[2:6]) for cells in table}
    assert promised == {
        story.id: (
            " / ".join(str(days) for days in sorted(story.infused_days_ago)),
            shown(story.expected.crs),
            shown(story.expected.icans),
            str(story.expected.crs_peak),
            str(story.expected.icans_peak),
        )
        for story in STORIES.values()
    }
    assert [name for name in STORIES if f"**{name}.**" not in text] == []
