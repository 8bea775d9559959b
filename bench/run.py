"""`make bench`: figures as ratios of one run, printed as a table and written to bench/latest.json.

Absolute times say more of the machine than of the program; a ratio against a plain way to do the same work, measured in
the same run, can be compared.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from plugin_server.harvest import wire
from plugin_server.runtime.templates import Templates

ROUNDS = 15


@dataclass
class Line:
    """One figure. `value` in `unit`; `ratio` is to `against`, measured in the same run."""

    name: str
    value: float
    unit: str
    ratio: float
    against: str


def seconds(work: Callable[[], object]) -> float:
    """The median time of one call."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def page() -> bytes:
    """A page of 2,000 time entries as Harvest sends it."""
    entry = {
        "id": 2_500_000_001,
        "spent_date": "2026-01-15",
        "user": {"id": 1, "name": "Ada Agent"},
        "client": {"id": 1, "name": "Acorn Bakery", "currency": "EUR"},
        "project": {"id": 1, "name": "Oven controller", "code": "T1"},
        "task": {"id": 1, "name": "Support"},
        "hours": 1.25,
        "rounded_hours": 1.25,
        "notes": "Read logs, reproduce the restart",
        "external_reference": {"id": "desk.example.com:1", "group_id": "1", "permalink": "https://desk.example.com/"},
        "is_locked": False,
        "is_billed": False,
        "is_running": False,
        "billable": True,
        "budgeted": True,
        "created_at": "2026-01-15T10:00:00Z",
        "updated_at": "2026-01-15T10:00:00Z",
    }
    return json.dumps({"time_entries": [entry] * 2000, "links": {"next": None}, "total_entries": 2000}).encode()


def decode_line() -> Line:
    """Reading a page into typed entries, against plain dictionaries."""
    raw = page()
    decoder = msgspec.json.Decoder(wire.TimeEntryPage, strict=False)
    ours, plain = seconds(lambda: decoder.decode(raw)), seconds(lambda: json.loads(raw))
    return Line("decode_page_2000", ours * 1000, "ms", ours / plain, "json.loads of the same page")


def render_line() -> Line:
    """Rendering the budget's region, against encoding the same figures as JSON."""
    templates = Templates()
    figures = {
        "project_name": "[T1] Oven controller",
        "client_name": "Acorn Bakery",
        "project_url": "https://example.com/projects/1",
        "used": "4.00",
        "budget": "10.00",
        "budget_text": "10",
        "percent": 40,
        "band": "green",
    }
    ours = seconds(lambda: [templates.render("budgets/budget.html", "en", **figures) for _ in range(100)])
    plain = seconds(lambda: [json.dumps(figures) for _ in range(100)])
    return Line("render_budget_100", ours * 1000, "ms", ours / plain, "json.dumps of the same figures")


async def main() -> int:
    """Measure, print, write."""
    lines = [decode_line(), render_line()]
    width = max(len(line.name) for line in lines)
    for line in lines:
        print(f"{line.name:<{width}}  {line.value:8.2f} {line.unit}  {line.ratio:6.2f} x  {line.against}")
    target = Path(__file__).parent / "latest.json"
    await asyncio.to_thread(target.write_text, json.dumps([asdict(line) for line in lines], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
