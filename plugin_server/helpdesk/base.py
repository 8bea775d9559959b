"""What Deskhours needs of a helpdesk, and nothing more. Each helpdesk is a package beside this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol


class HelpdeskError(Exception):
    """The helpdesk did not do what was asked."""


class Unauthorized(HelpdeskError):
    """The token is wrong, expired or revoked."""


class GrantRefused(HelpdeskError):
    """The OAuth grant is over for good; only the person can give a new one."""


class Denied(HelpdeskError):
    """The person behind the token may not do this."""


class Missing(HelpdeskError):
    """No such ticket."""


class Refused(HelpdeskError):
    """The helpdesk understood and said no; the words are its own."""


class Unreachable(HelpdeskError):
    """No answer, or none that can be read; asking again later may work."""


@dataclass(frozen=True)
class Person:
    """A person in the helpdesk."""

    id: int
    name: str
    email: str
    is_agent: bool


@dataclass(frozen=True)
class Tokens:
    """An OAuth2 grant of a person; ``expires_in`` in seconds."""

    access: str
    refresh: str
    expires_in: int


StateKind = Literal["open", "closed", "merged"]
"""What a ticket's state comes to, whatever the helpdesk calls it."""

Guarded = Literal["project", "budget_hours", "quoted_hours", "hours_used", "pm", "utilization", "state", "release"]
"""The ticket fields that budgets and locks rest on, by our names for them."""


@dataclass(frozen=True)
class Ticket:
    """A ticket as the helpdesk shows it. The budget fields are raw text, as people typed them; ``used``,
    ``utilization``, ``lock`` and ``release`` stand in the fields that only we write."""

    id: int
    number: str
    title: str
    group_id: int
    organisation_id: int | None
    project: str
    budget_hours: str
    quoted_hours: str
    pm: str
    updated_at: datetime
    owner_id: int | None = None
    customer_id: int | None = None
    state: str = ""
    state_kind: StateKind = "open"
    priority: str = ""
    used: str = ""
    utilization: str = ""
    lock: str = ""
    release: str = ""
    created_at: datetime | None = None
    created_by: int | None = None


Sender = Literal["agent", "customer", "system"]
"""On whose side the one stands who said something; the system is the helpdesk itself."""


@dataclass(frozen=True)
class Article:
    """A message, reply or note on a ticket. ``internal`` ones customers don't see; ``body`` is text, or HTML where
    ``is_html``. ``origin_id`` is who said it, where somebody else (``author_id``) wrote it down: a customer on the
    phone. ``signed`` is the name that it carries."""

    id: int
    ticket_id: int
    author_id: int
    by_agent: bool
    internal: bool = False
    kind: str = "note"
    body: str = ""
    created_at: datetime | None = None
    changed_by: int | None = None
    sender: Sender = "agent"
    origin_id: int | None = None
    signed: str = ""
    is_html: bool = False


@dataclass(frozen=True)
class FieldChange:
    """A change of one of a ticket's guarded fields, from the helpdesk's own history."""

    field: Guarded
    old: str
    new: str
    by: int
    at: datetime


@dataclass(frozen=True)
class History:
    """What the helpdesk remembers of a ticket: changes of the guarded fields, oldest first, and where it was merged
    to."""

    changes: tuple[FieldChange, ...] = ()
    merged_into: int | None = None


@dataclass(frozen=True)
class Role:
    """A role of the helpdesk. ``groups`` maps group to the rights that its holders have there; ``of_agents``: it lets
    them work as agents."""

    id: int
    name: str
    groups: Mapping[int, frozenset[str]]
    of_agents: bool


@dataclass(frozen=True)
class Member:
    """A person of the helpdesk with roles and own rights by group."""

    id: int
    login: str
    email: str
    name: str
    active: bool
    role_ids: frozenset[int]
    groups: Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Delivery:
    """A verified call of the helpdesk's webhook; ``id`` is the same when it is sent again."""

    id: str
    ticket_id: int


@dataclass(frozen=True)
class AccountedTime:
    """An amount in the helpdesk's own time accounting; ``units`` in whatever unit the helpdesk counts."""

    id: int
    units: Decimal
    created_by: int
    created_at: datetime


class Helpdesk(Protocol):
    """A helpdesk. Every call acts as the person whose access token is given and raises :class:`HelpdeskError`."""

    @property
    def host(self) -> str:
        """Host (with a port other than the scheme's) that names this helpdesk in Harvest's external references."""

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Where a person lets us act for them."""

    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        """The ticket's page, for people; ``log_id`` is carried inside without changing where it leads."""

    async def exchange(self, code: str, redirect_uri: str) -> Tokens:
        """Tokens for a code."""

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens for a refresh token; the old one is dead afterwards."""

    async def person(self, token: str) -> Person:
        """Whose token this is."""

    async def ticket(self, token: str, ticket_id: int, *, seconds: float) -> Ticket:
        """The ticket, if the person may see it; gives up after ``seconds``."""

    def article_url(self, ticket_id: int, article_id: int) -> str:
        """The ticket's page, opened at one of its articles, for people."""

    async def articles(self, token: str, ticket_id: int) -> list[Article]:
        """All articles of the ticket that the person may see, oldest first."""

    async def article(self, token: str, article_id: int, *, seconds: float) -> Article:
        """One article, if the person may see it; gives up after ``seconds``."""

    async def changed_tickets(self, token: str, since: timedelta, limit: int) -> list[Ticket]:
        """Tickets changed within the last ``since``, the latest first, at most ``limit``."""

    async def concerned_tickets(self, token: str, limit: int) -> list[Ticket]:
        """Tickets that name a project or a budget, however old, at most ``limit``."""

    async def existing(self, token: str, ticket_ids: Sequence[int]) -> set[int]:
        """Those of the tickets (at most 200) that a search still finds; the others may be gone."""

    async def history(self, token: str, ticket_id: int) -> History:
        """What the helpdesk remembers of a ticket."""

    async def tags(self, token: str, ticket_id: int) -> set[str]:
        """A ticket's tags."""

    async def linked_tickets(self, token: str, ticket_id: int) -> set[int]:
        """Tickets that are linked with this one, for instance because they were split off it."""

    async def write_fields(self, token: str, ticket_id: int, values: Mapping[Guarded, str | None]) -> Ticket:
        """Write guarded fields; the answer shows what stands there now."""

    async def assign(self, token: str, ticket_id: int, owner_id: int) -> Ticket:
        """Give the ticket to a person."""

    async def close(self, token: str, ticket_id: int) -> Ticket:
        """Close the ticket."""

    async def add_note(self, token: str, ticket_id: int, html: str) -> int:
        """Add an internal note; returns the article's id. A person is told who is mentioned in it
        (:meth:`mention`)."""

    def mention(self, user_id: int, name: str) -> str:
        """A piece of HTML for a note that mentions a person, so that the helpdesk tells them."""

    async def send_mail(self, token: str, ticket_id: int, to: str, subject: str, html: str) -> int:
        """E-mail somebody out of the ticket, kept there as an internal article; returns its id."""

    async def booked_time(self, token: str, ticket_id: int) -> list[AccountedTime]:
        """What stands in the ticket's own time accounting."""

    async def book_time(self, token: str, ticket_id: int, units: Decimal) -> int:
        """Add to it; returns the booking's id."""

    async def correct_time(self, token: str, booking_id: int, units: Decimal) -> None:
        """Give a booking another amount; only time administrators may."""

    async def remove_time(self, token: str, booking_id: int) -> None:
        """Take a booking out; only time administrators may."""

    async def member(self, token: str, user_id: int) -> Member:
        """A person with roles and rights."""

    async def find_member(self, token: str, name: str) -> Member | None:
        """The person with this login or e-mail address."""

    async def members_of(self, token: str, role_id: int) -> list[Member]:
        """Active holders of a role."""

    async def organisation(self, token: str, organisation_id: int) -> str:
        """The name of an organisation of customers."""

    async def roles(self, token: str) -> list[Role]:
        """All roles."""

    def delivery(self, headers: Mapping[str, str], body: bytes, secret: str) -> Delivery:
        """Verify and read a call of the helpdesk's webhook. Raises :class:`Unauthorized` for a signature that isn't
        right, :class:`HelpdeskError` for what can't be read."""
