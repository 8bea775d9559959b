"""Looking again, when every call is over, at rows of which a call may have been carried out after all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import working
from plugin_server.outbox.store import Row, Rows
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

AGAIN = timedelta(minutes=1)
"""When a row is looked at again that could not be looked at."""

BATCH = 20

PATIENCE = 1.0
"""Seconds that a look waits for its turn: it can wait a minute just as well."""

_logger = log.get(__name__)


Settle = Callable[[HarvestClient, Row, int], Awaitable[None]]
"""What to do about one row, with a client of its agent's and that agent's Harvest user; ends the check when all is
known."""


async def check(rows: Rows[Row], settle: Settle[Row], pool: Pool, tokens: Tokens, clock: Clock) -> None:
    """Settle the rows that are due to be looked at; what can't be looked at now is tried again."""
    now = clock.now()
    for suspect in await rows.take_checks(pool, now, now + AGAIN, BATCH):
        agent = await accounts_store.agent(pool, suspect.agent_id)
        if agent is None or agent.harvest_user_id is None:
            continue
        try:
            with working("batch", PATIENCE):
                await tokens.for_agent(agent.id, _of(settle, suspect, agent.harvest_user_id))
        except core.Throttled:
            return  # neither will the next one's turn come; a minute is soon enough
        except (core.HarvestError, NotConnected, CannotRefresh) as error:
            _logger.warning("late calls not looked for", row=str(suspect.id), reason=str(error))


def _of(settle: Settle[Row], suspect: Row, user_id: int) -> Callable[[HarvestClient], Awaitable[None]]:
    return lambda client: settle(client, suspect, user_id)
