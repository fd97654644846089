"""When toxicity was seen to begin after each product, and for whom it is labelled: data in `data/reference`.

The figures draw a thin band beside the documented window (D60) and are said in words; nothing is graded or left out by
them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitoring.concepts import REFERENCE, folded
from monitoring.vocabulary import Syndrome

LABELS_NOW = (
    "US labels changed in June 2025: watch daily for at least a week, stay near the centre for at least "
    "two weeks (before: four). These figures are older."
)
"""What to say beside any figure of this table (FDA, 26 June 2025)."""


class Onset(BaseModel):
    """Days from the infusion to the first sign: the median, and `from`..`to` with what that spread is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    syndrome: Syndrome
    median: int = Field(ge=0)
    first: int | None = Field(default=None, alias="from", ge=0)
    last: int | None = Field(default=None, alias="to", ge=0)
    spread: Literal["range", "middle half"] | None = None
    counted_from: Literal["each", "first"] = "each"
    source: str
    label_date: str | None = None

    @model_validator(mode="after")
    def _spread_is_whole(self) -> Onset:
        parts = (self.first, self.last, self.spread)
        if any(part is None for part in parts) != all(part is None for part in parts):
            raise ValueError("`from`, `to` and `spread` go together")
        if self.first is not None and self.last is not None and not self.first <= self.median <= self.last:
            raise ValueError(f"the median {self.median} lies outside {self.first} to {self.last}")
        return self

    def words(self) -> str:
        """`median day 5, middle half day 2–7 (registry; …)`."""
        spread = f", {self.spread} day {self.first}–{self.last}" if self.spread else ""
        dated = f", label of {self.label_date}" if self.label_date else ""
        counted = ", counted from the first infusion" if self.counted_from == "first" else ""
        return f"median day {self.median}{spread}{counted} ({self.source}{dated})"


class Use(BaseModel):
    """For whom a label names a product: ages in whole years, both included; `lines` earlier treatments at least."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disease: str
    words: str
    age_from: int | None = Field(default=None, ge=0)
    age_to: int | None = Field(default=None, ge=0)
    lines: int | None = Field(default=None, ge=1)
    source: str


class Disease(BaseModel):
    """What a product is given for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    names: tuple[str, ...] = ()


class Product(BaseModel):
    """A cell product; the first onset of a syndrome is the one that is drawn. `second`: when a second dose follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    names: tuple[str, ...] = ()
    onset: tuple[Onset, ...] = Field(min_length=1)
    use: tuple[Use, ...] = ()
    infusions: int = Field(default=1, ge=1)
    second: str = ""

    def drawn(self, infusion: int) -> list[Onset]:
        """The figure to draw for each syndrome around the infusion with this number, counted from 1."""
        first: dict[Syndrome, Onset] = {}
        for onset in self.onset:
            if infusion == 1 or onset.counted_from == "each":
                first.setdefault(onset.syndrome, onset)
        return list(first.values())


def read_products(folder: Path) -> Mapping[str, Product]:
    """Products by every folded name. Raises OSError, tomllib.TOMLDecodeError or pydantic.ValidationError."""
    table = tomllib.loads((folder / "products.toml").read_text(encoding="utf-8"))
    products = {key: Product.model_validate(entry) for key, entry in table.items()}
    return {folded(name): one for key, one in products.items() for name in (key, one.label, *one.names)}


@cache
def _site_products() -> Mapping[str, Product]:
    return read_products(REFERENCE)


def product_named(name: str | None) -> Product | None:
    """The product charted as `name`; None where no verified figure is known."""
    return _site_products().get(folded(name)) if name else None


def products() -> list[Product]:
    """Every product that is known, by label."""
    return sorted({one.label: one for one in _site_products().values()}.values(), key=lambda one: one.label)


@cache
def diseases() -> Mapping[str, Disease]:
    """Diseases by id."""
    table = tomllib.loads((REFERENCE / "diseases.toml").read_text(encoding="utf-8"))
    return {key: Disease.model_validate(entry) for key, entry in table.items()}


def disease_named(name: str | None) -> str | None:
    """The id of the disease charted as `name`; None for one that is not listed."""
    said = folded(name or "")
    return next(
        (key for key, one in diseases().items() if said in {folded(known) for known in (key, one.label, *one.names)}),
        None,
    )
