"""The outbox: brings confirmed logs into Harvest exactly once, and takes undone ones out.

Harvest has no idempotency key. So a log is a row before any call; the row says *uncertain* while a call is out; and an
uncertain log is looked up by its UUID, after the call's own time limit has passed, before it is tried again. What has
to be done stands in the table: a nudge makes it quick, the sweep makes it certain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import service as mirror
from plugin_server.mirror import store as mirror_store
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import rules, store
from plugin_server.timelog.service import PUSH_JOB, TimeLog

Result = TypeVar("Result")

CALL_SETTLES = timedelta(seconds=core.API_SECONDS + 2)
"""After this long a call to Harvest is over whatever happened to it, and a look-up tells the truth."""

LEASE = timedelta(seconds=3 * core.API_SECONDS)
"""How long a worker may be at one log: a token's refresh, a look-up and a write."""

BATCH = 50

_logger = log.get(__name__)


class Outbox:
    """What the worker does with logs."""

    def __init__(
        self,
        pool: Pool,
        timelog: TimeLog,
        tickets: Tickets,
        helpdesk: Helpdesk,
        tokens: Tokens,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._timelog = timelog
        self._tickets = tickets
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._queue = queue
        self._clock = clock

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        await self._wake_reconnected()
        for log_id, state in await store.due(self._pool, self._clock.now(), BATCH):
            if state == "armed":
                await self._watch(log_id)
            else:
                await self._queue.nudge(PUSH_JOB, str(log_id))

    async def push(self, log_id: str) -> None:
        """Take one log a step on: into Harvest, or out of it."""
        claimed = await store.claim(self._pool, UUID(log_id), ["queued", "undoing"], self._clock.now(), LEASE)
        if claimed is None:
            return
        step = self._record if claimed.state == "queued" else self._remove
        try:
            await step(claimed)
        except NotConnected:
            words = "Harvest no longer accepts your sign-in. Connect again; then this is logged by itself."
            await self._stop(claimed, words, "reconnect")
        except CannotRefresh as error:
            await self._later(claimed, f"Harvest does not answer ({error}).", "unreachable")
        except core.Throttled as error:
            await self._later(claimed, "Harvest is busy.", "busy", timedelta(seconds=error.retry_after))
        except core.UNCERTAIN as error:
            await self._later(claimed, f"{error}.", "no_answer", CALL_SETTLES)
        except core.NotReached as error:
            await self._later(claimed, f"{error}.", "unreachable")
        except core.HarvestError as error:
            await self._stop(claimed, f"Harvest refused this: {error}", "refused")

    async def _record(self, claimed: store.Log) -> None:
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        if agent is None or agent.harvest_user_id is None:
            raise NotConnected("harvest")
        user_id = agent.harvest_user_id
        if claimed.uncertain:
            found = await self._as(claimed, lambda client: self._find(client, claimed, user_id))
            if found is not None:
                await self._finish(claimed, found)
                return
        new = await self._entry(claimed)
        await store.set_uncertain(self._pool, claimed.id, True)
        try:
            made = await self._as(claimed, lambda client: client.create_time_entry(new))
        except core.UNCERTAIN:
            raise
        except (core.HarvestError, NotConnected, CannotRefresh):
            # A clear no: nothing was written.
            await store.set_uncertain(self._pool, claimed.id, False)
            raise
        await self._finish(claimed, made)

    async def _remove(self, claimed: store.Log) -> None:
        entry_id = claimed.entry_id
        assert entry_id is not None
        try:
            await self._as(claimed, lambda client: client.delete_time_entry(entry_id))
        except core.Missing:
            pass  # gone already, by us or by somebody in Harvest
        except (core.Refused, core.Denied) as error:
            async with self._pool.acquire() as connection, connection.transaction():
                await store.move(
                    connection,
                    claimed.id,
                    "undoing",
                    "logged",
                    self._clock.now(),
                    problem=f"Harvest did not delete the entry: {error}",
                    problem_code="not_deleted",
                )
            return
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.mark_deleted(connection, entry_id, now)
            await store.move(connection, claimed.id, "undoing", "undone", now)
        _logger.info("log undone", log=str(claimed.id), entry=entry_id)

    async def _as(self, claimed: store.Log, call: Callable[[HarvestClient], Awaitable[Result]]) -> Result:
        """Call Harvest as the log's agent; a refused token is refreshed once."""
        client, token = await self._tokens.harvest(claimed.agent_id)
        try:
            return await call(client)
        except core.Unauthorized:
            client, token = await self._tokens.harvest(claimed.agent_id, refused=token)
        try:
            return await call(client)
        except core.Unauthorized:
            raise NotConnected("harvest") from None

    async def _find(self, client: HarvestClient, claimed: store.Log, user_id: int) -> wire.TimeEntry | None:
        reference = self._tickets.reference(claimed.ticket_id)
        pages = client.time_entries(
            user_id=user_id, external_reference_id=reference, from_=claimed.spent_date, to=claimed.spent_date
        )
        async for page in pages:
            for entry in page.time_entries:
                if mirror.names_log(entry, str(claimed.id)):
                    return entry
        return None

    async def _entry(self, claimed: store.Log) -> wire.NewTimeEntry:
        ticket = await tickets_store.ticket(self._pool, claimed.ticket_id)
        organisation = ticket.organisation_id if ticket else None
        return wire.NewTimeEntry(
            project_id=claimed.project_id,
            task_id=claimed.task_id,
            spent_date=claimed.spent_date,
            hours=claimed.hours,
            notes=claimed.notes,
            external_reference=wire.ExternalReference(
                id=self._tickets.reference(claimed.ticket_id),
                group_id=str(organisation) if organisation is not None else None,
                permalink=self._helpdesk.ticket_url(claimed.ticket_id, str(claimed.id)),
            ),
        )

    async def _finish(self, claimed: store.Log, entry: wire.TimeEntry) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.upsert_entries(connection, [entry])
            await store.finish(connection, claimed.id, entry.id, self._clock.now())
        _logger.info("log recorded", log=str(claimed.id), entry=entry.id)

    async def _later(self, claimed: store.Log, words: str, code: str, at_least: timedelta = timedelta()) -> None:
        wait = max(rules.retry_delay(claimed.attempts), at_least)
        _logger.warning("log waits", log=str(claimed.id), reason=words, seconds=wait.total_seconds())
        await store.release(self._pool, claimed.id, self._clock.now() + wait, words, code)
        await self._queue.nudge(PUSH_JOB, str(claimed.id), after=wait.total_seconds())

    async def _stop(self, claimed: store.Log, words: str, code: str) -> None:
        """Only a person can help: a log not recorded needs attention; an entry not removed stays logged."""
        end: rules.State = "attention" if claimed.state == "queued" else "logged"
        _logger.warning("log needs attention", log=str(claimed.id), reason=words)
        async with self._pool.acquire() as connection, connection.transaction():
            await store.move(
                connection, claimed.id, claimed.state, end, self._clock.now(), problem=words, problem_code=code
            )

    async def _watch(self, log_id: UUID) -> None:
        """Look for an armed log's article; expire it when its time is over."""
        claimed = await store.claim(self._pool, log_id, ["armed"], self._clock.now(), LEASE)
        if claimed is None:
            return
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        found = agent is not None and await self._timelog.seek_article(claimed, agent.helpdesk_user_id)
        now = self._clock.now()
        if found:
            return
        if now >= claimed.expires_at:
            async with self._pool.acquire() as connection, connection.transaction():
                await store.move(connection, log_id, "armed", "expired", now)
            return
        await store.release(self._pool, log_id, now, None, None)

    async def _wake_reconnected(self) -> None:
        """Queue again what only waited for its agent to connect again."""
        waiting = await store.agents_waiting(self._pool)
        if not waiting:
            return
        for agent in await accounts_store.agents_with_harvest(self._pool):
            if agent.id not in waiting:
                continue
            for log_id in await store.waiting_for_grant(self._pool, agent.id):
                async with self._pool.acquire() as connection, connection.transaction():
                    await store.move(connection, log_id, "attention", "queued", self._clock.now())
