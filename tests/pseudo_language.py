"""A language in which every letter that comes from the wording is a fullwidth one: ＴｅｍｐＥｒａｔｕｒｅ.

Whatever a family's page shows in plain Latin letters is then not from the wording.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring import languages

FORM_OF_A_DATE = "typed"
"""Read by the date field and shown to nobody."""

WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_UNSEEN = re.compile(r"<style>.*?</style>|<script>.*?</script>", re.DOTALL)
_SAID_ALOUD = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"')


def widened(text: str) -> str:
    """The sentence with fullwidth letters; the names of its places stay."""
    return "".join(part if part.startswith("{") else part.translate(WIDE) for part in re.split(r"({[^}]*})", text))


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English is this language."""
    said = tomllib.loads((languages.FOLDER / "en.toml").read_text(encoding="utf-8"))
    folder = tmp_path / "wording"
    folder.mkdir()
    lines = [f'name = "{said.pop("name")}"']
    for section, texts in said.items():
        lines.append(f"[{section}]")
        lines += [
            f"{key} = {json.dumps(text if key == FORM_OF_A_DATE else widened(text))}" for key, text in texts.items()
        ]
    (folder / "en.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(languages, "FOLDER", folder)
    forget()
    yield
    monkeypatch.undo()
    forget()


def forget() -> None:
    languages.english.cache_clear()
    languages.known.cache_clear()


def read_in(html: str) -> str:
    """What a person reads or hears of a piece of HTML."""
    html = _UNSEEN.sub("", html)
    return " ".join([*_SAID_ALOUD.findall(html), re.sub(r"<[^>]*>", " ", html)])


def latin(text: str, *but: str) -> list[str]:
    """The words in plain Latin letters, `but` those that no wording could have; a moment in ISO 8601 is no word."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+", " ", text)
    for word in but:
        text = text.replace(word, " ")
    return re.findall(r"[A-Za-z][A-Za-z'’-]*", text)


# What no person reads of an element: how Streamlit finds it, and how it looks.
_TECHNICAL = {"tag", "id", "form_id", "key", "type", "help_type", "icon", "user_key", "format", "autocomplete"}


def shown_by(message: Any) -> Iterator[str]:
    """Every text in an element as it is sent to the browser."""
    for field, value in message.ListFields():
        if field.name in _TECHNICAL:
            continue
        many = hasattr(value, "__len__") and not isinstance(value, str | bytes)
        for one in value if many else [value]:
            if isinstance(one, str):
                yield read_in(one)
            elif hasattr(one, "ListFields"):
                yield from shown_by(one)
