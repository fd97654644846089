"""The parts of the Home page: what is asked, in plain words, and the answer. Never a grade."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from monitoring.alerts import HomeAnswer
from monitoring.concepts import Dictionary
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


def entry_text(at_text: str, temperature: str | None, marked: Mapping[str, Severity], dictionary: Dictionary) -> str:
    """One report as its sender reads it back."""
    said = [f"{dictionary.symptoms[key].plain} ({HOW_MUCH[severity]})" for key, severity in marked.items()]
    parts = [f"temperature {temperature}" if temperature else "no temperature", *said]
    return f"{at_text}: {', '.join(parts)}" + ("" if said else ", nothing else")
