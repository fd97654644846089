"""What the rounds tell the audit of what a person does with facts and rows; nothing where nobody is named."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.access.acts import Act, Deed, Origin
from monitoring.records import Acknowledgement, Fact


def deed(act: Act, by: Origin | None, how_many: int | None = None, about: str | None = None) -> Deed | None:
    """`act` by whom; None where nobody is named."""
    return None if by is None else Deed(act, by, about=about, how_many=how_many)


def charted(by: Origin | None, facts: Sequence[Fact]) -> Deed | None:
    """Facts charted at once, or alerts acknowledged, of the patient they are about."""
    if by is None:
        return None
    act = Act.ALERT_ACKNOWLEDGED if all(isinstance(one, Acknowledgement) for one in facts) else Act.FACT_CHARTED
    return Deed(act, by, patient_id=facts[0].patient_id, how_many=len(facts))
