"""The tickets that a person sees on the dashboard, with figures and projects; read at once, whatever their number.

Each feature's rows come from its own store and are joined here. Nobody else is asked on the way but the helpdesk for
who the viewer is, at most once a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin_server.accounts.people.service import People
from plugin_server.accounts.web import store as web_store
from plugin_server.budgets.board import store as budgets_store
from plugin_server.budgets.board.store import Figures
from plugin_server.dashboard import listing, rules, store
from plugin_server.dashboard.rules import Role, Stake, Viewer
from plugin_server.dashboard.store import Project
from plugin_server.helpdesk import base
from plugin_server.manifest import Roles
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.board import store as tickets_store
from plugin_server.tickets.board.store import Listed

MANAGERS_EVERY = timedelta(minutes=1)
"""How often a process reads anew who holds the PM role."""

STRANGERS = 5
"""At most so many owners that were never seen are asked for by name while somebody waits."""


@dataclass(frozen=True)
class Row:
    """A ticket as a table shows it; ``pm`` is the name of the one its PM field means, else what stands there."""

    ticket: Listed
    figures: Figures
    project: Project | None
    owner: str
    pm: str

    @property
    def id(self) -> int:
        return self.ticket.id

    @property
    def may_be_locked(self) -> bool:
        return self.figures.locked and self.ticket.state_kind == "open"


@dataclass(frozen=True)
class Board:
    """What a viewer sees: tickets by id, and all projects of the account by id."""

    caller: Caller
    viewer: Viewer
    rows: Mapping[int, Row]
    projects: Mapping[int, Project]
    managers_of_projects: Mapping[int, tuple[str, ...]]

    def page(self, wanted: listing.Wanted, size: int | None = listing.SIZE) -> listing.Page[Row]:
        """A page of the tickets that are asked for; ``size`` ``None``: all."""
        chosen = [row for row in self.rows.values() if self._is_wanted(row, wanted)]
        return listing.page(chosen, lambda row: _place(row, wanted.sort), wanted.sort, wanted.after, size)

    def _is_wanted(self, row: Row, wanted: listing.Wanted) -> bool:
        ticket, project = row.ticket, row.project
        if wanted.state != "all" and ticket.state_kind != wanted.state:
            return False
        if wanted.band is not None and row.figures.band != wanted.band:
            return False
        if wanted.locked and not row.figures.locked:
            return False
        if wanted.project is not None and ticket.project_id != wanted.project:
            return False
        if wanted.mine and ticket.owner_id != self.viewer.user_id:
            return False
        label = f"{project.label} {project.client_name}" if project else ticket.project_text
        return listing.contains(wanted.text, ticket.number, ticket.title, label)


def _place(row: Row, sort: listing.Sort) -> listing.Place:
    if sort == "number":
        return listing.number_place(row.ticket.number), row.id
    if sort == "used":
        return -row.figures.used, row.id
    return -int(row.figures.pressing * 100), row.id


class Boards:
    """Reads boards. ``by_organisation`` maps the helpdesk's organisation to its PM's login or e-mail address."""

    def __init__(
        self, pool: Pool, people: People, roles: Roles, by_organisation: Mapping[int, str], clock: Clock
    ) -> None:
        self._pool = pool
        self._people = people
        self._roles = roles
        self._by_organisation = by_organisation
        self._clock = clock
        self._managers_read_at: datetime | None = None
        self._nobodies: set[int] = set()

    async def viewer(self, caller: Caller) -> Viewer:
        """Who looks, as the helpdesk knows them. Raises :class:`Forbidden` for who is no active person there,
        :class:`Unavailable` when it does not answer and nothing recent is known."""
        try:
            member = await self._people.member(caller.helpdesk_user_id)
        except base.HelpdeskError as error:
            raise Unavailable(
                _("The helpdesk does not answer, so it can't be checked what you may see. Try again in a moment.")
            ) from error
        if member is None or not member.active or not member.may_read_any:
            raise Forbidden(_("The helpdesk does not know you as one of its agents."))
        role: Role = "agent"
        if self._people.is_admin(member):
            role = "admin"
        elif self._people.is_manager(member):
            role = "manager"
        return Viewer(
            member.id,
            frozenset({member.login.lower(), member.email.lower()} - {""}),
            role,
            rules.groups_with(member.groups, "read", "full"),
            rules.groups_with(member.groups, "change", "full"),
        )

    async def read(self, caller: Caller) -> Board:
        """The caller's board. Raises as :meth:`viewer`."""
        viewer = await self.viewer(caller)
        figures = await budgets_store.figures(self._pool)
        tickets = await tickets_store.listed(self._pool, figures, viewer.readable)
        projects = await store.projects(self._pool)
        managing = await store.project_managers(self._pool)
        worked_on: set[int] = set()
        if viewer.role != "admin" and caller.harvest_user_id is not None:
            worked_on = await tickets_store.worked_on(self._pool, caller.harvest_user_id)
        managers = await self._who_may_manage()
        seen = [
            one
            for one in tickets
            if rules.may_see(viewer, self._stake(one, figures[one.id], managing, worked_on), managers.keys())
        ]
        names = await self._names({one.owner_id for one in seen if one.owner_id})
        rows = {
            one.id: Row(
                one,
                figures[one.id],
                projects.get(one.project_id or 0),
                names.get(one.owner_id or 0, ""),
                managers.get(figures[one.id].accepted_pm.strip().lower(), figures[one.id].accepted_pm),
            )
            for one in seen
        }
        return Board(caller, viewer, rows, projects, managing)

    def _stake(
        self, ticket: Listed, figures: Figures, managing: Mapping[int, tuple[str, ...]], worked_on: set[int]
    ) -> Stake:
        pm = figures.accepted_pm.strip().lower()
        mapped = self._by_organisation.get(ticket.organisation_id or 0, "").strip().lower()
        named = ((pm,) if pm else (), (mapped,) if mapped else (), managing.get(ticket.project_id or 0, ()))
        return Stake(ticket.group_id, ticket.owner_id, named, ticket.id in worked_on)

    async def _names(self, user_ids: set[int]) -> dict[int, str]:
        """Owners by name; of those that were never seen, a few are asked for each time, and known from then on."""
        names = await web_store.names(self._pool, sorted(user_ids))
        for user_id in sorted(user_ids - names.keys() - self._nobodies)[:STRANGERS]:
            try:
                member = await self._people.member(user_id)
            except base.HelpdeskError:
                break
            if member is None:
                self._nobodies.add(user_id)
            else:
                names[user_id] = member.name
        return names

    async def _who_may_manage(self) -> dict[str, str]:
        now = self._clock.now()
        if self._managers_read_at is None or now - self._managers_read_at >= MANAGERS_EVERY:
            self._managers_read_at = now
            await self._people.managers()  # as last seen while the helpdesk does not answer
        return await web_store.who_may_manage(self._pool, [self._roles.pm, self._roles.admin])
