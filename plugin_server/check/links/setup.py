"""What an administrator of the helpdesk may look at: whether everything that setup puts there still stands, and whether
another workflow opens the lock."""

from __future__ import annotations

from plugin_server.accounts.connect import HELPDESK_CALLBACK
from plugin_server.check import lock
from plugin_server.check.context import SETUP_TOKEN, Context
from plugin_server.check.reaching import AGAIN
from plugin_server.check.rules import Result, fail, ok, skipped
from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.objects import GATE, KEEPER, of_manifest
from plugin_server.helpdesk.zammad.setup.plan import plan
from plugin_server.tickets.routes import WEBHOOK

NO_TOKEN = "Not looked at: it takes an administrator's token of the helpdesk."  # noqa: S105 (words for people)
HOW = f"Put one into the variable {SETUP_TOKEN} to have it looked at."
REFUSED = "Make an access token of an administrator, with the permission admin, for this variable."


async def setup(context: Context) -> list[Result]:
    """Every difference between what stands in the helpdesk and what should."""
    name = "setup"
    if not context.setup_token:
        return [skipped(name, NO_TOKEN, HOW)]
    definition = of_manifest(context.settings, webhook_path=WEBHOOK, callback_path=HELPDESK_CALLBACK)
    try:
        found = await plan(
            context.calls, context.setup_token, definition, context.settings.helpdesk.roles, context.service_token
        )
    except base.HelpdeskError as error:
        return [_refused(name, error)]
    # What a person has to do first stands in a refused step's own words.
    todo = "Run deskhours setup, which puts it right."
    rows = [
        fail(name, f"{_word(step.kind)} {step.name}: {step.words.rstrip('.')}.", todo)
        for step in found.steps
        if step.action in ("create", "mend")
    ]
    rows += [
        fail(
            name,
            f"{_word(step.kind)} {step.name}: {step.words.rstrip('.')}.",
            "Put that right; then run deskhours setup.",
        )
        for step in found.refused
    ]
    return rows or [
        ok(name, f"All {len(found.steps)} things that setup puts into the helpdesk stand there as they should.")
    ]


async def workflows(context: Context) -> list[Result]:
    """The other workflows of the helpdesk."""
    name, fields = "workflows", context.settings.helpdesk.fields
    if not context.setup_token:
        return [skipped(name, NO_TOKEN, HOW)]
    try:
        records = await context.probe.workflows(context.setup_token)
    except base.HelpdeskError as error:
        return [_refused(name, error)]
    return lock.defeats(name, lock.workflows(records), GATE, (GATE, KEEPER), fields.release, fields.state)


def _refused(name: str, error: base.HelpdeskError) -> Result:
    words = str(error).rstrip(".") or type(error).__name__
    if not isinstance(error, base.Unauthorized | base.Denied):
        return fail(name, f"Zammad did not tell: {words}.", AGAIN)
    return fail(name, f"Zammad refuses the token in {SETUP_TOKEN}: {words}.", REFUSED)


def _word(kind: str) -> str:
    return {"application": "OAuth application"}.get(kind, kind.capitalize())
