"""What syncs and checks are called for people; logs, scripts and the database keep the names they have there."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later

SYNCS: Mapping[str, str] = {
    "time_entries": later("Time entries, as they change"),
    "projects": later("Projects, as they change"),
    "running": later("Running timers"),
    "directory": later("Clients, tasks and people, as they change"),
    "relist": later("Deleted entries of tickets near their budget"),
    "reconcile": later("All entries, at night"),
    "lists": later("Projects, clients, tasks and people, at night"),
    "changes": later("Old notes of changes, put away at night"),
    "rates": later("Rates, at night"),
}
"""By the name of the sync's run (``mirror/service.py``)."""

CHECKS: Mapping[str, str] = {
    "clock": later("Clocks"),
    "public_url": later("Address of this server"),
    "harvest": later("Harvest"),
    "harvest_role": later("Harvest: whose token it is"),
    "harvest_account": later("Harvest: the account"),
    "harvest_limit": later("Harvest: the limit of calls"),
    "harvest_sign_in": later("Harvest: signing in"),
    "helpdesk": later("Helpdesk"),
    "helpdesk_version": later("Helpdesk: its version"),
    "service_token": later("Helpdesk: the service user's token"),
    "service_user": later("Helpdesk: the service user"),
    "pm_role": later("Helpdesk: the role of project managers"),
    "fields": later("Helpdesk: the tickets' fields"),
    "helpdesk_sign_in": later("Helpdesk: signing in"),
    "webhook": later("Helpdesk: its webhook"),
    "time_accounting": later("Helpdesk: its time accounting"),
    "page": later("Helpdesk: its ticket page"),
    "note_model": later("AI for notes"),
    "agents": later("Agents' sign-ins"),
    "gate": later("Whether locks hold"),
    "alerts_email": later("Alerts by e-mail"),
    "alerts_chat": later("Alerts in the chat"),
}
"""By the row of the check (``check/service.py``), as far as the worker looks at it."""

IMPORT, PROJECT = "import ", "project:"
"""How the name of an import begins, and where in it the number of a project stands (``mirror/history.py``)."""


def sync_name(name: str) -> str:
    """What a sync is called, in the language of what is under way."""
    if not name.startswith(IMPORT):
        return _(SYNCS.get(name, name))
    _scope, found, project = name.rpartition(PROJECT)
    if not found:
        return _("Earlier entries, read by hand")
    return _("Earlier entries of project {number}, read by hand").format(number=project)


def check_name(row: str) -> str:
    """What a row of the check is called, in the language of what is under way."""
    return _(CHECKS.get(row, row.replace("_", " ")))
