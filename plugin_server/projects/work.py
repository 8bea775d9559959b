"""What the worker does about tickets' projects: on nudges, and by itself."""

from __future__ import annotations

from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Projects as Settings
from plugin_server.mirror.service import Mirror
from plugin_server.projects.clients.outbox import ClientOutbox
from plugin_server.projects.clients.service import Clients
from plugin_server.projects.jobs import MAKE_CLIENT_JOB, MAKE_JOB, NAMES_JOB
from plugin_server.projects.outbox import ProjectOutbox
from plugin_server.projects.planning import Planner
from plugin_server.projects.watch import Watch
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Job, Periodic, Queue
from plugin_server.tickets.intake import FIGURES_JOB, Intake

_logger = log.get(__name__)


class Work:
    """The projects' part of a worker. ``client`` is an administrator's of Harvest, ``service_token`` the helpdesk's
    service user's."""

    def __init__(
        self,
        pool: Pool,
        settings: Settings,
        clients: Clients,
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
        planner = Planner(pool, settings)
        self._clients = clients
        self._queue = queue
        self.projects = ProjectOutbox(
            pool,
            planner,
            clients,
            settings.template_project_id,
            intake,
            mirror,
            helpdesk,
            service_token,
            client,
            queue,
            clock,
            request_seconds,
            turns,
        )
        self.clients = ClientOutbox(pool, clients, mirror, client, queue, clock, request_seconds, turns)
        self.watch = Watch(pool, mirror, client, queue, clock, settings)

    def jobs(self) -> list[Job]:
        """On nudges."""
        return [
            Job(MAKE_JOB, self._make),
            Job(MAKE_CLIENT_JOB, self.clients.step),
            Job(NAMES_JOB, self._read_names),
        ]

    def periodic(self) -> list[Periodic]:
        """By itself."""
        return [
            Periodic("projects_by_rule", self.watch.look, 5),
            Periodic("sweep_projects", self._sweep, 15),
            Periodic("organisations", self._read_names, 30),
            Periodic("project_budgets", self.watch.follow_budgets, 30),
        ]

    async def _make(self, making_id: str) -> None:
        await self.projects.step(making_id)
        await self._queue.nudge(FIGURES_JOB)

    async def _sweep(self) -> None:
        await self.projects.sweep()
        await self.clients.sweep()

    async def _read_names(self) -> None:
        try:
            await self._clients.read_names()
        except base.HelpdeskError as error:
            _logger.warning("organisations not read", reason=str(error))
