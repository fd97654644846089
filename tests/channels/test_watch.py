"""The watched folder: nothing is moved that is not stored, and nothing is read that is not complete."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.access.acts import Channel, Origin
from monitoring.concepts import dictionary
from monitoring.intake.folder import Folder, patient_look
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import ROOT, read_settings
from monitoring.store import Store, StoreUnavailable, open_store

from .messages import oru

AT = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
VITALS = f"patient_id,time,temp_c,hr\nP1,{AT},38.6,112\n"
ONE_BAD = VITALS + f"P2,{AT},99.9,80\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = open_store(f"sqlite:///{tmp_path / 'ward.db'}")
    yield kept
    kept.close()


class Clock:
    """A monotonic clock the test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, store: Store, clock: Clock) -> Folder:
    path = tmp_path / "incoming"
    path.mkdir()
    rounds = Rounds(store, read_settings(), dictionary())
    made = Folder(path, rounds, lambda: datetime.now(UTC), 2.0, Origin("command:ada", Channel.FOLDER), clock)
    made.prepare()
    return made


def looked_twice(folder: Folder, clock: Clock) -> None:
    folder.look()
    clock.seconds += 3
    folder.look()


def lying(folder: Folder) -> list[str]:
    """Every file in the folder and its three folders."""
    return sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())


def test_a_good_file_is_stored_and_moved_to_done(folder: Folder, store: Store, clock: Clock) -> None:
    (folder.path / "vitals.csv").write_text(VITALS)
    looked_twice(folder, clock)
    assert lying(folder) == ["done/vitals.csv"]
    found = [fact for fact in store.facts() if isinstance(fact, Observation)]
    assert {(fact.concept, fact.value, fact.source) for fact in found} == {
        ("temperature", 38.6, "vitals.csv:2"),
        ("heart_rate", 112.0, "vitals.csv:2"),
    }


def test_a_file_read_in_part_says_which_part(folder: Folder, store: Store, clock: Clock) -> None:
    (folder.path / "vitals.csv").write_text(ONE_BAD)
    looked_twice(folder, clock)
    assert lying(folder) == ["quarantined/vitals.csv", "quarantined/vitals.csv.why.txt"]
    why = (folder.path / "quarantined" / "vitals.csv.why.txt").read_text()
    assert why.startswith("2 read = 1 stored + 0 duplicates + 1 quarantined + 0 ignored\n")
    assert "vitals.csv:3 temp_c = '99.9'" in why
    assert len(store.quarantine.refusals()) == 1


REFUSED = [
    ("an archive", b"PK\x03\x04rest"),
    ("a table nobody knows", b"a,b\n1,2\n"),
    ("nothing", b""),
    ("noise", bytes(range(256)) * 20),
]


@pytest.mark.parametrize(("case", "content"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_input_is_refused_with_a_sentence_and_the_ward_sees_it(
    case: str, content: bytes, folder: Folder, store: Store, clock: Clock
) -> None:
    (folder.path / "thing.bin").write_bytes(content)
    looked_twice(folder, clock)
    assert lying(folder) == ["refused/thing.bin", "refused/thing.bin.why.txt"]
    assert (folder.path / "refused" / "thing.bin").read_bytes() == content
    assert "Nothing of it was read" in (folder.path / "refused" / "thing.bin.why.txt").read_text()
    (held,) = store.quarantine.refusals()
    assert (held.refusal.source, held.refusal.place) == ("thing.bin", "file")
    assert store.findings() == []


def test_a_file_that_grows_is_left_until_it_rests(folder: Folder, store: Store, clock: Clock) -> None:
    file = folder.path / "vitals.csv"
    for size in range(20, len(VITALS) + 1, 20):
        file.write_text(VITALS[:size])
        looked_twice_at_once = [folder.look(), folder.look()]
        assert looked_twice_at_once == [1, 1]
        clock.seconds += 1.9
    file.write_text(VITALS)
    looked_twice(folder, clock)
    assert lying(folder) == ["done/vitals.csv"]
    assert store.quarantine.refusals() == []


class Rewriting(Rounds):
    """Somebody writes the file again while it is read."""

    file = Path()

    def receive(self, *words: object, **named: object) -> object:  # type: ignore[override]
        arrived = super().receive(*words, **named)  # type: ignore[arg-type]
        self.file.write_text(VITALS + f"P1,{AT},38.9,115\n")
        return arrived


def test_a_file_that_changes_while_it_is_read_is_read_again(folder: Folder, store: Store, clock: Clock) -> None:
    file = folder.path / "vitals.csv"
    file.write_text(VITALS)
    rewriting = Rewriting(store, read_settings(), dictionary())
    rewriting.file = file
    patient, folder.rounds = folder.rounds, rewriting
    looked_twice(folder, clock)
    assert lying(folder) == ["vitals.csv"]
    folder.rounds = patient
    looked_twice(folder, clock)
    assert lying(folder) == ["done/vitals.csv"]
    assert len(store.facts()) == 4


LEFT_ALONE = [".hidden.csv", "~lock.csv", "vitals.csv.part", "vitals.csv.tmp", "vitals.csv~", "VITALS.PART"]


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_hidden_and_temporary_names_are_left_alone(name: str, folder: Folder, store: Store, clock: Clock) -> None:
    (folder.path / name).write_text(VITALS)
    looked_twice(folder, clock)
    assert lying(folder) == [name]
    assert store.facts() == []


def test_subfolders_and_links_are_left_alone(folder: Folder, store: Store, clock: Clock, tmp_path: Path) -> None:
    (folder.path / "older").mkdir()
    (folder.path / "older" / "vitals.csv").write_text(VITALS)
    (tmp_path / "elsewhere.csv").write_text(VITALS)
    (folder.path / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    looked_twice(folder, clock)
    assert (tmp_path / "elsewhere.csv").exists()
    assert store.facts() == []


def test_an_earlier_file_of_the_same_name_is_kept(folder: Folder, clock: Clock) -> None:
    for temperature in ("38.6", "38.9"):
        (folder.path / "vitals.csv").write_text(VITALS.replace("38.6", temperature))
        looked_twice(folder, clock)
    assert lying(folder) == ["done/vitals (2).csv", "done/vitals.csv"]
    assert "38.6" in (folder.path / "done" / "vitals.csv").read_text()


class Silent(Rounds):
    """A store that does not answer."""

    def receive(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise StoreUnavailable("gone")


def test_a_file_stays_while_the_store_is_silent_and_is_taken_when_it_is_back(
    folder: Folder, store: Store, clock: Clock
) -> None:
    (folder.path / "vitals.csv").write_text(VITALS)
    answering, folder.rounds = folder.rounds, Silent(store, read_settings(), dictionary())
    clock.seconds += 3
    assert patient_look(folder)
    clock.seconds += 3
    assert not patient_look(folder)
    assert lying(folder) == ["vitals.csv"]
    folder.rounds = answering
    assert patient_look(folder)
    clock.seconds += 3
    assert patient_look(folder)
    assert lying(folder) == ["done/vitals.csv"]


class Faulty(Rounds):
    """A fault of ours that the file of one name meets."""

    def receive(self, *words: object, **named: object) -> object:  # type: ignore[override]
        if named["source"] == "Ada-Okafor.csv":
            raise OverflowError("38.6 of Ada")
        return super().receive(*words, **named)  # type: ignore[arg-type]


def test_a_file_that_meets_a_fault_is_left_and_the_next_ones_are_taken(
    folder: Folder, store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    well, folder.rounds = folder.rounds, Faulty(store, read_settings(), dictionary())
    for name in ("Ada-Okafor.csv", "later.csv"):
        (folder.path / name).write_text(VITALS)
    os.utime(folder.path / "Ada-Okafor.csv", (0, 0))
    assert patient_look(folder)
    clock.seconds += 3
    for _ in range(3):
        assert patient_look(folder)
    assert lying(folder) == ["Ada-Okafor.csv", "done/later.csv"]
    said = [(record.getMessage(), record.__dict__["facts"]) for record in caplog.records if record.levelname != "INFO"]
    assert said == [("a file cannot be taken in, a fault of ours; the next ones are", {"why": "OverflowError"})]
    folder.rounds = well
    os.utime(folder.path / "Ada-Okafor.csv")
    looked_twice(folder, clock)
    assert lying(folder) == ["done/Ada-Okafor.csv", "done/later.csv"]


def test_a_crash_between_store_and_move_makes_the_file_a_duplicate(folder: Folder, store: Store, clock: Clock) -> None:
    (folder.path / "vitals.csv").write_text(VITALS)
    looked_twice(folder, clock)
    (folder.path / "done" / "vitals.csv").rename(folder.path / "vitals.csv")  # as if it had never been moved
    looked_twice(folder, clock)
    assert lying(folder) == ["done/vitals.csv"]
    assert len(store.facts()) == 2
    assert [(row.tally.stored, row.tally.duplicates) for row in store.ledger()] == [(1, 1)]


def test_every_kind_of_file_is_read(folder: Folder, store: Store, clock: Clock) -> None:
    (folder.path / "a.hl7").write_bytes(oru("A1"))
    (folder.path / "b.json").write_text(f'{{"patient_id": "P1", "time": "{AT}", "concept": "sbp", "value": 84}}')
    (folder.path / "c.csv").write_text(VITALS)
    looked_twice(folder, clock)
    assert lying(folder) == ["done/a.hl7", "done/b.json", "done/c.csv"]


def test_the_command_takes_in_what_appears_and_ends_when_told(tmp_path: Path) -> None:
    folder, url = tmp_path / "incoming", f"sqlite:///{tmp_path / 'ward.db'}"
    folder.mkdir()
    (folder / "early.csv").write_text(VITALS)
    words = [sys.executable, "-m", "monitoring", "watch", str(folder), "--settle", "0.2", "--db", url]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ), stderr=out)
    try:
        _until(folder / "done" / "early.csv", process, log)
        (folder / "Ada-Okafor.csv.part").write_text(ONE_BAD)
        (folder / "Ada-Okafor.csv.part").rename(folder / "Ada-Okafor.csv")
        _until(folder / "quarantined" / "Ada-Okafor.csv", process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    said = log.read_text()
    assert '"stored": 1' in said
    assert [word for word in ("Ada", "99.9", "Traceback") if word in said] == []


def _until(path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.05)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "monitoring", "watch", str(tmp_path / "none")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is no folder; make it, or correct the path" in done.stderr
