"""The agents' own grants: who has to connect again."""

from __future__ import annotations

import asyncio

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.store import System
from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.check.context import Context
from plugin_server.check.rules import Result, ok, skipped, warn
from plugin_server.helpdesk import base

SYSTEMS: tuple[tuple[System, str], ...] = (("helpdesk", "the helpdesk"), ("harvest", "Harvest"))
NAMED = 5
"""People named; how many more there are is said."""

TRIED = 5
"""People whose access to the helpdesk is tried, by one call each."""


async def agents(context: Context) -> list[Result]:
    """Grants that were refused for good. Each agent sees it in the panel, too."""
    name, found, connected = "agents", [], set()
    refused = await _refused(context)
    for system, words in SYSTEMS:
        held = await accounts_store.grants(context.database, system)
        connected |= {agent.id for agent, _usable in held}
        gone = [agent.name for agent, usable in held if not usable or (system == "helpdesk" and agent.id in refused)]
        if gone:
            more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
            todo = "They connect again in the panel below a ticket's reply; what they log waits until then."
            found.append(warn(name, f"No longer connected to {words}: {', '.join(gone[:NAMED])}{more}.", todo))
    if not connected:
        return [skipped(name, "Nobody is connected yet.", "Let agents install the extension and press Connect.")]
    return found or [ok(name, f"{len(connected)} agent(s) are connected, and none has to connect again.")]


async def _refused(context: Context) -> set[int]:
    """Agents, of the first few, whom the helpdesk does not let in any more. After the OAuth application was made anew
    it is so for all, and nobody knows before a grant is tried."""
    if context.manifest is None or context.lacks("helpdesk.client_id", "helpdesk.client_secret", "server.token_keys"):
        return set()
    usable = [agent.id for agent, holds in await accounts_store.grants(context.database, "helpdesk") if holds][:TRIED]
    lets_in = await asyncio.gather(*(_lets_in(context, one) for one in usable))
    return {one for one, well in zip(usable, lets_in, strict=True) if not well}


async def _lets_in(context: Context, agent_id: int) -> bool:
    try:
        await context.tokens.with_helpdesk(agent_id, context.probe.me)
    except NotConnected:
        return False
    except (CannotRefresh, base.HelpdeskError):
        pass  # none of the agent's doing; told by the helpdesk's own rows
    return True
