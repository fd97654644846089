"""Peer style: a pydantic request, a calculator class, a dictionary with texts, one call a row.

This is how public calculators of these scales are written. It has no intervals, no freshness and no memory of a
diagnosis: the baseline does less than what it is measured against. It is no reference for any grade.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

DESCRIPTIONS = {
    0: "No cytokine release syndrome.",
    1: "Grade 1 CRS: fever without hypotension or hypoxia.",
    2: "Grade 2 CRS: hypotension not requiring vasopressors and/or low-flow oxygen.",
    3: "Grade 3 CRS: one vasopressor and/or high-flow oxygen.",
    4: "Grade 4 CRS: multiple vasopressors and/or positive pressure.",
}


class CrsRequest(BaseModel):
    """What such a calculator is asked."""

    temperature_c: float = Field(default=37.0, ge=25, le=45)
    systolic: float = Field(default=120, ge=30, le=300)
    mean_pressure: float | None = Field(default=None, ge=10, le=220)
    vasopressors: int = Field(default=0, ge=0)
    oxygen_device: str = "room_air"
    oxygen_flow: float | None = None
    fever_waived: bool = False


class CrsCalculator:
    """One call grades one row."""

    def calculate(self, request: CrsRequest) -> dict[str, Any]:
        """Grade, text and findings of a request."""
        fever = request.temperature_c >= 38.0
        findings = []
        grade = 0
        if fever or request.fever_waived:
            grade = 1 if fever else 0
            if fever:
                findings.append(f"Temperature {request.temperature_c:.1f} °C")
            grade = max(grade, self._pressure(request, findings), self._oxygen(request, findings))
        return {
            "grade": grade,
            "label": f"CRS grade {grade}",
            "description": DESCRIPTIONS[grade],
            "findings": findings,
            "reference": "ASTCT 2019",
        }

    def _pressure(self, request: CrsRequest, findings: list[str]) -> int:
        if request.vasopressors > 1:
            findings.append("Multiple vasopressors")
            return 4
        if request.vasopressors == 1:
            findings.append("One vasopressor")
            return 3
        if request.systolic < 90 or (request.mean_pressure is not None and request.mean_pressure < 65):
            findings.append(f"Systolic pressure {request.systolic:.0f} mmHg")
            return 2
        return 0

    def _oxygen(self, request: CrsRequest, findings: list[str]) -> int:
        device, flow = request.oxygen_device, request.oxygen_flow
        if device == "room_air":
            return 0
        findings.append(f"Oxygen by {device.replace('_', ' ')}")
        if device in {"cpap", "bipap", "mechanical_ventilation"}:
            return 4
        if device in {"blow_by"} or (device == "nasal_cannula" and (flow or 0) <= 6):
            return 2
        return 3


def grade_row(calculator: CrsCalculator, row: dict[str, Any]) -> dict[str, Any]:
    """A row validated and graded, the answer as plain values."""
    return calculator.calculate(CrsRequest(**row))
