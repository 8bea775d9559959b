"""A plain browser's sign-in: the helpdesk says who it is, by the same application and callback as the extension's.

The session is an opaque token in a cookie. It opens the dashboard's pages and nothing else: the API takes no cookies.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.connect import HELPDESK_CALLBACK, WINDOW_LIFETIME, Start
from plugin_server.accounts.crypto import digest, random_token
from plugin_server.accounts.people.service import People
from plugin_server.accounts.tokens import Tokens
from plugin_server.accounts.web import rules, store
from plugin_server.harvest import timezones
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, Problem, Unauthenticated, Unavailable
from plugin_server.runtime.i18n import gettext as _

_logger = log.get(__name__)


@dataclass(frozen=True)
class SignedIn:
    """A browser that has signed in: its session's token, and the page that was asked for."""

    token: str
    location: str


class WebSessions:
    """Signs browsers in and out, and says who they are. ``lifetime`` is how long a session lasts without use."""

    def __init__(
        self,
        pool: Pool,
        helpdesk: Helpdesk,
        people: People,
        tokens: Tokens,
        public_url: str,
        lifetime: timedelta,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._people = people
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._callback = f"{public_url}{HELPDESK_CALLBACK}"
        self._lifetime = lifetime
        self._clock = clock

    async def start(self, return_to: str) -> Start:
        """Begin a sign-in that ends at a page of the dashboard."""
        state, browser = rules.STATE_MARK + random_token(), random_token()
        now = self._clock.now()
        await store.begin(
            self._pool,
            state_hash=digest(state),
            browser_hash=digest(browser),
            return_to=rules.return_path(return_to),
            now=now,
            expires_at=now + WINDOW_LIFETIME,
        )
        return Start(self._helpdesk.authorize_url(state, self._callback), browser)

    async def from_helpdesk(self, state: str, browser: str, code: str, error: str, replaced: str) -> SignedIn:
        """The helpdesk sent the browser back. ``replaced`` is the token of the session it had, which ends.

        Raises :class:`Forbidden` for who is no agent, :class:`Problem` for a sign-in of another browser or that is
        over, :class:`Unavailable` when the helpdesk does not complete it.
        """
        taken = await store.take(self._pool, digest(state), self._clock.now())
        if taken is None or not hmac.compare_digest(taken[0], digest(browser)):
            raise Problem(
                _("This sign-in is over or was started in another browser. Open the dashboard to start again.")
            )
        if error or not code:
            raise Forbidden(_("The helpdesk did not let Deskhours know who you are. Open the dashboard to try again."))
        try:
            grant = await self._helpdesk.exchange(code, self._callback)
            person = await self._helpdesk.person(grant.access)
            member = await self._people.member(person.id, fresh=timedelta())
        except base.HelpdeskError as fault:
            _logger.warning("helpdesk sign-in failed", reason=str(fault))
            raise Unavailable(
                _("The helpdesk did not complete the sign-in. Open the dashboard to try again.")
            ) from fault
        # Tickets are read through groups, which customers have no rights in, whatever else they may ask the helpdesk.
        if not person.is_agent or member is None or not member.may_read_any:
            raise Forbidden(
                _("{name} is not an agent in this helpdesk. The dashboard is for agents.").format(name=person.name)
            )
        now = self._clock.now()
        agent = await accounts_store.upsert_agent(self._pool, person.id, person.name, person.email, now)
        token = random_token()
        ends_at = now + rules.LONGEST
        async with self._pool.acquire() as connection, connection.transaction():
            await self._tokens.put(connection, agent.id, "helpdesk", grant.access, grant.refresh, grant.expires_in)
            # Whoever knew the browser's session before the sign-in does not know the one after it.
            await store.close_session(connection, digest(replaced))
            expires_at = rules.end(now, self._lifetime, ends_at)
            await store.open_session(connection, agent.id, digest(token), now, expires_at, ends_at)
        _logger.info("signed in to the dashboard", agent=agent.id)
        return SignedIn(token, taken[1])

    async def caller(self, token: str) -> Caller:
        """Whose session this is. Raises :class:`Unauthenticated`, without saying why."""
        now = self._clock.now()
        found = await store.session(self._pool, digest(token), now) if token else None
        if found is None:
            raise Unauthenticated(_("Nobody is signed in here, or the sign-in is over."))
        session, agent = found
        if now - session.used_at >= rules.NOTED_EVERY:
            await store.used(self._pool, session.id, now, rules.end(now, self._lifetime, session.ends_at))
        return Caller(
            agent_id=agent.id,
            session_id=session.id,
            name=agent.name,
            email=agent.email,
            helpdesk_user_id=agent.helpdesk_user_id,
            harvest_user_id=agent.harvest_user_id,
            zone=timezones.zone(agent.harvest_timezone),
        )

    async def sign_out(self, token: str) -> None:
        """End the session at once; with the agent's last one, all that was granted is forgotten."""
        async with self._pool.acquire() as connection, connection.transaction():
            agent_id = await store.close_session(connection, digest(token))
            if agent_id is not None and not await store.sessions_left(connection, agent_id, self._clock.now()):
                await accounts_store.delete_tokens(connection, agent_id)
