"""Which tickets get a project by the manifest's rules, and budgets that were changed on a ticket later."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from plugin_server.budgets.board import store as budgets_store
from plugin_server.harvest import core, making
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import working
from plugin_server.manifest import Projects as Settings
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import hundredths
from plugin_server.projects import rules, store
from plugin_server.projects.jobs import MAKE_JOB
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.board import store as board_store

OVERLAP = timedelta(days=1)
"""How far a look reaches back behind the last one: so long it may take until it is known who set a budget."""

SKEW = timedelta(minutes=1)
"""How far the helpdesk's clock may be behind ours."""

BUDGETS = 20
"""Budgets that are changed in Harvest in one run."""

_SINCE, _LOOKED = "projects_by_rule", "projects_by_rule_looked"

_logger = log.get(__name__)


class Watch:
    """Looks at tickets that have changed."""

    def __init__(
        self,
        pool: Pool,
        mirror: Mirror,
        client: HarvestClient,
        queue: Queue,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._pool = pool
        self._mirror = mirror
        self._client = client
        self._queue = queue
        self._clock = clock
        self._settings = settings
        self._rules = [rules.Rule(one.states, one.budget, one.organisations, one.customers) for one in settings.when]

    async def look(self) -> int:
        """Wish for a project for each ticket that meets a rule and never had a wish; returns how many there were.

        Tickets count that have changed since rules were first in use: switching them on makes nothing by itself.
        """
        if not self._rules:
            return 0
        began = self._clock.now()
        since = await mirror_store.watermark(self._pool, _SINCE)
        looked = await mirror_store.watermark(self._pool, _LOOKED)
        if since is None:
            since = began - SKEW
            await self._move(_SINCE, since)
        reach = since if looked is None else max(since, looked - OVERLAP)
        count = await self._wish(await board_store.without_project(self._pool, reach))
        await self._move(_LOOKED, began)
        return count

    async def _move(self, name: str, reached_at: datetime) -> None:
        async with self._pool.acquire() as connection:
            await mirror_store.move_watermark(connection, name, reached_at)

    async def _wish(self, ticket_ids: list[int]) -> int:
        wished = await store.ever_wished(self._pool, ticket_ids)
        count = 0
        tickets = await tickets_store.tickets(self._pool, [one for one in ticket_ids if one not in wished])
        accepted = await budgets_store.accepted(self._pool, [one.id for one in tickets])
        for ticket in tickets:
            facts = rules.Facts(
                ticket.state,
                ticket.state_kind == "open",
                ticket_rules.parse_budget(accepted.get(ticket.id, ticket.budget_text)),
                ticket.organisation_id,
                ticket.customer_id,
            )
            if not rules.is_due(self._rules, facts):
                continue
            making_id = await store.wish(self._pool, ticket.id, store.BY_RULE, self._clock.now())
            if making_id is not None:
                count += 1
                _logger.info("a ticket gets a project by the manifest's rules", ticket=ticket.id)
                await self._queue.nudge(MAKE_JOB, str(making_id))
        return count

    async def follow_budgets(self) -> int:
        """Change in Harvest the budgets of projects that were made here, where they were changed on the ticket; not
        where Harvest's own is another one than was written: somebody has decided otherwise there. Returns how many."""
        if not self._settings.follow_budget:
            return 0
        found = await store.following(self._pool)
        numbers = [one.ticket_id for one, _budget in found]
        tickets = {one.id: one for one in await tickets_store.tickets(self._pool, numbers)}
        accepted = await budgets_store.accepted(self._pool, numbers)
        count = 0
        for one, in_harvest in found:
            ticket = tickets.get(one.ticket_id)
            if ticket is None or ticket.project_id != one.project_id or one.ticket_id not in accepted:
                continue
            hours = ticket_rules.parse_budget(accepted[one.ticket_id])
            wanted = None if hours is None else hundredths(hours)
            if wanted == one.budget:
                continue
            if in_harvest == one.budget and not await self._change(one, hours):
                break
            if in_harvest in (one.budget, wanted):  # the latter: an earlier run has written it and was cut off
                await store.set_budget(self._pool, one.id, wanted)
                count += 1
            if count >= BUDGETS:
                break
        return count

    async def _change(self, one: store.Making, hours: Decimal | None) -> bool:
        """Write a budget to Harvest; says whether it was."""
        assert one.project_id is not None
        change = making.ProjectChange(budget_by="none" if hours is None else "project")
        if hours is not None:
            change.budget = hours
        try:
            with working("batch"):
                project = await self._client.change_project(one.project_id, change)
        except core.HarvestError as error:
            _logger.warning("a project's budget not changed", project=one.project_id, reason=str(error))
            return False
        await self._mirror.learn("projects", [directory.project(project)])
        return True
