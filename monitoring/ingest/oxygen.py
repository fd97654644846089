"""Device, flow and inspired oxygen of one row as one record of oxygen support."""

from __future__ import annotations

from typing import Any

from monitoring.ingest.rows import Row, nearest
from monitoring.records import OxygenSupport
from monitoring.vocabulary import OxygenDevice, OxygenReason

ROOM_AIR_FIO2 = 21.0


def add_oxygen(row: Row, said: dict[str, Any], device_column: str, flow_column: str, fio2_column: str) -> None:
    """The row's oxygen support. A cell that cannot be read leaves the device unknown, so nothing is added for it (D59).

    Room air with a flow or with more than 21 % is a contradiction: neither is believed.
    """
    concepts = row.reading.dictionary.concepts
    charted = row.text(device_column)
    device = None if charted is None else row.reading.dictionary.device(charted)
    if charted is not None and device is None:
        near = ", ".join(nearest(charted, row.reading.dictionary.devices)) or ", ".join(OxygenDevice)
        row.refuse(
            device_column,
            "unknown code",
            f"oxygen device not known; nearest {near}. Quarantined, not graded. Correct the cell",
        )
        return
    flow = row.measured(flow_column, concepts["o2_flow"])
    fio2 = row.measured(fio2_column, concepts["fio2"])
    reason = row.word("o2_reason", OxygenReason)
    if device is OxygenDevice.ROOM_AIR and ((flow or 0) > 0 or (fio2 or 0) > ROOM_AIR_FIO2):
        row.refuse(
            flow_column if flow else fio2_column,
            "contradiction",
            "oxygen on room air contradicts itself; neither was read. Correct the device or this cell",
        )
        return
    if device is not None or flow is not None or fio2 is not None:
        row.add(OxygenSupport(**said, device=device, flow_l_min=flow, fio2=fio2, reason=reason))
