"""What is to be done in a Zammad so that the definition stands there: to be read before anything is written."""

from __future__ import annotations

from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import Definition
from plugin_server.helpdesk.zammad.setup import compare
from plugin_server.helpdesk.zammad.setup.state import read_state
from plugin_server.helpdesk.zammad.setup.steps import Action, Kind, Plan, Step
from plugin_server.manifest import Roles

__all__ = ["Action", "Kind", "Plan", "Step", "plan"]


async def plan(calls: Calls, token: str, definition: Definition, roles: Roles, service_token: str) -> Plan:
    """Read the Zammad with an administrator's token and compare; ``service_token`` is the running service's own, empty
    text where there is none yet. Writes nothing.

    Raises :class:`~plugin_server.helpdesk.base.HelpdeskError` when Zammad can't be reached or does not know the
    administrator's token; whatever else is wrong is a refused step.
    """
    return compare.compare(await read_state(calls, token, service_token), definition, roles)
