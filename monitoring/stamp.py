"""Copies of one validated record with some fields replaced: what is said again and again is validated once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from monitoring.fact import LIKENESS, Fact, Likeness

NEW = object.__new__
CONTENT, FIELDS_SET, EXTRA, PRIVATE = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
"""The four slots that make a model; setting them is all a frozen model forbids and all a copy needs."""

Model = TypeVar("Model", bound=BaseModel)


class Stamp(Generic[Model]):
    """Copies of one validated record in which some fields, validated elsewhere, are replaced.

    What `model_copy` does, without its walk over every field; `tests/ingest/test_repeats.py` holds a copy equal to the
    record that validation would give. Fields `replaced` come first and in this order, as in the model itself.
    """

    def __init__(self, record: Model, replaced: Collection[str]) -> None:
        self.of = type(record)
        self.kept = {name: value for name, value in record.__dict__.items() if name not in replaced}
        self.fields_set = record.__pydantic_fields_set__
        if isinstance(record, Fact):
            self.kept[LIKENESS] = Likeness(record)
        self.whole = {**record.__dict__, **self.kept}

    def copy(self, values: Mapping[str, Any]) -> Model:
        """The record with `values` for the fields replaced."""
        made = NEW(self.of)
        CONTENT(made, {**values, **self.kept})
        FIELDS_SET(made, self.fields_set)
        EXTRA(made, None)
        PRIVATE(made, None)
        return made
