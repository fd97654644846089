"""What every test stands on."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from monitoring.access import passwords

# No deadline, and cases may be made slowly: a shared machine is slow at times, and a time is never asserted.
# The same cases on every CI run.
hypothesis.settings.register_profile(
    "ward", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("ward"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "ward")

# Where the environment forbids bytecode, each of the hundred processes started here would compile all there is again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Stores sync every commit. No test takes away the power, so nothing is proven by waiting for a disk: where memory is
# given as a folder of its own, and enough of it, the temporary files of the tests and of what they start are there.
_MEMORY, _ENOUGH = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - a folder of ours is made inside it
if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None


class Shares(LoadScopeScheduling):
    """Tests that stand on one costly thing go to one worker together, the most of them first; any other goes alone."""

    _TOGETHER = ("tests/browser/test_every_screen.py", "tests/browser/", "tests/access/test_a_running_server.py")

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in self._TOGETHER if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    """Not by `xdist_group`: xdist 3.8 writes the group where pytest 9.2 no longer looks, and shares are not kept."""
    return Shares(config, log)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the store that happens to be named in somebody's shell."""
    for name in [name for name in os.environ if name.startswith("MONITORING_")]:
        if name != "MONITORING_UPDATE_PICTURE":  # the one switch of the tests themselves
            monkeypatch.delenv(name)


_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _passwords_are_hashed_quickly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash names its own cost, so what is slow on purpose is proven once, by the tests marked `slow_hashing`."""
    passwords._nobodys.cache_clear()
    if request.node.get_closest_marker("slow_hashing") is None:
        monkeypatch.setattr(passwords, "_HASHER", _QUICK)
