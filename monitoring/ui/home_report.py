"""The parts of the Home page: what is asked, in plain words, and the answer. Never a grade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape

from monitoring.alerts import HomeAnswer
from monitoring.concepts import Dictionary
from monitoring.languages import Wording, number_of
from monitoring.ui.statements import StatementRefused
from monitoring.views import Contact, HomeReport, HomeView
from monitoring.vocabulary import Severity, Syndrome

GROUPS = ("mind", "body")
CELSIUS, FAHRENHEIT = "°C", "°F"
HOW_MUCH = {
    Severity.MILD: "home.mild",
    Severity.MODERATE: "home.moderate",
    Severity.SEVERE: "home.severe",
    Severity.LIFE_THREATENING: "home.life_threatening",
}
"""Under what key the wording has each severity as a family reads it."""


def asked(dictionary: Dictionary, words: Wording) -> dict[str, dict[str, str]]:
    """Symptom ids and their plain names by group; what is on the second list, or on none, is about the mind."""
    groups: dict[str, dict[str, str]] = {name: {} for name in GROUPS}
    for key, symptom in dictionary.symptoms.items():
        if symptom.asked_at_home:
            groups["body" if Syndrome.CRS in symptom.items else "mind"][key] = words.symptom(key)
    return groups


def celsius_of(typed: str, scale: str, dictionary: Dictionary, words: Wording) -> float | None:
    """The temperature in Celsius that a family wrote; None where nothing is written. Raises StatementRefused."""
    if not typed.strip():
        return None
    written = number_of(typed)
    if written is None:
        example = words.number(98.6 if scale == FAHRENHEIT else 37.0)
        raise StatementRefused(words.say("home.no_number", typed=typed.strip(), example=example))
    entry = dictionary.concepts["temperature"]
    value = entry.canonical(written, "°F" if scale == FAHRENHEIT else "Cel")
    if not entry.believable(value):
        low, high = (in_scale(limit, scale, words) for limit in entry.refuse_outside or (value, value))
        wrong = f"{words.number(written)} {scale}"
        raise StatementRefused(words.say("home.not_believed", value=wrong, low=low, high=high))
    return value


def in_scale(celsius: float, scale: str, words: Wording) -> str:
    """`38.1 °C` or `100.6 °F`."""
    return f"{words.number(celsius * 9 / 5 + 32 if scale == FAHRENHEIT else celsius)} {scale}"


def answer_card(answer: HomeAnswer, scale: str, words: Wording, ward: Wording, *, sent: bool) -> str:
    """One of the three sentences, with the words to say on the telephone; in the ward's language too, to be shown.

    The advice to telephone stands as soon as something is marked; “noted” only once the report has been sent.
    """
    key = answer.band if sent or answer.band != "noted" else "unsent"
    said = ""
    if _said(answer, scale, words):
        said = f"<span>{escape(words.say('home.say', what=_said(answer, scale, words)))}</span>"
        if ward is not words:
            same = f'<i lang="{ward.code}">{escape(_said(answer, scale, ward))}</i>'
            said += f"<span>{escape(words.say('home.for_the_team', what='{what}')).replace('{what}', same)}</span>"
    sentence = escape(words.say(f"home.{key}"))
    return f'<div class="answer {answer.band}" role="alert"><b>{sentence}</b>{said}</div>'


def _said(answer: HomeAnswer, scale: str, words: Wording) -> str:
    parts = [words.symptom(key) for key in answer.symptoms]
    if answer.temperature_c is not None:
        value = in_scale(answer.temperature_c, scale, words)
        parts.insert(0, words.say("home.say_temperature", value=value))
    return ". ".join(parts)


def phone_card(contacts: Sequence[Contact], words: Wording) -> str:
    """The numbers of the care team, each to be tapped; the number is shown as it was written."""
    lines = [
        f'<li><a href="tel:{dialled(one.phone)}"><b>{escape(one.label)}</b> {escape(one.phone)}</a>'
        + (f"<span>{escape(one.hours)}</span>" if one.hours else "")
        + "</li>"
        for one in contacts
    ]
    return f'<ul class="phones" aria-label="{escape(words.say("home.phone_the_team"))}">{"".join(lines)}</ul>'


def dialled(phone: str) -> str:
    """What a telephone dials of a number written for people: digits, with a plus before them."""
    digits = "".join(letter for letter in phone if letter.isascii() and letter.isdigit())
    return f"+{digits}" if phone.strip().startswith("+") else digits


def heading(view: HomeView, words: Wording) -> str:
    """`How is Joris now?`, or `it` where no first name is charted."""
    return words.say("home.how_is", name=view.first_name) if view.first_name else words.say("home.how_is_it")


def about(view: HomeView, now: datetime, zone: tzinfo, words: Wording) -> str:
    """The day, and when the last report was sent, on the family's own clock."""
    last = max((report.sent_at for report in view.reports), default=None)
    if last is None:
        return words.say("home.none") if view.day is None else words.say("home.day_none", day=view.day)
    when = words.day(last, now, zone)
    return (
        words.say("home.last", when=when) if view.day is None else words.say("home.day_last", day=view.day, when=when)
    )


def entry_text(report: HomeReport, when: str, scale: str, words: Wording) -> str:
    """One report as its sender reads it back."""
    said = [
        words.say("home.entry_symptom", symptom=words.symptom(key), how_much=words.say(HOW_MUCH[severity]))
        for key, severity in report.symptoms.items()
    ]
    parts = list(said)
    if report.temperature_c is not None:
        value = in_scale(report.temperature_c, scale, words)
        parts.insert(0, words.say("home.entry_temperature", value=value))
    if not said:
        parts.append(words.say("home.nothing_else" if parts else "home.nothing_marked"))
    return words.say("home.entry", when=when, what=", ".join(parts))
