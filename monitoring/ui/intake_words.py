"""What was read and what was refused, in words; HTML is escaped, text is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape

from monitoring.concepts import Dictionary
from monitoring.records import Administration, Fact, Observation, OxygenSupport, Refusal, RowRead, SymptomReport
from monitoring.store import HeldRefusal, Resolution
from monitoring.ui.live import clock
from monitoring.ui.people import ROLE_NAMES
from monitoring.vocabulary import RETRACTED, AdministrationAction, Role
from monitoring.wording import exact_text, plain, unit_text

_PROVENANCE = {"patient_id", "effective_at", "recorded_at", "received_at", "source", "author", "status", "record_id"}
_PROVENANCE |= {"utc_offset_minutes", "kind"}
_ROLES = {role.value: name.lower() for role, name in ROLE_NAMES.items()}
_INPUTS = {"file", "body"}
"""Places that stand for everything that was sent at once."""
_ELSEWHERE = "; quarantined, not graded"
"""Where a reason goes on to say what a file's sender should do, which is not asked of whoever mends the row here."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>:$~|#!])")
_HOW = {
    "corrected": "Corrected by {who} on {when}.",
    "replayed": "Read again as it came by {who} on {when}, and accepted.",
    "dismissed": "Set aside by {who} on {when}: {why}. Nothing of it was stored.",
}


def literal(text: str) -> str:
    """Text that came from outside, with nothing in it read as Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


def when(at: datetime) -> str:
    """`2 Mar 2026 14:00`, on the ward's clock."""
    return clock(at, "%-d %b %Y %H:%M")


def who(author: str | None) -> str:
    """`data-manager:Dee` as `Dee, data manager`; a machine by the name of its token."""
    if not author:
        return "nobody who was named"
    role, _, name = author.partition(":")
    if role == "service":
        return f"the system “{name}”"
    return f"{name}, {_ROLES[role]}" if name and role in set(Role) else author


def fact_words(fact: Fact, dictionary: Dictionary) -> str:
    """One fact in a line: whose, what, when; every field of it that says something."""
    withdrawn = "withdraws: " if fact.status in RETRACTED else ""
    return f"{fact.patient_id}: {withdrawn}{_said(fact, dictionary)}, {when(fact.effective_at)}"


def _said(fact: Fact, dictionary: Dictionary) -> str:
    if isinstance(fact, Observation):
        return _observed(fact, dictionary)
    if isinstance(fact, SymptomReport):
        known = dictionary.symptoms.get(fact.symptom)
        note = f", note “{fact.note}”" if fact.note else ""
        severity = plain(fact.severity.name.lower())
        return f"{known.label if known else fact.symptom}, {severity}, said by {fact.reporter}{note}"
    if isinstance(fact, Administration):
        return _given(fact, dictionary)
    if isinstance(fact, OxygenSupport):
        flow = f" {exact_text(fact.flow_l_min)} L/min" if fact.flow_l_min is not None else ""
        fio2 = f" FiO₂ {exact_text(fact.fio2)} %" if fact.fio2 is not None else ""
        reason = f", for {plain(fact.reason)}" if fact.reason else ""
        return f"oxygen: {plain(fact.device) if fact.device else 'device not charted'}{flow}{fio2}{reason}"
    return _fields(fact)


def _observed(fact: Observation, dictionary: Dictionary) -> str:
    known = dictionary.concepts.get(fact.concept)
    label = known.label if known else fact.concept
    if fact.absent_reason is not None:
        said = f"no value ({plain(fact.absent_reason)})"
    elif fact.value is not None:
        said = f"{exact_text(fact.value)} {unit_text(fact.unit or '')}".strip()
    else:
        said = plain(fact.code or "")
    unusual = known is not None and fact.value is not None and not known.usual(fact.value)
    return (
        f"{label} {said}" + (f" ({fact.method})" if fact.method else "") + (", unusual: look twice" if unusual else "")
    )


def _given(fact: Administration, dictionary: Dictionary) -> str:
    known = dictionary.drug(fact.drug)
    dose = f" {fact.dose:g} {fact.unit or ''}".rstrip() if fact.dose is not None else ""
    said = [f"{known.label if known else fact.drug}{dose}"]
    said += [] if fact.action is AdministrationAction.INTERVAL else [plain(fact.action)]
    said += [word for word in (fact.route, fact.reason) if word]
    said += [f"until {when(fact.end)}"] if fact.end else []
    return ", ".join(said)


def _fields(fact: Fact) -> str:
    said = fact.model_dump(mode="json", exclude=_PROVENANCE, exclude_none=True)
    parts = [f"{name.replace('_', ' ')} {value}" for name, value in said.items() if value not in ({}, [], "")]
    return f"{str(getattr(fact, 'kind', '')).replace('_', ' ')}: {', '.join(parts)}" if parts else "nothing more"


def refusal_sentence(refusal: Refusal) -> str:
    """`<b>spo2</b> = “9”: outside 40–100 % for oxygen saturation.`, as HTML, for where it can be mended."""
    whole = f"the whole {refusal.place}" if refusal.place in _INPUTS else "the whole row"
    field = f"<b>{escape(refusal.field or whole)}</b>"
    value = f" = <q>{escape(refusal.value)}</q>" if refusal.value is not None else ""
    reason = refusal.reason.partition(_ELSEWHERE)[0].rstrip(". ")
    return f"{field}{value}: {escape(reason)}."


def refusal_list(refusals: Iterable[Refusal]) -> str:
    """Refusals of one row as a list, as HTML."""
    return f'<ul class="why">{"".join(f"<li>{refusal_sentence(one)}</li>" for one in refusals)}</ul>'


def place(row: HeldRefusal) -> str:
    """`ours.csv:3`."""
    return f"{row.refusal.source}:{row.refusal.place}"


def arrival(held: HeldRefusal) -> str:
    """When a refused row came, from whom, and how often since."""
    often = "" if held.times == 1 else f", {held.times} times by now"
    return f"arrived {when(held.received_at)} from {who(held.author)}{often}"


def resolution_words(done: Resolution) -> str:
    """What became of a row, who saw to it and when."""
    why = (done.reason or "").rstrip(". ")
    return _HOW[done.how].format(who=who(done.author), when=when(done.at), why=why)


def preview_html(rows: Iterable[RowRead], dictionary: Dictionary) -> str:
    """What would be read: the facts in words, then what is still refused, as HTML."""
    found = list(rows)
    facts = [fact_words(fact, dictionary) for row in found for fact in row.facts]
    refused = [refusal for row in found for refusal in row.refusals]
    codes = [code.code for row in found for code in row.unmapped]
    ignored = [row.ignored_kind for row in found if row.ignored_kind and not row.facts]
    parts = []
    if refused:
        parts.append(f'<p class="still">Refused still</p>{refusal_list(refused)}')
    if facts:
        lines = "".join(f"<li>{escape(line)}</li>" for line in facts)
        parts.append(
            f'<p class="reads">{"Good in it" if refused else "Would be stored"}</p><ul class="facts">{lines}</ul>'
        )
    if codes:
        parts.append(
            f"<p>Not read, because nobody has said what they mean: {escape(', '.join(dict.fromkeys(codes)))}.</p>"
        )
    if ignored and not refused:
        parts.append(f"<p>Nothing clinical for us: {escape(', '.join(ignored))}.</p>")
    return f'<div class="preview">{"".join(parts) or "<p>Nothing is read in it.</p>"}</div>'
