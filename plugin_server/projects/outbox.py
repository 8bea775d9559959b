"""Making a ticket's project: the worker's side. Each step may be cut off anywhere and is then taken again.

Harvest has no call that copies a project and no idempotency key, so what there is comes first each time: the project is
found by the wish's id in its notes, tasks and people by what Harvest lists of it. What can be seen to be impossible is
refused before the first write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from plugin_server.harvest import core, making, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import hundredths
from plugin_server.outbox.service import Later, Outbox, Stopped
from plugin_server.projects import store
from plugin_server.projects.clients import store as clients_store
from plugin_server.projects.clients.service import Clients
from plugin_server.projects.jobs import MAKE_JOB
from plugin_server.projects.late import LateProjects
from plugin_server.projects.planning import Planner
from plugin_server.projects.rules import Hindrance, Plan
from plugin_server.projects.team import Team
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.intake import Intake
from plugin_server.tickets.rules import parse_project_id

BATCH = 20
WORK = ("making",)
OVER = frozenset({"has_project", "ticket_gone"})
"""What ends a wish of which nothing was made."""

HELPED_EVERY = timedelta(hours=1)

_logger = log.get(__name__)


class Hindered(Stopped):
    """Only a person can help, and the words are by code."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.words, hindrance.code)
        self.hindrance = hindrance


class ProjectOutbox:
    """Makes projects with the service's Harvest client and writes them on their tickets as the service user of the
    helpdesk, whose token ``service_token`` is."""

    def __init__(
        self,
        pool: Pool,
        planner: Planner,
        clients: Clients,
        template_id: int | None,
        intake: Intake,
        mirror: Mirror,
        helpdesk: Helpdesk,
        service_token: str,
        client: HarvestClient,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
        turns: Limiter = UNLIMITED,
    ) -> None:
        self._pool = pool
        self._planner = planner
        self._clients = clients
        self._template_id = template_id
        self._intake = intake
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._service_token = service_token
        self._client = client
        self._queue = queue
        self._clock = clock
        self._outbox: Outbox[store.Making] = Outbox(store.rows, MAKE_JOB, pool, queue, clock, request_seconds, turns)
        self._team = Team(pool, mirror, client)
        self._late = LateProjects(pool, client, clock)

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker; what only a person can help on is
        looked at again each hour, for somebody may have helped in Harvest."""
        now = self._clock.now()
        await store.look_again(self._pool, now - HELPED_EVERY, now)
        for making_id, _state in await store.rows.due(self._pool, WORK, now, BATCH):
            await self._queue.nudge(MAKE_JOB, str(making_id))
        await self._late.check()

    async def step(self, making_id: str) -> None:
        """Take one wish as far as it goes."""
        await self._outbox.step(making_id, WORK, self._take, self._stop)

    async def _take(self, claimed: store.Making) -> None:
        try:
            await self._make(claimed)
        except Hindered as error:
            await store.explain(self._pool, claimed, error.hindrance)
            raise
        except (core.Denied, core.Unauthorized):
            raise Hindered(Hindrance("denied")) from None
        except core.Refused as error:
            raise await self._explained(claimed, "refused", str(error)) from None

    async def _make(self, claimed: store.Making) -> None:
        self._outbox.check_settled(claimed)
        project_id = claimed.project_id
        if project_id is None:
            template = await self._template()
            found = await self._project(claimed, template)
            if found is None:
                return  # another worker goes on
            project_id = found
        try:
            refused = await self._team.make_like(project_id, self._template_id or 0)
        except core.Missing:
            raise await self._gone(project_id) from None
        await self._link(claimed, project_id)
        if refused:
            raise await self._explained(claimed, "partly", *refused)
        async with self._pool.acquire() as connection, connection.transaction():
            await store.rows.settle(connection, claimed, "made", self._clock.now())
        _logger.info("project made", ticket=claimed.ticket_id, project=project_id)

    async def _template(self) -> wire.Project:
        """The template project as it is now; refused before anything is written."""
        number = self._template_id or 0
        try:
            template = await self._client.project(number)
        except core.Missing:
            raise Hindered(Hindrance("template_gone", {"number": str(number)})) from None
        if not template.is_active:
            raise Hindered(Hindrance("template_archived", {"template": template.name}))
        return template

    async def _project(self, claimed: store.Making, template: wire.Project) -> int | None:
        """The wish's project: found, if an earlier call has made it, else made now."""
        if claimed.called_at is not None and claimed.client_id is not None:
            found = _marked(await self._client.projects_of(claimed.client_id), claimed)
            if found is not None:
                return await self._made(claimed, found)
        plan = await self._plan(claimed)
        taken = await self._client.projects_of(plan.client.id)
        if (found := _marked(taken, claimed)) is not None:
            return await self._made(claimed, found)
        if any(one.name.casefold() == plan.name.casefold() for one in taken):
            raise Hindered(Hindrance("name_taken", {"client": plan.client.name, "name": plan.name}))
        budget = None if plan.budget is None else hundredths(plan.budget)
        if not await store.intend(self._pool, claimed, plan, budget):
            return None
        new = self._new(claimed, plan, template)
        try:
            made = await self._outbox.make(claimed, lambda: self._client.create_project(new))
        except core.Refused:
            # The name is taken, it may be by a call of ours that was carried out after its look-up.
            made = _marked(await self._client.projects_of(plan.client.id), claimed)
            if made is None:
                raise
        return None if made is None else await self._made(claimed, made)

    async def _plan(self, claimed: store.Making) -> Plan:
        """What is to be made, by the ticket as it is now."""
        try:
            ticket = await self._intake.read(claimed.ticket_id)
        except base.HelpdeskError:
            ticket = await tickets_store.ticket(self._pool, claimed.ticket_id)
        plan = Hindrance("ticket_gone") if ticket is None else await self._planned(ticket)
        if isinstance(plan, Plan):
            try:
                client = await self._client.client(plan.client.id)
            except core.Missing:
                raise Hindered(Hindrance("client_gone", {"number": str(plan.client.id)})) from None
            if not client.is_active:
                raise Hindered(Hindrance("client_archived", {"client": client.name}))
            return plan
        if plan.code == "organisation_unread":
            raise Later(plan.words, plan.code, timedelta(seconds=2))
        raise Hindered(plan)

    async def _planned(self, ticket: tickets_store.Ticket) -> Plan | Hindrance:
        if await self._is_lost(ticket.project_id):
            ticket = replace(ticket, project_text="", project_id=None)
        plan = await self._planner.plan(ticket)
        if isinstance(plan, Plan) or plan.code != "organisation_unread" or ticket.organisation_id is None:
            return plan
        try:
            await self._clients.read_name(ticket.organisation_id)
        except base.HelpdeskError:
            return plan
        return await self._planner.plan(ticket)

    async def _is_lost(self, project_id: int | None) -> bool:
        """Whether a project that the mirror has seen is no longer in Harvest, which the mirror may not know yet. A
        number that was never a project's is somebody's mistake, and not for us to write over."""
        if project_id is None:
            return False
        if await self._mirror.lost(project_id) is not None:
            return True
        if await self._mirror.project(project_id) is None:
            return False
        try:
            await self._client.project(project_id)
        except core.Missing:
            return True
        return False

    def _new(self, claimed: store.Making, plan: Plan, template: wire.Project) -> making.NewProject:
        url = self._helpdesk.ticket_url(claimed.ticket_id, str(claimed.id))
        return making.NewProject(
            client_id=plan.client.id,
            name=plan.name,
            code=plan.code or None,
            is_billable=template.is_billable,
            bill_by=template.bill_by,
            hourly_rate=template.hourly_rate,
            is_fixed_fee=template.is_fixed_fee,
            fee=template.fee,
            budget_by="none" if plan.budget is None else "project",
            budget=plan.budget,
            notes=url,
            starts_on=self._clock.now().astimezone(UTC).date(),
        )

    async def _made(self, claimed: store.Making, project: wire.Project) -> int:
        """A project is there: that counts, whoever holds the claim by now. The client that was found by its name is
        the organisation's from now on."""
        now = self._clock.now()
        late = now + self._outbox.late if claimed.called_at is not None else None
        async with self._pool.acquire() as connection, connection.transaction():
            number = await store.made(connection, claimed.id, project.id, late)
            ticket = await tickets_store.ticket(connection, claimed.ticket_id)
            if ticket is not None and ticket.organisation_id is not None:
                await clients_store.choose(connection, ticket.organisation_id, project.client.id, "", now, anew=False)
        await self._mirror.learn("projects", [directory.project(project)])
        return number

    async def _link(self, claimed: store.Making, project_id: int) -> None:
        """Write the project on the ticket, unless somebody has named another one meanwhile."""
        try:
            ticket = await self._helpdesk.ticket(self._service_token, claimed.ticket_id, seconds=10)
            is_named = ticket.project == str(project_id)
            is_free = not is_named and (not ticket.project or await self._is_lost(parse_project_id(ticket.project)))
            if not is_named and not is_free:
                await self._intake.keep(ticket)
                name = claimed.name or str(project_id)
                raise Hindered(Hindrance("linked_elsewhere", {"project": f"{name} ({project_id})"}))
            if is_free:
                ticket = await self._helpdesk.write_fields(
                    self._service_token, claimed.ticket_id, {"project": str(project_id)}
                )
        except base.Missing:
            raise Hindered(Hindrance("ticket_gone")) from None
        except base.Refused as error:
            raise await self._explained(claimed, "refused", str(error)) from None
        except base.HelpdeskError as error:
            raise Later(Hindrance("helpdesk").words, "helpdesk", timedelta(seconds=2)) from error
        await self._intake.keep(ticket)
        if ticket.project != str(project_id):
            # A field that does not exist is dropped with a 200.
            raise Hindered(Hindrance("not_taken"))
        await store.note_linked(self._pool, claimed.id)

    async def _gone(self, project_id: int) -> Hindered:
        """Which of the two projects Harvest no longer has."""
        try:
            await self._client.project(project_id)
        except core.Missing:
            await self._mirror.learn_deleted(project_id)  # or its name would be taken when it is made anew
            return Hindered(Hindrance("project_gone"))
        return Hindered(Hindrance("template_gone", {"number": str(self._template_id)}))

    async def _explained(self, claimed: store.Making, code: str, *reasons: str) -> Hindered:
        error = Hindered(Hindrance(code, {"reason": "\n".join(f"{one.rstrip('.')}." for one in reasons)}))
        await store.explain(self._pool, claimed, error.hindrance)
        return error

    async def _stop(self, claimed: store.Making, words: str, code: str) -> None:
        _logger.warning("a ticket's project needs attention", ticket=claimed.ticket_id, reason=words)
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            if claimed.called_at is not None:
                await store.look_late(connection, claimed.id, now + self._outbox.late)
            left = await store.rows.get(connection, claimed.id)
            nothing = code in OVER and left is not None and left.project_id is None
            await store.rows.settle(connection, claimed, "dropped" if nothing else "stopped", now, words, code)


def _marked(projects: Sequence[wire.Project], claimed: store.Making) -> wire.Project | None:
    """The wish's project, by its id in the notes; the first of several."""
    found = [one for one in projects if one.notes and str(claimed.id) in one.notes]
    return min(found, key=lambda one: one.id, default=None)
