"""One row a patient and infusion. Fields: clinical.md a.4; the dates are counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.export.cibmtr import report
from monitoring.export.tables import Row
from monitoring.records import Administration, Fact, Infusion, Observation, OxygenSupport
from monitoring.vocabulary import OxygenDevice
from tests.export.kept import fact

AS_OF = datetime(2026, 3, 30, tzinfo=UTC)


def vitals(first: int, last: int, temperature: float) -> list[Fact]:
    """Every two hours from `first` to before `last`, a good pressure and room air."""
    taken: list[Fact] = []
    for hour in range(first, last, 2):
        for concept, value, unit in (
            ("temperature", temperature, "Cel"),
            ("sbp", 121.0, "mm[Hg]"),
            ("dbp", 71.0, "mm[Hg]"),
        ):
            taken.append(fact(Observation, hour, concept=concept, value=value, unit=unit))
        taken.append(fact(OxygenSupport, hour, device=OxygenDevice.ROOM_AIR))
    return taken


def rows(*facts: Fact) -> list[Row]:
    return list(report(Course.from_facts("P1", facts, dictionary()), AS_OF, UTC))


# Infused on 1 March at 08:00. Fever from 2 March 08:00; afebrile from 4 March 08:00; seen until 5 March 06:00.
COURSE = [
    fact(Infusion, product="Yescarta"),
    fact(Administration, 25, drug="tocilizumab", dose=560.0, unit="mg"),
    *vitals(0, 24, 37.0),
    *vitals(24, 72, 38.6),
    *vitals(72, 95, 36.9),
]


def test_onset_peak_resolution_duration_and_therapy() -> None:
    (row,) = rows(*COURSE)
    assert (row["infusion"], row["product"], row["infusion_date"]) == ("1", "Yescarta", "2026-03-01")
    assert (row["crs_seen"], row["crs_onset_date"], row["crs_onset_day"]) == ("yes", "2026-03-02", "1")
    assert (row["crs_max_grade"], row["crs_max_grade_at_most"]) == ("1", "1")
    assert (row["crs_resolution_date"], row["crs_duration_days"]) == ("2026-03-04", "3")
    assert row["crs_fever_at_onset"] == "yes"
    assert (row["anticytokine"], row["corticosteroid"]) == ("tocilizumab:2026-03-02", "")


def test_what_lacks_is_listed() -> None:
    missing = str(rows(*COURSE)[0]["missing"])
    assert "follow-up after day 4" in missing
    assert "resolution" not in missing
    assert "drug chart" not in missing


def test_nothing_charted_is_not_seen_and_never_no() -> None:
    (row,) = rows(fact(Infusion))
    assert (row["crs_seen"], row["icans_seen"]) == ("not seen", "not seen")
    missing = str(row["missing"])
    assert missing.startswith("product; crs: ")
    assert "icans: 28.7 days on which grade 1 or more is not ruled out" in missing
    assert "drug chart: no therapy is not the same as none given" in missing


def test_an_episode_that_is_not_over_has_no_resolution() -> None:
    (row,) = rows(*COURSE[:2], *vitals(24, 48, 38.6))
    assert "crs_resolution_date" not in row
    assert "crs: resolution" in str(row["missing"])


def test_each_infusion_has_its_row_and_its_episode() -> None:
    first, second = rows(*COURSE, fact(Infusion, 240, product="Yescarta"), *vitals(264, 290, 38.6))
    assert (first["crs_onset_date"], first["crs_episodes"]) == ("2026-03-02", "1")
    assert (second["infusion"], second["infusion_date"]) == ("2", "2026-03-11")
    assert (second["crs_onset_date"], second["crs_onset_day"]) == ("2026-03-12", "1")
