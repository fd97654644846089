"""What every test stands on."""

from __future__ import annotations

import os

import hypothesis
import pytest

# No deadline: a shared machine is slow at times, and a time is never asserted. The same cases on every CI run.
hypothesis.settings.register_profile("ward", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("ward"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "ward")


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the store that happens to be named in somebody's shell."""
    for name in [name for name in os.environ if name.startswith("MONITORING_")]:
        if name != "MONITORING_UPDATE_PICTURE":  # the one switch of the tests themselves
            monkeypatch.delenv(name)
