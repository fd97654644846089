"""Messages of the tests, and what reading one looks like."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from reading import RECEIVED

from monitoring.concepts import Dictionary, dictionary
from monitoring.ingest.hl7v2 import read_message
from monitoring.ingest.rows import Reading
from monitoring.records import Fact, Observation, RowRead

AT = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
PID = "PID|1||P1^^^HOSP^MR||Doe^Jane"
OBR = "OBR|1||F1|vitals|||20260305080000+0000"
HR = "OBX|1|NM|8867-4^Heart rate^LN||92|/min|||||F"


def header(kind: str = "ORU^R01", control_id: str = "42", time: str = "20260305080500+0000", charset: str = "") -> str:
    return f"MSH|^~\\&|MON|ICU|CAR|T|{time}||{kind}|{control_id}|P|2.5||||||{charset}"


def obx(
    code: str = "8867-4^Heart rate^LN",
    value: str = "92",
    unit: str = "/min",
    *,
    kind: str = "NM",
    status: str = "F",
    at: str = "",
    sub: str = "",
    flags: str = "",
    method: str = "",
) -> str:
    return f"OBX|1|{kind}|{code}|{sub}|{value}|{unit}||{flags}|||{status}|||{at}|||{method}"


def reading(tz: tzinfo | None = None, words: Dictionary | None = None, *, live: bool = False) -> Reading:
    return Reading("feed", RECEIVED, tz, words or dictionary(), live=live)


def read(*segments: str, tz: tzinfo | None = None, words: Dictionary | None = None) -> RowRead:
    return read_message("\r".join(segments).encode(), reading(tz, words))


def oru(*values: str, tz: tzinfo | None = None, words: Dictionary | None = None) -> RowRead:
    """One ORU with a patient, an order of 08:00 UTC, and these OBX."""
    return read(header(), PID, OBR, *values, tz=tz, words=words)


def said(row: RowRead) -> list[tuple[str, float | str | None]]:
    """Concept and value of each observation, in the order of the message."""
    return [(fact.concept, fact.code or fact.value) for fact in row.facts if isinstance(fact, Observation)]


def only(row: RowRead) -> Fact:
    assert row.refusals == ()
    (fact,) = row.facts
    return fact
