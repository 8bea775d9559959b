"""Organisations of the helpdesk and the Harvest clients that they are: who is which, chosen by people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.projects import store as makings_store
from plugin_server.projects.clients import rules, store
from plugin_server.projects.clients.rules import Client, Match
from plugin_server.projects.jobs import MAKE_CLIENT_JOB, MAKE_JOB
from plugin_server.projects.rules import BY_MAPPING
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, Invalid, NotFound, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.board import store as board_store

READ_AGAIN = timedelta(days=1)
"""After so long the name of an organisation is read anew."""

AT_ONCE = 50
"""Names that are read in one run."""

SUGGESTING = 50
"""So many organisations at once are compared with every client."""

LONGEST_NAME = 255

_logger = log.get(__name__)


@dataclass(frozen=True)
class Line:
    """An organisation with tickets: its name (empty when it has not been read yet), how many tickets it has, what is
    known of its client, who has chosen it, and the wish for a new one that is under way or was refused."""

    id: int
    name: str
    tickets: int
    match: Match
    chosen_by: str
    making: store.Making | None

    @property
    def client(self) -> Client | None:
        """The client that its projects are made for."""
        return self.match.chosen if self.match.chosen_id is not None else self.match.by_name

    @property
    def is_open(self) -> bool:
        """Whether somebody has to choose."""
        return self.client is None or not self.client.is_active


class Clients:
    """Who is which client. ``service_token`` is the helpdesk's service user's; ``are_asked_for``: projects are made, so
    it matters."""

    def __init__(
        self,
        pool: Pool,
        helpdesk: Helpdesk,
        service_token: str,
        people: People,
        queue: Queue,
        clock: Clock,
        *,
        are_asked_for: bool = True,
    ) -> None:
        self.are_asked_for = are_asked_for
        self._pool = pool
        self._helpdesk = helpdesk
        self._service_token = service_token
        self._people = people
        self._queue = queue
        self._clock = clock

    async def read_names(self) -> int:
        """Read the names of organisations with tickets that were not read lately; returns how many. Raises
        :class:`~plugin_server.helpdesk.base.HelpdeskError`."""
        now = self._clock.now()
        known = await board_store.organisations(self._pool)
        unread = await store.unread(self._pool, list(known), now - READ_AGAIN, AT_ONCE)
        for organisation_id in unread:
            try:
                await self.read_name(organisation_id)
            except (base.Missing, base.Denied) as error:
                _logger.warning("an organisation can't be read", organisation=organisation_id, reason=str(error))
        return len(unread)

    async def read_name(self, organisation_id: int) -> None:
        """Read one organisation's name; raises as :meth:`read_names`."""
        name = await self._helpdesk.organisation(self._service_token, organisation_id)
        await store.name_organisation(self._pool, organisation_id, name, self._clock.now())

    async def lines(self) -> list[Line]:
        """Every organisation with tickets: those first for which somebody has to choose, then by name. The first of
        these come with suggestions."""
        found = await self._lines()
        clients = await store.clients(self._pool)
        for place, line in enumerate(found[:SUGGESTING]):
            if line.is_open:
                near = rules.like(line.name, clients)
                found[place] = replace(line, match=replace(line.match, near=near))
        return found

    async def open_count(self) -> int:
        """For how many organisations somebody has to choose, and nothing is under way."""
        return sum(line.is_open and line.making is None for line in await self._lines())

    async def _lines(self) -> list[Line]:
        counts = await board_store.organisations(self._pool)
        named = await store.organisations(self._pool, list(counts))
        chosen, makings = await store.all_chosen(self._pool), await store.makings(self._pool)
        by_id: dict[int, Client] = {}
        by_name: dict[str, list[Client]] = {}
        for client in await store.clients(self._pool):
            by_id[client.id] = client
            by_name.setdefault(rules.exact(client.name), []).append(client)
        found = []
        for number, tickets in counts.items():
            client_id, by = chosen.get(number, (None, ""))
            name = named.get(number, "")
            same = rules.named(name, by_name.get(rules.exact(name), ()))
            match = Match(client_id, by_id.get(client_id or 0), same)
            found.append(Line(number, name, tickets, match, by, makings.get(number)))
        return sorted(found, key=lambda one: (not one.is_open, one.name.casefold(), one.id))

    async def clients(self) -> Sequence[Client]:
        """The account's active clients, by name."""
        return [one for one in await store.clients(self._pool) if one.is_active]

    async def manager(self, caller: Caller) -> Member:
        """The caller, who is to be a project manager or administrator; raises :class:`Forbidden`."""
        try:
            member = await self._people.member(caller.helpdesk_user_id)
        except base.HelpdeskError as error:
            raise Unavailable(_("The helpdesk does not answer. Nothing was changed; try again in a moment.")) from error
        if member is None or not self._people.may_manage(member):
            raise Forbidden(_("Only project managers and administrators of the helpdesk choose clients."))
        return member

    async def choose(self, caller: Caller, organisation_id: int, typed: str) -> None:
        """Say which client an organisation is, as typed: its number, what the list said, or a name that only one has.
        Tickets that waited for it get their projects.

        Raises :class:`Forbidden`, :class:`NotFound` for an organisation without tickets, :class:`Invalid` for what is
        no active client, or several.
        """
        member = await self.manager(caller)
        await self._require(organisation_id)
        client = _meant(typed, await self.clients())
        async with self._pool.acquire() as connection, connection.transaction():
            await store.choose(connection, organisation_id, client.id, member.name, self._clock.now())
            await store.forget_wish(connection, organisation_id)
        await self.go_on(organisation_id)

    async def make(self, caller: Caller, organisation_id: int, name: str) -> None:
        """Have a new client made in Harvest for an organisation, once, however often it is asked for.

        Raises as :meth:`choose`; :class:`Invalid` for a name that a client has already.
        """
        member = await self.manager(caller)
        await self._require(organisation_id)
        wanted = " ".join(name.split())
        if not wanted or len(wanted) > LONGEST_NAME:
            words = _("Give the client's name, of at most {count} characters.").format(count=LONGEST_NAME)
            raise Invalid(_("Nothing was made."), fields={"client_name": words})
        known = await store.makings(self._pool)
        if organisation_id not in known:
            same = [one for one in await store.clients(self._pool) if one.name.casefold() == wanted.casefold()]
            if same:
                words = _("Harvest has a client of this name already: choose it, or give another name.")
                raise Invalid(_("Nothing was made."), fields={"client_name": words})
        async with self._pool.acquire() as connection, connection.transaction():
            wish = await store.wish(
                connection, organisation_id, wanted, caller.agent_id, member.name, self._clock.now()
            )
        await self._queue.nudge(MAKE_CLIENT_JOB, str(wish.id))

    async def go_on(self, organisation_id: int) -> None:
        """An organisation's client is known now: its tickets' projects that waited for it are made."""
        waiting = [one.ticket_id for one in await makings_store.stopped(self._pool)]
        tickets = await tickets_store.tickets(self._pool, waiting)
        ids = [one.id for one in tickets if one.organisation_id == organisation_id]
        for making_id in await makings_store.go_on(self._pool, ids, BY_MAPPING, self._clock.now()):
            await self._queue.nudge(MAKE_JOB, str(making_id))

    async def _require(self, organisation_id: int) -> None:
        if organisation_id not in await board_store.organisations(self._pool):
            raise NotFound(_("No ticket of this organisation is known."))


def _meant(typed: str, clients: Sequence[Client]) -> Client:
    """The active client that somebody means."""
    text = typed.strip()
    number = re.search(r"(?:^|· )(\d{1,15})$", text, re.ASCII)
    if number:
        found = [one for one in clients if one.id == int(number[1])]
    else:
        found = [one for one in clients if text and one.name.casefold() == text.casefold()]
    if len(found) != 1:
        several = _("Several clients have this name: choose one from the list.")
        none = _("No active client in Harvest is like that: choose one from the list.")
        raise Invalid(_("Nothing was changed."), fields={"client_id": several if found else none})
    return found[0]
