"""Whether the helpdesk's ticket page is as the extension expects it, by what browsers tell."""

from __future__ import annotations

from plugin_server.check import rules
from plugin_server.check.context import Context
from plugin_server.check.rules import Result
from plugin_server.drift import store as drift_store


async def page(context: Context) -> list[Result]:
    """Each browser tells a part once a day; nothing of the page's content, no person, no ticket."""
    return [rules.page("page", await drift_store.recent(context.database, context.clock.now()))]
