"""Making an organisation's client in Harvest: the worker's side. A client carries no mark but its name, of which
Harvest has one: what has the name after a call of unknown outcome is what that call made."""

from __future__ import annotations

from plugin_server.harvest import core, making
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.harvest.wire import ClientRecord
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.service import Outbox, Stopped
from plugin_server.projects.clients import store
from plugin_server.projects.clients.service import Clients
from plugin_server.projects.jobs import MAKE_CLIENT_JOB
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue

BATCH = 20
WORK = ("making",)

TAKEN = later("Harvest has a client of this name already: choose it, or give another name.")
DENIED = later(
    "Harvest does not let Deskhours make clients: its token has to be an administrator's (manifest: harvest.token)."
)

_logger = log.get(__name__)


class ClientOutbox:
    """Makes clients with the service's Harvest client."""

    def __init__(
        self,
        pool: Pool,
        clients: Clients,
        mirror: Mirror,
        client: HarvestClient,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
        turns: Limiter = UNLIMITED,
    ) -> None:
        self._pool = pool
        self._clients = clients
        self._mirror = mirror
        self._client = client
        self._queue = queue
        self._clock = clock
        self._outbox: Outbox[store.Making] = Outbox(
            store.rows, MAKE_CLIENT_JOB, pool, queue, clock, request_seconds, turns
        )

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        for making_id, _state in await store.rows.due(self._pool, WORK, self._clock.now(), BATCH):
            await self._queue.nudge(MAKE_CLIENT_JOB, str(making_id))

    async def step(self, making_id: str) -> None:
        """Take one wish as far as it goes."""
        claimed = await self._outbox.step(making_id, WORK, self._take, self._stop)
        if claimed is not None:
            await self._clients.go_on(claimed.organisation_id)

    async def _take(self, claimed: store.Making) -> None:
        self._outbox.check_settled(claimed)
        try:
            made = await self._named(claimed)
            if made is not None and claimed.called_at is None:
                raise Stopped(TAKEN, "taken")
            if made is None:
                new = making.NewClient(claimed.name)
                made = await self._outbox.make(claimed, lambda: self._client.create_client(new))
        except (core.Denied, core.Unauthorized):
            raise Stopped(DENIED, "denied") from None
        except core.Refused:
            # Made by a call of ours that was carried out after its look-up, or by somebody a moment ago.
            made = await self._named(claimed) if claimed.called_at is not None else None
            if made is None:
                raise
        if made is None:
            return  # another worker goes on
        now = self._clock.now()
        await self._mirror.learn("clients", [directory.client(made)])
        async with self._pool.acquire() as connection, connection.transaction():
            await store.choose(connection, claimed.organisation_id, made.id, claimed.agent_name, now)
            await store.rows.settle(connection, claimed, "made", now)
        _logger.info("client made", organisation=claimed.organisation_id, client=made.id)

    async def _named(self, claimed: store.Making) -> ClientRecord | None:
        """The client of exactly this name, as Harvest has it now."""
        async for page in self._client.clients():
            for one in page:
                if one.name.casefold() == claimed.name.casefold():
                    return one
        return None

    async def _stop(self, claimed: store.Making, words: str, code: str) -> None:
        _logger.warning("a client was not made", organisation=claimed.organisation_id, reason=words)
        async with self._pool.acquire() as connection, connection.transaction():
            await store.rows.settle(connection, claimed, "stopped", self._clock.now(), words, code)
