"""Time entries as replies show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from plugin_server.harvest import wire

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = date(2026, 3, 4)


def entry(entry_id: int = 1, *, project: int = 4001, reference: str | None = None, **changes: Any) -> wire.TimeEntry:
    """One hour of a day, changed at ``NOW`` unless told otherwise."""
    values: dict[str, Any] = {
        "spent_date": DAY,
        "user": wire.Ref(2001),
        "client": wire.Ref(3001),
        "task": wire.Ref(5001),
        "hours": Decimal(1),
        "rounded_hours": Decimal(1),
        "updated_at": NOW,
        "created_at": NOW,
        "approval_status": "unsubmitted",
        "external_reference": wire.ExternalReference(reference) if reference else None,
    }
    return wire.TimeEntry(id=entry_id, project=wire.Ref(project), **{**values, **changes})


def later(seconds: float = 1) -> datetime:
    return NOW + timedelta(seconds=seconds)
