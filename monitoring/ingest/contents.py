"""What an input is, told by its first bytes and never by its name."""

from __future__ import annotations

import re
from io import BufferedReader
from typing import BinaryIO, cast

from monitoring.ingest.kept import are_kept
from monitoring.ingest.objects import are_objects
from monitoring.ingest.sources import FileRefused

_LOOKED_AT = 4096
BUFFER = 1 << 18
"""Bytes read from a file at a time."""
_HL7V2 = re.compile(rb'\x0b?(?:MSH|FHS|BHS)[^\w\s,;"]')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_READ = {
    b"PK\x03\x04": "is a ZIP archive or an Excel workbook; unpack the archive, or save the sheet as CSV UTF-8",
    b"PK\x05\x06": "is an empty ZIP archive; give the files themselves",
    b"\x1f\x8b": "is compressed with gzip; unpack it, so that its lines can be counted and named",
    b"BZh": "is compressed with bzip2; unpack it, so that its lines can be counted and named",
    b"\xfd7zXZ\x00": "is compressed with xz; unpack it, so that its lines can be counted and named",
    b"(\xb5/\xfd": "is compressed with Zstandard; unpack it, so that its lines can be counted and named",
    b"7z\xbc\xaf\x27\x1c": "is a 7-Zip archive; unpack it and give the files",
    b"\xd0\xcf\x11\xe0": "is an old Excel or Word file; save it as CSV UTF-8",
    b"%PDF-": "is a PDF; expected CSV, Parquet, FHIR JSON or HL7 v2. Export the data themselves",
}
"""Archives are not unpacked: a small one may hold more than any disk, and its lines have no place to point at."""


def opened(stream: BinaryIO) -> BufferedReader:
    """`stream` with room to look ahead."""
    return stream if isinstance(stream, BufferedReader) else BufferedReader(cast("BufferedReader", stream), BUFFER)


def contents(stream: BufferedReader) -> str:
    """`fhir`, `objects`, `facts`, `hl7v2`, `parquet` or else `delimited`; nothing is taken from `stream`.

    Raises FileRefused for an archive, and for a format that is known and not read.
    """
    start = stream.peek(_LOOKED_AT)[:_LOOKED_AT]
    for magic, why in _NOT_READ.items():
        if start.startswith(magic):
            raise FileRefused(why)
    if start.startswith(b"PAR1"):
        return "parquet"
    text = start.removeprefix(_BYTE_ORDER_MARK).lstrip(b" \t\r\n")
    if are_kept(text):
        return "facts"
    if text.startswith((b"{", b"[")):
        return "objects" if are_objects(text) else "fhir"
    return "hl7v2" if _HL7V2.match(text) else "delimited"
