"""Facts of a ticket and of an entry that have nothing to complain of; tests change one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from plugin_server.explain import entry, ticket
from plugin_server.explain.rules import Finding, Sync
from plugin_server.tickets.account.rules import Share

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = date(2026, 3, 4)
SYNC = Sync(
    now=NOW,
    zone=ZoneInfo("Europe/Berlin"),
    every=timedelta(minutes=1),
    read_at=NOW - timedelta(seconds=20),
    worker_at=NOW - timedelta(seconds=5),
)
TICKET = ticket.Facts(
    number="10042",
    sync=SYNC,
    project_text="4001",
    project=ticket.Project(4001, "[T1] Oven controller"),
    linked_at=NOW - timedelta(days=9),
    counts={"reference": Share(2, 350)},
    oldest=DAY - timedelta(days=9),
    budget_text="10",
    budget=Decimal(10),
)
HERE = entry.Ticket(42, "10042", 4001, "[T1] Oven controller")
ELSEWHERE = entry.Ticket(43, "10043", 4002, "[T2] Shop checkout")
ENTRY = entry.Entry(123456, DAY, 150, "Ada Agent", 4001, "[T1] Oven controller", notes="Patch watchdog")
COUNTED = entry.Facts(123456, SYNC, ENTRY, counts_for=HERE, rule="dedicated", asker=HERE)


def of_ticket(**changes: Any) -> dict[str, Finding]:
    """The findings about a ticket, by code."""
    return {one.code: one for one in ticket.findings(replace(TICKET, **changes))}


def of_entry(**changes: Any) -> dict[str, Finding]:
    """The findings about an entry, by code."""
    return {one.code: one for one in entry.findings(replace(COUNTED, **changes))}


def of_changed_entry(entry_changes: dict[str, Any], **changes: Any) -> dict[str, Finding]:
    """The findings about an entry that is another one."""
    return of_entry(entry=replace(ENTRY, **entry_changes), **changes)
