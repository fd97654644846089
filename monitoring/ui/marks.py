"""The marks both the board and the patient page use: colours as CSS, the grade badge, and what it says aloud."""

from __future__ import annotations

from html import escape

from monitoring.board_view import shape, spoken, state
from monitoring.charts import GRADE_COLOURS
from monitoring.views import GradeCell

_SHEET = {
    "ink": ("#15181d", "#e8ebf0"),
    "quiet": ("#565d68", "#a3adba"),
    "line": ("#dcd9d3", "#2e3641"),
    "sheet": ("#ffffff", "#151a21"),
    "hover": ("#f3f6fb", "#1c232d"),
    "silent": ("#fdeeec", "#2a1d20"),
    "hatch": ("#e3ded5", "#2e3641"),
    "well": ("#1d6347", "#7fd0ab"),
    "alarm": ("#b3251a", "#ff9184"),
    "alarm-fill": ("#a3121a", "#a3121a"),
    "caution": ("#8a5300", "#f1b45a"),
    "focus": ("#1f5fa8", "#8dbdf6"),
    "accent": ("#1b5799", "#8dbdf6"),
    "demo": ("#e4dcf3", "#3a2d5c"),
    "demo-ink": ("#3f2472", "#e2d6fb"),
    "g4-edge": ("#7d0f14", "#ff8f84"),
}


def tokens() -> str:
    """The CSS custom properties every mark reads, for both themes; Streamlit sets `color-scheme`."""
    grades = {
        f"g{grade}{part}": (GRADE_COLOURS[False][grade][place], GRADE_COLOURS[True][grade][place])
        for grade in range(5)
        for place, part in enumerate(("", "-ink"))
    }
    return " ".join(f"--{name}: light-dark({light}, {dark});" for name, (light, dark) in (_SHEET | grades).items())


def badge(grade: GradeCell) -> str:
    """The grade as HTML for `st.html`: number, filled circle and colour; `tokens` and `badge.css` go with it."""
    kind = state(grade)
    filled = shape(grade)
    turn = "" if filled is None else f'<i class="glyph" style="--turn:{filled * 90}deg"></i>'
    return (
        f'<span class="badge {kind}" data-grade="{grade.at_least or 0}" role="img" '
        f'aria-label="{escape(spoken(grade))}">'
        f'<b class="scale">{escape(grade.label)}</b>{turn}<b class="number">{escape(grade.text)}</b></span>'
    )
