"""Messages and streams: delimiters, character sets, batches, other types, ADT, and what hostile bytes do."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import hl7
import pytest
from hl7_messages import AT, HR, OBR, PID, header, obx, only, read, reading, said
from hypothesis import given
from hypothesis import strategies as st

from monitoring.ingest.hl7v2 import LONGEST_MESSAGE, Verdict, acknowledgement, read_hl7v2, read_message, verdict
from monitoring.ingest.hl7v2.message import Message
from monitoring.ingest.sources import FileRefused
from monitoring.records import OxygenSupport, Patient, Placement, RowRead
from monitoring.vocabulary import Sex

SAMPLES = Path(__file__).parents[2] / "samples" / "hl7v2"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "hl7v2" / "simhospital_1_500.hl7"
LONDON = ZoneInfo("Europe/London")


def rows(content: bytes) -> list[RowRead]:
    return list(read_hl7v2(io.BytesIO(content), reading(LONDON)))


def joined(*segments: str, end: str = "\r") -> bytes:
    return (end.join(segments) + end).encode()


ONE = (header(), PID, OBR, HR)
TWO = (header(control_id="43"), PID, OBR, "NTE|1||a note", obx("9279-1^RR^LN", "18", "/min"), "NTE|1||more")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_any_line_end_separates_segments_and_notes_stand_between(end: str) -> None:
    found = rows(joined(*ONE, "", *TWO, end=end))
    assert [(row.place, said(row)) for row in found] == [
        ("message 42", [("heart_rate", 92)]),
        ("message 43", [("respiratory_rate", 18)]),
    ]


def test_batches_and_mllp_frames_are_envelopes_and_no_messages() -> None:
    batch = joined("FHS|^~\\&|A", "BHS|^~\\&|A", *ONE, *TWO, "BTS|2", "FTS|1")
    frames = b"\x0b" + joined(*ONE) + b"\x1c\r\x0b" + joined(*TWO) + b"\x1c\r"
    assert [row.place for row in rows(batch)] == [row.place for row in rows(frames)] == ["message 42", "message 43"]


def test_lines_behind_an_envelope_that_belong_to_no_message_are_held() -> None:
    stray = rows(joined("BHS|^~\\&", *ONE, "BTS|1", HR))[1]
    assert (stray.place, stray.refusals[0].rule) == ("lines #2", "format")


def test_delimiters_are_those_the_message_declares() -> None:
    row = read(
        "MSH#*!?%#MON#ICU###20260305080500+0000##ORU*R01#42#P#2.5",
        "PID#1##P1",
        "OBR#1##F1####20260305080000+0000",
        "OBX#1#NM#8867-4*Heart rate*LN##92#/min#####F",
    )
    assert (only(row).patient_id, said(row)) == ("P1", [("heart_rate", 92)])


def test_escape_sequences_are_read_and_unknown_ones_stay() -> None:
    name = r"PID|1||P1||O\S\B\T\r\R\ien\E\x^Zo\XC3AB\ \Zy\ "
    text = only_patient(read(header("ADT^A08", charset="UNICODE UTF-8"), "EVN|A08|20260305080000+0000", name))
    assert text.name == r"Zoë \Zy\ O^B&r~ien\x"


def test_a_control_character_cannot_hide_in_an_escape_and_an_unreadable_identifier_is_refused() -> None:
    event = "EVN|A08|20260305080000+0000"
    assert only_patient(read(header("ADT^A08"), event, "PID|1||P1||A\\X00\\")).name == "A\\X00\\"
    for identity in (r"P\XFC\1", "9" * 201):
        row = read(header("ADT^A08"), event, f"PID|1||{identity}||A")
        assert (row.facts, row.refusals[0].place) == ((), "message 42 PID-3")


def only_patient(row: RowRead) -> Patient:
    (patient,) = [fact for fact in row.facts if isinstance(fact, Patient)]
    return patient


CHARSETS = [("UNICODE UTF-8", "utf-8"), ("8859/1", "iso8859_1"), ("8859/15", "iso8859_15")]


@pytest.mark.parametrize(("declared", "codec"), CHARSETS)
def test_the_declared_character_set_is_used_and_what_is_kept_is_read_again(declared: str, codec: str) -> None:
    message = joined(header("ADT^A08", charset=declared), "EVN|A08|20260305080000+0000", "PID|1||P1||Müller^Zoë||x")
    row = read_message(message.decode().encode(codec), reading())
    assert only_patient(row).name == "Zoë Müller"
    assert row.raw is not None
    assert only_patient(read_message(row.raw.encode(), reading())).name == "Zoë Müller"


@pytest.mark.parametrize("charset", ["", "ASCII", "UNICODE UTF-8"])
def test_bytes_of_another_character_set_quarantine_the_message_and_are_kept(charset: str) -> None:
    message = joined(header(charset=charset), "PID|1||P1||M\xfcller", OBR, HR).decode().encode("latin-1")
    row = read_message(message, reading(), "message #1")
    assert (row.facts, row.place, row.refusals[0].field) == ((), "message #1", "MSH-18")
    assert r"M\XFC\ller" in (row.raw or "")
    assert verdict(row) is Verdict.REJECTED


OTHERS = [
    ("ORM^O01", "ORM O01"),
    ("ADT^A31", "ADT A31"),
    ("ORU^R40^ORU_R40", "ORU R40"),
    ("ADT^A11", "ADT A11"),
]


@pytest.mark.parametrize(("kind", "counted"), OTHERS)
def test_other_messages_are_passed_over_by_kind(kind: str, counted: str) -> None:
    row = read(header(kind), PID, OBR, HR)
    assert (row.facts, row.refusals, row.ignored_kind) == ((), (), counted)


def test_a_message_without_a_type_may_hold_a_vital_sign_and_is_quarantined() -> None:
    row = read(header(""), PID, OBR, HR)
    assert (row.facts, row.ignored_kind, [refusal.field for refusal in row.refusals]) == ((), None, ["MSH-9"])
    assert row.raw is not None


def admission(event: str, evn: str = "20260305080000+0000") -> RowRead:
    identity = "PID|1||P1^^^HOSP^MR||Doe^Jane||19610209000000|F"
    return read(header(f"ADT^{event}"), f"EVN|{event}|{evn}", identity, "PV1|1|I|7 West^12^B^Hospital")


@pytest.mark.parametrize("event", ["A01", "A02", "A04", "A08", "A12", "A13"])
def test_an_adt_says_who_and_where(event: str) -> None:
    patient, place = admission(event).facts
    assert isinstance(patient, Patient)
    assert isinstance(place, Placement)
    assert (patient.patient_id, patient.birth_date, patient.sex) == ("P1", date(1961, 2, 9), Sex.FEMALE)
    assert (place.ward, place.bed, place.effective_at) == ("7 West", "B", AT)


def test_a_discharge_ends_the_placement_and_does_not_say_home() -> None:
    _, place = admission("A03").facts
    assert isinstance(place, Placement)
    assert (place.ward, place.bed, place.effective_at) == (None, None, AT)


def test_an_adt_takes_the_time_it_happened_and_refuses_to_do_without() -> None:
    assert admission("A01", "20260305090000+0000||||20260305080000+0000").facts[0].effective_at == AT
    row = admission("A01", "")
    assert (row.facts, row.refusals[0].place) == ((), "message 42 EVN-2")


def test_a_birth_date_or_sex_that_cannot_be_read_is_refused_and_the_rest_kept() -> None:
    row = read(header("ADT^A01"), "EVN|A01|20260305080000+0000", "PID|1||P1||||1961|X", "PV1|1|I|7 West")
    assert [refusal.place for refusal in row.refusals] == ["message 42 PID-7", "message 42 PID-8"]
    assert len(row.facts) == 2


def test_the_same_message_twice_says_the_same_and_a_later_one_supersedes() -> None:
    first, again = read(*ONE).facts, read(*ONE).facts
    assert [fact.fact_id for fact in first] == [fact.fact_id for fact in again]


UNUSABLE = [
    b"",
    b"MSH",
    b"MSH|",
    b"MSH|^~\\",
    b"MSH|||",
    b"MSH|^^^^|x",
    b"MSHAAAAAA",
    b"PID|1",
    b"\x00",
    b"MSH|^~\\&|\x00|",
]


@pytest.mark.parametrize("message", UNUSABLE)
def test_bytes_that_are_no_message_are_rejected_with_an_answer(message: bytes) -> None:
    row = read_message(message, reading())
    assert row.facts == ()
    if message != b"MSH|^~\\":  # two delimiters and an escape are all a message needs
        assert verdict(row) is Verdict.REJECTED
    assert acknowledgement(message, verdict(row), AT, row.refusals).startswith(b"MSH")


def test_the_answer_is_in_the_sender_s_delimiters_and_names_the_field() -> None:
    message = joined(
        "MSH#*!?%#MON#ICU#CAR#T#20260305080500+0000##ORU*R01#42#P#2.5",
        "PID#1##P1",
        "OBR#1##F1####20260305080000+0000",
        "OBX#1#NM#8867-4*HR*LN##400#/min#####F",
    )
    row = read_message(message, reading())
    assert verdict(row) is Verdict.ERROR
    head, answer, error, _ = acknowledgement(message, verdict(row), AT, row.refusals).decode().split("\r")
    assert head == "MSH#*!?%#CAR#T#MON#ICU#20260305080000+0000##ACK*R01#A42#P#2.5"
    assert answer.startswith("MSA#AE#42#OBX[1]-5: outside 20-300 /min for heart rate")
    assert error.startswith("ERR##OBX*1*5#102**HL70357#E###outside 20-300")
    assert "400" not in answer + error


def test_an_accepted_message_and_an_older_version_are_answered_in_their_way() -> None:
    message = joined(*ONE)
    assert acknowledgement(message, Verdict.ACCEPTED, AT).split(b"\r")[1] == b"MSA|AA|42|"
    old = joined(header().replace("|2.5|", "|2.3|"), PID, OBR, obx(value="400"))
    row = read_message(old, reading())
    assert acknowledgement(old, verdict(row), AT, row.refusals).split(b"\r")[2] == b"ERR|OBX^1^5^102"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"hello", b'{"resourceType": "Patient"}', b"FHS|^~\\&\rFTS|0\r"])
def test_an_input_without_a_message_is_refused_whole(content: bytes) -> None:
    with pytest.raises(FileRefused):
        rows(content)


class Endless(io.RawIOBase):
    """One header, then a line of a hundred megabytes, then a whole message; remembers the most it was asked for."""

    def __init__(self) -> None:
        self.parts: Iterator[bytes] = self._parts()

    def _parts(self) -> Iterator[bytes]:
        yield joined(header(control_id="1"), PID, OBR) + b"OBX|1|ED|x||"
        for _ in range(100):
            yield b"A" * 2**20
        yield b"\r" + joined(*ONE)

    def read(self, size: int = -1) -> bytes:
        return next(self.parts, b"")


def test_a_line_of_a_hundred_megabytes_is_refused_with_its_place_and_the_next_message_is_read() -> None:
    long, good = list(read_hl7v2(Endless(), reading()))  # type: ignore[arg-type]
    assert (long.place, long.refusals[0].rule) == ("message #1", "size")
    assert len(long.raw or "") < 10_000
    assert said(good) == [("heart_rate", 92)]
    assert LONGEST_MESSAGE < 100 * 2**20


def test_a_message_of_too_many_segments_is_rejected_whole() -> None:
    for message in (joined(*ONE, *["OBX"] * 19_998), joined(*ONE, *["OBX"] * 60_000)):
        for row in (read_message(message, reading()), *rows(message)):
            assert (row.facts, row.refusals[0].rule, verdict(row)) == ((), "size", Verdict.REJECTED)
    (whole,) = rows(joined(*ONE, *["OBX"] * 19_000))
    assert said(whole) == [("heart_rate", 92)]


def test_the_lab_samples_hold_no_vital_sign() -> None:
    for name in ("LAB-ORU-1.hl7", "LAB-ORU-2.hl7", "ORU-R01-RMGEAD.hl7"):
        (row,) = rows((SAMPLES / name).read_bytes())
        assert (row.facts, row.refusals, row.ignored_kind) == ((), (), "ORU R01 without a vital sign")
        assert row.unmapped


def vital_sets(found: list[RowRead]) -> list[RowRead]:
    return [row for row in found if any(isinstance(fact, OxygenSupport) for fact in row.facts)]


def test_the_first_vital_sign_set_is_the_one_in_the_file() -> None:
    first = vital_sets(rows((SAMPLES / "simhospital_vitals.hl7").read_bytes()))[0]
    assert {fact.patient_id for fact in first.facts} == {"80205533"}
    assert said(first) == [
        ("fio2", 28),
        ("o2_flow", 5),
        ("spo2", 70.53),
        ("respiratory_rate", None),
        ("temperature", 36.37),
        ("heart_rate", 122.68),
    ]
    # 85.80 over 86.28: the simulated cuff contradicts itself
    assert [refusal.value for refusal in first.refusals] == ["85.80", "86.28"]


def held_to_the_readme(found: list[RowRead]) -> None:
    """shared/data/README.md: 30 sets us-0005, the breathing rate always empty, unit MDC_DIM_DEGC, device Venturi."""
    sets = vital_sets(found)
    assert len(sets) == 30
    devices = Counter(fact.device for row in sets for fact in row.facts if isinstance(fact, OxygenSupport))
    assert devices == {"venturi": 30}
    values = [pair for row in sets for pair in said(row)]
    assert [value for concept, value in values if concept == "respiratory_rate"] == [None] * 30
    temperatures = [value for concept, value in values if concept == "temperature"]
    assert len(temperatures) == 30
    assert all(isinstance(value, float) and 30 < value < 45 for value in temperatures)


def test_every_message_of_the_sample_is_accounted_for() -> None:
    found = rows((SAMPLES / "simhospital_vitals.hl7").read_bytes())
    held_to_the_readme(found)
    assert len(found) == 38


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not beside this checkout")
def test_all_five_hundred_messages_are_accounted_for() -> None:
    found = rows(SHARED.read_bytes())
    held_to_the_readme(found)
    assert len(found) == 500
    assert sum(isinstance(fact, Placement) for row in found for fact in row.facts) == 203  # every ADT A01
    ignored = Counter(row.ignored_kind for row in found if row.ignored_kind)
    assert ignored == {"ORU R01 without a vital sign": 265, "MDM T02": 1, "ADT A34": 1}


def test_segments_fields_and_components_are_split_as_python_hl7_splits_them() -> None:
    for name in ("simhospital_vitals.hl7", "LAB-ORU-1.hl7", "ORU-R01-RMGEAD.hl7"):
        text = (SAMPLES / name).read_text("utf-8-sig").replace("\n", "\r")
        for body in text.split("MSH|")[1:]:
            lines = [line for line in ("MSH|" + body).split("\r") if line.strip()]
            ours = list(Message.of("\r".join(lines).encode(), "ASCII").segments())
            theirs = hl7.parse("\r".join(lines))
            assert len(ours) == len(theirs)
            for segment, yardstick in zip(ours, theirs, strict=True):
                for number in range(3, len(yardstick)):
                    repeats = str(yardstick[number]).split("~")
                    expected = "" if str(yardstick[number]).strip() == '""' else str(yardstick[number]).strip()
                    assert segment.field(number) == expected
                    assert len(segment.repeats(number)) == (len(repeats) if expected else 0)
                    if expected and "\\" not in expected and "&" not in expected:
                        first = [str(part).strip() for part in theirs.unescape(repeats[0]).split("^")]
                        assert segment.components(segment.repeats(number)[0]) == first


SEED = joined(
    header(charset="UNICODE UTF-8"), PID, OBR, HR, obx("8310-5^T^LN", "38.4", "Cel", at="20260305080000+0000")
)


@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 3), st.binary(max_size=6)), max_size=8))
def test_a_mutated_message_is_always_one_outcome_with_an_answer(changes: list[tuple[int, int, bytes]]) -> None:
    message = SEED
    for place, removed, added in changes:
        message = message[:place] + added + message[place + removed :]
    row = read_message(message, reading(LONDON))
    assert bool(row.facts or row.refusals) is (row.ignored_kind is None)
    assert acknowledgement(message, verdict(row), AT, row.refusals).startswith(b"MSH")
    for fact in row.facts:
        assert fact.fact_id
    if row.raw is not None:
        row.raw.encode()


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_or_refused_whole(noise: bytes, after_a_message: bool) -> None:
    try:
        found = rows((SEED if after_a_message else b"") + noise)
    except FileRefused:
        return
    assert all(bool(row.facts or row.refusals) is (row.ignored_kind is None) for row in found)
