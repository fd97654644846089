"""Which reader an input goes to is told by its first bytes; no path leads out of the folder given."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from reading import RECEIVED, Read

from monitoring.concepts import dictionary
from monitoring.ingest import FileRefused, read_paths, read_stream
from monitoring.ingest.contents import contents, opened
from monitoring.records import RowRead

ROW = b"patient_id,time,hr\nA,2026-03-05T08:00Z,90\n"


def stream_read(content: bytes, fmt: str = "auto") -> list[RowRead]:
    stream = io.BytesIO(content)
    return list(read_stream(stream, source="body", fmt=fmt, received_at=RECEIVED, dictionary=dictionary()))


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b'{"resourceType": "Observation"}', "fhir"),
        (b"[{}]", "fhir"),
        (b"\xef\xbb\xbf\r\n  {}", "fhir"),
        (b"MSH|^~\\&|A", "hl7v2"),
        (b"\xef\xbb\xbfMSH|^~\\&|A", "hl7v2"),
        (b"\x0bMSH|^~\\&|A", "hl7v2"),
        (b"FHS|^~\\&|A", "hl7v2"),
        (b"BHS|^~\\&|A", "hl7v2"),
        (b"MSH#^~\\&#A", "hl7v2"),
        (b"PAR1\x15\x04", "parquet"),
        (b"patient_id,time\n", "delimited"),
        (b"MSH,time,patient_id\n", "delimited"),
        (b"MSHunit,time\n", "delimited"),
        (b"", "delimited"),
    ],
)
def test_the_first_bytes_say_what_it_is(start: bytes, kind: str) -> None:
    stream = opened(io.BytesIO(start))
    assert contents(stream) == kind
    assert stream.read() == start


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("vitals.csv", ROW)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [(zipped(), "ZIP archive"), (gzip.compress(ROW), "gzip; unpack it"), (b"%PDF-1.7\n", "a PDF")],
    ids=["zip", "gzip", "pdf"],
)
@pytest.mark.parametrize("fmt", ["auto", "csv", "clif"])
def test_an_archive_is_refused_whole_and_never_unpacked(content: bytes, words: str, fmt: str) -> None:
    with pytest.raises(FileRefused, match=words):
        stream_read(content, fmt)


def test_bytes_at_hand_are_read_as_a_file_of_that_name() -> None:
    (row,) = stream_read(ROW)
    assert (row.source, row.place, len(row.facts)) == ("body", "2", 1)


def test_a_stream_refused_whole_is_refused_before_its_first_row_is_asked_for() -> None:
    with pytest.raises(FileRefused, match="fits no kind"):
        read_stream(io.BytesIO(b"a,b\n"), source="body", received_at=RECEIVED, dictionary=dictionary())


def test_the_name_of_a_file_says_nothing(read: Read) -> None:
    assert len(read(ROW, name="vitals.json")[0].facts) == 1


def folder_read(folder: Path) -> list[RowRead]:
    return list(read_paths([folder], received_at=RECEIVED, dictionary=dictionary()))


def test_a_link_out_of_the_folder_is_refused_and_what_it_points_at_not_opened(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_bytes(ROW)
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "ward.csv").write_bytes(ROW)
    (folder / "file.csv").symlink_to(tmp_path / "outside" / "secret.csv")
    (folder / "elsewhere").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "round.csv").symlink_to(folder / "round.csv")
    rows = folder_read(folder)
    refused = {row.source: row.refusals[0].reason for row in rows if row.refusals}
    assert set(refused) == {"file.csv", "elsewhere"}
    assert all("leads out of the folder" in reason for reason in refused.values())
    assert [row.source for row in rows if row.facts] == ["ward.csv"]


def test_an_archive_in_a_folder_is_one_quarantined_row_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_bytes(ROW)
    (tmp_path / "more.zip").write_bytes(zipped())
    assert [(row.source, bool(row.refusals)) for row in folder_read(tmp_path)] == [
        ("more.zip", True),
        ("ward.csv", False),
    ]
