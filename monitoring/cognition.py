"""ICE and CAPD scores from totals or from single items; items left out make a range, never a zero."""

from __future__ import annotations

_ICE_POINTS = {"orientation": 4, "naming": 3, "commands": 1, "writing": 1, "attention": 1}
_CAPD_ANSWERS = ("never", "rarely", "sometimes", "often", "always")
_CAPD_REVERSED = ("eye_contact", "purposeful", "aware", "communicates")
_CAPD_ITEMS = (*_CAPD_REVERSED, "restless", "inconsolable", "underactive", "slow_response")


def ice_range(total: float | None, items: dict[str, int] | None) -> tuple[float, float] | None:
    """Lowest and highest possible ICE score; None where nothing was scored (clinical.md b.1)."""
    if total is not None:
        return float(total), float(total)
    known = {name: points for name, points in (items or {}).items() if name in _ICE_POINTS}
    if not known:
        return None
    missing = sum(points for name, points in _ICE_POINTS.items() if name not in known)
    return float(sum(known.values())), float(sum(known.values()) + missing)


def capd_range(total: float | None, answers: dict[str, str] | None) -> tuple[float, float] | None:
    """Lowest and highest possible CAPD score; items 1 to 4 run backwards (clinical.md c.1)."""
    if total is not None:
        return float(total), float(total)
    known = {name: answer for name, answer in (answers or {}).items() if name in _CAPD_ITEMS}
    if not known:
        return None
    points = sum(
        4 - _CAPD_ANSWERS.index(answer) if name in _CAPD_REVERSED else _CAPD_ANSWERS.index(answer)
        for name, answer in known.items()
    )
    return float(points), float(points + 4 * (len(_CAPD_ITEMS) - len(known)))
