"""What would be made for a ticket, by what is known here: Harvest and the helpdesk are not asked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from plugin_server.budgets import store as budgets_store
from plugin_server.manifest import Projects as Settings
from plugin_server.mirror import store as mirror_store
from plugin_server.projects import rules, store
from plugin_server.projects.clients import store as clients_store
from plugin_server.projects.clients.rules import Client, Match, named
from plugin_server.projects.rules import Hindrance, Plan, Situation
from plugin_server.runtime.database import Pool
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets.store import Ticket


class Planner:
    """Plans projects as the manifest's ``settings`` say."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings

    async def plan(self, ticket: Ticket) -> Plan | Hindrance:
        """What would be made for the ticket, or the first thing that stands in the way."""
        if ticket.deleted_at is not None or ticket.merged_into is not None or ticket.state_kind == "merged":
            return Hindrance("ticket_gone")
        if ticket.project_text and not await self._is_lost(ticket.project_id):
            return Hindrance("has_project")
        situation = await self._situation(ticket)
        client = rules.client_of(situation)
        if not isinstance(client, Hindrance):
            taken = await store.names_of_client(self._pool, client.id)
            situation = Situation(**{**vars(situation), "taken": taken})
        return rules.plan(situation, self._settings.name, self._settings.code)

    async def _is_lost(self, project_id: int | None) -> bool:
        """Whether a project is known to be deleted in Harvest: its number on a ticket names nothing any more."""
        return project_id is not None and await mirror_store.lost(self._pool, project_id) is not None

    async def budget(self, ticket: Ticket) -> Decimal | None:
        """The ticket's budget in hours, as accepted from who may set it."""
        one = await budgets_store.budget(self._pool, ticket.id)
        typed = ticket.budget_text if ticket.is_checked else ""  # by whom, nobody knows yet
        return ticket_rules.parse_budget(one.accepted_budget if one else typed)

    async def _situation(self, ticket: Ticket) -> Situation:
        template_id = self._settings.template_project_id or 0
        organisation, found = "", Match()
        if ticket.organisation_id is not None:
            names = await clients_store.organisations(self._pool, [ticket.organisation_id])
            organisation = names.get(ticket.organisation_id, "")
            chosen = await clients_store.chosen(self._pool, ticket.organisation_id)
            clients = await clients_store.clients(self._pool, None if chosen is None else [chosen])
            found = _match(organisation, clients, chosen)
        elif (default := self._settings.default_client_id) is not None:
            found = _match("", await clients_store.clients(self._pool, [default]), default)
        return Situation(
            ticket.number,
            ticket.title,
            ticket.organisation_id,
            organisation,
            await self.budget(ticket),
            template_id,
            await store.template(self._pool, template_id),
            found,
        )


def _match(organisation: str, clients: Sequence[Client], chosen_id: int | None) -> Match:
    chosen = next((one for one in clients if one.id == chosen_id), None)
    return Match(chosen_id, chosen, named(organisation, clients))
