"""The verb: what it writes, what it says of it, what it leaves in the audit, and what it refuses."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.__main__ import main
from monitoring.store import open_store
from monitoring.store.audit import Asked, Head
from tests.export.kept import DAY_0, exported, filled, of_every_kind


@pytest.fixture
def address(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    return address


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifest(out: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((out / "export.manifest").read_text(encoding="utf-8"))
    return told


def test_the_manifest_names_every_file_with_its_rows_and_checksum(address: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(address, out, "csv")
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {"export.manifest"}
    files = manifest(out)["files"]
    assert isinstance(files, dict)
    assert set(files) == written
    for name, said in files.items():
        assert said["sha256"] == hashlib.sha256((out / name).read_bytes()).hexdigest()
        if name.endswith(".csv"):
            assert said["rows"] == len(rows(out / name))


def test_an_export_is_in_the_audit_and_its_head_in_the_export(address: str, tmp_path: Path) -> None:
    exported(address, tmp_path / "out", "csv", "--patient", "P1")
    store = open_store(address)
    deeds = [entry.deed for entry in store.audit.entries(Asked())]
    assert [(deed.act, deed.patient_id, deed.about) for deed in deeds] == [("exported", "P1", "csv")]
    seq, _, digest = str(manifest(tmp_path / "out")["audit_head"]).partition(":")
    assert store.audit.findings(Head(int(seq), digest)) == []
    assert store.audit.findings(Head(int(seq), "0" * 64)) != []


def test_an_export_only_the_owner_can_open(address: str, tmp_path: Path) -> None:
    exported(address, tmp_path / "out", "csv")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "out.unfinished").exists()


def test_a_folder_that_exists_is_not_written_into(address: str, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "out").mkdir()
    assert main(["export", "--format", "csv", "--db", address, "--out", str(tmp_path / "out")]) == 2
    assert "exists already; name a new folder" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_patient_and_an_empty_span_are_refused(address: str, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    asked = ["export", "--format", "csv", "--db", address, "--out", str(tmp_path / "out")]
    assert main([*asked, "--patient", "P9"]) == 2
    assert main([*asked, "--since", "2026-03-02T00:00Z", "--until", "2026-03-02T00:00Z"]) == 2
    told = capsys.readouterr().err
    assert "nothing is known of patient 'P9'" in told
    assert "is not after --since" in told
    assert not (tmp_path / "out").exists()


def test_one_patient_is_one_patient(address: str, tmp_path: Path) -> None:
    exported(address, tmp_path / "out", "csv", "--patient", "=P 2")
    told = {row["patient_id"] for path in (tmp_path / "out").rglob("*.csv") for row in rows(path)}
    assert told == {"'=P 2"}


def test_a_span_holds_its_beginning_and_not_its_end(address: str, tmp_path: Path) -> None:
    since, until = DAY_0 + timedelta(hours=24), DAY_0 + timedelta(hours=33)
    exported(address, tmp_path / "out", "csv", "--since", since.isoformat(), "--until", until.isoformat())
    times = [row["time"] for row in rows(tmp_path / "out" / "facts" / "measurements.csv")]
    assert times == ["2026-03-02T08:00:00+00:00", "2026-03-02T14:00:00+00:00"]
    assert [row["product"] for row in rows(tmp_path / "out" / "facts" / "infusions.csv")] == ["Yescarta"]
    steps = rows(tmp_path / "out" / "grades" / "steps.csv")
    assert all(row["from"] < until.isoformat() for row in steps)
    assert all(row["to"] == "" or row["to"] > since.isoformat() for row in steps)


def test_a_fever_of_the_second_day_is_one_episode_of_grade_1(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/b.db"
    wanted = [
        one for one in of_every_kind() if getattr(one, "value", None) == 38.4 or one.__class__.__name__ == "Infusion"
    ]
    filled(address, wanted)
    exported(address, tmp_path / "out", "csv", "--system", "crs-astct-2019")
    (episode,) = rows(tmp_path / "out" / "grades" / "episodes.csv")
    assert (episode["onset"], episode["onset_day"], episode["peak"]) == ("2026-03-02T08:00:00+00:00", "1", "1")
    assert (episode["system"], episode["revision"]) == ("crs-astct-2019", "1")


def test_invented_patients_are_labelled(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    address = f"sqlite:///{tmp_path}/demo.db"
    assert main(["demo", "--patients", "1", "--db", address]) == 0
    exported(address, tmp_path / "out", "csv")
    assert manifest(tmp_path / "out")["demonstration"] is True
    assert "invented" in (tmp_path / "out" / "DEMONSTRATION.md").read_text(encoding="utf-8")


def test_true_patients_are_not_called_invented(address: str, tmp_path: Path) -> None:
    exported(address, tmp_path / "out", "csv")
    assert manifest(tmp_path / "out")["demonstration"] is False
    assert not (tmp_path / "out" / "DEMONSTRATION.md").exists()


def test_refusals_leave_with_the_whole_store_only(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/c.db"
    (tmp_path / "vitals.csv").write_text("patient_id,time,temp_c\nP1,2026-03-01T08:00Z,99\nP1,2026-03-01T09:00Z,37\n")
    assert main(["ingest", str(tmp_path / "vitals.csv"), "--db", address]) == 3
    exported(address, tmp_path / "all", "csv")
    exported(address, tmp_path / "one", "csv", "--patient", "P1")
    (refused,) = rows(tmp_path / "all" / "intake" / "refusals.csv")
    assert (refused["source"], refused["place"], refused["field"]) == ("vitals.csv", "2", "temp_c")
    assert not (tmp_path / "one" / "intake").exists()
