"""Tables and lists of the Administration page as HTML; whatever people wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from monitoring.enrolment import Remark


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table; on a telephone each row is a card, its cells named."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, header, row))}</tr>" for row in rows)
    return f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(name: str, text: str) -> str:
    return f'<td data-name="{escape(name)}">{escape(text)}</td>'


def listed(said: Mapping[str, str]) -> str:
    """Names with what is known of each; what is not known is an em dash."""
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v or '—')}</dd>" for k, v in said.items()) + "</dl>"


def noted(remarks: Iterable[Remark]) -> str:
    """Each remark with the place it was read in."""
    return "".join(
        f'<div class="remark">{escape(one.sentence)}'
        + (f"<small>{escape(one.source)}</small>" if one.source else "")
        + "</div>"
        for one in remarks
    )
