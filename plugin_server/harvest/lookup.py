"""Finding in Harvest what a call made whose answer was lost: entries carry a mark in their permalink."""

from __future__ import annotations

import re
from datetime import date

from plugin_server.harvest import wire
from plugin_server.harvest.client import HarvestClient

_MARK = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.\d+)?")


def names(entry: wire.TimeEntry, mark: str) -> bool:
    """Whether an entry was made under the mark (a UUID, perhaps followed by a run's number)."""
    link = entry.external_reference.permalink if entry.external_reference else None
    return bool(link and re.search(re.escape(mark) + r"(?!\d)", link))


def mark_of(permalink: str | None) -> str | None:
    """The mark that a permalink carries, with its run's number; ``None`` where there is none."""
    found = _MARK.search(permalink or "")
    return found.group() if found else None


async def made_for(
    client: HarvestClient, *, reference: str, user_id: int, day: date, mark: str
) -> list[wire.TimeEntry]:
    """A person's entries of a day that were made under the mark, the oldest first. ``reference`` is the ticket's."""
    pages = client.time_entries(user_id=user_id, external_reference_id=reference, from_=day, to=day)
    found = [entry async for page in pages for entry in page.time_entries if names(entry, mark)]
    return sorted(found, key=lambda entry: entry.id)


def removable(kept: wire.TimeEntry, twin: wire.TimeEntry) -> bool:
    """Whether the twin can go without losing anything: newer, equal in all that was logged, and free to be deleted."""
    same = all(
        getattr(kept, name) == getattr(twin, name) for name in ("spent_date", "hours", "notes", "external_reference")
    )
    same = same and all(getattr(kept, name).id == getattr(twin, name).id for name in ("user", "project", "task"))
    free = not (twin.is_running or kept.is_running or twin.is_locked or twin.is_billed)
    return same and free and twin.id > kept.id
