"""The body of a request, kept out of memory: up to a limit, and not slower than a sender that is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

DOCUMENT = 16 * 2**20
"""Bytes of one JSON document, which is read as a whole."""
LINES = 256 * 2**20
"""Bytes of NDJSON, which is read line by line."""
_IN_MEMORY = 2**20
_SILENT_SECONDS = 30.0
_GIVEN_UP = 499  # nobody is there any more to read it


class BodyRefused(ValueError):
    """A body that is not taken: `status`, and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def limit_of(request: Request, accepted: Mapping[str, int]) -> int:
    """The most bytes of the type this request declares. Raises BodyRefused 415 for another type or encoding."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in accepted:
        raise BodyRefused(415, f"The content type {kind[:80] or '(none)'} is not read here; use {', '.join(accepted)}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyRefused(415, "A compressed body is not read here; send it as it is.")
    return accepted[kind]


async def read_body(request: Request, most: int) -> BinaryIO:
    """The whole body, wound back to its start; the caller closes it. Raises BodyRefused: 400, 408 or 413."""
    too_large = BodyRefused(413, f"The body is larger than {most // 2**20} MiB; send it in several parts.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large
    kept = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - the caller closes it
    try:
        await _spool(request, kept, most, too_large)
    except BaseException:
        kept.close()
        raise
    return kept


async def _spool(request: Request, kept: BinaryIO, most: int, too_large: BodyRefused) -> None:
    size = 0
    async with aclosing(request.stream()) as chunks:
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks, None), _SILENT_SECONDS)
            except TimeoutError:
                raise BodyRefused(408, "The body stopped half way; nothing was stored. Send it again.") from None
            except ClientDisconnect:
                raise BodyRefused(_GIVEN_UP, "The sender went away before the end; nothing was stored.") from None
            if chunk is None:
                break
            size += len(chunk)
            if size > most:
                raise too_large
            if size > _IN_MEMORY:
                await run_in_threadpool(kept.write, chunk)
            else:
                kept.write(chunk)
    if size == 0:
        raise BodyRefused(400, "The body is empty; nothing was stored.")
    kept.seek(0)
