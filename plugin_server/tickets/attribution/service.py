"""Attributing entries as they change, and anew when a link, a merge or a number becomes known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from plugin_server.mirror.changes import changes, move
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.tickets.attribution import rules, store
from plugin_server.tickets.links import store as links_store

READER = "tickets"
"""Under this name the mirror remembers which changes have been attributed."""

CHANGES = 5000
"""Changed entries taken in one transaction."""

SCOPES = 10
"""Projects or tickets that are attributed anew in one transaction."""

_logger = log.get(__name__)


class Attribute:
    """Keeps the outcome of every entry true. One worker at a time does it; the others wait their turn."""

    def __init__(self, pool: Pool, prefix: str, number_pattern: re.Pattern[str], clock: Clock) -> None:
        self._pool = pool
        self._prefix = prefix
        self._pattern = number_pattern
        self._clock = clock

    async def run(self) -> int:
        """Attribute all that waits; returns how many entries were looked at."""
        total = 0
        while (count := await self.step()) is not None:
            total += count
        return total

    async def step(self) -> int | None:
        """Attribute a part of what waits, in one transaction; ``None`` when nothing waited."""
        async with self._pool.acquire() as connection, connection.transaction():
            await store.lock(connection)
            link_changes = await links_store.uncounted(connection)
            scopes = await store.take_due(connection, SCOPES)
            changed = await changes(connection, READER, CHANGES)
            if not scopes and not changed:
                return None
            rows = await self._load(connection, scopes, {change.entry_id for change in changed})
            moved = await self._attribute(connection, list(rows.values()))
            projects = {change.old_project_id for change in changed} | {change.new_project_id for change in changed}
            touched = {outcome for change in changed if (outcome := moved.of(change.entry_id)) is not None}
            await store.mark_dirty(
                connection, touched | moved.tickets, {one for one in projects if one is not None} | moved.projects
            )
            await links_store.count(connection, link_changes, moved.by_change(), self._clock.now())
            if changed:
                await move(connection, READER, changed[-1])
        return len(rows)

    async def foresee(self, entry_id: int, project_id: int, day: date, reference: int | None, notes: str) -> int | None:
        """The ticket that an entry would count for if it were so; ``reference`` is the ticket that it would name.
        Nothing is written."""
        entry = rules.Entry(entry_id, project_id, day, reference, rules.named_number(notes, self._pattern))
        async with self._pool.acquire() as connection:
            rule = await self._rule(connection, [entry], await store.entries(connection, [entry_id]))
        return rule.of(entry).ticket_id

    async def _load(
        self, connection: Connection, scopes: Sequence[tuple[str, int]], ids: Iterable[int]
    ) -> dict[int, store.Row]:
        of: dict[str, list[int]] = {"project": [], "ticket": [], "entry": list(ids)}
        for kind, identity in scopes:
            of[kind].append(identity)
        found = [
            *(await store.entries_of_projects(connection, of["project"]) if of["project"] else []),
            *(await store.entries_of_tickets(connection, of["ticket"], self._prefix) if of["ticket"] else []),
            *(await store.entries(connection, of["entry"]) if of["entry"] else []),
        ]
        return {row.id: row for row in found}

    async def _attribute(self, connection: Connection, rows: Sequence[store.Row]) -> Moved:
        """Compute outcomes and write those that are new."""
        entries = [
            rules.Entry(
                row.id,
                row.project_id,
                row.spent_date,
                rules.referenced(row.external_id, self._prefix),
                rules.named_number(row.notes, self._pattern),
            )
            for row in rows
        ]
        rule = await self._rule(connection, entries, rows)
        moved = Moved()
        first: list[store.Counted] = []
        written: list[store.Counted] = []
        for row, entry in zip(rows, entries, strict=True):
            if row.deleted:
                counted = store.Counted(row.id, row.project_id, None, None, None)
            else:
                ticket_id, by = rule.of(entry)
                counted = store.Counted(row.id, row.project_id, ticket_id, by, entry.number)
            moved.add(row, counted)
            if row.rule is None:
                if counted.rule is not None:
                    first.append(counted)
            elif counted[1:] != (row.counted_project, row.ticket_id, row.rule, row.named_number):
                written.append(counted)
        if first:
            await store.write_first(connection, first)
        if written:
            await store.write(connection, written)
        if first or written:
            _logger.info("entries attributed", looked_at=len(rows), first=len(first), changed=len(written))
        return moved

    async def _rule(
        self, connection: Connection, entries: Sequence[rules.Entry], rows: Sequence[store.Row]
    ) -> rules.Attribution:
        """The rule under all facts that bear on entries; ``rows`` say where they were assigned."""
        named = sorted({entry.number for entry in entries if entry.number is not None})
        return rules.Attribution(
            rules.Facts(
                links=await store.links(connection, sorted({entry.project_id for entry in entries})),
                merged=await store.merges(connection),
                numbers=await store.numbers(connection, named),
                assigned={row.id: row.assigned for row in rows if row.assigned is not None},
            )
        )


class Moved:
    """What a run of attribution changed."""

    def __init__(self) -> None:
        self.tickets: set[int] = set()
        self.projects: set[int] = set()
        self._now: dict[int, int | None] = {}
        self._left: dict[tuple[int, int], list[int]] = {}
        self._came: dict[tuple[int, int], list[int]] = {}

    def add(self, row: store.Row, counted: store.Counted) -> None:
        """Note one entry's outcome beside what it was."""
        self._now[row.id] = counted.ticket_id
        if counted.ticket_id == row.ticket_id:
            return
        self.projects.add(row.project_id)
        if row.ticket_id is not None:
            self.tickets.add(row.ticket_id)
            self._left.setdefault((row.ticket_id, row.project_id), []).append(row.hours)
        if counted.ticket_id is not None:
            self.tickets.add(counted.ticket_id)
            self._came.setdefault((counted.ticket_id, row.project_id), []).append(row.hours)

    def of(self, entry_id: int) -> int | None:
        """The ticket that an entry counts for now."""
        return self._now.get(entry_id)

    def by_change(self) -> links_store.Sums:
        """Entries and hundredths of hours that left and came, by ticket and project."""
        return links_store.Sums(
            left={key: (len(hours), sum(hours)) for key, hours in self._left.items()},
            came={key: (len(hours), sum(hours)) for key, hours in self._came.items()},
        )
