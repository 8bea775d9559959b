"""The agents' own grants: who has to connect again."""

from __future__ import annotations

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.store import System
from plugin_server.check.context import Context
from plugin_server.check.rules import Result, ok, skipped, warn

SYSTEMS: tuple[tuple[System, str], ...] = (("helpdesk", "the helpdesk"), ("harvest", "Harvest"))
NAMED = 5
"""People named; how many more there are is said."""


async def agents(context: Context) -> list[Result]:
    """Grants that were refused for good. Each agent sees it in the panel, too."""
    name, found, connected = "agents", [], set()
    for system, words in SYSTEMS:
        held = await accounts_store.grants(context.database, system)
        connected |= {agent.id for agent, _usable in held}
        gone = [agent.name for agent, usable in held if not usable]
        if gone:
            more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
            todo = "They connect again in the panel below a ticket's reply; what they log waits until then."
            found.append(warn(name, f"No longer connected to {words}: {', '.join(gone[:NAMED])}{more}.", todo))
    if not connected:
        return [skipped(name, "Nobody is connected yet.", "Let agents install the extension and press Connect.")]
    return found or [ok(name, f"{len(connected)} agent(s) are connected, and none has to connect again.")]
