"""What the label of a product says beside who is enrolled for it (D105). A remark asks; it never refuses."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.products import Product, Use, disease_named, diseases, product_named


@dataclass(frozen=True)
class Remark:
    """One sentence to read and confirm. `id` is kept with the enrolment; `source` says where the label was read."""

    id: str
    sentence: str
    source: str


def remarks(product: str | None, indication: str | None, age_years: float | None, lines: int | None) -> list[Remark]:
    """Where the patient and the label differ, or where too little is known to say; `lines` are earlier treatments."""
    if not product or not indication:
        return []
    known = product_named(product)
    if known is None or not known.use:
        return [Remark("label", f"No label of {product} was read for this page. Please read it.", "")]
    disease = disease_named(indication)
    uses = [use for use in known.use if use.disease == disease]
    if not uses:
        return [_not_named(known, disease, indication)]
    use = uses[0]
    return [*_age(known, use, age_years), *_lines(known, use, lines)]


def _not_named(product: Product, disease: str | None, indication: str) -> Remark:
    named = "; ".join(use.words for use in product.use)
    said = diseases()[disease].label if disease else indication
    sentence = f"The label of {product.label}, as it was read, does not name {said}. It names: {named}."
    return Remark("indication", sentence, "; ".join(dict.fromkeys(use.source for use in product.use)))


def _age(product: Product, use: Use, years: float | None) -> list[Remark]:
    if use.age_from is None and use.age_to is None:
        return []
    label = f"The label of {product.label} says: {use.words}."
    if years is None:
        return [Remark("age", f"{label} No birth date is written.", use.source)]
    inside = (use.age_from is None or years >= use.age_from) and (use.age_to is None or years < use.age_to + 1)
    return [] if inside else [Remark("age", f"{label} This patient is {int(years)}.", use.source)]


def _lines(product: Product, use: Use, lines: int | None) -> list[Remark]:
    if use.lines is None or (lines is not None and lines >= use.lines):
        return []
    label = f"The label of {product.label} says: {use.words}."
    said = "Earlier lines are not written." if lines is None else f"{lines} written for this patient."
    return [Remark("lines", f"{label} {said}", use.source)]
