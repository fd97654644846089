"""The wording of every language is whole, and a file that is not is never offered."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring import languages
from monitoring.concepts import dictionary
from monitoring.languages import WordingRefused, chosen, english, known, number_of, offered, places, read_wording
from tests.pseudo_language import forget

FILES = sorted(languages.FOLDER.glob("*.toml"))
CODES = [file.stem for file in FILES]
NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)  # a Tuesday


def sentences(code: str) -> dict[str, str]:
    said = tomllib.loads((languages.FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    sections = {name: texts for name, texts in said.items() if isinstance(texts, dict)}
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}


def test_english_german_and_spanish_are_there_and_nothing_is_wrong_with_any() -> None:
    there, faults = known()
    assert {"en", "de", "es"} <= set(there)
    assert sorted(there) == CODES
    assert faults == ()


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_the_keys_of_english_with_the_same_places_and_no_empty_text(code: str) -> None:
    source, said = sentences("en"), sentences(code)
    assert sorted(said) == sorted(source)
    assert [key for key, text in said.items() if not text.strip()] == []
    assert [key for key in source if places(said[key]) != places(source[key])] == []


@pytest.mark.parametrize("code", CODES)
def test_every_documented_symptom_has_its_own_name_in_every_language(code: str) -> None:
    names = {key: sentences(code)[f"symptoms.{key}"] for key in dictionary().symptoms}
    assert len(set(names.values())) == len(names), "two symptoms a family could not tell apart"
    assert {key.removeprefix("symptoms.") for key in sentences(code) if key.startswith("symptoms.")} == set(names)


@pytest.mark.parametrize("code", CODES)
def test_no_number_stands_in_a_sentence(code: str) -> None:
    """What is measured, and what it means, is a value or a rule elsewhere; a translation cannot change it."""
    assert [key for key, text in sentences(code).items() if any(letter.isdigit() for letter in text)] == []


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_nothing_is_left_in_english(code: str) -> None:
    same = {key for key, text in sentences(code).items() if text == sentences("en")[key]}
    # what German or Spanish writes as English does, or what is only places and signs
    assert same <= {
        *("dates.typed", "home.entry", "home.entry_symptom", "home.mind", "home.temperature"),
        *("home.say_temperature", "sign_in.name"),
    }


def test_what_no_clinical_translator_has_read_says_so_of_itself() -> None:
    assert {code for code, wording in known()[0].items() if wording.unreviewed} == {"de", "es"}
    for code in ("de", "es"):
        assert "NOT YET REVIEWED BY A CLINICAL TRANSLATOR" in (languages.FOLDER / f"{code}.toml").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A site's own copy of the wording."""
    for file in FILES:
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    forget()
    yield tmp_path
    monkeypatch.undo()
    forget()


BROKEN = [
    ("a key is missing", 'send = "Senden"\n', "", "de.toml: home.send is missing"),
    ("a key too many", 'send = "Senden"\n', 'send = "Senden"\nsendt = "x"\n', "de.toml: home.sendt is not in en.toml"),
    ("a text is empty", 'send = "Senden"', 'send = " "', "de.toml: home.send is empty"),
    ("a place is lost", "Wie geht es {name} jetzt?", "Wie geht es?", "home.how_is has places for []"),
    ("a place is another", "geht es {name} jetzt", "geht es {nome} jetzt", "expected ['name']"),
    ("a brace alone", "Wie geht es {name} jetzt?", "Wie geht es {name jetzt?", "home.how_is has a brace"),
    ("a day is missing", "Mo Di Mi Do Fr Sa So", "Mo Di Mi Do Fr Sa", "dates.weekdays has not 7 words"),
    ("no name", 'name = "Deutsch"', 'name = ""', "de.toml: name is missing"),
    ("no TOML", 'name = "Deutsch"', "name = Deutsch", "de.toml is no TOML"),
    ("a stray key", 'name = "Deutsch"', 'name = "Deutsch"\nwho = "x"', "who stands outside every section"),
]


@pytest.mark.parametrize(("case", "old", "new", "why"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_file_with_a_fault_is_refused_by_name_and_the_others_stay(
    case: str, old: str, new: str, why: str, folder: Path
) -> None:
    file = folder / "de.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(WordingRefused) as refused:
        read_wording(file, english())
    assert why in str(refused.value)
    there, faults = known()
    assert "de" not in there
    assert {"en", "es"} <= set(there)
    assert [why in fault for fault in faults] == [True]
    assert [wording.code for wording in offered(("de", "es"))] == ["es"]
    assert [wording.code for wording in offered(("de",))] == ["en"]


def test_a_new_language_is_one_more_file(folder: Path) -> None:
    text = (folder / "en.toml").read_text(encoding="utf-8").replace('name = "English"', 'name = "Nederlands"')
    (folder / "nl.toml").write_text(text, encoding="utf-8")
    assert known()[0]["nl"].name == "Nederlands"


NUMBERS = [
    ("38.5", 38.5),
    ("38,5", 38.5),
    (" 38,5 ", 38.5),
    ("38", 38.0),
    ("100.4", 100.4),
    ("38,5°", 38.5),
    ("3,8,5", None),
    ("1.038,5", None),
    ("-38", None),
    ("38,5 C", None),
    ("abc", None),
    (",5", None),
    ("1e2", None),
    ("nan", None),
]


@pytest.mark.parametrize(("typed", "number"), NUMBERS)
def test_a_number_is_read_with_a_point_or_a_comma(typed: str, number: float | None) -> None:
    assert number_of(typed) == number


def test_numbers_and_times_are_written_as_the_language_writes_them() -> None:
    there = known()[0]
    assert [there[code].number(38.45) for code in ("en", "de", "es")] == ["38.5", "38,5", "38,5"]
    yesterday, monday = NOW - timedelta(hours=15), datetime(2026, 11, 9, 8, 5, tzinfo=UTC)
    assert [there[code].day(NOW, NOW, UTC) for code in ("en", "de", "es")] == [
        "today 12:00",
        "heute 12:00 Uhr",
        "hoy, 12:00 h",
    ]
    assert there["de"].day(yesterday, NOW, UTC) == "gestern 21:00 Uhr"
    assert [there[code].day(monday, NOW, UTC) for code in ("en", "de", "es")] == [
        "Mon 9 Nov 08:05",
        "Mo 9. Nov. 08:05 Uhr",
        "lun 9 nov, 08:05 h",
    ]


WISHES = [
    ((None, None, "de-AT"), "de"),
    (("es", "de", "en"), "es"),
    (("fr", "pt-BR"), "en"),
    (("DE_de",), "de"),
    ((), "en"),
    (('"><script>',), "en"),
]


@pytest.mark.parametrize(("wishes", "code"), WISHES)
def test_the_first_wish_that_is_offered_is_taken_else_the_first_that_is(
    wishes: tuple[str | None, ...], code: str
) -> None:
    assert chosen(offered(("en", "de", "es")), wishes).code == code
