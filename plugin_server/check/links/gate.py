"""The lock, by a dry run: what the helpdesk's own workflows would say to an agent, and to a project manager, who
changes a ticket that is locked now. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.store import Agent
from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.check import lock
from plugin_server.check.context import SETUP_TOKEN, Context
from plugin_server.check.rules import Result, fail, ok, skipped, warn
from plugin_server.helpdesk import base
from plugin_server.runtime.i18n import later
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.store import Ticket

TICKETS = 50
"""Locked tickets looked through for one that an agent may change."""

PEOPLE = 5
"""Agents asked at most, each of other roles: a workflow may except a role."""


NOBODY = "No agent without the PM role is connected yet, and nobody else can show that a lock holds."
GONE = "The agents who are to be asked have to connect again, as the row “agents” says; so none could be asked."


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
    held = await accounts_store.grants(context.database, "helpdesk")
    connected = await _people(context, [agent for agent, usable in held if usable])
    exempt = {roles.pm, roles.admin, roles.service}
    plain = _of_different_roles([one for one in connected if not exempt & set(one.member.roles)])
    if not plain:
        gone = await _people(context, [agent for agent, usable in held if not usable])
        words = GONE if any(not exempt & set(one.member.roles) for one in gone) else NOBODY
        return [skipped(name, words, f"Let an agent connect. {_instead(context)}")]
    tickets = await tickets_store.shown_locked(context.database, TICKETS)
    if not tickets:
        words = "No ticket is locked now, and only on a locked one the helpdesk shows whether its workflows hold."
        return [skipped(name, words, _instead(context))]
    found: list[Result] = []
    asked = 0
    unasked = "No connected agent may change a ticket that is locked now, so none could be asked."
    for person in plain[:PEOPLE]:
        ticket = person.may_change(tickets)
        if ticket is None:
            continue
        try:
            holes = await _holes(context, person, ticket)
            member = await _now(context, person) if holes else person.member
        except NotConnected:
            unasked = GONE
            continue
        except (CannotRefresh, base.HelpdeskError) as error:
            unasked = f"No agent could be asked: {str(error).rstrip('.')}."
            continue
        if member is None or not member.active or exempt & set(member.roles):
            unasked = NOBODY
            continue
        asked += 1
        if holes:
            who = f"{member.name} (roles: {', '.join(member.roles)})"
            words = later("The lock does not hold: {name} could write ticket {number}, because {holes}.").format(
                name=who, number=ticket.number, holes=" and ".join(holes)
            )
            found.append(fail(name, words, _mending(context)))
    if not asked:
        return [skipped(name, unasked, _instead(context))]
    managers = [one for one in connected if roles.pm in one.member.roles and roles.service not in one.member.roles]
    found += await _of_managers(context, managers, tickets)
    return found or [ok(name, f"A dry run as {asked} agent(s) on a locked ticket: the helpdesk refuses the change.")]


def _mending(context: Context) -> str:
    if context.setup_token:
        return "Run deskhours setup, which puts its own workflows right; the row “workflows” names any other to change."
    return later(
        "Run deskhours setup, which puts its own workflows right; check with {variable} to be told which other workflow"
        " opens the lock."
    ).format(variable=SETUP_TOKEN)


def _instead(context: Context) -> str:
    """What tells of the lock without a dry run."""
    if context.setup_token:
        return "The rows “setup” and “workflows” say how the workflows stand."
    return f"Check with {SETUP_TOKEN} to have the workflows read instead."


async def _of_managers(context: Context, managers: Sequence[_Person], tickets: Sequence[Ticket]) -> list[Result]:
    wanted = context.settings.helpdesk.roles.pm
    for person in managers[:1]:
        ticket = person.may_change(tickets)
        if ticket is None:
            continue
        try:
            stopped = await _holes(context, person, ticket) == []
            member = await _now(context, person) if stopped else None
        except (NotConnected, CannotRefresh, base.HelpdeskError):
            continue  # told elsewhere
        if member is not None and wanted in member.roles:
            words = f"The lock stops {member.name}, too, who holds the role “{wanted}”."
            return [warn("gate", words, "Run deskhours setup, which puts the workflows right.")]
    return []


async def _now(context: Context, person: _Person) -> Member | None:
    """The person as the helpdesk has them this moment: what is kept may be from before a role was given or taken."""
    desk = context.settings.helpdesk
    people = People(context.database, context.helpdesk, context.service_token, desk.roles, context.clock)
    return await people.member(person.member.id, fresh=timedelta())


async def _people(context: Context, agents: Sequence[Agent]) -> list[_Person]:
    """Those of the agents who still work there, as last seen."""
    known = await people_store.members(context.database, [one.helpdesk_user_id for one in agents])
    found = [(agent, known.get(agent.helpdesk_user_id)) for agent in agents]
    return [_Person(agent.id, member) for agent, member in found if member is not None and member.active]


def _of_different_roles(people: Sequence[_Person]) -> list[_Person]:
    """One of each set of roles comes first, the others after them: a grant may turn out to be gone."""
    first: dict[tuple[str, ...], _Person] = {}
    for one in people:
        first.setdefault(one.member.roles, one)
    return [*first.values(), *(one for one in people if one not in first.values())]


async def _holes(context: Context, person: _Person, ticket: Ticket) -> list[str]:
    """What the dry run leaves open for a person. Raises as :meth:`~plugin_server.accounts.tokens.Tokens.with_helpdesk`
    where it can't be made as them."""
    answer = await context.tokens.with_helpdesk(person.agent_id, lambda token: context.probe.perform(token, ticket.id))
    return lock.gate_holes(answer, context.settings.helpdesk.fields.release)
