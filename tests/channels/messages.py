"""HL7 v2 messages for the tests, written out as a monitor sends them."""

from __future__ import annotations

from datetime import UTC, datetime

VT, END = b"\x0b", b"\x1c\r"


def oru(control_id: str, value: str = "38.6", patient: str = "P1", at: str = "") -> bytes:
    """One ORU^R01 with one temperature, taken now or at `at`."""
    at = at or datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    return "\r".join(
        [
            f"MSH|^~\\&|MON|ICU|WARD|HOSP|{at}||ORU^R01^ORU_R01|{control_id}|P|2.5",
            f"PID|1||{patient}^^^HOSP^MR",
            f"OBR|1|||VITALS|||{at}",
            f"OBX|1|NM|8310-5^Body temp^LN||{value}|Cel|||||F|||{at}",
            "",
        ]
    ).encode()


def framed(message: bytes) -> bytes:
    return VT + message + END


def answers(received: bytes) -> list[list[str]]:
    """The segments of each framed acknowledgement in `received`."""
    return [part.lstrip(VT).decode().strip("\r").split("\r") for part in received.split(END) if part]


def code_and_id(answer: list[str]) -> tuple[str, str]:
    """MSA-1 and MSA-2."""
    fields = next(line for line in answer if line.startswith("MSA")).split("|")
    return fields[1], fields[2]
