"""A grader of CRS that is wrong on purpose: an if-chain with the mistakes of public tools, one number for an answer.

It shows that the battery finds them, and what an adapter looks like: pictures on standard input, a line out for each.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def grade(inputs: dict[str, Any]) -> int:
    """First match wins, what is missing is made up, and every drug is a vasopressor."""
    drugs = len(inputs.get("vasopressors") or [])
    oxygen = inputs.get("oxygen") or {}
    device = oxygen.get("device", "room_air")
    if inputs.get("temp_c", 39.0) < 38.0:
        return 0
    if drugs:
        return 4 if drugs > 1 else 3
    if device == "mechanical_ventilation":
        return 4
    if device in {"nasal_cannula", "blow_by"}:
        return 3 if oxygen.get("flow_l_min", 0) >= 6 else 2
    if device != "room_air":
        return 3
    return 2 if inputs.get("sbp", 120) < 90 else 1


for picture in json.load(sys.stdin):
    sys.stdout.write(json.dumps({"id": picture["id"], "grade": grade(picture["inputs"])}) + "\n")
