"""The published scales and the symptom lists, row by row: `tests/tables/*.txt` read as bedside pictures and graded.

How a table is read stands in `tests/tables/README.md`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitoring.bedside import grade_pictures

TABLES = Path(__file__).parent / "tables"
PUBLISHED = {
    "crs_astct_2019": "crs-astct-2019",
    "icans_astct_2019": "icans-astct-2019",
    "icans_astct_2019_child": "icans-astct-2019",
    "crs_ctcae_5": "crs-ctcae-5",
    "crs_lee_2014": "crs-lee-2014",
    "crs_penn_2018": "crs-penn-2018",
    "crs_mskcc": "crs-mskcc",
    "crs_cartox_2018": "crs-cartox-2018",
    "cres_cartox_2018": "cres-cartox-2018",
}
SYMPTOMS = {"crs": "crs-documented-symptoms", "icans": "icans-documented-symptoms"}
DOCUMENTED = (
    "breathing problems", "chills and fever", "dizziness", "extreme fatigue", "fast heartbeat and low blood pressure",
    "headaches", "muscle and joint pain", "severe nausea, vomiting and diarrhea", "skin rash",
    "agitation", "balance and coordination problems", "confusion and memory loss", "loss of consciousness",
    "seizures or tremors", "speech difficulties",
)  # fmt: skip
ICE_ITEMS = ("orientation", "naming", "commands", "writing", "attention")
CAPD_ITEMS = (
    "eye_contact", "purposeful", "aware", "communicates", "restless", "inconsolable", "underactive", "slow_response",
)  # fmt: skip
NUMBERS = {"temp": "temp_c"}
DRUGS = {"antipyretic": "on_antipyretic", "anticytokine": "on_anticytokine", "steroid": "on_corticosteroid"}
NO_DRUG = dict.fromkeys(DRUGS.values(), False)
PROPHYLAXIS = {**NO_DRUG, "on_corticosteroid": True, "steroid_reason": "prophylaxis"}
MASKED: dict[str, dict[str, Any]] = {
    "no": {"crs_already_diagnosed": False, **NO_DRUG},
    **{word: {"crs_already_diagnosed": True, **NO_DRUG, field: True} for word, field in DRUGS.items()},
    "diagnosed, no drug": {"crs_already_diagnosed": True, **NO_DRUG},
    "diagnosed, drugs ?": {"crs_already_diagnosed": True},
    "not diagnosed, drugs ?": {"crs_already_diagnosed": False},
    "anticytokine, diagnosed ?": {**NO_DRUG, "on_anticytokine": True},
    "prophylactic steroid": {"crs_already_diagnosed": False, **PROPHYLAXIS},
    "prophylactic steroid, diagnosed ?": PROPHYLAXIS,
    "scheduled antipyretic": {"crs_already_diagnosed": False, **NO_DRUG, "on_antipyretic": True},
}


@dataclass(frozen=True)
class Row:
    """One line of a table: where it stands, its picture, and what each system named in it must answer."""

    place: str
    picture: dict[str, Any]
    expected: dict[str, str]
    says: tuple[str, ...]


def literal(text: str) -> Any:
    """A JSON value, or the bare word itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def put(picture: dict[str, Any], path: str, value: Any) -> None:
    """Sets `a.b` in the inputs, or `patient.b` in the patient."""
    *folders, field = path.split(".")
    target = picture if folders[:1] == ["patient"] else picture["inputs"]
    for folder in folders:
        target = target.setdefault(folder, {})
    target[field] = value


def answers(items: tuple[str, ...], text: str) -> dict[str, Any]:
    """A total, or one word per item with `?` for an item not tried."""
    words = text.split()
    if len(words) == 1:
        return {"total": literal(text)}
    key = "items" if items is ICE_ITEMS else "answers"
    return {key: {item: literal(word) for item, word in zip(items, words, strict=True) if word != "?"}}


def oxygen(text: str) -> dict[str, Any]:
    """`device`, `device litres`, `device litres percent%`; any may be `?`."""
    device, flow, fio2 = [*text.split(), "?", "?"][:3]
    charted = {"device": device, "flow_l_min": literal(flow), "fio2": literal(fio2.removesuffix("%"))}
    return {field: value for field, value in charted.items() if value != "?"}


def vasopressor(text: str) -> dict[str, Any]:
    """`drug`, `drug dose unit`, `drug dose unit hours h`; dose, unit and hours may be `?`."""
    drug, dose, unit, hours = [*text.removesuffix(" h").split(), "?", "?", "?"][:4]
    charted = {"drug": drug, "dose": literal(dose), "unit": unit, "hours": literal(hours)}
    return {field: value for field, value in charted.items() if value != "?"}


def symptoms(others: str, item: str, severity: str) -> dict[str, Any]:
    """What was reported: one item, and every other item of both lists as `none`, or not asked (`?`)."""
    reported: dict[str, Any] = dict.fromkeys(DOCUMENTED, "none") if others == "none" else {}
    if item:
        reported[item] = literal(severity)
    return {name: said for name, said in reported.items() if said != "?"}


def picture_of(cells: dict[str, str], name: str) -> dict[str, Any]:
    """The bedside picture (contract.md) that the cells of one line describe; `?` leaves a field out."""
    picture: dict[str, Any] = {"id": name, "patient": {}, "inputs": {}}
    inputs = picture["inputs"]
    for column, text in cells.items():
        if column == "masked":
            inputs.update(MASKED[text] if text != "?" else {})
        elif column == "others":
            inputs["symptoms"] = symptoms(text, cells.get("item", ""), cells.get("severity", ""))
        elif text in {"?", ""} or column in {"item", "severity"}:
            continue
        elif column == "pressors":
            inputs["vasopressors"] = [] if text == "none" else [vasopressor(drug) for drug in text.split(" + ")]
        elif column == "organs":
            named = [] if text == "none" else text.split(", ")
            inputs["organ_ctcae"] = {organ: literal(grade) for organ, grade in (one.rsplit(" ", 1) for one in named)}
        elif column in {"age", "weight"}:
            picture["patient"]["age_years" if column == "age" else "weight_kg"] = literal(text)
        elif column == "oxygen":
            inputs["oxygen"] = oxygen(text)
        elif column in {"ice", "capd"}:
            inputs[column] = answers(ICE_ITEMS if column == "ice" else CAPD_ITEMS, text)
        elif column == "also":
            for pair in text.split("; "):
                path, _, value = pair.partition("=")
                put(picture, path, literal(value))
        else:
            inputs[NUMBERS.get(column, column)] = literal(text)
    return picture


def rows_of(name: str) -> Iterator[Row]:
    """Every case of one table, in the order of the file."""
    header: list[str] = []
    given: dict[str, str] = {}
    for number, line in enumerate((TABLES / f"{name}.txt").read_text().splitlines(), start=1):
        cells = [cell.strip() for cell in line.partition(" #")[0].split("|")]
        if line.startswith("given"):
            given = dict(cell.split(" ", 1) for cell in cells[1:])
        elif cells[0] == "case":
            header = cells
        elif len(cells) > 1:
            cell = dict(zip(header, cells, strict=True))
            sentence = cell.pop("case")
            says = tuple(word.strip() for word in cell.pop("says").split(",") if word.strip())
            systems = {"grade": PUBLISHED[name]} if name in PUBLISHED else SYMPTOMS
            expected = {system: cell.pop(column) for column, system in systems.items()}
            yield Row(f"{name}.txt:{number} {sentence}", picture_of({**given, **cell}, sentence), expected, says)


ROWS = [row for path in sorted(TABLES.glob("*.txt")) for row in rows_of(path.stem)]


def interval(text: str) -> tuple[int | None, int | None, bool]:
    """`2`, `1..4` or `ungradable` as (at_least, at_most, gradable)."""
    if text == "ungradable":
        return None, None, False
    low, _, high = text.partition("..")
    return int(low), int(high or low), True


def check(row: Row, picture: dict[str, Any]) -> None:
    """Asserts what the row says about every system it names."""
    assessments = grade_pictures([picture], list(row.expected))[0]["assessments"]
    got = {s: (a["at_least"], a["at_most"], a["gradable"]) for s, a in assessments.items()}
    assert got == {system: interval(text) for system, text in row.expected.items()}, assessments
    said = {*(str(flag) for a in assessments.values() for flag in a["flags"])}
    said |= {f"met:{name}" for a in assessments.values() for name in a["met"]}
    said |= {f"?:{name}" for a in assessments.values() for name in a["unassessed"]}
    wanted = {word for word in row.says if not word.startswith("-")}
    denied = {word.removeprefix("-") for word in row.says if word.startswith("-")}
    assert wanted <= said, (wanted - said, assessments)
    assert not denied & said, (denied & said, assessments)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.place)
def test_a_row_of_a_table_holds(row: Row) -> None:
    check(row, row.picture)


@pytest.mark.parametrize("row", [row for row in ROWS if "temp_c" in row.picture["inputs"]], ids=lambda row: row.place)
def test_the_same_row_holds_in_fahrenheit(row: Row) -> None:
    inputs = dict(row.picture["inputs"])
    inputs["temp_f"] = round(inputs.pop("temp_c") * 9 / 5 + 32, 2)
    check(row, {**row.picture, "inputs": inputs})


def test_every_case_of_a_table_has_its_own_sentence() -> None:
    cases = [(row.place.partition(":")[0], row.picture["id"]) for row in ROWS]
    assert {case for case in cases if cases.count(case) > 1} == set()
