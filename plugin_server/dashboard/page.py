"""The dashboard's page: what a person sees of tickets, projects and troubles, composed and rendered at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from plugin_server.accounts.web.routes import CSRF_FIELD, SIGN_IN_PATH, SIGN_OUT_PATH, Visitor
from plugin_server.budgets import store as ledger_store
from plugin_server.budgets.service import hours
from plugin_server.dashboard import listing
from plugin_server.dashboard.alerts import AlertDesk
from plugin_server.dashboard.attention import AttentionDesk
from plugin_server.dashboard.board import Board, Boards
from plugin_server.dashboard.projects import Projects
from plugin_server.dashboard.words import check_name, sync_name
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror.service import Mirror
from plugin_server.projects.clients.service import Clients
from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, NotFound, Problem, Unavailable
from plugin_server.runtime.popup import moment
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket

KEPT = ("q", "band", "locked", "project", "mine", "state", "sort", "pq", "ticket")
"""What of the page's address is kept when something was done on it."""

LEDGER_ROWS = 100
"""Rows of the ledger that a ticket's card shows."""


@dataclass(frozen=True)
class Form:
    """A form that was refused, to be shown again with what was typed and what is wrong."""

    action: str
    ticket_id: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Card:
    """One ticket with its ledger, newest first; or why it can't be shown."""

    ticket: Ticket | None = None
    figures: ledger_store.Budget | None = None
    events: tuple[ledger_store.Event, ...] = ()
    problem: str = ""


class Pages:
    """Composes the page out of what the parts of the dashboard read."""

    def __init__(
        self,
        pool: Pool,
        boards: Boards,
        alerts: AlertDesk,
        projects: Projects,
        attention: AttentionDesk,
        tickets: Tickets,
        helpdesk: Helpdesk,
        mirror: Mirror,
        clients: Clients,
        templates: Templates,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._boards = boards
        self._alerts = alerts
        self._projects = projects
        self._attention = attention
        self._tickets = tickets
        self._helpdesk = helpdesk
        self._mirror = mirror
        self._clients = clients
        self._templates = templates
        self._clock = clock

    async def render(
        self,
        visitor: Visitor,
        lang: str,
        query: Mapping[str, str],
        *,
        form: Form | None = None,
        done: tuple[str, int] | None = None,
    ) -> Markup:
        """The whole page as the visitor sees it. ``done`` is what was just done, and to which ticket.

        Raises as :meth:`Boards.viewer`, and :class:`~plugin_server.runtime.errors.Unauthenticated` when the helpdesk
        no longer knows the visitor's grant.
        """
        board = await self._boards.read(visitor.caller)
        wanted = listing.wanted(query)
        text = query.get("pq", "").strip()[:200]
        card = await self._card(visitor.caller, query.get("ticket", ""))
        back, links = kept(query), _Links(query)
        company = await self._mirror.company()
        now, zone = self._clock.now(), visitor.caller.zone
        return self._templates.render(
            "dashboard/page.html",
            lang,
            visitor=visitor.caller,
            viewer=board.viewer,
            csrf_field=CSRF_FIELD,
            csrf=visitor.csrf,
            sign_out=SIGN_OUT_PATH,
            back=back,
            here=links.having(after=query.get("after"), pafter=query.get("pafter")),
            query=links,
            today=now.astimezone(zone).date().isoformat(),
            hours=lambda value: "–" if value is None else i18n.decimal(hours(value)),
            when=lambda at: moment(at, now, zone),
            until=lambda at: last_day(at, visitor.caller),
            sync_name=sync_name,
            check_name=check_name,
            ticket_url=self._helpdesk.ticket_url,
            project_url=lambda number: f"{company.base_uri}/projects/{number}" if company else None,
            card=card,
            form=form,
            done=done,
            done_number=self._number(board, done),
            alerts=await self._alerts.read(board),
            wanted=wanted,
            tickets=board.page(wanted),
            text=text,
            query_after=query.get("pafter", ""),
            projects=await self._projects.page(board, text, query.get("pafter", "")),
            attention=await self._attention.read(board),
            open_clients=await self._clients.open_count()
            if board.viewer.may_manage and self._clients.are_asked_for
            else None,
        )

    def sign_in(self, lang: str, return_to: str, message: str) -> Markup:
        """The page for who is not signed in."""
        link = f"{SIGN_IN_PATH}?{urlencode({'return_to': return_to})}"
        return self._templates.render("dashboard/sign_in.html", lang, link=link, words=message)

    def problem(self, lang: str, problem: Problem) -> Markup:
        """The page that says why there is none."""
        return self._templates.render("dashboard/problem.html", lang, words=problem.message)

    async def _card(self, caller: Caller, number: str) -> Card | None:
        if not (number.isascii() and number.isdigit() and len(number) <= 15):
            return None
        try:
            ticket = await self._tickets.require(caller, int(number))
        except (Forbidden, NotFound, Unavailable) as problem:
            return Card(problem=problem.message)
        figures = await ledger_store.budget(self._pool, ticket.id)
        events = await ledger_store.events(self._pool, ticket.id, LEDGER_ROWS)
        return Card(ticket, figures, tuple(events))

    def _number(self, board: Board, done: tuple[str, int] | None) -> str:
        row = board.rows.get(done[1]) if done else None
        return row.ticket.number if row else ""


class _Links:
    """Addresses of this page with something else asked for; cursors only where they are given anew."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = {name: query[name] for name in KEPT if query.get(name)}

    def get(self, name: str) -> str:
        """What is asked for now."""
        return self._query.get(name, "")

    def having(self, path: str = "/dashboard", **changes: Any) -> str:
        """The address with changes; ``None`` takes a word away."""
        merged = {**self._query, **changes}
        words = urlencode({name: value for name, value in merged.items() if value not in (None, "")})
        return f"{path}?{words}" if words else path


def kept(query: Mapping[str, str]) -> str:
    """What of a query string outlasts an action, as a query string."""
    return urlencode({name: query[name] for name in KEPT if query.get(name)})


def last_day(expires_at: datetime, caller: Caller) -> str:
    """The last day on which an unlock holds, in the reader's zone: it ends with midnight."""
    return i18n.day((expires_at.astimezone(caller.zone) - timedelta(microseconds=1)).date())
