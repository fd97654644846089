"""The laboratory scores and the screen for IEC-HS as HTML: the number first, what it was made of behind it."""

from __future__ import annotations

from html import escape

from monitoring.score_view import Laboratory, ScoreInput, ScoreRow, ScreenRow
from monitoring.vocabulary import Answer

_SIGNS = {Answer.YES: "✓ yes", Answer.NO: "– no", Answer.UNKNOWN: "? unknown"}


def score_table(shown: Laboratory) -> str:
    """A row a score, and the screen as the last."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Score", "From", "Missing"))
    rows = "".join(map(_row, shown.scores)) + _screen(shown.screen)
    return (
        '<div class="beside"><table class="scales scores"><caption>Laboratory scores</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: ScoreRow) -> str:
    unit = f" <small>{escape(row.unit)}</small>" if row.text != "—" else ""
    inputs = "".join(f"<li>{_input(one)}</li>" for one in row.inputs)
    return (
        f'<tr data-score="{escape(row.id)}"><th scope="row"><b>{escape(row.title)}</b>'
        f'<span class="number"><b class="value">{escape(row.text)}</b>{unit}</span></th>'
        f'<td><ul class="inputs">{inputs}</ul>{_notes((*row.notes, f"{row.formula}; {row.reference}"))}</td>'
        f'<td class="wanted">{escape("; ".join(row.missing))}</td></tr>'
    )


def _input(one: ScoreInput) -> str:
    about = ", ".join(part for part in (f"{one.age_text} ago" if one.age_text else "", one.source) if part)
    return f"{escape(one.label)} {escape(one.text)}" + (f" <small>{escape(about)}</small>" if about else "")


def _notes(notes: tuple[str, ...]) -> str:
    *said, source = notes
    return f'<span class="note">{escape(" ".join(said))}</span><span class="note">{escape(source)}</span>'


def _screen(row: ScreenRow) -> str:
    found = "".join(f"<li>{escape(name)}: {_SIGNS[answer]}</li>" for name, answer in row.findings)
    asks = ' class="asks"' if row.answer is Answer.YES else ""
    return (
        f'<tr data-score="iec-hs"><th scope="row"><b{asks}>{escape(row.sentence)}</b>'
        f'<span class="title">{escape(row.title)}</span></th>'
        f'<td><ul class="inputs">{found}</ul>{_notes((*row.notes, row.reference))}</td>'
        f'<td class="wanted">{escape("; ".join(row.missing))}</td></tr>'
    )
