"""What the label is held to say beside a patient: each remark from both sides of its cut.

The sentences of the labels are those of hcp.novartis.com (Kymriah, ALL) and PMC8907385 table 1 (the others, 2022).
"""

from __future__ import annotations

import pytest

from monitoring.concepts import REFERENCE
from monitoring.enrolment import remarks
from monitoring.products import disease_named, diseases, product_named, products, read_products

CASES = [
    # product, indication, age, lines | ids of the remarks
    ("Kymriah", "B-ALL", 12.0, 3, []),
    ("Kymriah", "B-ALL", 25.0, 3, []),
    ("Kymriah", "B-ALL", 25.99, 3, []),
    ("Kymriah", "B-ALL", 26.0, 3, ["age"]),
    ("Kymriah", "B-ALL", 0.5, None, []),
    ("Kymriah", "B-ALL", None, 3, ["age"]),
    ("tisagenlecleucel", "B-cell acute lymphoblastic leukaemia", 40.0, None, ["age"]),
    ("Kymriah", "DLBCL", 60.0, 2, []),
    ("Kymriah", "DLBCL", 60.0, 1, ["lines"]),
    ("Kymriah", "DLBCL", 60.0, 0, ["lines"]),
    ("Kymriah", "DLBCL", 60.0, None, ["lines"]),
    ("Kymriah", "DLBCL", 17.99, 2, ["age"]),
    ("Kymriah", "DLBCL", 18.0, 2, []),
    ("Kymriah", "DLBCL", 17.0, 1, ["age", "lines"]),
    ("Kymriah", "multiple myeloma", 60.0, 4, ["indication"]),
    ("Yescarta", "follicular lymphoma", 60.0, 2, []),
    ("Yescarta", "mantle cell lymphoma", 60.0, 2, ["indication"]),
    ("Tecartus", "mantle cell lymphoma", 60.0, None, []),
    ("Abecma", "multiple myeloma", 60.0, 3, ["lines"]),
    ("Abecma", "multiple myeloma", 60.0, 4, []),
    ("Aucatzyl", "B-ALL", 17.0, 2, ["age"]),
    ("Aucatzyl", "B-ALL", 18.0, 2, []),
    ("Carvykti", "multiple myeloma", 60.0, 1, ["label"]),
    ("study product 7", "B-ALL", 12.0, 2, ["label"]),
    ("Kymriah", "something rare", 12.0, 2, ["indication"]),
    ("Kymriah", None, 60.0, 0, []),
    (None, "B-ALL", 60.0, 0, []),
]


@pytest.mark.parametrize(("product", "indication", "age", "lines", "expected"), CASES)
def test_the_label_is_remarked_on_where_the_patient_differs(
    product: str | None, indication: str | None, age: float | None, lines: int | None, expected: list[str]
) -> None:
    assert [remark.id for remark in remarks(product, indication, age, lines)] == expected


def test_a_remark_says_the_label_the_patient_and_the_source() -> None:
    (remark,) = remarks("Kymriah", "B-ALL", 31.4, 2)
    assert remark.sentence == (
        "The label of Kymriah says: B-cell precursor ALL that is refractory or in second or later relapse, up to 25 "
        "years of age. This patient is 31."
    )
    assert "hcp.novartis.com" in remark.source


def test_every_use_names_a_disease_that_is_listed_and_its_source() -> None:
    uses = [use for product in read_products(REFERENCE).values() for use in product.use]
    assert {use.disease for use in uses} <= set(diseases())
    assert all(use.source for use in uses)


@pytest.mark.parametrize(
    ("charted", "disease"),
    [("b-all", "b_all"), ("DLBCL", "lbcl"), ("Mantle cell lymphoma", "mcl"), ("", None), (None, None), ("flu", None)],
)
def test_a_disease_is_known_by_its_names(charted: str | None, disease: str | None) -> None:
    assert disease_named(charted) == disease


def test_one_product_is_given_in_two_infusions() -> None:
    assert [one.label for one in products() if one.infusions > 1] == ["Aucatzyl"]
    aucatzyl = product_named("obe-cel")
    assert aucatzyl is not None
    assert "day 10" in aucatzyl.second
