"""An Observation made of what was read before is the one the reader would have read, or is left to the reader."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from fhir_resources import RECEIVED, coded, quantity, temperature
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.ingest.fhir import read_fhir
from monitoring.ingest.fhir.codes import site_codes
from monitoring.ingest.fhir.repeats import Repeats
from monitoring.ingest.rows import Reading
from monitoring.records import Observation, RowRead

READING = Reading("feed", RECEIVED, None, dictionary())
PLAIN = {name: json.dumps(value) for name, value in temperature().items()}
PRESSURES = [
    {"code": coded("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
    {"code": coded("8462-4"), "valueQuantity": quantity(80, "mm[Hg]")},
]
OXYGEN = [
    {"code": coded("3151-8"), "valueQuantity": quantity(2, "L/min")},
    {"code": coded("3150-6"), "dataAbsentReason": coded("unknown")},
]
NOT_DONE = json.dumps(coded("not-performed"))

SAID: dict[str, tuple[str, ...]] = {
    "resourceType": ('"Observati\\u006fn"', '"Patient"', "null"),
    "id": ('"t2"', '"t3"', '"a b"', '""', "null", '"\\u0061"', "7"),
    "status": ('"amended"', '"entered-in-error"', '"registered"', '"nonsense"', "null", '"fin\\u0061l"'),
    "code": (
        json.dumps(coded("8867-4")),
        json.dumps(coded("85354-9")),
        json.dumps(coded("59408-5", "2708-6")),
        json.dumps(coded("8310-5", "8867-4")),
        json.dumps(coded("8310-4")),
        json.dumps(coded("718-7")),
        json.dumps(coded("T1", system="urn:site")),
        '{"text": "Temperature"}',
        '{"coding": [{"system": "http://loinc.org", "code": "8867-4", "code": "8310-5"}]}',
        "{}",
        "17",
    ),
    "subject": (
        '{"reference": "Patient/P2", "display": "Somebody"}',
        '{"reference": "https://fhir.example/r4/Patient/P1/_history/3"}',
        '{"reference": "urn:uuid:aaa"}',
        '{"reference": "#p"}',
        '{"reference": "Group/g1"}',
        '{"identifier": {"value": "P9"}}',
        '{"reference": "Patient/P1", "reference": "Patient/P2"}',
        "null",
        "{}",
    ),
    "effectiveDateTime": (
        '"2026-03-01T08:00:00Z"',
        '"2026-03-01T07:00:00+00:00"',
        '"2026-03-01T08:00"',
        '"2026-03-01"',
        '"2027-03-01T08:00:00Z"',
        '"2026-03-01T08:00:00\\u002b01:00"',
        "null",
        "17",
    ),
    "effectiveInstant": ('"2026-03-01T08:30:00Z"',),
    "effectivePeriod": ('{"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T08:30:00Z"}',),
    "meta": (
        '{"lastUpdated": "2026-03-01T08:02:00+02:00", "versionId": "2"}',
        '{"lastUpdated": "2026-03-01T07:00:00Z"}',
        '{"lastUpdated": "2031-03-01T08:02:00Z"}',
        '{"profile": ["http://example/p"]}',
        "null",
        "[]",
    ),
    "issued": ('"2026-03-01T09:00:00Z"', '"soon"', "null"),
    "performer": ('[{"reference": "Practitioner/n1"}]', '[{"display": "Nurse"}, {}]', "[]", "null", "[3]"),
    "valueQuantity": (
        json.dumps(quantity(101.3, "[degF]")),
        json.dumps(quantity(120, "Cel")),
        json.dumps(quantity(38.5, "mm[Hg]")),
        '{"value": 38.5, "comparator": ">", "code": "Cel"}',
        '{"value": 38.5}',
        '{"value": 38.5, "value": 36.5, "unit": "C", "code": "Cel"}',
        '{"value": 1e999, "code": "Cel"}',
        "null",
    ),
    "valueString": ('"warm"', '"a:b"'),
    "dataAbsentReason": (NOT_DONE,),
    "component": (json.dumps(PRESSURES), json.dumps(OXYGEN), json.dumps([PRESSURES[1]]), "[]"),
    "method": ('{"text": "ear"}', "{}"),
    "bodySite": ('{"text": "mouth"}',),
    "device": ('{"display": "thermometer"}',),
    "focus": ('[{"reference": "Patient/baby"}]',),
    "modifierExtension": ('[{"url": "u:1"}]', "[]"),
    "implicitRules": ('"http://rules"',),
    "contained": ('[{"resourceType": "Patient", "id": "p", "identifier": [{"value": "P7"}]}]', "[]"),
    "hasMember": ('[{"reference": "#x"}]', '[{"reference": "Observation/t9"}]'),
    "category": ('[{"text": "vital: sign"}]', '[{"text": "a", "text": "b"}]', '"\\u003a"', '"\\u0000"', '"\\ud800"'),
    "note": ('[{"text": "1:2"}]', "1e999", "null"),
    "_status": ('{"extension": []}',),
    "a:b": ("1", '"c:d"'),
    "a\\u003ab": ("1", "2"),
    "c\\u0000d": ("1",),
    "st\\u0061tus": ('"final"', '"cancelled"'),
}
"""Elements as JSON text, sound ones and others."""

ELEMENTS = st.sampled_from([(name, text) for name, texts in SAID.items() for text in texts])


@st.composite
def resources(draw: st.DrawFn) -> bytes:
    """A plain temperature with some elements changed, added, missing, twice or in another order."""
    members = list((PLAIN | {"id": f'"o{draw(st.integers(0, 2))}"'}).items())
    for name, text in draw(st.lists(ELEMENTS, max_size=3)):
        if draw(st.integers(0, 7)):
            members = [member for member in members if member[0] != name]
        members.insert(draw(st.integers(0, len(members))), (name, text))
    if draw(st.integers(0, 7)) == 0:
        members.pop(draw(st.integers(0, len(members) - 1)))
    comma, colon = draw(st.sampled_from(((", ", ": "), (",", ":"), (" ,\t", " :"))))
    return ("{" + comma.join(f'"{name}"{colon}{text}' for name, text in members) + "}").encode()


FEEDS = st.lists(st.tuples(resources(), st.integers(1, 3)), min_size=1, max_size=4).map(
    lambda several: [raw for raw, times in several for _ in range(times)]
)
WRAPS = st.sampled_from(
    (
        b'{"resource": %s}',
        b'{"fullUrl": "urn:uuid:x", "resource": %s}',
        b'{"resource":%s,"search":{"mode":"match"}}',
        b'{"resource":%s,"search":{"mode":"match","mode":"include"}}',
        b'{"resource":%s,"search":7}',
        b'{"fullUrl":"a","fullUrl":"b","resource":%s}',
        b'{"fullUrl":17,"resource":%s}',
        b'{"resource":%s,"response":{"lastModified":"2026-03-01T10:00:00Z"}}',
        b'{"resource":%s,"request":{"method":"DELETE","url":"Observation/t1"}}',
        b'{"resource":%s,"resource":{}}',
    )
)
PATIENT = b'{"fullUrl":"urn:uuid:aaa","resource":{"resourceType":"Patient","id":"P5"}}'
OTHER = b'{"resourceType":"Basic"}'


def read(raw: bytes) -> list[RowRead]:
    return list(read_fhir(io.BytesIO(raw), READING))


def bundle(entries: list[bytes]) -> bytes:
    return b'{"resourceType":"Bundle","type":"searchset","entry":[%s]}' % b",".join(entries)


def assert_same(told: RowRead, wanted: RowRead) -> None:
    assert told == wanted
    assert repr(told) == repr(wanted)
    assert [fact.model_dump_json() for fact in told.facts] == [fact.model_dump_json() for fact in wanted.facts]
    assert [fact.fact_id for fact in told.facts] == [fact.fact_id for fact in wanted.facts]


@settings(deadline=None, max_examples=300)
@given(FEEDS)
def test_every_line_is_read_as_if_nothing_had_been_read_before(feed: list[bytes]) -> None:
    rows = read(b"\n".join([OTHER, *feed]))[1:]
    assert len(rows) == len(feed)
    for number, (row, raw) in enumerate(zip(rows, feed, strict=True)):
        assert_same(row, read(OTHER + b"\n" * (number + 1) + raw)[1])


@settings(deadline=None, max_examples=200)
@given(FEEDS, st.data())
def test_every_entry_is_read_as_if_nothing_had_been_read_before(feed: list[bytes], data: st.DataObject) -> None:
    assume(not any(b"ud800" in raw for raw in feed))  # half a character refuses a whole Bundle
    entries = [data.draw(WRAPS) % raw for raw in feed]
    rows = read(bundle([PATIENT, *entries]))
    assert len(rows) == 1 + len(entries)
    for number, (row, entry) in enumerate(zip(rows[1:], entries, strict=True)):
        alone = read(bundle([PATIENT, *[b'{"resource":%s}' % OTHER] * number, entry]))
        assert_same(row, alone[-1])


def asked_again(first: dict[str, object], second: dict[str, object]) -> tuple[RowRead | None, int]:
    """What becomes of `second` after `first`, and how often the reader was asked in all."""
    asked: list[str] = []

    def ask(entry: bytes, where: str) -> RowRead:
        asked.append(where)
        return read(entry)[0]

    again = Repeats(READING, site_codes(READING.dictionary))
    row = None
    for number, one in enumerate((first, second), start=1):
        raw = json.dumps(one).encode()
        row = again.row(raw, f"line {number}", raw, ask)
    return row, len(asked)


def test_the_reader_is_asked_once_for_what_two_patients_have_in_common() -> None:
    noted = {"performer": [{"reference": "Practitioner/n2"}], "issued": "2026-03-02T09:30:00Z", "note": [{"text": "x"}]}
    second = temperature(id="t2", subject={"reference": "Patient/P2"}, effectiveDateTime="2026-03-02T09:00:00Z")
    row, asked = asked_again(temperature(**noted), second | noted)
    assert asked == 1
    assert row == RowRead(
        source="feed",
        place="Observation/t2 (line 2)",
        facts=(
            Observation(
                patient_id="P2",
                effective_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
                recorded_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
                received_at=RECEIVED,
                source="feed:Observation/t2 (line 2)",
                author="Practitioner/n2",
                record_id="Observation/t2",
                utc_offset_minutes=0,
                concept="temperature",
                value=38.5,
                unit="Cel",
            ),
        ),
    )


@pytest.mark.parametrize(
    "other",
    [
        {"valueQuantity": quantity(38.6, "Cel")},
        {"status": "amended"},
        {"code": coded("8867-4")},
        {"method": {"text": "ear"}},
        {"modifierExtension": [{"url": "u"}]},
        {"focus": [{"reference": "Patient/baby"}]},
    ],
)
def test_the_reader_is_asked_about_everything_it_looks_at(other: dict[str, object]) -> None:
    assert asked_again(temperature(), temperature(**other))[1] == 2


@pytest.mark.parametrize(
    "other",
    [
        {"contained": []},
        {"subject": {"reference": "urn:uuid:aaa"}},
        {"subject": {"reference": "Group/g1"}},
        {"effectiveDateTime": "2027-03-01T08:00:00Z"},
        {"id": "a b"},
        {"meta": {"lastUpdated": "2031-01-01T00:00:00Z"}},
        {"resourceType": "Patient"},
    ],
)
def test_what_needs_more_than_itself_or_is_refused_is_left_to_the_caller(other: dict[str, object]) -> None:
    assert asked_again(temperature(), temperature(**other)) == (None, 1)


@pytest.mark.parametrize(
    "member",
    [
        b'"id":"t1"',
        b'"status":"final"',
        b'"st\\u0061tus":"final"',
        b'"subject":{"reference":"Patient/P1"}',
        b'"note":1,"note":1',
        b'"a\\u003ab":1,"note":1,"note":2',
        b'"note":[{"text":1,"text":1}]',
        b'"note":"\\u0000"',
        b'"c\\u0000d":1',
        b'"note":"\\ud800"',
        b'"note":1e999',
    ],
)
def test_what_is_unsound_is_refused_although_its_like_was_read(member: bytes) -> None:
    plain = json.dumps(temperature()).encode()
    sound = plain[:-1] + b',"note":1}'
    first, second, third = read(b"\n".join([plain, sound, plain[:-1] + b"," + member + b"}"]))
    assert len(first.facts) == len(second.facts) == 1
    assert third.facts == ()
    assert [refusal.rule for refusal in third.refusals] == ["format"]


def test_an_entry_that_says_a_member_twice_is_refused_although_its_like_was_read() -> None:
    plain = json.dumps(temperature()).encode()
    twice = b'{"fullUrl":"urn:uuid:x","fullUrl":"urn:uuid:x","resource":%s}' % plain
    sound, unsound = read(bundle([b'{"fullUrl":"urn:uuid:x","resource":%s}' % plain, twice]))
    assert len(sound.facts) == 1
    assert [refusal.rule for refusal in unsound.refusals] == ["format"]
