"""Check digits of LOINC and SNOMED CT codes: a mistyped code is refused, not passed over as one we do not read."""

from __future__ import annotations

import re

_LOINC = re.compile(r"([0-9]{1,7})-([0-9])")
_SNOMED = re.compile(r"[0-9]{6,18}")


def _dihedral(i: int, j: int) -> int:
    if i < 5:
        return (i + j) % 5 if j < 5 else (i + j - 5) % 5 + 5
    return (i - 5 - j) % 5 + 5 if j < 5 else (i - j) % 5


_PRODUCT = tuple(tuple(_dihedral(i, j) for j in range(10)) for i in range(10))
_TURNS = [tuple(range(10)), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)]
while len(_TURNS) < 8:
    _TURNS.append(tuple(_TURNS[-1][_TURNS[1][digit]] for digit in range(10)))


def loinc_holds(code: str) -> bool:
    """Whether a LOINC number ends in its mod 10 check digit; parts and answers (LP.., LA..) are not numbers."""
    match = _LOINC.fullmatch(code)
    if match is None:
        return True
    total = 0
    for place, digit in enumerate(reversed(match[1])):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return (10 - total % 10) % 10 == int(match[2])


def snomed_holds(code: str) -> bool:
    """Whether a SNOMED CT id ends in its Verhoeff check digit."""
    if _SNOMED.fullmatch(code) is None:
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _PRODUCT[check][_TURNS[place % 8][int(digit)]]
    return check == 0
