"""The parts of the Intake page without the page: cells and text, words, tables, and what a spreadsheet may open."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.records import (
    Administration,
    Fact,
    Infusion,
    Observation,
    OxygenSupport,
    Refusal,
    RowRead,
    SymptomReport,
    Tally,
    UnmappedCode,
)
from monitoring.rounds import Reread
from monitoring.store import HeldRefusal, HeldRow, LedgerRow, Resolution
from monitoring.ui.intake_cells import Cells, cells_of, editable, edited
from monitoring.ui.intake_desk import reread_words
from monitoring.ui.intake_refused import Wanted, day_of_the_ward, rows_of_page
from monitoring.ui.intake_report import (
    channel,
    channel_table,
    equation,
    held_csv,
    ledger_table,
    refusal_table,
    refused_csv,
    since_then,
)
from monitoring.ui.intake_words import fact_words, preview_html, refusal_sentence, who
from monitoring.vocabulary import AbsentReason, OxygenDevice, Reporter, Severity, Status

pytestmark = pytest.mark.usefixtures("store")  # the ward's clock is Berlin's
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


def held_row(raw: str | None, context: str | None = "patient_id,time,temp_c") -> HeldRow:
    return HeldRow("key", "v.csv", "2", raw, context, None)


# cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "raw", "values", "delimiter"),
    [
        ("patient_id,time,temp_c", "P1,2026-03-01T08:00Z,38.4", ("P1", "2026-03-01T08:00Z", "38.4"), ","),
        ("patient_id;time;temp_c", "P1;2026-03-01T08:00Z;38,4", ("P1", "2026-03-01T08:00Z", "38,4"), ";"),
        ("patient_id\ttime\ttemp_c", "P1\t2026-03-01\t", ("P1", "2026-03-01", ""), "\t"),
        ("patient_id,time,note", 'P1,2026-03-01,"hot, then cold"', ("P1", "2026-03-01", "hot, then cold"), ","),
    ],
)
def test_a_row_is_edited_cell_by_cell(context: str, raw: str, values: tuple[str, ...], delimiter: str) -> None:
    found = cells_of(held_row(raw, context))
    assert found is not None
    assert (found.values, found.delimiter) == (values, delimiter)
    assert found.columns == tuple(context.split(delimiter))
    assert found.line(values) == raw


@pytest.mark.parametrize(
    ("case", "row"),
    [
        ("a cell too few", held_row("P1,2026-03-01T08:00Z")),
        ("a quote that never closes", held_row('P1,"2026,38')),
        ("a cell of two lines", held_row('P1,2026-03-01,"hot\ncold"')),
        ("a resource, which has no header", held_row('{"resourceType":"Observation"}', None)),
        ("an input that was not kept", held_row(None)),
        ("a row of more columns than anybody looks through", held_row("1," * 60 + "1", "c," * 60 + "c")),
    ],
)
def test_what_is_no_plain_row_is_edited_as_text(case: str, row: HeldRow) -> None:
    assert cells_of(row) is None


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), max_size=20)


@given(values=st.tuples(CELL, CELL, CELL), delimiter=st.sampled_from([",", ";", "\t"]))
def test_whatever_is_typed_into_the_cells_is_read_again_as_it_was_typed(
    values: tuple[str, str, str], delimiter: str
) -> None:
    header = delimiter.join(("patient_id", "time", "note"))
    line = Cells(("patient_id", "time", "note"), ("", "", ""), delimiter).line(values)
    again = cells_of(HeldRow("key", "v.csv", "2", line, header, None))
    if any(value.strip() for value in values):  # a line without anything in it is no row
        assert again is not None
        assert again.values == values


def test_a_resource_is_indented_and_its_numbers_stay_as_they_were_written() -> None:
    shown = editable('{"value":38.40,"id":12345678901234567890}')
    assert shown.splitlines() == ["{", '  "value": 38.40,', '  "id": 12345678901234567890', "}"]


def test_a_message_shows_one_segment_a_line() -> None:
    assert editable("MSH|^~\\&|\rPID|1\r").splitlines() == ["MSH|^~\\&|", "PID|1"]


@pytest.mark.parametrize("raw", ['{"a":1}', "MSH|^~\\&|\rPID|1\r", "\ufeffMSH|^~\\&|\rPID|é\r", "{broken", "P1,38"])
def test_what_nobody_touched_goes_back_exactly_as_it_came(raw: str) -> None:
    assert edited(raw, editable(raw)) == raw


def test_a_message_that_was_kept_with_a_byte_order_mark_keeps_it() -> None:
    assert edited("\ufeffMSH|1\rPID|é\r", "MSH|1\nPID|è\n") == "\ufeffMSH|1\nPID|è\n"


# words -----------------------------------------------------------------------------------------------------------

COMMON = {"patient_id": "P1", "effective_at": AT, "received_at": AT, "source": "v.csv:2"}
FACTS: list[tuple[Fact, str]] = [
    (
        Observation(concept="temperature", value=38.4, unit="Cel", **COMMON),
        "P1: temperature 38.4 °C, 1 Mar 2026 09:00",
    ),
    (
        Observation(concept="temperature", value=41.5, unit="Cel", **COMMON),
        "P1: temperature 41.5 °C, unusual: look twice, 1 Mar 2026 09:00",
    ),
    (
        Observation(concept="sbp", value=84, unit="mm[Hg]", method="arterial", **COMMON),
        "P1: systolic pressure 84 mmHg (arterial), 1 Mar 2026 09:00",
    ),
    (
        Observation(concept="spo2", absent_reason=AbsentReason.REFUSED, **COMMON),
        "P1: oxygen saturation no value (refused), 1 Mar 2026 09:00",
    ),
    (
        Observation(concept="sbp", value=84, unit="mm[Hg]", record_id="7", status=Status.ENTERED_IN_ERROR, **COMMON),
        "P1: withdraws: systolic pressure 84 mmHg, 1 Mar 2026 09:00",
    ),
    (
        OxygenSupport(device=OxygenDevice.NASAL_CANNULA, flow_l_min=4, **COMMON),
        "P1: oxygen: nasal cannula 4 L/min, 1 Mar 2026 09:00",
    ),
    (
        Administration(drug="norepinephrine", dose=0.1, unit="mcg/kg/min", route="iv", end=NINE, **COMMON),
        "P1: norepinephrine 0.1 mcg/kg/min, iv, until 1 Mar 2026 10:00, 1 Mar 2026 09:00",
    ),
    (Infusion(product="Yescarta", **COMMON), "P1: infusion: product Yescarta, 1 Mar 2026 09:00"),
    (
        SymptomReport(reporter=Reporter.CAREGIVER, symptom="chills", severity=Severity.MILD, **COMMON),
        "P1: chills, mild, said by caregiver, 1 Mar 2026 09:00",
    ),
]


@pytest.mark.parametrize(("fact", "words"), FACTS, ids=[words[:40] for _, words in FACTS])
def test_a_fact_says_whose_what_and_when_on_the_ward_s_clock(fact: Fact, words: str) -> None:
    assert fact_words(fact, dictionary()).casefold() == words.casefold()


@pytest.mark.parametrize(
    ("author", "words"),
    [
        ("data-manager:Dee", "Dee, data manager"),
        ("nurse:Ada: the second", "Ada: the second, nurse"),
        ("service:bedside feed", "the system “bedside feed”"),
        ("demonstration", "demonstration"),
        (None, "nobody who was named"),
    ],
)
def test_an_author_is_named_as_a_person_reads_it(author: str | None, words: str) -> None:
    assert who(author) == words


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            Refusal(source="v", place="3", field="spo2", value="9", reason="outside 40–100 %; quarantined"),
            "<b>spo2</b> = <q>9</q>: outside 40–100 %; quarantined.",
        ),
        (Refusal(source="v", place="3", reason="too few cells."), "<b>the whole row</b>: too few cells."),
        (Refusal(source="v", place="file", reason="is empty"), "<b>the whole file</b>: is empty."),
        (
            Refusal(source="v", place="3", field="<i>", value="<b>", reason="a < b"),
            "<b>&lt;i&gt;</b> = <q>&lt;b&gt;</q>: a &lt; b.",
        ),
    ],
)
def test_a_refusal_is_one_sentence_and_its_text_opens_nothing(refusal: Refusal, sentence: str) -> None:
    assert refusal_sentence(refusal) == sentence


def test_a_preview_tells_what_is_refused_still_what_is_good_and_what_nobody_has_mapped() -> None:
    row = RowRead(
        source="v",
        place="2",
        facts=(FACTS[0][0],),
        refusals=(Refusal(source="v", place="2", field="hr", value="900", reason="too high"),),
        unmapped=(UnmappedCode(code="<T1>"),),
    )
    said = preview_html([row], dictionary())
    assert [word in said for word in ("Refused still", "Good in it", "temperature 38.4", "&lt;T1&gt;")] == [True] * 4
    assert "Would be stored" not in said


def test_a_preview_of_nothing_says_so() -> None:
    assert "Nothing is read in it." in preview_html([], dictionary())
    ignored = RowRead(source="v", place="2", ignored_kind="empty set")
    assert "Nothing clinical for us: empty set." in preview_html([ignored], dictionary())


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (Reread(), "Nothing waits to be read again."),
        (
            Reread(closed=1, tally=Tally(read=1, stored=1)),
            "Read again: 1 row was accepted: 1 stored, 0 known already, 0 ignored. None waits.",
        ),
        (Reread(waiting=1), "Read again: 0 rows were accepted. 1 row is refused still or waits for a code."),
        (
            Reread(closed=3, waiting=2, tally=Tally(read=3, stored=2, ignored=1)),
            "Read again: 3 rows were accepted: 2 stored, 0 known already, 1 ignored. "
            "2 rows are refused still or wait for a code.",
        ),
    ],
)
def test_a_replay_says_what_became_of_the_rows(done: Reread, words: str) -> None:
    assert reread_words(done) == words


# the list --------------------------------------------------------------------------------------------------------


def held(number: int, key: str, place: str = "2") -> HeldRefusal:
    refusal = Refusal(source="v.csv", place=place, field="hr", value="900", reason="too high", rule="implausible")
    row = HeldRow(key, "v.csv", place, "P1,900", "patient_id,hr", None)
    return HeldRefusal(number, refusal, row, AT, "nurse:Ada", 1, None)


@pytest.mark.parametrize(
    ("case", "keys", "most", "rows", "following"),
    [
        ("nothing", "", 3, [], None),
        ("all of them", "abc", 3, [[1], [2], [3]], None),
        ("more than a page: the row that may be cut is left to the next", "aabb", 3, [[1, 2]], 2),
        ("one row of more refusals than a page holds", "aaaa", 3, [[1, 2, 3, 4]], 4),
    ],
)
def test_a_page_ends_with_a_whole_row(
    case: str, keys: str, most: int, rows: list[list[int]], following: int | None
) -> None:
    found, after = rows_of_page([held(number, key) for number, key in enumerate(keys, start=1)], most)
    assert [[one.id for one in row] for row in found] == rows
    assert after == following


def test_a_day_is_a_day_of_the_ward() -> None:
    start, end = day_of_the_ward(date(2026, 3, 29))  # the clocks go forward in Berlin
    assert (start.astimezone(UTC), end.astimezone(UTC)) == (
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    )


def test_a_filter_is_said_in_words() -> None:
    assert Wanted().words() == ""
    wanted = Wanted("v.csv", "implausible", "", date(2026, 3, 1))
    assert wanted.words() == "source v.csv, rule implausible, field the whole row, day 1 Mar 2026"


# tables and downloads --------------------------------------------------------------------------------------------

COUNTED = ["Read", "Stored", "Duplicates", "Quarantined", "Ignored", "Resolved since", "Open"]


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", html)


def test_numbers_of_the_ledger_stand_right_and_what_a_file_is_called_opens_nothing() -> None:
    tally = Tally(read=4, stored=1, duplicates=1, quarantined=2, ignored=0)
    html = ledger_table([LedgerRow("<b>.csv", date(2026, 3, 1), tally, resolved=1)])
    assert cells(html) == ["2026-03-01", "&lt;b&gt;.csv", "4", "1", "1", "2", "0", "1", "1"]
    assert re.findall(r'<td data-name="([\w ]+)" class="number(?: nil)?">', html) == COUNTED
    assert re.findall(r'<td data-name="([\w ]+)" class="number nil">', html) == ["Ignored"], "what is nothing is quiet"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("vitals.csv", "File"),
        ("http bedside feed", "HTTP"),
        ("mllp 10.0.0.7", "HL7 v2 listener"),
        ("service:watch", "The watch over alerts"),
        ("screen", "Screens"),
        ("vitals.csv (corrected)", "Mended on this page"),
        ("http bedside feed (replayed)", "Mended on this page"),
        ("https.csv", "File"),
    ],
)
def test_a_source_says_by_what_channel_it_came(source: str, name: str) -> None:
    assert channel(source) == name


def test_channels_are_told_apart_only_where_there_are_two() -> None:
    tally = Tally(read=4, stored=1, duplicates=1, quarantined=2, ignored=0)
    rows = [LedgerRow("a.csv", date(2026, 3, 1), tally, 1), LedgerRow("b.csv", date(2026, 3, 2), tally, 0)]
    assert channel_table(rows) == ""
    both = [*rows, LedgerRow("http feed", date(2026, 3, 2), Tally(read=3, stored=3), 0)]
    shown = cells(channel_table(both))
    assert shown[:8] == ["File", "8", "2", "2", "4", "0", "1", "3"]
    assert shown[8:] == ["HTTP", "3", "3", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("quarantined", "resolved", "sentence"),
    [
        (0, 0, "Nothing was quarantined."),
        (1, 0, "One row was quarantined, and is open."),
        (1, 1, "One row was quarantined, and was resolved since."),
        (2, 0, "All 2 quarantined rows are open."),
        (2, 1, "Of 2 quarantined rows, 1 was resolved since and 1 is open."),
        (31, 12, "Of 31 quarantined rows, 12 were resolved since and 19 are open."),
        (31, 31, "All 31 quarantined rows were resolved since."),
    ],
)
def test_of_the_quarantined_it_is_said_what_became_of_them(quarantined: int, resolved: int, sentence: str) -> None:
    row = LedgerRow("v.csv", date(2026, 3, 1), Tally(read=quarantined, quarantined=quarantined), resolved)
    assert since_then([row]) == sentence


def test_one_duplicate_is_singular() -> None:
    html = equation(Tally(read=12, stored=9, duplicates=1, quarantined=2, ignored=0))
    assert re.sub("<[^>]+>", "", html) == "12 read = 9 stored + 1 duplicate + 2 quarantined + 0 ignored"


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))


FORMULAS = ["=1+1", "+1", "-1", "@cmd", "\t=1", "\rx", " =1", "\uff1d1", "\uff0b1"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_refused_cell_can_run_in_a_spreadsheet(cell: str) -> None:
    text = refused_csv([Refusal(source="v.csv", place="3", field="spo2", value=cell, reason="not a number", raw=cell)])
    assert f"'{cell}" in text.decode("utf-8-sig")


@pytest.mark.parametrize(("cell", "safe"), [("P1;=1+1", "P1;'=1+1"), ("P1; =1", "P1;' =1"), ("a\n=1", "a\n'=1")])
def test_nor_where_a_spreadsheet_of_another_country_begins_its_next_cell(cell: str, safe: str) -> None:
    text = refused_csv([Refusal(source="v.csv", place="3", reason="no", raw=cell)])
    assert read_back(text)[1][-1] == safe


@given(cell=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_no_cell_of_a_download_begins_with_a_formula_whatever_came(cell: str) -> None:
    refusal = Refusal(source=cell or "v", place=cell, field=cell, value=cell, reason=cell, raw=cell)
    for row in read_back(refused_csv([refusal])):
        for shown in row:
            for piece in re.split("[;\r\n]", shown):
                assert not piece.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@pytest.mark.parametrize("cell", ["38.4", "2026-03-01T08:00", "P-1", "a=b", "1e-3", "38,4"])
def test_an_ordinary_cell_stays_as_it_was(cell: str) -> None:
    text = refused_csv([Refusal(source="v.csv", place="3", field="spo2", value=cell, reason="too low", raw="P1,9")])
    assert read_back(text) == [
        ["source", "place", "field", "value", "reason", "row"],
        ["v.csv", "3", "spo2", cell, "too low", "P1,9"],
    ]


def test_a_row_refused_whole_has_no_field_and_no_value() -> None:
    whole = Refusal(source="v.csv", place="3", reason="too few cells", raw="P1")
    assert refused_csv([whole]).decode("utf-8-sig").splitlines()[1] == "v.csv,3,,,too few cells,P1"
    assert cells(refusal_table([whole])) == ["v.csv:3", "", "", "too few cells"]


def test_the_download_of_the_list_says_when_a_row_came_and_what_became_of_it() -> None:
    done = Resolution("dismissed", "nurse:Ada", AT, None, "the cuff was off")
    first, second = held(1, "a"), held(2, "b", place="3")
    resolved = HeldRefusal(2, second.refusal, second.row, AT, None, 1, done)
    header, one, two = read_back(held_csv([first, resolved]))
    assert header == [*("source", "place", "field", "value", "reason", "row", "header", "arrived", "outcome")]
    assert one[-3:] == ["patient_id,hr", "2026-03-01T08:00:00+00:00", "open"]
    assert two[-1] == "Set aside by Ada, nurse on 1 Mar 2026 09:00: the cuff was off. Nothing of it was stored."
