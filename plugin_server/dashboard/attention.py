"""What needs somebody's attention: what waits, what was put back or got past a lock, what could not be told or written,
links that lead nowhere, and how the syncs are doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from plugin_server.accounts.web import store as web_store
from plugin_server.alerts.sending import store as alerts_store
from plugin_server.alerts.sending.store import Failing
from plugin_server.budgets.board import store as budgets_store
from plugin_server.budgets.board.store import Untold
from plugin_server.budgets.store import Event
from plugin_server.check import store as check_store
from plugin_server.dashboard import store
from plugin_server.dashboard.board import Board, Row
from plugin_server.dashboard.ports import Health, Part
from plugin_server.dashboard.store import Project
from plugin_server.mirror.progress.store import SyncState
from plugin_server.mirror.service import Mirror
from plugin_server.projects import store as projects_store
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets.board import store as tickets_store
from plugin_server.timelog.board import store as logs_store

SHOWN_FOR = timedelta(days=30)
"""What has happened stays in the list for so long."""

AT_MOST = 50
"""Rows shown of each kind; how many there are is said."""

Trouble = Literal["not_a_number", "unknown", "archived", "deleted", "bad_budget"]
"""What is wrong with what somebody typed on a ticket."""


@dataclass(frozen=True)
class LogLine:
    """A log that is not in Harvest; ``row`` is its ticket, where the viewer sees that one."""

    log: logs_store.Waiting
    who: str
    row: Row | None


@dataclass(frozen=True)
class EntryLine:
    """An entry that counts for no ticket. ``offer`` is the only ticket that names its project, if the viewer may assign
    the entry to it."""

    id: int
    day: date
    who: str
    hours: int
    notes: str
    project: Project | None
    offer: Row | None


@dataclass(frozen=True)
class EventLine:
    """A row of the ledger and its ticket."""

    event: Event
    row: Row


@dataclass(frozen=True)
class UntoldLine:
    """A notice that was given up, and its ticket."""

    notice: Untold
    row: Row


@dataclass(frozen=True)
class AlertLine:
    """An alert that did not get through so far, to whom, and its ticket; a digest has none."""

    delivery: Failing
    who: str
    row: Row | None


@dataclass(frozen=True)
class TroubleLine:
    """What is wrong with a ticket's project or budget."""

    row: Row
    trouble: Trouble


@dataclass(frozen=True)
class MakingLine:
    """A ticket's project that could not be made; ``row`` is the ticket, where the viewer sees that one."""

    making: projects_store.Making
    row: Row | None


@dataclass(frozen=True)
class Attention:
    """All of it. ``syncs``, ``parts`` and ``checks`` (those that failed) are ``None`` for who does not see them."""

    logs: Sequence[LogLine]
    logs_total: int
    entries: Sequence[EntryLine]
    entries_total: int
    events: Sequence[EventLine]
    untold: Sequence[UntoldLine]
    undelivered: Sequence[AlertLine]
    unwritten: Sequence[Row]
    troubles: Sequence[TroubleLine]
    makings: Sequence[MakingLine]
    syncs: Sequence[SyncState] | None
    parts: Sequence[Part] | None
    checks: Sequence[check_store.Found] | None

    @property
    def failing_syncs(self) -> int:
        return sum(1 for one in self.syncs or () if one.problem)

    @property
    def parts_away(self) -> int:
        return sum(1 for one in self.parts or () if one.state in ("away", "refused"))

    @property
    def total(self) -> int:
        """How many things there are to look at."""
        return (
            self.logs_total
            + self.entries_total
            + len(self.events)
            + len(self.untold)
            + len(self.undelivered)
            + len(self.unwritten)
            + len(self.troubles)
            + len(self.makings)
            + self.failing_syncs
            + self.parts_away
            + len(self.checks or ())
        )


class AttentionDesk:
    """Reads what of a board needs attention."""

    def __init__(self, pool: Pool, mirror: Mirror, health: Health, clock: Clock) -> None:
        self._pool = pool
        self._mirror = mirror
        self._health = health
        self._clock = clock

    async def read(self, board: Board) -> Attention:
        """What needs attention, as far as it is the viewer's. Agents see their own logs and entries; the syncs are for
        who manages."""
        since = self._clock.now() - SHOWN_FOR
        logs, logs_total = await self._logs(board, since)
        entries, entries_total = await self._entries(board)
        ids = list(board.rows)
        kinds = ("put_back", "bypassed")
        events = await budgets_store.of_kinds(self._pool, kinds, ids, since, AT_MOST)
        untold = await budgets_store.untold(self._pool, ids, since, AT_MOST)
        manages = board.viewer.may_manage
        return Attention(
            logs,
            logs_total,
            entries,
            entries_total,
            [EventLine(event, board.rows[event.ticket_id]) for event in events],
            [UntoldLine(one, board.rows[one.ticket_id]) for one in untold],
            await self._undelivered(board, since) if manages else [],
            [row for row in board.rows.values() if row.figures.write_problem][:AT_MOST],
            _troubles(board)[:AT_MOST],
            await self._makings(board),
            await self._mirror.states() if manages else None,
            await self._health.look() if manages else None,
            await check_store.failures(self._pool) if manages else None,
        )

    async def _undelivered(self, board: Board, since: datetime) -> list[AlertLine]:
        found = await alerts_store.failing(self._pool, list(board.rows), since, AT_MOST)
        names = await web_store.names(self._pool, sorted({one.user_id for one in found if one.user_id}))
        return [AlertLine(one, names.get(one.user_id, ""), board.rows.get(one.ticket_id or 0)) for one in found]

    async def _makings(self, board: Board) -> list[MakingLine]:
        """Of the viewer's tickets; who manages sees those too that have no budget yet, and so are on no board."""
        found = await projects_store.stopped(self._pool)
        lines = [MakingLine(one, board.rows.get(one.ticket_id)) for one in found]
        return [one for one in lines if one.row or board.viewer.may_manage][:AT_MOST]

    async def _logs(self, board: Board, since: datetime) -> tuple[list[LogLine], int]:
        ids = list(board.rows) if board.viewer.may_manage else []
        found, total = await logs_store.waiting(
            self._pool, board.caller.agent_id, ids, self._clock.now(), since, AT_MOST
        )
        names = await web_store.agents(self._pool, [one.agent_id for one in found])
        return [LogLine(one, names.get(one.agent_id, ""), board.rows.get(one.ticket_id)) for one in found], total

    async def _entries(self, board: Board) -> tuple[list[EntryLine], int]:
        """Of projects that the viewer's tickets name or rightly named once; what else is tracked in the account has
        nothing to do with the helpdesk."""
        user = None if board.viewer.may_manage else board.caller.harvest_user_id
        if user is None and not board.viewer.may_manage:
            return [], 0
        named = {row.ticket.project_id for row in board.rows.values() if row.ticket.project_id is not None}
        named |= await tickets_store.once_linked(self._pool, list(board.rows))
        found, total = await tickets_store.unassigned(self._pool, named, user, AT_MOST)
        naming = await tickets_store.naming(self._pool, {one.project_id for one in found})
        people = await store.people(self._pool, {one.user_id for one in found})
        lines = []
        for one in found:
            tickets = naming.get(one.project_id, [])
            offer = board.rows.get(tickets[0]) if len(tickets) == 1 else None
            if offer is not None and offer.ticket.group_id not in board.viewer.changeable:
                offer = None
            project = board.projects.get(one.project_id)
            who = people.get(one.user_id, "")
            lines.append(EntryLine(one.id, one.spent_date, who, one.hours, one.notes or "", project, offer))
        return lines, total


def _troubles(board: Board) -> list[TroubleLine]:
    """Open tickets whose project or budget can't be what was meant, in the order of their numbers."""
    found = []
    for row in sorted(board.rows.values(), key=lambda row: row.id):
        if row.ticket.state_kind == "open":
            found += [TroubleLine(row, trouble) for trouble in troubles_of(row, known=bool(board.projects))]
    return found


def troubles_of(row: Row, *, known: bool) -> list[Trouble]:
    """What is wrong with a ticket's project and budget; ``known``: the account's projects have been read."""
    found: list[Trouble] = []
    if row.ticket.project_text.strip() and row.ticket.project_id is None:
        found.append("not_a_number")
    elif row.ticket.project_id is not None and row.project is None and known:
        found.append("unknown")
    elif row.project is not None and row.project.is_deleted:
        found.append("deleted")
    elif row.project is not None and not row.project.is_active:
        found.append("archived")
    text = row.figures.accepted_budget.strip()
    # 0 says that there is no budget; it is no mistake.
    if text and ticket_rules.parse_budget(text) is None and text.strip("0.,"):
        found.append("bad_budget")
    return found
