"""Cells that no spreadsheet takes for a formula, and the way back (D108).

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break. Such a cell gets an apostrophe in
front, which spreadsheets take for "this is text"; the reader of files takes it away again.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_QUOTED = re.compile(r"''*\s*[=+\-@＝＋－＠\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


def neutral(text: str) -> str:
    """`text` as a cell that no spreadsheet runs; a number stays as it is."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def restored(cell: str) -> str:
    """What `neutral` was given."""
    return cell[1:] if cell[:1] == "'" and _QUOTED.match(cell) else cell
