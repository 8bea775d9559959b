"""Pure decisions about projects made for tickets: whether a ticket gets one, what it is called, whose it is, and what
stands in the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from plugin_server.manifest.projects import PLACEHOLDER
from plugin_server.projects.clients.rules import Client, Match
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later, retold

State = Literal["making", "stopped", "made", "dropped"]
"""Of a wish: ``making`` → ``made``; ``stopped``: only a person can help; ``dropped``: given up before anything was
made."""

LONGEST_NAME = 255
"""Characters; Harvest documents no limit, and a name of a line or two is one that people can read."""


@dataclass(frozen=True)
class Rule:
    """Conditions of the manifest, all of which a ticket must meet. Empty sets ask for nothing; without ``states`` the
    ticket may be in any that is not closed."""

    states: frozenset[str] = frozenset()
    budget: bool = False
    organisations: frozenset[int] = frozenset()
    customers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What the conditions ask of a ticket. ``budget`` in hours, as accepted from who may set it."""

    state: str
    is_open: bool
    budget: Decimal | None
    organisation_id: int | None
    customer_id: int | None


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether the ticket meets all conditions of a rule."""
    return (
        (facts.state in rule.states if rule.states else facts.is_open)
        and (not rule.budget or facts.budget is not None)
        and (not rule.organisations or facts.organisation_id in rule.organisations)
        and (not rule.customers or facts.customer_id in rule.customers)
    )


def is_due(rules: Iterable[Rule], facts: Facts) -> bool:
    """Whether the ticket meets any rule; none asks for nothing."""
    return any(holds(rule, facts) for rule in rules)


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with the values in place of ``{number}``, ``{title}`` and ``{organisation}``, in one line, cut to what
    a name may be. What stands in a title is never read as a placeholder."""
    text = PLACEHOLDER.sub(lambda found: values.get(found[1], ""), template)
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())[:LONGEST_NAME].rstrip()


@dataclass(frozen=True)
class Template:
    """The template project as last seen, with the names of its tasks and people that are not archived."""

    label: str
    is_active: bool
    tasks: tuple[str, ...]
    team: tuple[str, ...]


@dataclass(frozen=True)
class Hindrance:
    """Why no project can be made now; ``details`` are what its words name."""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For people, in the language of what is under way."""
        return told(self.code, self.details) or self.code


@dataclass(frozen=True)
class Plan:
    """What will be made; ``budget`` in hours."""

    client: Client
    name: str
    code: str
    budget: Decimal | None
    template: Template


@dataclass(frozen=True)
class Situation:
    """What a plan rests on, as last seen. ``organisation`` is the name of the customer's, empty when it has not been
    read; ``match`` what is known of its client; ``taken`` are the names of that client's projects."""

    number: str
    title: str
    organisation_id: int | None
    organisation: str
    budget: Decimal | None
    template_id: int
    template: Template | None
    match: Match
    taken: Collection[str] = ()


def plan(situation: Situation, name: str, code: str) -> Plan | Hindrance:
    """What would be made, by the manifest's templates of name and code; or the first thing that stands in the way."""
    template = situation.template
    if template is None:
        return Hindrance("template_gone", {"number": str(situation.template_id)})
    if not template.is_active:
        return Hindrance("template_archived", {"template": template.label})
    client = client_of(situation)
    if isinstance(client, Hindrance):
        return client
    words = {"number": situation.number, "title": situation.title, "organisation": situation.organisation}
    wanted = filled(name, words)
    if wanted.casefold() in {one.casefold() for one in situation.taken}:
        return Hindrance("name_taken", {"client": client.name, "name": wanted})
    return Plan(client, wanted, filled(code, words), situation.budget, template)


def client_of(situation: Situation) -> Client | Hindrance:
    """Whose project it will be. A client is never guessed: it was chosen, or it is the only one of that very name."""
    match, organisation = situation.match, situation.organisation
    if match.chosen_id is not None and match.chosen is None:
        return Hindrance("client_gone", {"number": str(match.chosen_id)})
    if match.chosen is not None:
        return _unless_archived(match.chosen)
    if situation.organisation_id is None:
        return Hindrance("no_organisation")
    if not organisation:
        return Hindrance("organisation_unread")
    if match.is_ambiguous:
        return Hindrance("client_ambiguous", {"organisation": organisation, "clients": names(match.same)})
    if match.same:
        return _unless_archived(match.same[0])
    return Hindrance("client_unknown", {"organisation": organisation})


def _unless_archived(client: Client) -> Client | Hindrance:
    return client if client.is_active else Hindrance("client_archived", {"client": client.name})


def names(clients: Sequence[Client]) -> str:
    """Clients as people are told of them, in one line; those of one name are told apart by their numbers."""
    return ", ".join(f"{one.name} ({one.id})" for one in clients)


BY_MAPPING = ("client_unknown", "client_ambiguous", "client_archived", "client_gone")
"""What ends when somebody chooses a client for the organisation."""

WORDS: Mapping[str, str] = {
    "has_project": later("The ticket names a Harvest project already."),
    "ticket_gone": later("The ticket was deleted or merged into another one."),
    "template_gone": later(
        "The template project {number} is not in Harvest any more. An administrator can name another one in the"
        " manifest (projects.template_project_id)."
    ),
    "template_archived": later(
        "The template project {template} is archived. Restore it in Harvest, or have another one named in the manifest"
        " (projects.template_project_id)."
    ),
    "no_organisation": later(
        "The ticket's customer belongs to no organisation, so it is not known for which Harvest client the project"
        " would be. Give the customer an organisation in the helpdesk; for such tickets the manifest can name a client"
        " (projects.default_client_id)."
    ),
    "organisation_unread": later("The customer's organisation is new here; its name is being read. A moment, please."),
    "client_unknown": later(
        "It is not known which Harvest client {organisation} is. A project manager or administrator chooses it on the"
        " dashboard, under Clients."
    ),
    "client_ambiguous": later(
        "Several Harvest clients are called like {organisation}: {clients}. A project manager or administrator chooses"
        " one on the dashboard, under Clients."
    ),
    "client_archived": later(
        "The Harvest client {client} is archived. Restore it in Harvest, or choose another one on the dashboard, under"
        " Clients."
    ),
    "client_gone": later(
        "The Harvest client {number} that was chosen is not in Harvest any more. A project manager or administrator"
        " chooses another one on the dashboard, under Clients."
    ),
    "name_taken": later(
        "{client} has a Harvest project “{name}” already. Link that one to the ticket, or rename it in Harvest and try"
        " again."
    ),
    "denied": later(
        "Harvest does not let Deskhours make projects: its token has to be an administrator's (manifest:"
        " harvest.token)."
    ),
    "refused": later("Harvest refused it: {reason}"),
    "project_gone": later("The project was deleted in Harvest while it was being made."),
    "partly": later("The project is there and linked, but not all as in the template. {reason}"),
    "linked_elsewhere": later(
        "{project} was made, but the ticket names another project by now. Link it here, or archive it in Harvest."
    ),
    "not_taken": later("The helpdesk did not take the Harvest Project ID: is the field there?"),
    "helpdesk": later("The helpdesk does not answer; the project is linked as soon as it does."),
}
"""What people are told, by code."""


def told(code: str | None, details: Mapping[str, str]) -> str | None:
    """A problem in words, in the language of what is under way; ``None`` for a code that is not ours, or that came
    without what its words name. A reason is a sentence in each of its lines."""
    words = WORDS.get(code or "")
    if reason := details.get("reason"):
        details = {**details, "reason": " ".join(_sentence(line) for line in reason.splitlines())}
    try:
        return None if words is None else _(words).format_map(details)
    except KeyError:
        return None


def _sentence(line: str) -> str:
    """One of ours, or the words of another system, which are known without their full stop."""
    whole, words = retold(line), line.rstrip(".")
    return whole if whole != line else f"{retold(words)}."
