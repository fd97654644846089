"""Quarantined rows: corrected in place, read again after a mapping changed, set aside; and nothing counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.concepts import dictionary
from monitoring.records import Fact, Observation, Refusal, RowRead, UnmappedCode
from monitoring.rounds import CorrectionRefused, Rounds
from monitoring.rounds.second_reading import Reader, correct
from monitoring.settings import Settings
from monitoring.store import AlreadyResolved, Store, open_store

ARRIVED = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = ARRIVED + timedelta(hours=2)
WHO = "data-manager:D"
WIDE = """patient_id;time;temp_c;hr;sbp
P1;2026-03-02T08:00Z;38,4;90;1210
P1;2026-03-02T09:00Z;36,9;88;118
"""
NO_OFFSET = "patient_id,time,temp_c\nP1,2026-03-02T08:00,38.4\n"
LOCAL_CODE = """patient_id,time,concept,value,unit
P1,2026-03-02T08:00Z,Temp (Bay 4),38.4,Cel
P2,2026-03-02T08:00Z,Temp (Bay 4),36.9,Cel
P1,2026-03-02T08:00Z,sbp,121,mm[Hg]
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def rounds(store: Store) -> Rounds:
    return Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())


def sent(rounds: Rounds, folder: Path, text: str, name: str = "v.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")
    rounds.ingest([folder / name], author="nurse:N", received_at=ARRIVED)


def values(store: Store, patient: str = "P1") -> dict[str, float | None]:
    return {fact.concept: fact.value for fact in store.facts(patient) if isinstance(fact, Observation)}


def test_a_refusal_that_waits_says_where_what_why_when_and_from_whom(rounds: Rounds, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    said = held.refusal
    assert (said.source, said.place, said.field, said.value) == ("v.csv", "2", "sbp", "1210")
    assert said.raw == "P1;2026-03-02T08:00Z;38,4;90;1210"
    assert held.row.context == "patient_id;time;temp_c;hr;sbp"
    assert (held.received_at, held.author, held.times, held.resolution) == (ARRIVED, "nurse:N", 1, None)
    assert rounds.refusal_counts() == {("v.csv", said.rule): 1}


def test_a_corrected_row_is_stored_by_its_corrector_where_it_stood(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    done = rounds.correct(held.id, "P1;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    assert (done.closed, done.waiting, done.refusals) == (1, 0, ())
    assert (done.tally.read, done.tally.stored) == (1, 1)
    (fact,) = [fact for fact in store.facts() if isinstance(fact, Observation) and fact.value == 121]
    assert (fact.source, fact.author, fact.received_at) == ("v.csv:2", WHO, LATER)
    assert rounds.open_refusals() == []
    (resolved,) = rounds.open_refusals(state="resolved")
    assert resolved.resolution is not None
    assert (resolved.resolution.how, resolved.resolution.author, resolved.resolution.at) == ("corrected", WHO, LATER)
    assert resolved.resolution.raw == "P1;2026-03-02T08:00Z;38,4;90;121"
    assert store.findings() == []


def test_the_equation_of_each_intake_stays_and_what_was_resolved_is_told_beside_it(
    rounds: Rounds, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, WIDE)
    (before,) = rounds.ledger()
    assert (before.tally.read, before.tally.quarantined, before.resolved, before.waiting) == (2, 1, 0, 1)
    rounds.correct(rounds.open_refusals()[0].id, "P1;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    first, second = rounds.ledger()
    assert (first.source, first.tally, first.resolved, first.waiting) == ("v.csv", before.tally, 1, 0)
    assert (second.source, second.tally.read, second.tally.stored) == ("v.csv (corrected)", 1, 1)


def test_what_is_still_refused_stores_nothing_and_waits(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    before = store.version()
    done = rounds.correct(held.id, "P1;2026-03-02T08:00Z;38,4;9000;121", author=WHO, at=LATER)
    assert (done.closed, done.waiting, done.tally.read) == (0, 1, 0)
    assert [(one.place, one.field, one.value) for one in done.refusals] == [("2", "hr", "9000")]
    assert store.version() == before
    assert [one.id for one in rounds.open_refusals()] == [held.id]


def test_what_a_row_no_longer_says_is_withdrawn(rounds: Rounds, tmp_path: Path) -> None:
    """The fever stood under the wrong patient: the row's good cells had been stored, and graded, with it."""
    sent(rounds, tmp_path, WIDE)
    wrong = rounds.patient("P1", datetime(2026, 3, 2, 8, 30, tzinfo=UTC))
    assert wrong is not None
    assert wrong.row.crs.at_least == 1
    rounds.correct(rounds.open_refusals()[0].id, "P2;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    first = rounds.patient("P1", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    second = rounds.patient("P2", datetime(2026, 3, 2, 8, 30, tzinfo=UTC))
    assert first is not None
    assert second is not None
    assert (first.row.crs.at_least, second.row.crs.at_least) == (0, 1)


UNFIT = [
    ("P1;2026-03-02T08:00Z;38,4;90", "4 cells, fewer than the 5 columns"),
    ('P1;2026-03-02T08:00Z;"38,4;90;121', "a quote opens here"),
    ("P1;2026-03-02T08:00Z;\0;90;121", "a NUL byte"),
]


@pytest.mark.parametrize(("raw", "reason"), UNFIT)
def test_a_correction_that_is_no_row_is_refused_in_words(
    rounds: Rounds, store: Store, tmp_path: Path, raw: str, reason: str
) -> None:
    sent(rounds, tmp_path, WIDE)
    before = store.version()
    done = rounds.correct(rounds.open_refusals()[0].id, raw, author=WHO, at=LATER)
    assert done.closed == 0
    assert reason in done.refusals[0].reason
    assert store.version() == before


def test_what_cannot_be_corrected_here_says_what_to_do(rounds: Rounds, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    with pytest.raises(CorrectionRefused, match="there is no refusal 99"):
        rounds.correct(99, "x", author=WHO, at=LATER)
    with pytest.raises(CorrectionRefused, match="dismiss it with a reason"):
        rounds.correct(held.id, " ", author=WHO, at=LATER)
    rounds.correct(held.id, "P1;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    with pytest.raises(CorrectionRefused, match=r"already corrected by data-manager:D at 2026-03-02 14:00 UTC"):
        rounds.correct(held.id, "P1;2026-03-02T08:00Z;38,4;90;99", author="nurse:N", at=LATER)
    (tmp_path / "menu.csv").write_text("soup,bread\n1,2\n", encoding="utf-8")
    rounds.ingest([tmp_path / "v.csv", tmp_path / "menu.csv"], received_at=ARRIVED)
    (whole,) = rounds.open_refusals(source="menu.csv")
    with pytest.raises(CorrectionRefused, match="refused whole and is not kept"):
        rounds.correct(whole.id, "soup,bread", author=WHO, at=LATER)


def test_rows_without_an_offset_are_read_again_once_the_zone_is_known(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, NO_OFFSET)
    assert rounds.replay(author=WHO, at=LATER).waiting == 1
    done = rounds.replay(author=WHO, at=LATER, tz=ZoneInfo("Europe/Berlin"))
    assert (done.closed, done.tally.stored) == (1, 1)
    (fact,) = store.facts("P1")
    assert fact.effective_at == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert (fact.source, fact.author) == ("v.csv:2", None)


def test_a_row_is_read_again_in_the_zone_it_was_read_in(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("patient_id,time,temp_c,hr\nP1,2026-03-02T08:00,38.4,9000\n", encoding="utf-8")
    rounds.ingest([tmp_path / "v.csv"], tz=ZoneInfo("Europe/Berlin"), received_at=ARRIVED)
    rounds.correct(rounds.open_refusals()[0].id, "P1,2026-03-02T08:00,38.4,90", author=WHO, at=LATER)
    assert {fact.effective_at for fact in store.facts()} == {datetime(2026, 3, 2, 7, tzinfo=UTC)}


def test_after_a_mapping_the_rows_that_waited_for_it_are_stored_and_the_next_ones_too(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, LOCAL_CODE)
    assert [one.refusal.place for one in rounds.open_refusals()] == ["2", "3"]
    rounds.map_code("Temp (Bay 4)", "temperature", author=WHO, at=LATER)
    (mapping,) = rounds.code_mappings()
    assert (mapping.code, mapping.concept, mapping.author) == ("Temp (Bay 4)", "temperature", WHO)
    done = rounds.replay(author=WHO, at=LATER)
    assert (done.closed, done.waiting, done.tally.stored) == (2, 0, 2)
    assert values(store) == {"sbp": 121, "temperature": 38.4}
    assert values(store, "P2") == {"temperature": 36.9}
    sent(rounds, tmp_path, LOCAL_CODE.replace("08:00Z", "09:00Z"), "next.csv")
    assert rounds.open_refusals() == []


def test_rows_with_a_code_that_is_never_a_vital_sign_are_passed_over_once_the_site_says_so(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, LOCAL_CODE)
    rounds.map_code("Temp (Bay 4)", None, author=WHO, at=LATER)
    done = rounds.replay(author=WHO, at=LATER)
    assert (done.closed, done.waiting, done.tally.ignored, done.tally.stored) == (2, 0, 2, 0)
    assert values(store) == {"sbp": 121}
    assert rounds.unmapped_codes() == []
    assert store.findings() == []


def test_a_preview_says_what_would_be_read_and_stores_nothing(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    before = store.version()
    (good,) = rounds.preview(held.row, "P1;2026-03-02T08:00Z;38,4;90;121", at=LATER)
    assert [fact.value for fact in good.facts if isinstance(fact, Observation)] == [38.4, 90, 121]
    assert good.refusals == ()
    (bad,) = rounds.preview(held.row, "P1;2026-03-02T08:00Z;38,4;9000;121", at=LATER)
    assert [(one.place, one.field, one.value) for one in bad.refusals] == [("2", "hr", "9000")]
    assert store.version() == before
    assert [one.id for one in rounds.open_refusals()] == [held.id]


def test_replaying_twice_changes_nothing(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, LOCAL_CODE)
    sent(rounds, tmp_path, WIDE, "w.csv")
    rounds.map_code("Temp (Bay 4)", "temperature", author=WHO, at=LATER)
    first = rounds.replay(author=WHO, at=LATER)
    facts, ledger = store.facts(), rounds.ledger()
    second = rounds.replay(author=WHO, at=LATER + timedelta(hours=1))
    assert (first.closed, first.waiting) == (2, 1)
    assert (second.closed, second.waiting, second.tally.read) == (0, 1, 0)
    assert store.facts() == facts
    assert rounds.ledger() == ledger
    assert store.findings() == []


def test_only_the_rows_named_are_replayed(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, LOCAL_CODE)
    rounds.map_code("Temp (Bay 4)", "temperature", author=WHO, at=LATER)
    first, second = rounds.open_refusals()
    assert rounds.replay([second.id], author=WHO, at=LATER).closed == 1
    assert values(store, "P2") == {"temperature": 36.9}
    assert [one.id for one in rounds.open_refusals()] == [first.id]


def test_a_file_sent_again_repeats_no_refusal_and_opens_no_resolved_one(rounds: Rounds, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    assert held.times == 2
    rounds.correct(held.id, "P1;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    sent(rounds, tmp_path, WIDE)
    assert rounds.open_refusals() == []
    assert [(row.tally.quarantined, row.resolved) for row in rounds.ledger() if row.source == "v.csv"] == [(3, 3)]


def test_a_row_is_set_aside_with_a_reason_only(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    with pytest.raises(ValueError, match="with a reason"):
        rounds.dismiss([held.id], author=WHO, at=LATER, reason=" ")
    assert rounds.dismiss([held.id], author=WHO, at=LATER, reason="the cuff was off") == 1
    assert rounds.dismiss([held.id], author="nurse:N", at=LATER, reason="again") == 0
    (done,) = rounds.open_refusals(state="resolved")
    assert done.resolution is not None
    assert (done.resolution.how, done.resolution.reason) == ("dismissed", "the cuff was off")
    assert rounds.ledger()[0].resolved == 1
    assert store.findings() == []


def test_a_code_is_mapped_to_a_concept_of_the_dictionary_only(rounds: Rounds) -> None:
    with pytest.raises(ValueError, match="there is no concept 'temprature'"):
        rounds.map_code("T1", "temprature", author=WHO, at=LATER)


def unmapped(place: str, *codes: str, facts: tuple[Fact, ...] = (), at: datetime = ARRIVED) -> RowRead:
    named = tuple(UnmappedCode(code=code, system="99VENDOR", label=f"label of {code}") for code in codes)
    kind = None if facts else "a code nobody mapped"
    return RowRead(source="feed", place=place, facts=facts, ignored_kind=kind, unmapped=named, raw=f"raw of {place}")


def test_unmapped_codes_are_counted_by_rows_with_an_example_and_when_they_were_seen(
    rounds: Rounds, store: Store
) -> None:
    store.append([unmapped("1", "T1", "T2"), unmapped("2", "T1", "T1")], author=None, received_at=ARRIVED)
    store.append([unmapped("3", "T1")], author=None, received_at=LATER)
    first, second = rounds.unmapped_codes()
    assert (first.system, first.code, first.label, first.rows) == ("99VENDOR", "T1", "label of T1", 3)
    assert (first.example, first.first, first.last, first.mapped) == ("feed:1", ARRIVED, LATER, False)
    assert (second.code, second.rows) == ("T2", 1)
    rounds.map_code("T1", None, system="99VENDOR", author=WHO, at=LATER)
    assert [(one.code, one.mapped, one.concept) for one in rounds.unmapped_codes()] == [
        ("T1", True, None),
        ("T2", False, None),
    ]
    rounds.map_code("T1", "temperature", system="99VENDOR", author=WHO, at=LATER)
    assert rounds.unmapped_codes()[0].concept == "temperature"
    assert len(rounds.code_mappings()) == 1


def test_a_row_with_an_unmapped_code_is_no_refusal(rounds: Rounds, store: Store) -> None:
    fact = Observation(
        patient_id="P1", effective_at=ARRIVED, received_at=ARRIVED, source="feed:1", concept="temperature", value=38.4
    )
    tally = store.append([unmapped("1", "T1", facts=(fact,))], author=None, received_at=ARRIVED)
    assert (tally.stored, tally.quarantined) == (1, 0)
    assert rounds.open_refusals() == []
    assert rounds.ledger()[0].waiting == 0


def test_two_people_cannot_resolve_one_row(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    """The second had the row before them when the first was done."""
    sent(rounds, tmp_path, WIDE)
    (held,) = rounds.open_refusals()
    reader = Reader(dictionary(), LATER, None)
    correct(store, reader, held, "P1;2026-03-02T08:00Z;38,4;90;121", WHO)
    before = store.version()
    with pytest.raises(AlreadyResolved, match="already corrected by data-manager:D at 2026-03-02 14:00 UTC"):
        correct(store, reader, held, "P1;2026-03-02T08:00Z;38,4;90;99", "nurse:N")
    assert store.version() == before


def test_the_refusals_of_one_row_are_closed_together(rounds: Rounds, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE.replace(";90;1210", ";9000;1210"))
    assert [one.refusal.field for one in rounds.open_refusals()] == ["hr", "sbp"]
    rounds.correct(rounds.open_refusals()[0].id, "P1;2026-03-02T08:00Z;38,4;90;121", author=WHO, at=LATER)
    assert rounds.open_refusals() == []
    assert [row.resolved for row in rounds.ledger() if row.source == "v.csv"] == [1]


def test_refusals_are_found_by_source_and_rule(rounds: Rounds, store: Store) -> None:
    def row(place: str, source: str, rule: str) -> RowRead:
        refusal = Refusal(source=source, place=place, reason=f"because of {rule}", rule=rule, raw=place)
        return RowRead(source=source, place=place, refusals=(refusal,))

    store.append([row("1", "a", "time"), row("2", "a", "unit"), row("1", "b", "time")], author=None, received_at=LATER)
    assert [one.refusal.source for one in rounds.open_refusals(rule="time")] == ["a", "b"]
    assert [one.refusal.rule for one in rounds.open_refusals(source="a")] == ["time", "unit"]
    first = rounds.open_refusals(limit=1)
    assert [one.refusal.rule for one in rounds.open_refusals(after=first[0].id, limit=1)] == ["unit"]
    assert rounds.refusal_counts() == {("a", "time"): 1, ("a", "unit"): 1, ("b", "time"): 1}


HL7 = (
    "MSH|^~\\&|MON|W|X|Y|20260302080000+0000||ORU^R01|M1|P|2.5\r"
    "PID|1||P1^^^H^MR\r"
    "OBR|1||F1|V|||20260302080000+0000\r"
    "OBX|1|NM|T4^Temp Bay 4^99ACME||38.4|Cel|||||F|||20260302080000+0000\r"
    "OBX|2|NM|8867-4^HR^LN||9000|/min|||||F|||20260302080000+0000\r"
)
FHIR = """{"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/P1"},
 "effectiveDateTime": "2026-03-02T08:00:00Z", "code": {"coding": [{"system": "http://acme/codes", "code": "T4"}]},
 "valueQuantity": {"value": 38.4, "system": "http://unitsofmeasure.org", "code": "Cel"}}"""


def test_a_message_is_replayed_for_its_code_and_corrected_in_its_text(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    """The temperature comes by the mapping although the message still waits for its heart rate."""
    sent(rounds, tmp_path, HL7, "m.hl7")
    (code,) = rounds.unmapped_codes()
    assert (code.code, code.system) == ("T4", "99ACME")
    rounds.map_code("T4", "temperature", system="99ACME", author=WHO, at=LATER)
    done = rounds.replay(author=WHO, at=LATER)
    assert (done.closed, done.waiting, done.tally.stored) == (0, 1, 1)
    assert values(store) == {"temperature": 38.4}
    (held,) = rounds.open_refusals()
    assert held.row.raw is not None
    assert rounds.correct(held.id, held.row.raw.replace("9000", "90"), author=WHO, at=LATER).closed == 1
    assert values(store) == {"temperature": 38.4, "heart_rate": 90}
    assert rounds.unmapped_codes() == []
    assert store.findings() == []


@pytest.mark.parametrize(("concept", "stored"), [("temperature", {"temperature": 38.4}), (None, {})])
def test_a_resource_is_replayed_for_its_code_or_passed_over_for_good(
    rounds: Rounds, store: Store, tmp_path: Path, concept: str | None, stored: dict[str, float]
) -> None:
    sent(rounds, tmp_path, FHIR, "o.json")
    rounds.map_code("T4", concept, system="http://acme/codes", author=WHO, at=LATER)
    assert rounds.replay(author=WHO, at=LATER).closed == 1
    assert values(store) == stored
    assert rounds.unmapped_codes() == []
    assert rounds.replay(author=WHO, at=LATER).closed == 0


def test_refusals_are_found_by_field_and_by_when_they_arrived(rounds: Rounds, store: Store) -> None:
    def row(place: str, field: str | None, at: datetime) -> None:
        refusal = Refusal(source="a", place=place, field=field, reason=f"because of {field}", rule="time", raw=place)
        read = RowRead(source="a", place=place, refusals=(refusal,))
        store.append([read], author=None, received_at=at)

    row("1", "hr", ARRIVED)
    row("2", "sbp", LATER)
    row("3", None, LATER)
    assert [one.refusal.place for one in rounds.open_refusals(field="sbp")] == ["2"]
    assert [one.refusal.place for one in rounds.open_refusals(field="")] == ["3"], "the whole row"
    assert [one.refusal.place for one in rounds.open_refusals(arrived=(ARRIVED, LATER))] == ["1"]
    assert [one.refusal.place for one in rounds.open_refusals(arrived=(LATER, LATER + timedelta(hours=1)))] == [
        "2",
        "3",
    ]
    assert rounds.refused_rows() == 3
    assert rounds.refused_rows(field="hr", arrived=(ARRIVED, LATER)) == 1
    assert rounds.refusal_kinds() == [("a", "time", ""), ("a", "time", "hr"), ("a", "time", "sbp")]
    rounds.dismiss([one.id for one in rounds.open_refusals(field="hr")], author=WHO, at=LATER, reason="seen")
    assert rounds.refusal_kinds("resolved") == [("a", "time", "hr")]
    assert (rounds.refused_rows(), rounds.refused_rows(state="resolved"), rounds.refused_rows(state="all")) == (2, 1, 3)


def test_a_row_refused_twice_over_is_counted_once(rounds: Rounds, tmp_path: Path) -> None:
    sent(rounds, tmp_path, WIDE.replace(";90;1210", ";9000;1210"))
    assert len(rounds.open_refusals()) == 2
    assert rounds.refused_rows() == 1
