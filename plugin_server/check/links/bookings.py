"""Whether time entries get into the helpdesk's own accounting, where the manifest wants them there."""

from __future__ import annotations

from plugin_server.bookings import store
from plugin_server.check.context import Context
from plugin_server.check.rules import Result, ok, warn


async def time_accounting(context: Context) -> list[Result]:
    """By what became of the last bookings; nothing is booked to find out."""
    name, wanted = "time_accounting", context.settings.helpdesk.time_accounting
    if wanted.since is None:
        return [ok(name, "Time is not booked in Zammad's own accounting (helpdesk.time_accounting.since).")]
    tickets, problem = await store.troubles(context.database)
    if tickets:
        words = f"The time entries of {tickets} ticket(s) are not in Zammad's time accounting: {problem}"
        return [warn(name, words, "It is tried again by itself; mend what the row names.")]
    return [ok(name, f"Time entries since {wanted.since} are in Zammad's time accounting.")]
