"""Whether the helpdesk's calls come through: by its own log for administrators, else by what came."""

from __future__ import annotations

from datetime import timedelta

from plugin_server.check import rules
from plugin_server.check.context import Context
from plugin_server.check.links.helpdesk import SILENT
from plugin_server.check.reaching import AGAIN
from plugin_server.check.rules import Result, fail, skipped
from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.objects import WEBHOOK
from plugin_server.runtime import migrations
from plugin_server.tickets import store as tickets_store

WITHIN = timedelta(days=1)
"""How far back changes are looked at; deliveries are kept for twice as long."""

LATE = timedelta(minutes=5)
"""A call is later than that only when it does not come: Zammad gives up after some two minutes."""


async def webhook(context: Context) -> list[Result]:
    """Nothing is sent to find out: a change of a ticket would be one that people see."""
    name = "webhook"
    if context.settings.helpdesk.webhook_secret is None:
        words = "The manifest names no helpdesk.webhook_secret: changes are seen by the poll only, half a minute later."
        return [skipped(name, words, "Name one, and run deskhours setup, to be told at once.")]
    token = context.setup_token
    try:
        call = await context.probe.last_call(token, WEBHOOK) if token else None
        me = await context.probe.me(context.service_token)
        changes = await context.probe.changed_by_others(context.service_token, me.id, WITHIN)
    except base.HelpdeskError as error:
        return [fail(name, SILENT.format(reason=str(error).rstrip(".")), AGAIN)]
    last = await tickets_store.last_delivery(context.database)
    due = context.clock.now() - LATE
    # What happened before there was a Deskhours to call, nobody can have told it.
    began = await migrations.began(context.database)
    changed = [(one.number, one.at) for one in changes if began < one.at < due]
    came = rules.deliveries(name, last, changed, by_log=call is not None)
    if call is None:
        return [came]
    logged = rules.last_call(name, call.status, call.at, call.answer)
    # A call that was taken says nothing of those that were never made.
    return [one for one in (logged, came) if one.state in ("fail", "warn")] or [logged]
