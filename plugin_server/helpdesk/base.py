"""What Deskhours needs of a helpdesk, and nothing more. Each helpdesk is a package beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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


@dataclass(frozen=True)
class Ticket:
    """A ticket as the helpdesk shows it. The budget fields are raw text, as people typed them."""

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


@dataclass(frozen=True)
class Article:
    """A message, reply or note on a ticket."""

    id: int
    ticket_id: int
    author_id: int
    by_agent: bool


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

    async def articles(self, token: str, ticket_id: int) -> list[Article]:
        """All articles of the ticket that the person may see, oldest first."""
