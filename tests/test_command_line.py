"""The commands of the contract, run as other people's scripts run them."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from monitoring.commands.terminal import Progress

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]

PATIENTS = """patient_id,birth_date,sex,ward,bed,weight_kg,product,indication,infused_at,name
P1,1961-04-12,female,7 North,3,71,Tecartus,MCL,2026-03-01T10:00+00:00,Secret Name
"""
VITALS = """patient_id,time,temp_c,hr,rr,sbp,dbp,spo2,o2_device,o2_flow_l_min,fio2
P1,2026-03-02T08:00+00:00,38.4,104,18,121,70,97,room_air,,
P1,2026-03-02T10:00+00:00,38.9,112,20,84,50,96,room_air,,
"""
DRUGS = """patient_id,drug,start,end,dose,unit,route,reason
P1,none,2026-03-01T10:00+00:00,,,,,
"""
BAD = """patient_id,time,concept,value,unit
P1,2026-03-02T11:00,temperature,38.0,Cel
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITORING_")}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")]).rstrip(os.pathsep)}
    environment["MONITORING_DATABASE_URL"] = f"sqlite:///{tmp_path / 'store.db'}"

    def command(*arguments: object, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "monitoring", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment | more,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for name, text in (("patients.csv", PATIENTS), ("vitals.csv", VITALS), ("drugs.csv", DRUGS)):
        (files / name).write_text(text, encoding="utf-8")
    return files


def test_ingest_tells_the_equation_and_exits_0(run: Run, folder: Path) -> None:
    done = run("ingest", folder, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert {key: told[key] for key in ("read", "stored", "duplicates", "quarantined", "ignored")} == {
        "read": 4,
        "stored": 4,
        "duplicates": 0,
        "quarantined": 0,
        "ignored": 0,
    }
    assert told["refusals"] == []
    assert told["ignored_kinds"] == {}


def test_ingest_twice_stores_nothing_new(run: Run, folder: Path) -> None:
    run("ingest", folder)
    again = run("ingest", folder, "--json")
    assert again.returncode == 0
    told = json.loads(again.stdout)
    assert (told["read"], told["stored"], told["duplicates"]) == (4, 0, 4)


def test_ingest_with_a_refused_row_exits_3_and_names_its_place(run: Run, folder: Path) -> None:
    (folder / "bad.csv").write_text(BAD, encoding="utf-8")
    done = run("ingest", folder / "bad.csv", "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    (refusal,) = told["refusals"]
    assert set(refusal) == {"source", "place", "field", "value", "reason", "rule"}
    assert (refusal["place"], refusal["field"], refusal["value"]) == ("2", "time", "2026-03-02T11:00")
    equation = '"read":1,"stored":0,"duplicates":0,"quarantined":1,"ignored":0,"ignored_kinds":{}'
    refused = done.stdout.partition('"refusals":')[2].partition(',"sources":')[0]
    assert done.stdout == f'{{{equation},"refusals":{refused},"sources":[{{{equation},"source":"bad.csv"}}]}}\n'
    text = run("ingest", folder / "bad.csv")
    assert "1 read = 0 stored + 0 duplicates + 1 quarantined + 0 ignored" in text.stdout
    assert "bad.csv:2 time = '2026-03-02T11:00': no time zone" in text.stderr


def test_tz_reads_times_without_an_offset(run: Run, folder: Path) -> None:
    (folder / "bad.csv").write_text(BAD, encoding="utf-8")
    assert run("ingest", folder / "bad.csv", "--tz", "Europe/Berlin").returncode == 0


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_grade_prints_one_object_per_patient_and_system(run: Run, folder: Path) -> None:
    done = run("grade", folder, "--json")
    assert done.returncode == 0, done.stderr
    told = objects(done)
    assert [(one["patient_id"], one["system"]) for one in told] == [
        ("P1", "crs-astct-2019"),
        ("P1", "icans-astct-2019"),
        ("P1", "crs-documented-symptoms"),
        ("P1", "icans-documented-symptoms"),
    ]
    assert all(set(one) == {"patient_id", "system", "revision", "steps", "episodes"} for one in told)
    steps = told[0]["steps"]
    assert isinstance(steps, list)
    assert steps[0]["from"] == "2026-03-01T10:00:00+00:00"
    assert all(one["to"] == following["from"] for one, following in pairwise(steps))
    assert steps[-1]["to"] is None
    # 38.4 °C, 121/70 on room air, no drug: grade 1; then 84 mmHg without a vasopressor: grade 2 (ASTCT table 2)
    found = {step["from"]: (step["at_least"], step["at_most"]) for step in steps}
    assert found["2026-03-02T08:00:00+00:00"] == (1, 1)
    assert found["2026-03-02T10:00:00+00:00"] == (2, 2)


def test_grade_is_a_pure_function_of_the_files(run: Run, folder: Path, tmp_path: Path) -> None:
    once, again = run("grade", folder, "--json"), run("grade", folder, "--json")
    assert once.stdout == again.stdout != ""
    lines = VITALS.splitlines(keepends=True)
    (folder / "vitals.csv").write_text(lines[0] + lines[2] + lines[1] + lines[1], encoding="utf-8")
    shuffled = run("grade", folder, "--json")
    assert shuffled.stdout == once.stdout
    assert "5 read = 4 used + 1 duplicates" in shuffled.stderr
    assert not (tmp_path / "store.db").exists()


def test_grade_narrows_by_system_patient_and_moment(run: Run, folder: Path) -> None:
    done = run(
        "grade", folder, "--json", "--system", "crs-astct-2019", "--patient", "P1", "--as-of", "2026-03-02T09:00Z"
    )
    (told,) = objects(done)
    steps = told["steps"]
    assert isinstance(steps, list)
    assert (steps[-1]["from"], steps[-1]["at_least"]) == ("2026-03-02T08:00:00+00:00", 1)


def test_grade_for_a_person_names_grades_and_episodes(run: Run, folder: Path) -> None:
    text = run("grade", folder, "--system", "crs-astct-2019").stdout
    assert "P1  crs-astct-2019 (revision 1)" in text
    assert "2026-03-02 08:00 to 2026-03-02 10:00  1 " in text
    assert "episode: onset 2026-03-02 08:00 (day 1), peak 2, not resolved" in text


CLIF = ROOT.parent / "shared" / "data" / "clif"


@pytest.mark.skipif(not CLIF.is_dir(), reason=f"no {CLIF}: the CLIF sample was NOT read through the commands")
def test_the_clif_sample_is_accounted_for_and_graded(run: Run) -> None:
    """15,828 rows of three hospitalisations (the sample's README)."""
    told = json.loads(run("ingest", CLIF, "--json").stdout)
    assert told["read"] == 15_828
    assert told["read"] == told["stored"] + told["duplicates"] + told["quarantined"] + told["ignored"]
    assert told["ignored"] == sum(told["ignored_kinds"].values())
    assert run("check").returncode == 0
    graded = objects(run("grade", CLIF, "--json"))
    assert len({one["patient_id"] for one in graded}) == 3
    assert len(graded) == 3 * 4
    for one in graded:
        steps = one["steps"]
        assert isinstance(steps, list)
        assert steps
        assert all(step["to"] == following["from"] > step["from"] for step, following in pairwise(steps))
        assert [step["to"] is None for step in steps] == [False] * (len(steps) - 1) + [True]


PICTURE = [
    {
        "id": "a",
        "patient": {"age_years": 50},
        "inputs": {"temp_c": 38.4, "sbp": 84, "vasopressors": [], "oxygen": {"device": "room_air"}},
    }
]


def test_picture_reads_a_file_and_standard_input_alike(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pictures.json"
    path.write_text(json.dumps(PICTURE), encoding="utf-8")
    from_file = run("picture", path, "--json", "--system", "crs-astct-2019")
    from_stdin = run("picture", "-", "--json", "--system", "crs-astct-2019", given=json.dumps(PICTURE))
    assert from_file.stdout == from_stdin.stdout
    (told,) = objects(from_file)
    assessments = told["assessments"]
    assert isinstance(assessments, dict)
    assert set(assessments) == {"crs-astct-2019"}
    assert assessments["crs-astct-2019"]["at_least"] == 2


def test_explain_names_criterion_value_time_source_and_place_in_the_paper(run: Run, folder: Path) -> None:
    run("ingest", folder)
    text = run("explain", "P1", "--at", "2026-03-02T09:00Z").stdout
    assert "38.4 °C" in text
    assert "2026-03-02 08:00" in text
    assert "vitals.csv:2" in text
    assert "Table 2, row Fever" in text
    told = json.loads(run("explain", "P1", "--at", "2026-03-02T09:00Z", "--json").stdout)
    assert told["patient_id"] == "P1"
    assert told["explanations"][0]["grade"]["at_least"] == 1
    assert run("explain", "P1", "--known-by", "2026-03-02T09:00Z").returncode == 2


def test_explain_tells_the_time_as_it_was_charted_where_the_ward_reads_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "vitals.csv").write_text("patient_id,time,temp_c\nP1,2026-03-02T14:05+05:45,38.4\n", encoding="utf-8")
    run("ingest", tmp_path / "vitals.csv")
    call = ("explain", "P1", "--at", "2026-03-02T09:00Z")
    assert "14:05 +05:45 as charted; 08:20 on the ward's clock" in run(*call).stdout
    told = json.loads(run(*call, "--json").stdout)
    rows = {row["value"]: row["as_charted"] for row in told["explanations"][0]["rows"]}
    assert rows["38.4 °C"] == "14:05 +05:45 as charted; 08:20 on the ward's clock"


def test_explain_explains_any_scale_at_any_moment(run: Run, folder: Path) -> None:
    run("ingest", folder)
    call = ("explain", "P1", "--at", "2026-03-02T09:00Z", "--system", "crs-mskcc", "--system", "icaht-late-2023")
    told = json.loads(run(*call, "--json").stdout)
    assert [one["system"] for one in told["explanations"]] == ["crs-mskcc", "icaht-late-2023"]
    assert "MSKCC grade 4" in run(*call).stdout
    assert run("explain", "P1", "--system", "crs-mskc").returncode == 2


def test_check_exits_0_on_a_sound_store_and_1_on_a_tampered_one(run: Run, folder: Path, tmp_path: Path) -> None:
    run("ingest", folder)
    assert run("check").returncode == 0
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("DROP TRIGGER fact_no_update")
        connection.execute("UPDATE fact SET content = replace(content, '38.4', '36.8')")
    connection.close()
    done = run("check", "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["findings"]) == 1


def test_demo_fills_an_empty_store_once(run: Run, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'demo.db'}"
    done = run("demo", "--patients", "4", "--db", address, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["stored"] > 0
    assert told["read"] == told["stored"] + told["duplicates"] + told["quarantined"] + told["ignored"]
    assert run("check", "--db", address).returncode == 0
    again = run("demo", "--patients", "4", "--db", address)
    assert again.returncode == 2
    assert "already holds data" in again.stderr


def test_demo_never_mixes_with_a_ward(run: Run, folder: Path, tmp_path: Path) -> None:
    run("ingest", folder)
    before = (tmp_path / "store.db").read_bytes()
    assert run("demo", "--db", f"sqlite:///{tmp_path / 'store.db'}").returncode == 2
    assert (tmp_path / "store.db").read_bytes() == before


UNUSABLE: list[tuple[tuple[str, ...], str]] = [
    (("ingest", "not-there.csv"), "not-there.csv"),
    (("ingest", "files", "--tz", "Mars/Olympus"), "unknown time zone 'Mars/Olympus'"),
    (("ingest", "files", "--db", "nonsense"), "not a database URL"),
    (("ingest", "files", "--db", "sqlite:////not/there/store.db"), "unable to open database file"),
    (("grade", "not-there.csv"), "not-there.csv"),
    (("grade", "files", "--system", "crs"), "unknown system 'crs'; expected one of crs-astct-2019"),
    (("grade", "files", "--patient", "P9"), "no patient 'P9' in the files; they speak of P1"),
    (("grade", "files", "--as-of", "yesterday"), "--as-of 'yesterday': not an ISO 8601 time"),
    (("grade", "files", "--as-of", "2026-03-02T09:00"), "--as-of '2026-03-02T09:00': no time zone"),
    (("picture", "not-there.json"), "not-there.json: cannot be read (No such file or directory)"),
    (("picture", "files/vitals.csv"), "files/vitals.csv:1:1: not JSON"),
    (("picture", "-"), "-:1:1: not JSON"),
    (("explain", "P1"), "no store at"),
    (("explain", "P1", "--at", "2026-03-02"), "--at '2026-03-02': a date without a time of day"),
    (("check",), "no store at"),
    (("demo", "--patients", "0"), "--patients 0: expected a whole number from 1"),
]


@pytest.mark.parametrize(("arguments", "expected"), UNUSABLE, ids=[" ".join(arguments) for arguments, _ in UNUSABLE])
def test_an_unusable_call_is_one_sentence_and_exit_2(
    run: Run, folder: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


PICTURES_REFUSED = [
    ('[{"id": "a", "inputs": {"temp_celsius": 38}}]', "temp_celsius"),
    ('[{"id": "a", "inputs": {"temp_c": 38, "temp_c": 39}}]', "the field 'temp_c' is given twice"),
    ('[{"id": "a", "inputs": {"temp_c": NaN}}]', "NaN is no number of JSON"),
    ('{"id": "a"}', "expected a JSON array"),
]


@pytest.mark.parametrize(("given", "expected"), PICTURES_REFUSED)
def test_a_picture_that_cannot_be_read_is_refused_by_name(run: Run, given: str, expected: str) -> None:
    done = run("picture", "-", given=given)
    assert done.returncode == 2
    assert expected in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_no_store_is_refused_and_left_alone(run: Run, folder: Path) -> None:
    done = run("check", "--db", f"sqlite:///{folder / 'vitals.csv'}")
    assert done.returncode == 2
    assert "file is not a database" in done.stderr
    assert (folder / "vitals.csv").read_text(encoding="utf-8") == VITALS


def test_no_message_holds_a_patients_name(run: Run, folder: Path) -> None:
    (folder / "patients.csv").write_text(PATIENTS.replace("1961-04-12", "12.4.61"), encoding="utf-8")
    done = run("ingest", folder, "--json")
    assert done.returncode == 3
    assert "Secret Name" not in done.stdout + done.stderr


VERBS = [
    "ingest",
    "grade",
    "picture",
    "explain",
    "demo",
    "check",
    "export",
    "user add",
    "user list",
    "backup",
    "restore",
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_that_can_be_copied(run: Run, verb: str) -> None:
    done = run(*verb.split(), "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    example = done.stdout[done.stdout.index("example:") :]
    assert "python -m monitoring " + verb in example


def test_the_help_without_a_verb_has_an_example_too(run: Run) -> None:
    assert "example:\n  python -m monitoring " in run("--help").stdout


@pytest.mark.parametrize("call", [[], ["nonsense"], ["ingest"], ["picture", "--bogus"], ["export", "--format", "xls"]])
def test_a_call_that_cannot_be_read_is_one_sentence(run: Run, call: list[str]) -> None:
    done = run(*call)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "--help" in done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_is_cleared_at_the_end() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress("vitals.csv", 1000)
        progress("vitals.csv", 25_000)
    assert stream.getvalue() == (
        "\r\x1b[K[.=......................] 1,000 rows, vitals.csv"
        "\r\x1b[K[.=......................] 25,000 rows, vitals.csv"
        "\r\x1b[K"
    )


def test_progress_fills_to_the_share_that_is_read() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress.share(0.5)
        progress("vitals.csv", 1000)
    assert stream.getvalue() == "\r\x1b[K[============............] 50% 1,000 rows, vitals.csv\r\x1b[K"


def test_progress_is_one_line_a_minute_elsewhere() -> None:
    stream, seconds = io.StringIO(), iter([0.0, 59.9, 60.0, 60.0, 119.9, 120.0, 120.0])
    with Progress(stream, clock=lambda: next(seconds)) as progress:
        for rows in (1000, 2000, 3000, 4000):
            progress("vitals.csv", rows)
    assert stream.getvalue() == "2000 rows, vitals.csv\n4000 rows, vitals.csv\n"


def test_an_unknown_verb_is_refused(run: Run) -> None:
    done = run("gradde")
    assert done.returncode == 2
    assert "gradde" in done.stderr
