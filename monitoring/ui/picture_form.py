"""From what was filled in to a bedside picture, and from a picture back to the form.

Values are keyed by a field's path; a path without a value was not recorded. Parts of a picture the form has no field
for are kept beside the values, so that nothing given is lost. No Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from monitoring.bedside import pictures_in
from monitoring.concepts import dictionary
from monitoring.grading.picture import PictureRefused, read_picture
from monitoring.ui.picture_entries import NONE, SYMPTOMS, VASOPRESSORS, Entry, entries, severities, vasopressor_entries
from monitoring.vocabulary import OxygenDevice

NAME = "bedside"
"""What a picture made on the form is called."""

Value = bool | float | str
Values = Mapping[str, Value | None]


def compose(values: Values, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The picture that the values say, with what was kept; what has no value is not in it."""
    picture: dict[str, Any] = {"id": NAME, **deepcopy(dict(kept))}
    picture.setdefault("inputs", {})
    for entry in entries():
        value = values.get(entry.path)
        if value is not None:
            _put(picture, entry.path, _typed(entry, value))
    count = values.get(VASOPRESSORS)
    if count == NONE:
        _put(picture, VASOPRESSORS, NONE)
    elif count is not None:
        _put(picture, VASOPRESSORS, [_drug(values, number) for number in range(int(count))])
    symptoms = [values.get(entry.path) for entry in entries() if entry.path.startswith(SYMPTOMS)]
    if symptoms and all(severity == NONE for severity in symptoms):
        _put(picture, SYMPTOMS, NONE)
    return picture


def _drug(values: Values, number: int) -> dict[str, Any]:
    said = {entry.path.rsplit(".", 1)[1]: values.get(entry.path) for entry in vasopressor_entries(number)}
    return {name: value for name, value in said.items() if value is not None}


def _typed(entry: Entry, value: Value) -> Value:
    """A choice of points is a number in the picture; everything else stands as it was filled in."""
    return int(value) if entry.kind == "choice" and str(value).isdigit() else value


def _put(picture: dict[str, Any], path: str, value: object) -> None:
    *above, last = path.split(".")
    place = picture
    for name in above:
        held = place.get(name)
        if not isinstance(held, dict):
            place[name] = held = {}
        place = held
    place[last] = value


def spread(picture: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A readable picture as values by path, and the parts the form has no field for."""
    rest = deepcopy(dict(picture))
    inputs = rest.get("inputs", {})
    values: dict[str, Any] = {}
    if inputs.get("oxygen") in (NONE, []):
        inputs["oxygen"] = {"device": OxygenDevice.ROOM_AIR.value}
    if inputs.get("organ_ctcae") in ([], {}):
        inputs["organ_ctcae"] = NONE
    treated = inputs.get("coagulopathy_treated_with")
    if isinstance(treated, list) and len(treated) < 2:
        inputs["coagulopathy_treated_with"] = treated[0] if treated else NONE
    values |= _vasopressors(inputs.pop("vasopressors", None)) | _symptoms(inputs.pop("symptoms", None))
    for entry in entries():
        value = _take(rest, entry.path)
        if value is not None:
            values[entry.path] = _shown(entry, value)
    return values, _without_nothing(rest)


def _vasopressors(listed: object) -> dict[str, Any]:
    if listed is None:
        return {}
    if not isinstance(listed, list) or not listed:
        return {VASOPRESSORS: NONE}
    values: dict[str, Any] = {VASOPRESSORS: str(len(listed))}
    for number, drug in enumerate(listed):
        for entry in vasopressor_entries(number):
            value = drug.get(entry.path.rsplit(".", 1)[1])
            known = dictionary().drug(value) if entry.path.endswith(".drug") and value else None
            if value is not None:
                values[entry.path] = known.id if known else _shown(entry, value)
    return values


def _symptoms(said: object) -> dict[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        return {entry.path: NONE for entry in entries() if entry.path.startswith(SYMPTOMS)}
    values = {}
    for name, severity in said.items():
        symptom = dictionary().symptom(name)
        if symptom is not None and severity is not None:
            word = severity.casefold().replace("_", "-") if isinstance(severity, str) else severities()[int(severity)]
            values[f"{SYMPTOMS}.{symptom.label}"] = word
    return values


def _shown(entry: Entry, value: Value) -> Value:
    """A value as its field holds it."""
    match entry.kind:
        case "number":
            return float(value)
        case "count":
            return int(value)
        case "truth":
            return bool(value)
        case _:
            return str(value)


def _take(place: dict[str, Any], path: str) -> Value | None:
    """The plain value at a path, taken out; None where there is none, or a part with fields of its own."""
    *above, last = path.split(".")
    here: Any = place
    for name in above:
        here = here.get(name) if isinstance(here, dict) else None
    if not isinstance(here, dict) or isinstance(here.get(last), (dict, list)):
        return None
    taken: Value | None = here.pop(last, None)
    return taken


def _without_nothing(part: dict[str, Any]) -> dict[str, Any]:
    """The part without nulls and without what is empty after them; `inputs` stays."""
    found: dict[str, Any] = {}
    for name, value in part.items():
        inner = _without_nothing(value) if isinstance(value, dict) else value
        if inner is not None and inner != {}:
            found[name] = inner
    return found


def shared(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and kept parts of a pasted or dropped picture. Raises PictureRefused."""
    content = pictures_in(text)
    listed: list[Any] = content if isinstance(content, list) else [content]
    if len(listed) != 1:
        raise PictureRefused(
            f"{len(listed)} pictures were given and the form holds one; give one, "
            "or grade them all with: python -m monitoring picture FILE"
        )
    read_picture(listed[0], dictionary())
    return spread(listed[0])
