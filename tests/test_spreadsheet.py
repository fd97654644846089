"""No cell starts a formula, and every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.spreadsheet import neutral, restored

# OWASP, "CSV Injection": cells that begin with = + - @ tab or carriage return; full-width forms are taken alike.
CELLS = [
    ("=1+1", "'=1+1"),
    ("+49 170", "'+49 170"),
    ("-Kay", "'-Kay"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\rx", "'\rx"),
    ("＝1", "'＝1"),
    (" =1", "' =1"),
    ("'=1", "''=1"),
    ("-12.5", "-12.5"),
    ("+3", "+3"),
    ("1e-5", "1e-5"),
    ("-1+cmd", "'-1+cmd"),
    ("O'Neill", "O'Neill"),
    ("'quoted'", "'quoted'"),
    ("7 North", "7 North"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_a_cell_is_written_so_and_read_back(text: str, cell: str) -> None:
    assert neutral(text) == cell
    assert restored(cell) == text


@given(st.one_of(st.text(), st.text(alphabet="'=+-@ \t\r\n1a＝")))
def test_every_text_comes_back(text: str) -> None:
    assert restored(neutral(text)) == text


@given(st.text(alphabet="'=+-@ \t\r\n1a＝"))
def test_no_cell_but_a_number_begins_with_what_a_spreadsheet_runs(text: str) -> None:
    first = neutral(text).lstrip(" ")[:1]
    if first and first in "=+-@\t\r\n＝":
        assert neutral(text) == text
        float(text)
