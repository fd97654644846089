"""Where a day stands in the documented windows, and the published onset of each product beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from monitoring.concepts import REFERENCE, dictionary
from monitoring.course import Course
from monitoring.patient_view import patient_view
from monitoring.products import product_named, read_products
from monitoring.records import Infusion
from monitoring.views import PatientView
from monitoring.vocabulary import Syndrome
from monitoring.windows import standing

INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)

SENTENCES = [
    (0, "Day 0: inside the documented CRS window, day 0 to 14; ICANS window opens in 7 days."),
    (5, "Day 5: inside the documented CRS window, day 0 to 14; ICANS window opens in 2 days."),
    (6, "Day 6: inside the documented CRS window, day 0 to 14; ICANS window opens tomorrow."),
    (
        7,
        "Day 7: inside the documented CRS window, day 0 to 14; inside the documented ICANS window, day 7 to 28.",
    ),
    (
        14,
        "Day 14: inside the documented CRS window, day 0 to 14; inside the documented ICANS window, day 7 to 28.",
    ),
    (15, "Day 15: CRS window closed yesterday; inside the documented ICANS window, day 7 to 28."),
    (28, "Day 28: CRS window closed 14 days ago; inside the documented ICANS window, day 7 to 28."),
    (29, "Day 29: CRS window closed 15 days ago; ICANS window closed yesterday."),
]


@pytest.mark.parametrize(("day", "sentence"), SENTENCES, ids=[f"day {day}" for day, _ in SENTENCES])
def test_the_sentence_says_where_the_day_stands(day: int, sentence: str) -> None:
    assert standing([INFUSED], INFUSED + timedelta(days=day), UTC) == sentence


TWO = [
    (
        13,
        "Day 3 after infusion 2, day 13 after the first: inside the documented CRS windows of infusions 1 and 2; "
        "inside the documented ICANS window of infusion 1.",
    ),
    (
        16,
        "Day 6 after infusion 2, day 16 after the first: inside the documented CRS window of infusion 2; "
        "inside the documented ICANS window of infusion 1.",
    ),
    (
        30,
        "Day 20 after infusion 2, day 30 after the first: CRS window closed 6 days ago; "
        "inside the documented ICANS window of infusion 2.",
    ),
]


@pytest.mark.parametrize(("day", "sentence"), TWO, ids=[f"day {day}" for day, _ in TWO])
def test_of_two_infusions_the_sentence_says_whose_window_it_is(day: int, sentence: str) -> None:
    given = [INFUSED, INFUSED + timedelta(days=10)]
    assert standing(given, INFUSED + timedelta(days=day), UTC) == sentence


def test_without_an_infusion_the_sentence_says_that_nothing_can_be_placed() -> None:
    assert standing([], INFUSED, UTC) == "No infusion is recorded, so the documented windows cannot be placed."


# clinical.md g.2, typed by hand: only figures marked [V]. (product, syndrome, median, from, to, what the spread is)
VERIFIED = {
    ("Kymriah", "crs", 5, 2, 7, "middle half"),
    ("Kymriah", "crs", 3, 1, 51, "range"),
    ("Kymriah", "icans", 7, 5, 9, "middle half"),
    ("Kymriah", "icans", 6, 1, 359, "range"),
    ("Yescarta", "crs", 2, 1, 12, "range"),
    ("Yescarta", "crs", 4, 1, 20, "range"),
    ("Yescarta", "icans", 4, None, None, None),
    ("Tecartus", "crs", 5, 1, 46, "range"),
    ("Tecartus", "icans", 7, 1, 31, "range"),
    ("Breyanzi", "crs", 4, 1, 7, "middle half"),
    ("Breyanzi", "crs", 5, 1, 14, "range"),
    ("Breyanzi", "icans", 7, 4, 11, "middle half"),
    ("Abecma", "crs", 1, 1, 23, "range"),
    ("Abecma", "icans", 2, 1, 42, "range"),
    ("Aucatzyl", "crs", 8, 1, 23, "range"),
}


def test_the_onset_figures_are_those_that_were_read_in_their_source_and_no_others() -> None:
    products = {product.label: product for product in read_products(REFERENCE).values()}
    listed = [
        (label, onset.syndrome.value, onset.median, onset.first, onset.last, onset.spread)
        for label, product in products.items()
        for onset in product.onset
    ]
    assert len(listed) == len(VERIFIED)
    assert set(listed) == VERIFIED
    assert all(onset.source for product in products.values() for onset in product.onset)


@pytest.mark.parametrize(
    ("charted", "label"),
    [
        ("Yescarta", "Yescarta"),
        ("axi-cel", "Yescarta"),
        ("AXICABTAGENE CILOLEUCEL", "Yescarta"),
        ("kymriah", "Kymriah"),
    ],
)
def test_a_product_is_known_by_its_brand_and_its_substance(charted: str, label: str) -> None:
    product = product_named(charted)
    assert product is not None
    assert product.label == label


@pytest.mark.parametrize("charted", ["Carvykti", "study product 7", "", None])
def test_a_product_without_a_verified_figure_is_not_known(charted: str | None) -> None:
    assert product_named(charted) is None


@pytest.mark.parametrize(
    "entry",
    [
        'syndrome = "crs"\nmedian = 5\nfrom = 6\nto = 9\nspread = "range"\nsource = "x"',
        'syndrome = "crs"\nmedian = 5\nfrom = 2\nsource = "x"',
        'syndrome = "crs"\nmedian = 5',
    ],
    ids=["a median outside its spread", "half a spread", "no source"],
)
def test_a_figure_that_contradicts_itself_is_refused(entry: str, tmp_path: Path) -> None:
    (tmp_path / "products.toml").write_text(f'[p]\nlabel = "P"\n[[p.onset]]\n{entry}\n', encoding="utf-8")
    with pytest.raises(ValidationError):
        read_products(tmp_path)


def page(*given: tuple[str | None, int], day: int = 12, zone: str = "UTC") -> PatientView:
    """The patient page on `day` of infusions given as (product, day)."""
    facts = [
        Infusion(
            patient_id="P1",
            effective_at=INFUSED + timedelta(days=at),
            received_at=INFUSED,
            source="screen",
            product=product,
        )
        for product, at in given
    ]
    course = Course.from_facts("P1", facts, dictionary())
    return patient_view(course, INFUSED + timedelta(days=day), ZoneInfo(zone))


def spans(view: PatientView) -> list[tuple[str, str, int, str, str]]:
    return [
        (band.product, band.syndrome.value, band.infusion, f"{band.start:%d %b}", f"{band.end:%d %b}")
        for band in view.risk.bands
    ]


def test_a_band_runs_from_the_first_day_of_the_spread_to_the_end_of_its_last() -> None:
    assert spans(page(("Breyanzi", 0))) == [
        ("Breyanzi", "crs", 1, "02 Mar", "09 Mar"),
        ("Breyanzi", "icans", 1, "05 Mar", "13 Mar"),
    ]


def test_a_median_without_a_spread_is_a_band_of_one_day() -> None:
    (_, icans) = page(("Yescarta", 0)).risk.bands
    assert (icans.syndrome, icans.start.isoformat()) == (Syndrome.ICANS, "2026-03-05T00:00:00+00:00")
    assert icans.end - icans.start == timedelta(days=1)


def test_days_of_a_band_are_days_of_the_ward() -> None:
    (crs, _) = page(("Breyanzi", 0), zone="Asia/Tokyo").risk.bands
    assert crs.start.isoformat() == "2026-03-02T00:00:00+09:00"


def test_a_product_we_do_not_know_has_no_band_and_the_page_says_so() -> None:
    view = page(("Carvykti", 0))
    assert view.risk.bands == ()
    assert view.risk.notes == ("No onset figures were verified for Carvykti, so no thin bar is drawn.",)


def test_beside_every_figure_stands_its_source_and_that_the_labels_changed() -> None:
    notes = page(("Kymriah", 0)).risk.notes
    assert (
        "Kymriah, CRS: median day 3, range day 1–51 (US label copy; ashpublications view-large/12880307, " in notes[1]
    )
    assert "label of 2018" in notes[1]
    assert "June 2025" in notes[-1]


def test_a_figure_counted_from_the_first_infusion_is_not_drawn_around_the_second() -> None:
    view = page(("Aucatzyl", 0), ("Aucatzyl", 10))
    assert spans(view) == [("Aucatzyl", "crs", 1, "02 Mar", "25 Mar")]
    assert "counted from the first infusion" in view.risk.notes[0]


def test_two_infusions_get_both_windows_each() -> None:
    windows = page(("Aucatzyl", 0), ("Aucatzyl", 10)).windows
    assert [(window.syndrome.value, window.infusion, window.days, f"{window.end:%d %b}") for window in windows] == [
        ("crs", 1, (0, 14), "16 Mar"),
        ("icans", 1, (7, 28), "30 Mar"),
        ("crs", 2, (0, 14), "26 Mar"),
        ("icans", 2, (7, 28), "09 Apr"),
    ]
