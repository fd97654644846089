"""A hundred kills -9 at random moments of the live channels: `python -m tests.benchmarks.kill [--rounds N] [--seed S]`.

Prints a line a channel: kills, facts acknowledged and sent, and what was lost, doubled or found wrong (all must be 0).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.channels.killing import CHANNELS, Outcome, one_round


def main() -> int:
    """Run them; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=34, help="kills of each channel")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--channel", choices=list(CHANNELS), action="append")
    asked = parser.parse_args()
    wrong = 0
    for channel in asked.channel or CHANNELS:
        began, chance = time.monotonic(), random.Random(f"{asked.seed} {channel}")
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/ward.db"
            found = [one_round(channel, url, Path(folder), number, chance) for number in range(asked.rounds)]
        wrong += sum(not outcome.sound for outcome in found)
        sys.stdout.write(f"{_line(channel, found)}; {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    return 1 if wrong else 0


def _line(channel: str, found: list[Outcome]) -> str:
    in_flight = sum(outcome.sent > outcome.acknowledged for outcome in found)
    return (
        f"{channel}: {len(found)} kills, {in_flight} of them with something unanswered; "
        f"{sum(one.acknowledged for one in found)} facts acknowledged of {sum(one.sent for one in found)} sent; "
        f"lost {sum(len(one.lost) for one in found)}, doubled {sum(len(one.doubled) for one in found)}, "
        f"missing after sending again {sum(len(one.missing) for one in found)}, "
        f"findings {sum(len(one.findings) for one in found)}"
    )


if __name__ == "__main__":
    sys.exit(main())
