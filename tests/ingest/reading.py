"""What reading one file looks like in a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from monitoring.records import RowRead

RECEIVED = datetime(2026, 3, 20, tzinfo=UTC)
Read = Callable[..., list[RowRead]]
