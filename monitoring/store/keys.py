"""The identity of a held row, in a module that may never change: migrations of old stores compute it too."""

from __future__ import annotations

import hashlib


def held_key(source: str, place: str, raw: str | None, batch: str) -> str:
    """The same text refused again at the same place is the same held row; a row without its text never is.

    So a file sent again after one of its rows was corrected does not open that row again (D93).
    """
    said = "\0".join((source, place, "raw", raw) if raw is not None else (source, place, "batch", batch))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
