"""What a family reads, by language: one file each in `data/reference/wording`, one key a sentence (D114).

English is the source. A file that lacks a key, has one too many or other places for values is not offered at all, so
that a page is never half in another language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).resolve().parent.parent / "data" / "reference" / "wording"
SOURCE = "en"
COOKIE = "ward_language"
"""Where a browser keeps what was chosen: the code of a language and nothing else."""

_ABOUT = {"name", "reviewed_by"}


class WordingRefused(ValueError):
    """A file of wording cannot be used; the message names the file, the key and what was expected."""


class Worded(ValueError):
    """A refusal that families meet too: its sentence in English, and the key under which each language has it."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(english().say(key, **values))
        self.key = key
        self.values = values


@dataclass(frozen=True)
class Wording:
    """One language. `name` is its own name for itself; `reviewed_by` the clinical translator who has read it.

    `texts` are its sentences as `section.key`.
    """

    code: str
    name: str
    texts: Mapping[str, str]
    reviewed_by: str = ""

    @property
    def unreviewed(self) -> bool:
        """Whether this is a translation that no clinical translator has read."""
        return self.code != SOURCE and not self.reviewed_by

    def say(self, key: str, **values: object) -> str:
        """The sentence of `key` with its values. Raises KeyError for an unknown key, or a value that is missing."""
        return self.texts[key].format(**values)

    def symptom(self, symptom: str) -> str:
        """The plain name of a documented symptom, by its id; the id itself where a site has taken the symptom away."""
        return self.texts.get(f"symptoms.{symptom}", symptom)

    def refusal(self, refused: Exception) -> str:
        """The sentence of a refusal; in English where families do not meet it."""
        key, values = getattr(refused, "key", ""), getattr(refused, "values", {})
        return self.say(key, **values) if key else str(refused)

    def number(self, value: float) -> str:
        """With one decimal, as the language writes it."""
        return f"{value:.1f}".replace(".", self.texts["numbers.decimal"])

    def day(self, at: datetime, now: datetime, zone: tzinfo) -> str:
        """`today 05:39`, `yesterday 21:00` or `Mon 16 Nov 08:00` on the clock of `zone`."""
        local = at.astimezone(zone)
        clock = f"{local:%H:%M}"
        days = (now.astimezone(zone).date() - local.date()).days
        if days in {0, 1}:
            return self.say("dates.yesterday" if days else "dates.today", clock=clock)
        weekday = self.texts["dates.weekdays"].split()[local.weekday()]
        month = self.texts["dates.months"].split()[local.month - 1]
        return self.say("dates.day", weekday=weekday, day=local.day, month=month, clock=clock)


def number_of(typed: str) -> float | None:
    """The number somebody wrote with a decimal point or a decimal comma; None where it is none."""
    plain = typed.strip().removesuffix("°").strip().replace(",", ".")
    whole, _, rest = plain.partition(".")
    return float(plain) if whole.isascii() and whole.isdigit() and (not rest or _digits(rest)) else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def places(text: str) -> frozenset[str]:
    """The places for values in a sentence. Raises ValueError for a brace that stands alone."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def read_wording(file: Path, source: Wording | None = None) -> Wording:
    """One language, held against `source`. Raises OSError or WordingRefused."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as unreadable:
        raise WordingRefused(f"{file.name} is no TOML: {unreadable}") from unreadable
    texts: dict[str, str] = {}
    for section, entries in said.items():
        if section in _ABOUT:
            continue
        if not isinstance(entries, dict):
            raise WordingRefused(f"{file.name}: {section} stands outside every section; expected {sorted(_ABOUT)} only")
        texts |= {f"{section}.{key}": str(text) for key, text in entries.items()}
    name = str(said.get("name", "")).strip()
    if not name:
        raise WordingRefused(f"{file.name}: name is missing; expected the language's own name for itself")
    found = Wording(file.stem, name, texts, str(said.get("reviewed_by", "")).strip())
    _refuse(file.name, texts, texts if source is None else source.texts)
    return found


def _refuse(file: str, texts: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for key in wanted.keys() | texts.keys():
        if key not in texts:
            raise WordingRefused(f"{file}: {key} is missing")
        if key not in wanted:
            raise WordingRefused(f"{file}: {key} is not in {SOURCE}.toml")
        if not texts[key].strip():
            raise WordingRefused(f"{file}: {key} is empty")
        try:
            here, there = places(texts[key]), places(wanted[key])
        except ValueError as unreadable:
            raise WordingRefused(f"{file}: {key} has a brace that stands alone") from unreadable
        if here != there:
            raise WordingRefused(f"{file}: {key} has places for {sorted(here)}; expected {sorted(there)}")
    for key, many in (("dates.weekdays", 7), ("dates.months", 12)):
        if len(texts.get(key, "").split()) != many:
            raise WordingRefused(f"{file}: {key} has not {many} words")


@cache
def english() -> Wording:
    """The source. Raises OSError or WordingRefused: without it nothing can be said."""
    return read_wording(FOLDER / f"{SOURCE}.toml")


@cache
def known() -> tuple[Mapping[str, Wording], tuple[str, ...]]:
    """Every language by its code, English first, and why each of the other files cannot be used."""
    found, faults = {SOURCE: english()}, []
    for file in sorted(FOLDER.glob("*.toml")):
        if file.stem == SOURCE:
            continue
        try:
            found[file.stem] = read_wording(file, english())
        except (OSError, WordingRefused) as refused:
            faults.append(str(refused))
    return found, tuple(faults)


def offered(codes: Iterable[str]) -> tuple[Wording, ...]:
    """The languages of `codes` that there is wording for, in their order; English where there is none."""
    there = known()[0]
    return tuple(there[code] for code in codes if code in there) or (english(),)


def chosen(among: tuple[Wording, ...], wishes: Iterable[str | None]) -> Wording:
    """The first wish that is among them, `de-AT` being answered with `de`; else the first of them."""
    by_code = {wording.code: wording for wording in among}
    for wish in (wish for wish in wishes if wish):
        found = by_code.get(wish) or by_code.get(wish.replace("_", "-").partition("-")[0].lower())
        if found is not None:
            return found
    return among[0]
