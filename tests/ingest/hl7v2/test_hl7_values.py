"""What an OBX says: which concept, which value, when, and with what standing; and what only looks like a vital sign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hl7_messages import AT, HR, OBR, PID, header, obx, only, oru, read, said

from monitoring.concepts import dictionary
from monitoring.ingest.hl7v2.codes import tables
from monitoring.records import NeuroAssessment, Observation, OxygenSupport
from monitoring.vocabulary import AbsentReason, OxygenDevice, Status

TEMP, TEMP_MDC = "8310-5^Body temperature^LN", "150344^MDC_TEMP^MDC"
READ = [
    ("LOINC", obx(), ("heart_rate", 92)),
    ("LOINC in the alternative triplet", obx("X1^Puls^99LOCAL^8867-4^Heart rate^LN"), ("heart_rate", 92)),
    (
        "MDC number and name",
        obx("147842^MDC_ECG_HEART_RATE^MDC", "92", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
        ("heart_rate", 92),
    ),
    ("MDC number alone", obx("150456^^MDC", "97", "262688^MDC_DIM_PERCENT^MDC"), ("spo2", 97)),
    (
        "MDC name behind a local code",
        obx("tt-0005-07^MDC_PULS_RATE_NON_INV^MDC", "88", "MDC_DIM_BEAT_PER_MIN"),
        ("heart_rate", 88),
    ),
    ("Philips, hexadecimal", obx("0002-4bb8^SpO2^MDIL", "97", "0004-0220^%^MDIL"), ("spo2", 97)),
    ("a local code by its exact name", obx("77^Heart Rate^99LOCAL"), ("heart_rate", 92)),
    ("a code of the site's table", obx("o2^OxyL^WelchAllyn", "5", "MDC_DIM_X_L_PER_MIN", kind=""), ("o2_flow", 5)),
    ("Fahrenheit", obx(TEMP, "100.4", "[degF]"), ("temperature", 38.0)),
    ("Celsius by MDC", obx(TEMP_MDC, "38.4", "MDC_DIM_DEGC"), ("temperature", 38.4)),
    ("Celsius by UCUM, spelt out", obx(TEMP, "38.4", "Cel^degree Celsius^UCUM"), ("temperature", 38.4)),
    ("no unit, and only Celsius is believable", obx(TEMP, "38.4", ""), ("temperature", 38.4)),
    ("text that is a number", obx(value="92", kind="ST"), ("heart_rate", 92)),
    ("a structured number", obx(value="^92", kind="SN"), ("heart_rate", 92)),
    ("a structured number that says equal", obx(value="=^92", kind="SN"), ("heart_rate", 92)),
    ("a sign and a bare point", obx("54632-5^RASS^LN", "-1", ""), ("rass", -1)),
    ("a fraction of oxygen", obx("3150-0^FiO2^LN", "0.28", ""), ("fio2", 28)),
    ("C-reactive protein in mg/dL", obx("1988-5^CRP^LN", "12", "mg/dL"), ("crp", 120)),
]


@pytest.mark.parametrize(("segment", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_value_is_read(segment: str, expected: tuple[str, float]) -> None:
    row = oru(segment)
    assert row.refusals == ()
    assert said(row) == [expected]


LOOK_ALIKES = [
    "MDC_PULS_OXIM_PERF_REL^MDC_PULS_OXIM_PERF_REL^MDC",
    "61006-3^Perfusion index Tissue by Pulse oximetry^LN",
    "1^PI^99X",
    "150087^MDC_PRESS_BLD_VEN_CENT_MEAN^MDC",
    "60985-9^Central venous pressure (CVP)^LN",
    "1^CVPm^99X",
    "0^MDC_PRESS_BLD_ART_PULM_SYS^MDC",
    "8440-0^Pulmonary artery systolic pressure^LN",
    "1^PAPs^99X",
    "0^MDC_TEMP_DIFF^MDC",
    "1^Temperature difference^99X",
    "1^Delta Temp^99X",
    "150388^MDC_TEMP_SKIN^MDC",
    "1^Temp Site^99X",
    "1^Room temperature^99X",
    "0^MDC_SPO2_SIGNAL_QUALITY_INDEX^MDC",
    "1^SQI^99X",
    "1^Pulse Signal Quality^99X",
    "0^MDC_PULS_OXIM_PLETH^MDC",
    "1^Pulse Waveform^99X",
    "1^Pulse Pressure^99X",
    "1^Pulse Deficit^99X",
    "1^Press Wave^99X",
    "0^MDC_EVT_HI_GT_LIM^MDC",
    "1^Heart Rate Alarm^99X",
    "1^Temp Alarm Text^99X",
    "1^Resp Rate Limit^99X",
    "1^SvO2^99X",
    "1^Heart rate variability^99X",
    "1^Airway pressure^99X",
    "8867-4^Heart rate alarm limit^LN",
]


@pytest.mark.parametrize("code", LOOK_ALIKES)
def test_what_only_looks_like_a_vital_sign_never_becomes_one(code: str) -> None:
    row = oru(obx(code, "42", ""))
    assert (row.facts, row.refusals, row.unmapped, row.ignored_kind) == ((), (), (), "ORU R01 without a vital sign")


@pytest.mark.parametrize("code", ["1^CVPm^99X", "1^Temp Site^99X"])
def test_a_mapping_cannot_make_a_vital_sign_of_a_look_alike(code: str) -> None:
    words = dictionary().with_mappings([("99X", "1", "heart_rate")])
    assert oru(obx(code, "42", ""), words=words).facts == ()


def test_a_code_the_site_has_mapped_is_read_and_one_it_ruled_out_is_not() -> None:
    unknown = obx("77^HF-Wert^99X")
    assert [(one.code, one.system, one.label) for one in oru(unknown).unmapped] == [("77", "99X", "HF-Wert")]
    assert said(oru(unknown, words=dictionary().with_mappings([("99X", "77", "heart_rate")]))) == [("heart_rate", 92)]
    ruled_out = oru(unknown, words=dictionary().with_mappings([("99X", "77", None)]))
    assert (ruled_out.facts, ruled_out.unmapped) == ((), ())


def test_a_code_without_its_hyphen_or_a_laboratory_value_by_its_name_is_not_guessed() -> None:
    row = oru(obx("88674^x^99X"), obx("5^Creatinine^99X", "1.2", "mg/dL"), obx("8867-5^Heart rate^LN"))
    assert row.facts == ()
    assert [one.code for one in row.unmapped] == ["88674", "5", "8867-5"]


NO_VALUE = [
    ("-1", None),
    ("-100", "sent as -100"),
    ("-999", "sent as -999"),
    ("8388607", "sent as 8388607"),
    ("NaN", "sent as NaN"),
    ("---", "sent as ---"),
    ("", None),
    ('""', None),
]


@pytest.mark.parametrize("value", [row[0] for row in NO_VALUE])
def test_what_a_device_sends_in_place_of_a_value_is_absent_with_a_reason(value: str) -> None:
    fact = only(oru(obx(value=value)))
    assert isinstance(fact, Observation)
    nothing = value in {"", '""'}
    reason = AbsentReason.NOT_TAKEN if nothing else AbsentReason.UNABLE
    assert (fact.value, fact.absent_reason, fact.method) == (None, reason, None if nothing else f"sent as {value}")


@pytest.mark.parametrize("flag", ["INV", "NAV", "TEST", "DEMO", "CAL"])
def test_a_value_flagged_as_none_is_none(flag: str) -> None:
    fact = only(oru(obx(flags=f"H~{flag}")))
    assert isinstance(fact, Observation)
    assert (fact.value, fact.absent_reason, fact.method) == (None, AbsentReason.UNABLE, f"flag {flag}")


def test_a_questionable_value_is_kept_and_says_so_beside_its_method() -> None:
    fact = only(oru(obx(TEMP, "38.4", "Cel", flags="H~QUES", method="A1^axillary")))
    assert isinstance(fact, Observation)
    assert (fact.value, fact.method) == (38.4, "axillary, flag QUES")


REFUSED = [
    ("implausible", obx(value="400"), "5", "implausible", "outside 20–300 /min for heart rate"),
    ("a comma", obx(TEMP, "38,4", "Cel"), "5", "not a number", "expected for example 38.4"),
    ("a unit in the value", obx(value="92 bpm"), "5", "not a number", "the unit in OBX-6"),
    ("an exponent", obx(value="1e2"), "5", "not a number", "expected for example 38.4"),
    ("beyond every number", obx("2276-4^Ferritin^LN", "9" * 400, "ng/mL"), "5", "not a number", "not a number"),
    ("unknown unit", obx(TEMP, "311", "K"), "6", "unit", "expected one of Cel"),
    ("no unit, more than one believable", obx("29463-7^Weight^LN", "70", ""), "6", "unit", "given in more than one"),
    ("a limit", obx(value="<^92", kind="SN"), "5", "not a number", "a limit"),
    ("a range", obx(value="^90^-^95", kind="SN"), "5", "not a number", "a range"),
    ("text under a number's code", obx(value="92", kind="TX"), "2", "format", "type TX"),
    ("a waveform under a number's code", obx(value="1^2^3", kind="NA"), "2", "format", "type NA"),
    ("a document under a number's code", obx(value="^^^^aGk=", kind="ED"), "2", "format", "type ED"),
    (
        "a pair under one pressure's code",
        obx("8480-6^Systolic^LN", "120/80", "mm[Hg]", kind="ST"),
        "5",
        "not a number",
        "",
    ),
    ("unknown status", obx(status="Q"), "11", "unknown word", "expected one of F"),
    (
        "two codes that differ",
        obx("8480-6^Systolic^LN^8462-4^Diastolic^LN", "90", "mm[Hg]"),
        "3",
        "unknown code",
        "two things",
    ),
    ("unknown device", obx("d^OxygenDev^WelchAllyn", "bellows", "", kind="TX"), "5", "unknown word", "room_air"),
    ("half a point", obx("1^ICE^cart-tox", "7.5", "{score}"), "5", "implausible", "whole number"),
]


@pytest.mark.parametrize(
    ("segment", "number", "rule", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_bad_field_is_refused_with_its_place_and_the_good_ones_are_kept(
    segment: str, number: str, rule: str, words: str
) -> None:
    row = oru(HR, segment)
    assert said(row) == [("heart_rate", 92)]
    (refusal,) = row.refusals
    assert (refusal.source, refusal.place) == ("feed", f"message 42 OBX[2]-{number}")
    assert (refusal.field, refusal.rule) == (f"OBX[2]-{number}", rule)
    assert words in refusal.reason
    assert row.raw is not None


STATUS = [
    ("F", Status.FINAL),
    ("P", Status.PRELIMINARY),
    ("R", Status.PRELIMINARY),
    ("", Status.PRELIMINARY),
    ("S", Status.PRELIMINARY),
    ("C", Status.CORRECTED),
    ("A", Status.AMENDED),
    ("D", Status.ENTERED_IN_ERROR),
    ("W", Status.ENTERED_IN_ERROR),
]


@pytest.mark.parametrize(("letter", "status"), STATUS)
def test_each_result_status_has_its_standing(letter: str, status: Status) -> None:
    assert only(oru(obx(status=letter))).status is status


def test_no_result_is_absent_and_a_result_still_to_come_says_nothing() -> None:
    fact = only(oru(obx(value="", status="X")))
    assert isinstance(fact, Observation)
    assert (fact.absent_reason, fact.method) == (AbsentReason.UNABLE, "status X")
    assert [oru(obx(value="", status=letter)).facts for letter in "INOU"] == [(), (), (), ()]


def test_a_withdrawal_names_what_it_withdraws_and_a_correction_takes_its_place() -> None:
    first, gone, better = (only(oru(obx(value=v, status=s))) for v, s in (("92", "F"), ("", "D"), ("82", "C")))
    assert first.record_id == gone.record_id == better.record_id
    assert only(oru(obx(value="not a number", status="W"))).record_id == first.record_id


def test_two_thermometers_are_two_values_and_repeats_are_each_one() -> None:
    row = oru(obx(TEMP, "38.4", "Cel", sub="1"), obx(TEMP, "37.9", "Cel", sub="2"), obx(value="92~95"))
    assert said(row) == [("temperature", 38.4), ("temperature", 37.9), ("heart_rate", 92), ("heart_rate", 95)]
    assert len({fact.record_id for fact in row.facts}) == 4


def test_values_that_share_every_identifier_are_told_apart_by_their_order() -> None:
    row = oru(obx(TEMP, "38.4", "Cel"), obx(TEMP, "37.9", "Cel"))
    assert len({fact.record_id for fact in row.facts}) == 2


PAIRS = [
    ("text", obx("85354-9^Blood pressure panel^LN", "120/80", "mm[Hg]", kind="ST"), [("sbp", 120), ("dbp", 80)]),
    ("with the mean", obx("1^NIBP^99X", "120/80(93)", "mmHg", kind="ST"), [("sbp", 120), ("dbp", 80), ("map", 93)]),
    ("structured", obx("150020^MDC_PRESS_BLD_NONINV^MDC", "^120^/^80", "mmHg", kind="SN"), [("sbp", 120), ("dbp", 80)]),
]


@pytest.mark.parametrize(("segment", "expected"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS])
def test_two_pressures_in_one_value_are_two_values(segment: str, expected: list[tuple[str, float]]) -> None:
    assert said(oru(segment)) == expected


def test_a_systolic_pressure_not_above_its_diastolic_one_is_refused_with_it_and_another_method_is_not() -> None:
    cuff = (
        obx("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "80", "mmHg"),
        obx("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "80", "mmHg"),
    )
    line = obx("150033^MDC_PRESS_BLD_ART_SYS^MDC", "84", "mmHg"), obx("150034^MDC_PRESS_BLD_ART_DIA^MDC", "50", "mmHg")
    row = oru(*cuff, *line)
    assert [refusal.place for refusal in row.refusals] == ["message 42 OBX[1]-5", "message 42 OBX[2]-5"]
    assert [(fact.model_dump()["concept"], fact.model_dump()["method"]) for fact in row.facts] == [
        ("sbp", "arterial"),
        ("dbp", "arterial"),
    ]


def test_words_are_read_from_any_part_of_a_coded_value() -> None:
    device = only(oru(obx("d^OxygenDev^WelchAllyn", "336602003^Oxygen mask^SCT", "", kind="CWE")))
    assert isinstance(device, OxygenSupport)
    assert device.device is OxygenDevice.SIMPLE_MASK
    seizure = only(oru(obx("1^seizure^cart-tox", "x^brief resolved^L", "", kind="CE")))
    assert isinstance(seizure, NeuroAssessment)
    assert seizure.seizure == "brief_resolved"


LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")


def test_the_time_is_that_of_the_value_then_of_the_order() -> None:
    assert only(oru(obx(at="20260305075500+0100"))).effective_at == AT - timedelta(minutes=65)
    assert only(oru(obx(at="20260305075500+0100"))).utc_offset_minutes == 60
    assert only(oru(obx(at="000000000000"))).effective_at == AT
    assert only(oru(obx())).recorded_at == AT + timedelta(minutes=5)


def test_without_an_offset_the_message_s_is_taken_then_the_zone_named_and_else_none() -> None:
    value = obx(at="20260305090000")
    assert only(read(header(time="20260305080500+0100"), PID, OBR, value, tz=LONDON)).effective_at == AT
    assert only(read(header(time="20260305080500"), PID, OBR, value, tz=BERLIN)).effective_at == AT
    (refusal,) = read(header(time="20260305080500"), PID, "OBR|1||F1", value).refusals
    assert (refusal.place, refusal.rule) == ("message 42 OBX[1]-14", "time")
    assert "no time zone" in refusal.reason


BAD_TIMES = [
    ("20140311 1425", "not an HL7 time"),
    ("201403111425x", "not an HL7 time"),
    ("20140311142500+05", "not an HL7 time"),
    ("2014", "a date without a time of day"),
    ("20140311", "a date without a time of day"),
    ("2014031114", "hour without minutes"),
    ("202602300800+0000", "no such moment"),
    ("202603052500+0000", "no such moment"),
    ("202610250230", "exists twice"),
    ("202603290230", "does not exist"),
    ("20260305080000+2500", "impossible offset"),
    ("202603210800+0000", "in the future"),
    ("19700101000000+0000", "never set"),
    ("20260305080000^D", "a date without a time of day"),
]


@pytest.mark.parametrize(("text", "words"), BAD_TIMES)
def test_a_time_that_would_have_to_be_guessed_is_refused(text: str, words: str) -> None:
    row = read(header(time="20260305080500"), PID, "OBR|1||F1|v|||20260305080000+0000", obx(at=text), tz=BERLIN)
    (refusal,) = row.refusals
    assert (row.facts, refusal.place) == ((), "message 42 OBX[1]-14")
    assert words in refusal.reason


def test_a_value_without_any_time_is_refused_and_not_placed_when_the_message_was_sent() -> None:
    row = read(header(), PID, "OBR|1||F1", HR)
    assert (row.facts, row.refusals[0].rule) == ((), "missing")
    assert "MSH-7" in row.refusals[0].reason


def test_an_order_whose_time_cannot_be_read_is_refused_once_for_all_its_values() -> None:
    row = read(header(), PID, "OBR|1||F1|v|||20260305", HR, HR)
    assert [refusal.place for refusal in row.refusals] == ["message 42 OBR-7"]


def test_the_patient_is_the_first_medical_record_number_else_the_first_identifier() -> None:
    def who(pid: str) -> list[str]:
        return [fact.patient_id for fact in read(header(), pid, OBR, HR).facts]

    assert who("PID|1||S1^^^US^SS~M1^^^HOSP^MR~M2^^^HOSP^MR") == ["M1"]
    assert who("PID|1||S1^^^US^SS~S2^^^X^PI") == ["S1"]
    row = read(header(), "PID|1||", OBR, HR)
    assert (row.facts, row.refusals[0].place) == ((), "message 42 PID-3")
    assert read(header(), OBR, HR).refusals[0].field == "MSH"


def test_every_concept_the_tables_name_is_in_the_dictionary_and_no_name_of_a_vital_sign_is_a_look_alike() -> None:
    known = dictionary()
    named = {row.concept for system in tables().codes.values() for row in system.values()} | tables().read_by_name
    assert named - set(known.concepts) == set()
    texts = [
        text
        for one in named
        for text in (*known.concepts[one].names, *known.concepts[one].mdc, known.concepts[one].label)
    ]
    assert [text for text in (*texts, *tables().codes["MDC"]) if tables().never_a_vital(text)] == []


def check_digit(number: str) -> int:
    """LOINC's: of the digits from the right, every other one doubled, the sum of all digits short of a full ten."""
    doubled = str(int(number[::-1][::2][::-1]) * 2)
    rest = number[::-1][1::2]
    return -sum(int(digit) for digit in doubled + rest) % 10


def test_every_loinc_code_of_the_table_has_its_check_digit() -> None:
    assert check_digit("8867") == 4  # heart rate, 8867-4
    assert check_digit("3150") == 0  # clinical.md k: 3150-0, not 3150-6
    codes = [code.split("-") for code in tables().codes["LN"]]
    assert [code for code, digit in codes if check_digit(code) != int(digit)] == []


def test_the_method_of_a_code_stands_beside_its_value() -> None:
    fact = only(oru(obx("76215-3^Invasive systolic^LOINC", "84", "mm[Hg]")))
    assert isinstance(fact, Observation)
    assert (fact.concept, fact.value, fact.method) == ("sbp", 84, "arterial")


def test_moments_of_the_file_are_in_utc() -> None:
    assert only(oru(HR)).effective_at == datetime(2026, 3, 5, 8, tzinfo=UTC)
