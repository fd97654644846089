"""What happens when the application starts."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pandas  # noqa: F401 - plotly looks whether it is loaded, and takes half of it where another thread is loading it
from starlette.concurrency import run_in_threadpool

import monitoring.charts
import monitoring.rounds  # noqa: F401  warm imports, so that the first visitor does not wait for them
from monitoring.access.acts import APPLICATION
from monitoring.api.headers import inline_scripts
from monitoring.api.health import version
from monitoring.api.log import start_log
from monitoring.api.opened import admission, now, settings
from monitoring.rounds import opened
from monitoring.store import StoreUnavailable

_LOG = logging.getLogger(__name__)

_TURN_SECONDS = 0.0005
"""How long a thread that computes may keep the others waiting, a tenth of what Python takes by itself: the thread that
answers everybody waits so long after each of its many small steps (docs/load.md)."""


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Opens the store, offers the first administrator's link, starts the watch, and freezes what the imports made.

    Streamlit collects garbage after every run and need not walk the imports each time (lab.md, 0.3). A store that
    does not answer does not keep the screens from starting: they say so. Raises SettingRefused, and does not start.
    """
    start_log()
    settings()
    inline_scripts()
    try:
        await run_in_threadpool(version)
        await run_in_threadpool(offer_first_link)
    except StoreUnavailable as silent:
        _LOG.warning("%s", silent)
    opened.watch().start()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        await run_in_threadpool(opened.watch().end)


def offer_first_link() -> None:
    """While there is no account, a one-time link to create the administrator, on the console only."""
    if admission().is_empty():
        link = admission().invite(None, now(), APPLICATION)
        sys.stderr.write(
            "No account exists yet. Create the administrator within 24 hours, once:\n"
            f"  {settings().public_url}/auth/set-password?link={link}\n"
        )
        sys.stderr.flush()
