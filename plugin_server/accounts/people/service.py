"""Who is who in the helpdesk: roles, rights and addresses, asked as the service user and kept for a while."""

from __future__ import annotations

from datetime import timedelta

from plugin_server.accounts.people import store
from plugin_server.accounts.people.store import Member
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Roles
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, Unavailable
from plugin_server.runtime.i18n import gettext as _

FRESH = timedelta(minutes=1)
"""For so long what is known of a person is not asked again: a role given or taken counts within a minute."""

STANDS = timedelta(hours=1)
"""For so long it stands while the helpdesk does not answer."""

_logger = log.get(__name__)


class People:
    """The helpdesk's people. ``token`` is the service user's."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, token: str, roles: Roles, clock: Clock) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._roles = roles
        self._clock = clock

    async def member(self, user_id: int, *, fresh: timedelta = FRESH) -> Member | None:
        """A person; ``None`` for one that the helpdesk does not have.

        Raises :class:`~plugin_server.helpdesk.base.Unreachable` when the helpdesk does not answer and nothing recent is
        known.
        """
        known = (await store.members(self._pool, [user_id])).get(user_id)
        age = self._clock.now() - known.seen_at if known else timedelta.max
        if known and age < fresh:
            return known
        try:
            found = await self._helpdesk.member(self._token, user_id)
            return (await self._keep([found]))[0]
        except base.Missing:
            return None
        except base.HelpdeskError:
            if known is None or age > STANDS:
                raise
            return known

    async def find(self, name: str) -> Member | None:
        """The person with this login or e-mail address, as last seen; the helpdesk is asked only for one who has never
        been. Raises as :meth:`member`."""
        known = await store.by_name(self._pool, name)
        if known:
            return known
        found = await self._helpdesk.find_member(self._token, name)
        return (await self._keep([found]))[0] if found else None

    async def known(self, user_id: int) -> Member | None:
        """A person as last seen; the helpdesk is not asked."""
        return (await store.members(self._pool, [user_id])).get(user_id)

    async def seen(self, name: str) -> Member | None:
        """The person with this login or e-mail address, if ever seen; the helpdesk is not asked."""
        return await store.by_name(self._pool, name)

    async def managers(self) -> list[Member]:
        """Everyone who holds the PM role, as last seen."""
        return await store.with_role(self._pool, self._roles.pm)

    async def owners(self, group_id: int) -> list[Member]:
        """Whom tickets of a group may be given to, by name, as last seen."""
        agents = await store.with_right(self._pool, group_id, "full")
        return [one for one in agents if not self.is_service(one)]

    async def refresh(self) -> None:
        """Read everybody who works in the helpdesk, by their roles; who holds none any more has lost its rights.

        The calls grow with the number of roles, and with every 200 people. Raises
        :class:`~plugin_server.helpdesk.base.HelpdeskError`; then everything stays as it was seen.
        """
        began = self._clock.now()
        named = {self._roles.pm, self._roles.admin, self._roles.service}
        found: dict[int, base.Member] = {}
        for role in await self._helpdesk.roles(self._token):
            if role.of_agents or role.name in named:
                found |= {one.id: one for one in await self._helpdesk.members_of(self._token, role.id)}
        await self._keep(list(found.values()))
        await store.forget_rights(self._pool, began)

    async def require_change(self, user_id: int, group_id: int) -> None:
        """Whether a person may change tickets of a group: who brings time to a ticket has to.

        Raises :class:`~plugin_server.runtime.errors.Forbidden`, and :class:`~plugin_server.runtime.errors.Unavailable`
        when the helpdesk does not answer.
        """
        try:
            member = await self.member(user_id)
        except base.HelpdeskError as error:
            raise Unavailable(_("The helpdesk does not answer. Nothing was changed; try again in a moment.")) from error
        if member is None or not member.may_change(group_id):
            raise Forbidden(_("The helpdesk does not let you change tickets of this group."))

    def may_manage(self, member: Member | None) -> bool:
        """Whether a person may unlock tickets and set budgets: holders of the PM role and administrators."""
        return member is not None and member.active and bool({self._roles.pm, self._roles.admin} & set(member.roles))

    def is_manager(self, member: Member) -> bool:
        """Whether a person holds the PM role."""
        return member.active and self._roles.pm in member.roles

    def is_admin(self, member: Member) -> bool:
        """Whether a person is an administrator of the helpdesk."""
        return member.active and self._roles.admin in member.roles

    def is_service(self, member: Member) -> bool:
        """Whether this is the user that Deskhours acts as."""
        return self._roles.service in member.roles

    async def _keep(self, found: list[base.Member]) -> list[Member]:
        roles = {role.id: role for role in await self._helpdesk.roles(self._token)}
        now = self._clock.now()
        kept = []
        for one in found:
            groups: dict[str, set[str]] = {str(group): set(rights) for group, rights in one.groups.items()}
            held = [roles[role_id] for role_id in one.role_ids if role_id in roles]
            for role in held:
                for group, rights in role.groups.items():
                    groups.setdefault(str(group), set()).update(rights)
            kept.append(
                Member(
                    one.id,
                    one.login,
                    one.email,
                    one.name,
                    one.active,
                    tuple(sorted(role.name for role in held)),
                    {group: sorted(rights) for group, rights in groups.items()},
                    now,
                )
            )
        await store.put(self._pool, kept)
        return kept
