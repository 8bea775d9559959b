"""The worker's composition root: jobs on a nudge, and the periodic runs that make them certain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.bookings.service import Bookings
from plugin_server.budgets import store as budgets_store
from plugin_server.budgets.guard import Guard
from plugin_server.budgets.notices.service import Notices
from plugin_server.budgets.rounds import Rounds as BudgetRounds
from plugin_server.budgets.watch import Watch
from plugin_server.budgets.writing import Writing
from plugin_server.check.service import Checks
from plugin_server.corrections.outbox import CORRECT_JOB
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.core import Denied, HarvestError, Throttled, Unauthorized
from plugin_server.harvest.limiter import working
from plugin_server.helpdesk import base
from plugin_server.manifest import url_text
from plugin_server.mirror.reconcile import Scope
from plugin_server.panel.health import Health, worker_seen
from plugin_server.projects.work import Work as ProjectWork
from plugin_server.runtime import log
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Job, Periodic
from plugin_server.services import Services
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.articles.service import ARTICLES_JOB
from plugin_server.tickets.intake import FIGURES_JOB, RELIST_JOB, TAKE_JOB
from plugin_server.tickets.store import Ticket
from plugin_server.timelog.outbox import DRAIN_JOB, WATCH_JOB, LogOutbox
from plugin_server.timelog.section import REFRESH_JOB
from plugin_server.timelog.service import PUSH_JOB
from plugin_server.timers.outbox import TimerOutbox
from plugin_server.timers.service import STEP_JOB

PERSON_EVERY = timedelta(seconds=15)
HOT = 1000
"""So many of the most pressing tickets take turns in being listed anew."""

ASKED_EVERY = timedelta(seconds=1)

_logger = log.get(__name__)


class Refresher:
    """Reads from Harvest what the panel needs, in the background."""

    def __init__(self, services: Services, health: Health) -> None:
        self._services = services
        self._health = health

    async def person(self, agent_id: int, asked: int = 0) -> None:
        """One agent's assignments, and news of the account: something was missing in that agent's panel.

        Panels ask for this as long as something is missing, then Harvest is asked at most every ``PERSON_EVERY``;
        ``asked`` is 1 when the person pressed Refresh: what is new then must show, so if the account was read a moment
        ago it is read again when that moment is over (``asked`` is 2 then).
        """
        pause = ASKED_EVERY if asked else PERSON_EVERY
        mirror = self._services.mirror
        agent = await accounts_store.agent(self._services.pool, agent_id)
        person = agent.harvest_user_id if agent else None
        if person is not None and await mirror.age(mirror.assignments_of(person)) >= pause:
            await self._assignments(agent_id)
        if await mirror.age(mirror.TIME_ENTRIES) >= pause:
            await self.account()
        elif asked == 1:
            after = pause.total_seconds() + 0.1
            await self._services.queue.nudge(REFRESH_JOB, agent_id, 2, after=after)

    async def people(self) -> None:
        """Every connected agent's assignments."""
        mirror = self._services.mirror
        agents = [agent for agent, _granted_at in await accounts_store.agents_with_harvest(self._services.pool)]
        ages = {agent.id: await mirror.age(mirror.assignments_of(agent.harvest_user_id or 0)) for agent in agents}
        # Who was read longest ago comes first, so that nobody starves when time runs out.
        with working("batch"):
            for agent in sorted(agents, key=lambda agent: ages[agent.id], reverse=True):
                if not await self._assignments(agent.id):
                    return

    async def account(self) -> None:
        """Projects and time entries of the account."""
        await self._noted(self._services.mirror.sync)

    async def beat(self) -> None:
        """What is due of the sync."""
        every = timedelta(seconds=self._services.manifest.harvest.sync_seconds)
        await self._noted(lambda: self._services.mirror.beat(every))

    async def night(self) -> None:
        """What is due of the nightly work: deletions, rates. How Harvest is, the sync notes."""
        with working("batch"):
            try:
                await self._services.mirror.night(self._services.manifest.harvest.nightly_hour)
            except HarvestError as error:
                _logger.warning("nightly work stopped", reason=str(error), detail=error.detail)

    async def _noted(self, sync: Callable[[], Awaitable[bool | None]]) -> None:
        """Note how Harvest is; ``sync`` says False when it has nothing to say about that."""
        try:
            asked = await sync()
        except Throttled as error:
            # It answers; that it is asked too much is none of its faults.
            _logger.warning("sync stopped", reason=str(error))
        except HarvestError as error:
            _logger.warning("sync stopped", reason=str(error), detail=error.detail)
            await self._health.note("harvest", str(error), refused=isinstance(error, (Unauthorized, Denied)))
        else:
            if asked is not False:
                await self._health.note("harvest")

    async def relist(self, scopes: list[Scope], *, force: bool = False) -> None:
        """Compare what Harvest has for tickets with what is known of them."""
        try:
            await self._services.mirror.relist(scopes, force=force)
        except HarvestError as error:
            _logger.warning("hot tickets not listed anew", reason=str(error))

    async def _read_person(self, client: HarvestClient, agent_id: int) -> None:
        user = await client.me()
        await accounts_store.set_timezone(self._services.pool, agent_id, user.timezone)
        await self._services.mirror.refresh_assignments(client, user.id)

    async def _assignments(self, agent_id: int) -> bool:
        """Says whether it is of use to go on with the next agent."""
        try:
            await self._services.tokens.with_harvest(agent_id, lambda client: self._read_person(client, agent_id))
        except (NotConnected, CannotRefresh, HarvestError) as error:
            _logger.warning("assignments not read", agent=agent_id, reason=str(error))
            return not isinstance(error, Throttled)
        return True


class Rounds:
    """Signs of life: the worker's own, and the helpdesk's."""

    def __init__(self, services: Services, health: Health) -> None:
        self._services = services
        self._health = health

    async def sign(self) -> None:
        """The worker is alive."""
        await self._health.note("worker")

    async def helpdesk(self) -> None:
        """Whether the helpdesk answers, asked as the service user."""
        token = self._services.manifest.helpdesk.token.get_secret_value()
        try:
            await self._services.helpdesk.person(token)
        except base.HelpdeskError as error:
            refused = isinstance(error, (base.Unauthorized, base.Denied))
            _logger.warning("the helpdesk does not answer as it should", reason=str(error))
            # Its reason is told when it refuses us; that it is away says it all, and the rest is full of addresses.
            words = str(error) if refused else later("The helpdesk does not answer.")
            await self._health.note("helpdesk", words, refused=refused)
        else:
            await self._health.note("helpdesk")


def _scopes(services: Services, tickets: list[Ticket]) -> list[Scope]:
    """What to list in Harvest for tickets: their projects, and what names them."""
    tickets = [ticket for ticket in tickets if ticket.deleted_at is None and ticket.merged_into is None]
    projects = [Scope(project_id=ticket.project_id) for ticket in tickets if ticket.project_id is not None]
    return projects + [Scope(reference=services.tickets.reference(ticket.id)) for ticket in tickets]


def _figures(services: Services) -> BudgetRounds:
    """What keeps budgets true."""
    pool, helpdesk, clock = services.pool, services.helpdesk, services.clock
    token = services.manifest.helpdesk.token.get_secret_value()
    public_url = url_text(services.manifest.server.public_url)
    lang = services.manifest.helpdesk.language
    return BudgetRounds(
        pool,
        Guard(pool, helpdesk, token, services.people, services.intake, clock),
        services.attribute,
        services.budgets,
        Writing(pool, helpdesk, token, services.intake, clock),
        Watch(pool, helpdesk, token, services.people, clock),
        services.links,
        Notices(pool, helpdesk, token, services.managers, services.intake, public_url, lang, clock),
        services.mirror,
        clock,
        services.alerts.judging.step,
    )


def _bookings(services: Services) -> Bookings | None:
    """Time entries in the helpdesk's own accounting, if the manifest wants them there."""
    wanted, token = services.manifest.helpdesk.time_accounting, services.manifest.helpdesk.token.get_secret_value()
    if wanted.since is None:
        return None
    return Bookings(services.pool, services.helpdesk, token, wanted.unit, wanted.since, services.clock)


def _projects(services: Services) -> ProjectWork:
    """What makes tickets' projects."""
    return ProjectWork(
        services.pool,
        services.manifest.projects,
        services.clients,
        services.intake,
        services.mirror,
        services.helpdesk,
        services.manifest.helpdesk.token.get_secret_value(),
        services.administrator,
        services.queue,
        services.clock,
        services.manifest.harvest.request_seconds,
        services.limiter,
    )


def jobs(services: Services) -> tuple[list[Job], list[Periodic]]:
    """What the worker does: on nudges, and by itself."""
    request_seconds = services.manifest.harvest.request_seconds
    timers = TimerOutbox(
        services.pool,
        services.tickets,
        services.mirror,
        services.helpdesk,
        services.tokens,
        services.queue,
        services.clock,
        request_seconds,
        services.limiter,
    )
    logs = LogOutbox(
        services.pool,
        services.timelog,
        services.tickets,
        services.mirror,
        services.helpdesk,
        services.tokens,
        services.queue,
        services.clock,
        request_seconds,
        services.limiter,
    )
    health = Health(services.pool, services.queue, services.clock)
    refresher, rounds = Refresher(services, health), Rounds(services, health)

    figures = _figures(services)
    projects = _projects(services)
    checks = Checks(
        services.pool,
        services.session,
        services.manifest,
        services.tokens,
        worker_seen,
        services.clock,
        services.limiter,
    )

    async def step_timer(timer_id: str) -> None:
        await timers.step(timer_id)
        await logs.timer_moved(timer_id)
        await services.queue.nudge(FIGURES_JOB)

    async def push(log_id: str) -> None:
        await logs.push(log_id)
        await services.queue.nudge(FIGURES_JOB)

    async def correct(correction_id: str) -> None:
        await services.correction_outbox.step(correction_id)
        await services.queue.nudge(FIGURES_JOB)

    async def take_ticket(ticket_id: int) -> None:
        await services.intake.read(ticket_id)
        await figures.run()
        await services.articles.step()

    async def relist() -> None:
        """Deletions leave no trace, and matter most where a budget is nearly used up."""
        percent = services.manifest.budgets.bands.orange
        hot = await budgets_store.pressing(services.pool, percent, HOT)
        await refresher.relist(_scopes(services, await tickets_store.tickets(services.pool, hot)))

    async def relist_ticket(ticket_id: int) -> None:
        """Somebody has pressed Refresh on it."""
        with working("person"):
            found = await tickets_store.tickets(services.pool, [ticket_id])
            await refresher.relist(_scopes(services, found), force=True)
        await figures.run()

    async def people() -> None:
        try:
            await services.people.refresh()
        except base.HelpdeskError as error:
            _logger.warning("people of the helpdesk not read", reason=str(error))

    async def poll_tickets() -> None:
        try:
            if await services.intake.poll():
                await figures.run()
            await services.articles.step()
            await services.intake.pass_over()
        except base.HelpdeskError as error:
            _logger.warning("changed tickets not read", reason=str(error))

    async def daily_alerts() -> None:
        if services.alerts.digests is not None:
            await services.alerts.digests.step()
        await services.alerts.deliveries.tidy()

    async def refresh(agent_id: int, asked: int = 0) -> None:
        with working("person"):
            await refresher.person(agent_id, asked)
        await services.queue.nudge(FIGURES_JOB)
        await timers.notice()

    async def sync() -> None:
        await refresher.beat()
        await timers.notice()
        await services.queue.nudge(FIGURES_JOB)

    periodic = [Periodic("bookings", bookings.step, 15)] if (bookings := _bookings(services)) else []
    return (
        [
            Job(PUSH_JOB, push),
            Job(DRAIN_JOB, logs.drain),
            Job(WATCH_JOB, logs.watch),
            Job(STEP_JOB, step_timer),
            Job(CORRECT_JOB, correct),
            Job(REFRESH_JOB, refresh),
            Job(TAKE_JOB, take_ticket),
            Job(FIGURES_JOB, figures.run),
            Job(RELIST_JOB, relist_ticket),
            Job(ARTICLES_JOB, services.articles.job),
            *projects.jobs(),
        ],
        [
            Periodic("sweep", logs.sweep, 15),
            Periodic("sweep_timers", timers.sweep, 15),
            Periodic("sweep_corrections", services.correction_outbox.sweep, 15),
            Periodic("sync", sync, 15),
            Periodic("night", refresher.night, 60),
            Periodic("figures", figures.run, 5),
            Periodic("tickets", poll_tickets, 20),
            Periodic("relist", relist, 60),
            Periodic("members", people, 60),
            Periodic("people", refresher.people, 60),
            Periodic("sign", rounds.sign, 15),
            Periodic("helpdesk", rounds.helpdesk, 30),
            Periodic("alerts", services.alerts.deliveries.step, 10),
            Periodic("daily_alerts", daily_alerts, 60),
            Periodic("check", checks.beat, 60),
            *periodic,
            *projects.periodic(),
        ],
    )
