"""Finding out what a diagnosis rests on: from the database, and of Harvest only on request, for one entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.accounts.web import store as agents_store
from plugin_server.budgets import store as budgets_store
from plugin_server.corrections import store as corrections_store
from plugin_server.corrections.history import store as corrected_store
from plugin_server.corrections.store import Correction
from plugin_server.explain import entry as entries
from plugin_server.explain import store
from plugin_server.explain import ticket as tickets_rules
from plugin_server.explain.entry import Asked
from plugin_server.explain.rules import Sync
from plugin_server.harvest import core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import working
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.runs import BLIND
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Problem, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.account import store as account_store
from plugin_server.tickets.account.rules import NOTHING, Share
from plugin_server.tickets.attribution.rules import referenced
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.links import store as links_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog.board import store as logs_store
from plugin_server.timers.board import store as timers_store

EXPIRED_FOR = timedelta(days=7)
"""A log that expired is told for so long."""

AT_ONCE = 10
"""Entries of a day that are explained together."""

_BLIND = BLIND.partition("{")[0]
"""How a sync complains that its token is not shown everything."""

WorkerSeen = Callable[[Pool], Awaitable[datetime | None]]
"""When a worker last gave a sign of life; who knows that stands beside."""


@dataclass(frozen=True)
class Reader:
    """Who reads a diagnosis: an agent, who is told what they may see, or (without ``caller``) who runs the server."""

    zone: ZoneInfo
    caller: Caller | None = None

    @property
    def agent_id(self) -> int | None:
        return self.caller.agent_id if self.caller else None


class Explain:
    """Diagnoses. ``client`` asks Harvest with the sync's own token, for a reader who is nobody in particular."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        mirror: Mirror,
        tokens: Tokens,
        client: Callable[[], HarvestClient],
        counting: Counting,
        every: timedelta,
        worker_seen: WorkerSeen,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._tokens = tokens
        self._client = client
        self._counting = counting
        self._every = every
        self._worker_seen = worker_seen
        self._clock = clock

    async def sync(self, zone: ZoneInfo) -> Sync:
        """How reading from Harvest is doing."""
        states = await self._mirror.states()
        failing = [one for one in states if one.problem and not one.problem.startswith(_BLIND)]
        first = min(failing, key=lambda one: one.failing_since or one.began_at, default=None)
        blind = next((one.problem for one in states if one.problem and one.problem.startswith(_BLIND)), "")
        under_way = await progress.unfinished(self._pool, Mirror.TIME_ENTRIES)
        reading_back = under_way is not None and under_way.since is None
        return Sync(
            now=self._clock.now(),
            zone=zone,
            every=self._every,
            read_at=await mirror_store.watermark(self._pool, Mirror.TIME_ENTRIES),
            problem=(first.problem or "") if first else "",
            failing_since=first.failing_since if first else None,
            blind=blind,
            reading_back=reading_back,
            reached=under_way.reached if under_way and reading_back else None,
            worker_at=await self._worker_seen(self._pool),
        )

    async def ticket(self, ticket: tickets_store.Ticket, reader: Reader) -> tickets_rules.Facts:
        """What bears on a ticket's hours. That the reader may see the ticket is settled before."""
        reference = self._tickets.reference(ticket.id)
        view = await self._tickets.describe(ticket)
        account = await account_store.of_ticket(self._pool, ticket.id, reference, self._counting)
        others: dict[int | None, Share] = {}
        if ticket.project_id is not None:
            others = await account_store.elsewhere(self._pool, ticket.project_id, ticket.id)
        related = [one for one in (*others, view.holder, ticket.merged_into) if one is not None]
        numbers = await self._numbers(reader, related)
        elsewhere: dict[str, Share] = {}
        for ticket_id, share in others.items():
            if ticket_id is not None:
                number = numbers.get(ticket_id, "")
                elsewhere[number] = elsewhere.get(number, NOTHING) + share
        computed = await budgets_store.budget(self._pool, ticket.id)
        budget_text = computed.accepted_budget if computed else ticket.budget_text
        return tickets_rules.Facts(
            number=ticket.number,
            sync=await self.sync(reader.zone),
            project_text=ticket.project_text,
            project=_project(ticket, view.project),
            linked_at=ticket.linked_at,
            held=view.holder is not None,
            holder=numbers.get(view.holder or 0, ""),
            changed=await self._changed(ticket.id),
            is_merged=ticket.merged_into is not None or ticket.state_kind == "merged",
            merged_into=numbers.get(ticket.merged_into or 0),
            is_deleted=ticket.deleted_at is not None,
            counts=account.counts,
            not_billable=account.not_billable,
            running=account.running,
            deleted=account.deleted,
            elsewhere=elsewhere,
            unassigned=others.get(None, NOTHING),
            uncounted=await account_store.uncounted(self._pool, ticket.project_id, reference),
            twice=tuple(tuple(group) for group in await account_store.same_twice(self._pool, ticket.id)),
            removed_twins=await account_store.removed_twins(self._pool, reference),
            waiting=await self._waiting(ticket.id, reader),
            oldest=await store.oldest(self._pool, ticket.project_id) if ticket.project_id else None,
            budget_text=budget_text,
            budget=ticket_rules.parse_budget(budget_text),
            computed=computed is not None,
        )

    async def _numbers(self, reader: Reader, ticket_ids: Sequence[int]) -> dict[int, str]:
        """The numbers of those tickets that the reader may be told of."""
        if reader.caller is None:
            found = await account_store.named(self._pool, ticket_ids)
            return {ticket_id: one.number for ticket_id, one in found.items()}
        titles = await self._tickets.titles(reader.caller, ticket_ids)
        return {ticket_id: number for ticket_id, (number, _title) in titles.items()}

    async def _changed(self, ticket_id: int) -> tickets_rules.Changed | None:
        change = await links_store.latest(self._pool, ticket_id)
        if change is None or not (change.left_entries or change.came_entries or change.staying):
            return None
        return tickets_rules.Changed(
            old=await self._label(change.old_project_id),
            new=await self._label(change.new_project_id),
            at=change.changed_at,
            left=Share(change.left_entries, change.left_hours),
            staying=change.staying,
            open=change.answer is None and bool(change.left_entries or change.staying),
        )

    async def _label(self, project_id: int | None) -> str:
        if project_id is None:
            return _("none")
        project = await self._mirror.project(project_id)
        return project.label if project else str(project_id)

    async def _waiting(self, ticket_id: int, reader: Reader) -> tuple[tickets_rules.Waiting, ...]:
        """An agent is told of their own logs and timers alone; of everybody's corrections, as the timeline tells."""
        since = self._clock.now() - EXPIRED_FOR
        found = await logs_store.of_ticket(self._pool, ticket_id, reader.agent_id, since)
        timers = await timers_store.unlogged(self._pool, ticket_id, reader.agent_id)
        agent_ids = [*(one.agent_id for one in found), *(one.agent_id for one in timers)]
        names = await agents_store.agents(self._pool, [] if reader.caller else agent_ids)
        logs = (
            tickets_rules.Waiting(one.state, one.hours, one.spent_date, names.get(one.agent_id, ""), one.problem or "")
            for one in found
        )
        stopped = (
            tickets_rules.Waiting("timer", one.hours, one.spent_date, names.get(one.agent_id, ""), one.problem or "")
            for one in timers
        )
        corrections = map(_correction, await corrected_store.waiting(self._pool, ticket_id))
        return (*logs, *stopped, *corrections)

    async def _harvest_user(self, reader: Reader) -> int | None:
        """Who an agent is in Harvest. Whose grant is gone still is who they are."""
        agent = await accounts_store.agent(self._pool, reader.caller.agent_id) if reader.caller else None
        return agent.harvest_user_id if agent else None

    async def of_day(self, reader: Reader, asked: entries.Wanted) -> list[int]:
        """The entries of a day that was asked about: an agent's own, whoever's day it is."""
        user_id = await self._harvest_user(reader) if reader.caller else asked.user_id
        if user_id is None or asked.day is None:
            return []
        return await account_store.of_day(self._pool, user_id, asked.day, AT_ONCE)

    async def entry(
        self, entry_id: int, reader: Reader, asker: tickets_store.Ticket | None = None, *, ask: bool = False
    ) -> entries.Facts:
        """What bears on one entry; ``ask``: Harvest is asked for it first, one call, with the reader's own token.
        That the reader may see the ticket it is asked from (``asker``) is settled before."""
        asked, reason = await self._ask(entry_id, reader) if ask else (None, "")
        sync = await self.sync(reader.zone)
        row = await store.entry(self._pool, entry_id)
        may_ask = reader.caller is None or reader.caller.harvest_user_id is not None
        if row is None:
            return entries.Facts(entry_id, sync, asked=asked, reason=reason, may_ask=may_ask)
        standing = await account_store.standing(self._pool, entry_id)
        named_id = referenced(row.external_id, self._tickets.reference(0).removesuffix("0"))
        if named_id is None and standing.named_number:
            named_id = await account_store.by_number(self._pool, standing.named_number)
        from_here = None if asker is None else await self._ticket(asker.id, asker.number)
        counts_for = await self._as_seen(reader, standing.ticket_id, from_here)
        named = await self._as_seen(reader, named_id, from_here)
        own = reader.caller is None or row.user_id == await self._harvest_user(reader)
        told = own or any(one is not None and one.number for one in (counts_for, named))
        near = asker is not None and asker.project_id == row.project_id
        if not told and not near:
            return entries.Facts(entry_id, sync, private=True, asked=asked, reason=reason)
        told = told or (standing.ticket_id is None and named is None)
        names = await agents_store.agents(self._pool, [standing.assigned_by] if standing.assigned_by else [])
        corrections = (await corrections_store.history(self._pool, [entry_id])).get(entry_id, []) if told else []
        decisive = next((one for one in corrections if one.state == "done" and _decides(one)), None)
        waiting = next((one for one in corrections if one.state == "asked"), None)
        return entries.Facts(
            id=entry_id,
            sync=sync,
            entry=_entry(row, told=told, foreign=bool(row.external_id) and named_id is None),
            asked=asked,
            reason=reason,
            counts_for=counts_for,
            rule=standing.rule,
            named=named,
            number=standing.named_number or "",
            asker=from_here,
            assigned_by=names.get(standing.assigned_by or 0, ""),
            assigned_at=standing.assigned_at,
            billable_only=self._counting.billable_only,
            twins=tuple(await store.twins(self._pool, entry_id)) if told else (),
            corrected=_corrected(decisive),
            waiting=_corrected(waiting),
        )

    async def _as_seen(
        self, reader: Reader, ticket_id: int | None, known: entries.Ticket | None
    ) -> entries.Ticket | None:
        """A ticket with its number where the helpdesk lets the reader see it."""
        if ticket_id is None:
            return None
        if known is not None and known.id == ticket_id:
            return known
        if reader.caller is not None:
            try:
                await self._tickets.require(reader.caller, ticket_id)
            except Problem as problem:
                if isinstance(problem, Unavailable) or problem.status in (403, 404):
                    return entries.Ticket(ticket_id, "")
                raise
        named = (await account_store.named(self._pool, [ticket_id])).get(ticket_id)
        return await self._ticket(ticket_id, named.number if named else "")

    async def _ticket(self, ticket_id: int, number: str) -> entries.Ticket:
        named = (await account_store.named(self._pool, [ticket_id])).get(ticket_id)
        project_id = named.project_id if named else None
        label = await self._label(project_id) if project_id is not None else ""
        return entries.Ticket(ticket_id, number, project_id, label)

    async def _ask(self, entry_id: int, reader: Reader) -> tuple[Asked, str]:
        """Read one entry from Harvest. What an agent's token is not shown may well be there."""
        caller = reader.caller
        try:
            with working("person"):
                if caller is None:
                    found = await self._mirror.reread(self._client(), entry_id)
                else:
                    found = await self._tokens.with_harvest(
                        caller.agent_id, lambda client: self._mirror.reread(client, entry_id)
                    )
        except core.Denied:
            return "hidden", ""
        except (NotConnected, CannotRefresh):
            known = await self._harvest_user(reader) is not None
            return "away", _("connect your Harvest account again") if known else _("connect your Harvest account first")
        except core.HarvestError as error:
            return "away", str(error)
        if found is not None:
            return "shown", ""
        own = caller is None or await mirror_store.owner(self._pool, entry_id) == await self._harvest_user(reader)
        return ("missing" if own else "hidden"), ""


def _decides(one: Correction) -> bool:
    """Whether a correction decides where its entry counts."""
    return one.after is None or one.after["ticket_id"] != one.before["ticket_id"]


def _corrected(one: Correction | None) -> entries.Corrected | None:
    if one is None:
        return None
    deletes = one.after is None
    return entries.Corrected(one.asked_by, one.asked_at, deletes=deletes, moves=_decides(one) and not deletes)


def _correction(one: Correction) -> tickets_rules.Waiting:
    hours, day = round(Decimal(one.before["hours"]) * 100), date.fromisoformat(one.before["spent_date"])
    state = "deletion" if one.kind == "delete" else "correction"
    return tickets_rules.Waiting(state, hours, day, one.before["person"], one.problem or "")


def _project(ticket: tickets_store.Ticket, project: mirror_store.Project | None) -> tickets_rules.Project | None:
    if ticket.project_id is None:
        return None
    if project is None:
        return tickets_rules.Project(ticket.project_id, str(ticket.project_id), known=False)
    return tickets_rules.Project(project.id, project.label, active=project.is_active)


def _entry(row: store.Row, *, told: bool, foreign: bool) -> entries.Entry:
    """An entry as it is told: of one that has nothing to do with the reader, whose and what it is stays unsaid."""
    name, code = row.project_name, row.project_code
    label = str(row.project_id) if name is None else f"[{code}] {name}" if code else name
    return entries.Entry(
        id=row.id,
        day=row.spent_date,
        hours=row.hours,
        who=(row.user_name or "") if told else "",
        project_id=row.project_id,
        project=label,
        project_known=name is not None,
        project_active=bool(row.project_active),
        billable=row.billable,
        running=row.is_running,
        deleted_at=row.deleted_at,
        notes=(row.notes or "") if told else "",
        foreign=foreign,
    )
