"""The parts of the Home page: what is asked, in plain words, and the answer. Never a grade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape

from monitoring.alerts import HomeAnswer
from monitoring.concepts import Dictionary
from monitoring.views import Contact, HomeReport, HomeView
from monitoring.vocabulary import Severity, Syndrome

HOW_MUCH = {
    Severity.MILD: "a little",
    Severity.MODERATE: "some",
    Severity.SEVERE: "a lot",
    Severity.LIFE_THREATENING: "cannot bear",
}
"""The severities as a family reads them."""

GROUPS = {"mind": "Thinking, speech, being awake", "body": "Body"}


def asked(dictionary: Dictionary) -> dict[str, dict[str, str]]:
    """Symptom ids and their plain words by group; what is on the second list, or on none, is about the mind."""
    groups: dict[str, dict[str, str]] = {name: {} for name in GROUPS}
    for key, symptom in dictionary.symptoms.items():
        if symptom.asked_at_home:
            groups["body" if Syndrome.CRS in symptom.items else "mind"][key] = symptom.plain
    return groups


UNSENT = "Not sent yet. Press Send, then the team can see it."


def answer_card(answer: HomeAnswer, *, sent: bool) -> str:
    """One of the three sentences, with the words to say on the telephone.

    The advice to telephone stands as soon as something is marked; “noted” only once the report has been sent.
    """
    sentence = answer.sentence if sent or answer.band != "noted" else UNSENT
    say = f"<span>{escape(answer.say)}</span>" if answer.say else ""
    return f'<div class="answer {escape(answer.band)}" role="alert"><b>{escape(sentence)}</b>{say}</div>'


def phone_card(contacts: Sequence[Contact]) -> str:
    """The numbers of the care team, each to be tapped; the number is shown as it was written."""
    lines = [
        f'<li><a href="tel:{dialled(one.phone)}"><b>{escape(one.label)}</b> {escape(one.phone)}</a>'
        + (f"<span>{escape(one.hours)}</span>" if one.hours else "")
        + "</li>"
        for one in contacts
    ]
    return f'<ul class="phones" aria-label="Phone the team">{"".join(lines)}</ul>'


def dialled(phone: str) -> str:
    """What a telephone dials of a number written for people: digits, with a plus before them."""
    digits = "".join(letter for letter in phone if letter.isascii() and letter.isdigit())
    return f"+{digits}" if phone.strip().startswith("+") else digits


def heading(view: HomeView) -> str:
    """`How is Joris now?`, or `it` where no first name is charted."""
    return f"How is {view.first_name or 'it'} now?"


def about(view: HomeView, now: datetime, zone: tzinfo) -> str:
    """The day, and when the last report was sent, on the family's own clock."""
    day = [] if view.day is None else [f"Day {view.day} after the infusion"]
    last = max((report.sent_at for report in view.reports), default=None)
    sent = "no report sent yet" if last is None else f"last report sent {moment_text(last, now, zone)}"
    return " · ".join([*day, sent if day else sent.capitalize()])


def moment_text(at: datetime, now: datetime, zone: tzinfo) -> str:
    """`today 05:39`, `yesterday 21:00` or `Mon 16 Nov 08:00`."""
    local = at.astimezone(zone)
    days = (now.astimezone(zone).date() - local.date()).days
    day = {0: "today", 1: "yesterday"}.get(days, f"{local:%a %-d %b}")
    return f"{day} {local:%H:%M}"


def entry_text(report: HomeReport, at_text: str, temperature: str, dictionary: Dictionary) -> str:
    """One report as its sender reads it back; `temperature` as the family writes it, empty where none was taken."""
    said = [
        f"{symptom.plain if (symptom := dictionary.symptoms.get(key)) else key} ({HOW_MUCH[severity]})"
        for key, severity in report.symptoms.items()
    ]
    parts = [f"temperature {temperature}", *said] if temperature else said
    rest = "" if said else ", nothing else" if parts else "nothing marked"
    return f"{at_text}: {', '.join(parts)}{rest}"
