"""Looking again, when every call is over, whether one of unknown outcome has made a second project after all."""

from __future__ import annotations

from datetime import timedelta

from plugin_server.harvest import core, making
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import working
from plugin_server.projects import store
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

AGAIN = timedelta(minutes=1)
BATCH = 10

_logger = log.get(__name__)


class LateProjects:
    """Archives what a late call has made beside the project that counts. It is empty: nobody knows of it."""

    def __init__(self, pool: Pool, client: HarvestClient, clock: Clock) -> None:
        self._pool = pool
        self._client = client
        self._clock = clock

    async def check(self) -> None:
        """Look at the wishes that are due for it; what can't be looked at now is tried again."""
        now = self._clock.now()
        for one in await store.rows.take_checks(self._pool, now, now + AGAIN, BATCH):
            if one.state == "making" or one.client_id is None:
                continue  # its own step looks
            try:
                with working("batch"):
                    await self._settle(one)
            except core.HarvestError as error:
                _logger.warning("late projects not looked for", making=str(one.id), reason=str(error))
            else:
                await store.end_late_look(self._pool, one.id)

    async def _settle(self, one: store.Making) -> None:
        assert one.client_id is not None
        marked = [each for each in await self._client.projects_of(one.client_id) if str(one.id) in (each.notes or "")]
        if one.project_id is None and marked and one.state == "stopped":
            # Before it was known that the call came through: now it goes on.
            async with self._pool.acquire() as connection, connection.transaction():
                await store.made(connection, one.id, min(each.id for each in marked), None)
                await store.rows.move(connection, one.id, "stopped", "making", self._clock.now())
            return
        for twin in marked:
            if twin.id != one.project_id and twin.is_active:
                await self._client.change_project(twin.id, making.ProjectChange(is_active=False))
                _logger.warning("a project was made twice; the second is archived", project=twin.id)
