"""The lock, by a dry run: what the helpdesk's own workflows would say to an agent, and to a project manager, who
changes a ticket that is locked now. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.check import lock
from plugin_server.check.context import SETUP_TOKEN, Context
from plugin_server.check.rules import Result, fail, ok, skipped, warn
from plugin_server.helpdesk import base
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.store import Ticket

TICKETS = 50
"""Locked tickets looked through for one that an agent may change."""

PEOPLE = 5
"""Agents asked at most, each of other roles: a workflow may except a role."""


@dataclass(frozen=True)
class _Person:
    """Somebody who has let us act for them in the helpdesk."""

    agent_id: int
    member: Member

    def may_change(self, tickets: Sequence[Ticket]) -> Ticket | None:
        return next((one for one in tickets if self.member.may_change(one.group_id)), None)


async def gate(context: Context) -> list[Result]:
    """The lock must stop an agent, and let a project manager through."""
    name, roles = "gate", context.settings.helpdesk.roles
    connected = await _connected(context)
    exempt = {roles.pm, roles.admin, roles.service}
    plain = _of_different_roles([one for one in connected if not exempt & set(one.member.roles)])
    if not plain:
        words = "No agent without the PM role is connected yet, and nobody else can show that a lock holds."
        return [skipped(name, words, f"Let an agent connect. {_instead(context)}")]
    tickets = await tickets_store.shown_locked(context.database, TICKETS)
    if not tickets:
        words = "No ticket is locked now, and only on a locked one the helpdesk shows whether its workflows hold."
        return [skipped(name, words, _instead(context))]
    found: list[Result] = []
    asked = 0
    for person in plain[:PEOPLE]:
        ticket = person.may_change(tickets)
        holes = None if ticket is None else await _holes(context, person, ticket)
        if ticket is None or holes is None:
            continue
        asked += 1
        if holes:
            who = f"{person.member.name} (roles: {', '.join(person.member.roles)})"
            words = f"The lock does not hold: {who} could write ticket {ticket.number}, because {' and '.join(holes)}."
            todo = (
                "Run deskhours setup, which puts the workflows right; check with DESKHOURS_SETUP_TOKEN to be told"
                " which other workflow opens the lock."
            )
            found.append(fail(name, words, todo))
    if not asked:
        words = "No connected agent may change a ticket that is locked now, so none could be asked."
        return [skipped(name, words, _instead(context))]
    managers = [one for one in connected if roles.pm in one.member.roles and roles.service not in one.member.roles]
    found += await _of_managers(context, managers, tickets)
    return found or [ok(name, f"A dry run as {asked} agent(s) on a locked ticket: the helpdesk refuses the change.")]


def _instead(context: Context) -> str:
    """What tells of the lock without a dry run."""
    if context.setup_token:
        return "The rows “setup” and “workflows” say how the workflows stand."
    return f"Check with {SETUP_TOKEN} to have the workflows read instead."


async def _of_managers(context: Context, managers: Sequence[_Person], tickets: Sequence[Ticket]) -> list[Result]:
    for person in managers[:1]:
        ticket = person.may_change(tickets)
        holes = None if ticket is None else await _holes(context, person, ticket)
        if ticket is not None and holes == []:
            words = (
                f"The lock stops {person.member.name}, too, who holds the role “{context.settings.helpdesk.roles.pm}”."
            )
            return [warn("gate", words, "Run deskhours setup, which puts the workflows right.")]
    return []


async def _connected(context: Context) -> list[_Person]:
    """Who has let us act for them and still works there, as last seen."""
    usable = [agent for agent, holds in await accounts_store.grants(context.database, "helpdesk") if holds]
    known = await people_store.members(context.database, [one.helpdesk_user_id for one in usable])
    found = [(agent, known.get(agent.helpdesk_user_id)) for agent in usable]
    return [_Person(agent.id, member) for agent, member in found if member is not None and member.active]


def _of_different_roles(people: Sequence[_Person]) -> list[_Person]:
    """One of each set of roles comes first, the others after them: a grant may turn out to be gone."""
    first: dict[tuple[str, ...], _Person] = {}
    for one in people:
        first.setdefault(one.member.roles, one)
    return [*first.values(), *(one for one in people if one not in first.values())]


async def _holes(context: Context, person: _Person, ticket: Ticket) -> list[str] | None:
    """What the dry run leaves open for a person; ``None`` when it can't be made as them, which is told elsewhere."""
    field = context.settings.helpdesk.fields.release
    try:
        answer = await context.tokens.with_helpdesk(
            person.agent_id, lambda token: context.probe.perform(token, ticket.id)
        )
    except (NotConnected, CannotRefresh, base.HelpdeskError):
        return None
    return lock.gate_holes(answer, field)
