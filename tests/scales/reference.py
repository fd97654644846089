"""The older scales written down once more, naively, from clinical.md e and d.4, for pictures in which all is known.

Deliberately plain: no tables, no intervals, nothing of the product. Never imported by it. Each function takes the
`inputs` of a bedside picture and the weight, and answers the grade.
"""

from __future__ import annotations

from typing import Any

Inputs = dict[str, Any]
PER_KG = "ug/kg/min"


def low_pressure(inputs: Inputs) -> bool:
    return bool(inputs["sbp"] < 90)  # an adult


def fever(inputs: Inputs) -> bool:
    return bool(inputs["temp_c"] >= 38.0)


def pressors(inputs: Inputs) -> list[dict[str, Any]]:
    return [drug for drug in inputs["vasopressors"] if drug["drug"] != "milrinone"]


def oxygen(inputs: Inputs) -> str:
    """`air`, `low` (<40 %), `high` (>=40 %) or `ventilator`."""
    given = inputs["oxygen"]
    if given["device"] == "room_air":
        return "air"
    if given["device"] == "mechanical_ventilation":
        return "ventilator"
    return "high" if given["fio2"] >= 40 else "low"


def per_minute(drug: dict[str, Any], weight: float) -> float:
    return float(drug["dose"] * weight if drug["unit"] == PER_KG else drug["dose"])


def per_kilogram(drug: dict[str, Any], weight: float) -> float:
    return float(drug["dose"] if drug["unit"] == PER_KG else drug["dose"] / weight)


def equivalents(drugs: list[dict[str, Any]], weight: float) -> float:
    total = 0.0
    for drug in drugs:
        if drug["drug"] in ("norepinephrine", "epinephrine"):
            total += per_minute(drug, weight)
        elif drug["drug"] == "dopamine":
            total += per_kilogram(drug, weight) / 2
        elif drug["drug"] == "phenylephrine":
            total += per_minute(drug, weight) / 10
    return total


def high_dose(inputs: Inputs, weight: float, scale: str) -> bool:
    """The table of d.4; a drug counts once it has run for three hours."""
    drugs = [drug for drug in pressors(inputs) if drug["hours"] >= 3]
    others = [drug for drug in drugs if drug["drug"] != "vasopressin"]
    for drug in others:
        minute, kilogram = per_minute(drug, weight) + 1e-6, per_kilogram(drug, weight) + 1e-6
        alone = {
            "norepinephrine": minute >= 20 if scale == "lee" else kilogram >= 0.2,
            "epinephrine": minute >= 10 if scale == "lee" else kilogram >= 0.1,
            "dopamine": kilogram >= 10,
            "phenylephrine": minute >= 200,
        }
        if alone[drug["drug"]]:
            return True
    total = equivalents(others, weight)
    if len(others) >= 2 and total + 1e-6 >= 20:
        return True
    if others and len(drugs) > len(others):
        return total + 1e-6 >= 10 if scale == "lee" else total / weight + 1e-6 >= 0.1
    return False


def lee_organs(inputs: Inputs) -> int:
    worst = 0
    for organ, grade in inputs["organ_ctcae"].items():
        worst = max(worst, min(grade, 3) if organ in ("AST", "ALT") else min(grade, 4))
    return worst


def ctcae(inputs: Inputs, weight: float) -> int:
    count, air = len(pressors(inputs)), oxygen(inputs)
    if air == "ventilator" or count > 1:
        return 4
    if count == 1 or air == "high":
        return 3
    if low_pressure(inputs) or air == "low":
        return 2
    return 1 if fever(inputs) else 0


def lee(inputs: Inputs, weight: float) -> int:
    count, air, organs = len(pressors(inputs)), oxygen(inputs), lee_organs(inputs)
    if air == "ventilator" or organs == 4:
        return 4
    if air == "high" or count > 1 or high_dose(inputs, weight, "lee") or organs == 3:
        return 3
    if air == "low" or low_pressure(inputs) or count == 1 or organs == 2:
        return 2
    return 1 if fever(inputs) else 0


def cartox(inputs: Inputs, weight: float) -> int:
    if low_pressure(inputs) and high_dose(inputs, weight, "lee"):
        return 4
    return max(lee(inputs, weight), 1 if lee_organs(inputs) == 1 else 0)


def mskcc(inputs: Inputs, weight: float) -> int:
    drugs, air = pressors(inputs), oxygen(inputs)
    if air == "ventilator" or (low_pressure(inputs) and high_dose(inputs, weight, "lee")):
        return 4
    if air == "high" or any(drug["hours"] >= 24 for drug in drugs):
        return 3
    if air == "low" or drugs:
        return 2
    return 1 if fever(inputs) or low_pressure(inputs) else 0


def penn(inputs: Inputs, weight: float) -> int:
    drugs, air, organs = pressors(inputs), oxygen(inputs), inputs["organ_ctcae"]
    creatinine = organs.get("creatinine", 0)
    liver = max([grade for organ, grade in organs.items() if organ in ("AST", "ALT", "bilirubin")], default=0)
    if air == "ventilator" or high_dose(inputs, weight, "penn"):
        return 4
    boluses = low_pressure(inputs) and inputs["iv_fluid_bolus_count"] >= 2
    plasma = "plasma" in inputs["coagulopathy_treated_with"]
    if drugs or air in ("low", "high") or boluses or plasma or creatinine >= 3 or liver >= 4:
        return 3
    if creatinine == 2 or liver == 3:
        return 2
    if fever(inputs) or low_pressure(inputs):
        return 2 if inputs["hospitalised"] or inputs["iv_antibiotics"] else 1
    return 0


def cres(inputs: Inputs, weight: float) -> int:
    stage = inputs.get("papilledema_stage", 0)
    if inputs["consciousness"] in ("needs_vigorous_stimulus", "unarousable") or inputs["motor"] != "none":
        return 4
    if inputs["seizure"] in ("prolonged_over_5min", "repetitive_no_recovery"):
        return 4
    if inputs["icp"] in ("focal_edema", "diffuse_edema", "posturing", "cushing_triad") or stage >= 3:
        return 4
    if inputs["cartox_10"] <= 2 or inputs["seizure"] != "none" or stage >= 1:
        return 3
    if inputs["cartox_10"] <= 6:
        return 2
    return 1 if inputs["cartox_10"] <= 9 else 0


GRADE = {
    "crs-ctcae-5": ctcae,
    "crs-lee-2014": lee,
    "crs-cartox-2018": cartox,
    "crs-mskcc": mskcc,
    "crs-penn-2018": penn,
    "cres-cartox-2018": cres,
}


def longest_run(lowest: list[float | None], cut: float, unknown: bool) -> int:
    """Days of the longest run at or below `cut`, runs joined over one or two better days."""
    low = [unknown if value is None else value <= cut for value in lowest]
    best = 0
    for first in range(len(low)):
        for last in range(first, len(low)):
            inside = "".join("1" if day else "0" for day in low[first : last + 1])
            if low[first] and low[last] and "000" not in inside:
                best = max(best, len(inside))
    return best


def early_icaht(lowest: list[float]) -> int:
    """Thirty-one days, all known."""
    five, one = longest_run(list(lowest), 500, False), longest_run(list(lowest), 100, False)
    if five == 31 or one >= 14 or lowest_to_the_end(lowest):
        return 4
    if five >= 14 or one >= 7:
        return 3
    if five >= 7:
        return 2
    return 1 if five else 0


def lowest_to_the_end(lowest: list[float]) -> bool:
    """Neutropenia that begins on day 0 to 3 and lasts, without three better days in a row, to the last value."""
    low = "".join("1" if value <= 500 else "0" for value in lowest)
    begins = low.find("1")
    return 0 <= begins <= 3 and low[-1] == "1" and "000" not in low[begins:]
