"""Issue 4, must hold: killed at a random moment of a live path, no acknowledged fact is missing and none is doubled.

A few kills each here; a hundred by `python -m tests.benchmarks.kill`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .killing import CHANNELS, one_round


@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_acknowledged_is_lost_to_kill_9_and_nothing_doubled(channel: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ward.db'}"
    outcomes = [one_round(channel, url, tmp_path, number, random.Random(number)) for number in range(4)]
    assert [outcome for outcome in outcomes if not outcome.sound] == []
    assert sum(outcome.acknowledged for outcome in outcomes) > 20, "killed before there was anything to lose"
    assert any(outcome.sent > outcome.acknowledged for outcome in outcomes), "no kill came while something was sent"
