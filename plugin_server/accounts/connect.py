"""Connecting an agent: the helpdesk says who it is, then Harvest grants the account, in one window.

The extension starts with PKCE and ends with a one-time code, and only its own address may be the end. Each provider's
callback is tied to the browser that started (a cookie) and to an unguessable state that works once.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from plugin_server.accounts import store
from plugin_server.accounts.crypto import challenge, digest, random_token
from plugin_server.accounts.ports import NothingUnsettled, Unsettled
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest import wire as harvest_wire
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk import base as helpdesk_base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Manifest, url_text
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, Invalid, Problem, Unavailable
from plugin_server.runtime.i18n import gettext as _

WINDOW_LIFETIME = timedelta(minutes=10)
CODE_LIFETIME = timedelta(seconds=60)

HELPDESK_CALLBACK = "/oauth/helpdesk/callback"
HARVEST_CALLBACK = "/oauth/harvest/callback"
"""Where on our server the OAuth pages send people back to, as registered with both systems."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Start:
    """Where to send the browser, and the cookie value that ties it to this sign-in."""

    location: str
    browser: str


class Connect:
    """The steps of signing in."""

    def __init__(
        self,
        pool: Pool,
        manifest: Manifest,
        helpdesk: Helpdesk,
        oauth: HarvestOAuth,
        tokens: Tokens,
        mirror: Mirror,
        clock: Clock,
        unsettled: Unsettled | None = None,
    ) -> None:
        self._pool = pool
        self._unsettled = unsettled or NothingUnsettled()
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._oauth = oauth
        self._tokens = tokens
        self._clock = clock
        self._account_id = manifest.harvest.account_id
        self._redirect_uris = manifest.redirect_uris
        base = url_text(manifest.server.public_url)
        self._helpdesk_callback = f"{base}{HELPDESK_CALLBACK}"
        self._harvest_callback = f"{base}{HARVEST_CALLBACK}"

    async def start(self, redirect_uri: str, client_state: str, code_challenge: str, method: str) -> Start:
        """Begin. Raises :class:`Problem` for an address that is not the extension's, or without PKCE."""
        if redirect_uri not in self._redirect_uris:
            raise Problem(
                _(
                    "This sign-in was not started by a Deskhours extension that this server"
                    " knows. An admin can add the extension's id to the manifest"
                    " (extension.chromium_ids; in Firefox extension.firefox_id)."
                )
            )
        if (
            method != "S256"
            or not re.fullmatch(r"[A-Za-z0-9_-]{43}", code_challenge)
            or not re.fullmatch(r"[\x21-\x7e]{8,256}", client_state)
        ):
            raise Problem(_("This sign-in is not complete. Start it again from the extension."))
        state, browser = random_token(), random_token()
        now = self._clock.now()
        await store.begin_attempt(
            self._pool,
            state_hash=digest(state),
            browser_hash=digest(browser),
            redirect_uri=redirect_uri,
            client_state=client_state,
            code_challenge=code_challenge,
            now=now,
            expires_at=now + WINDOW_LIFETIME,
        )
        return Start(self._helpdesk.authorize_url(state, self._helpdesk_callback), browser)

    async def from_helpdesk(self, state: str, browser: str, code: str, error: str) -> str:
        """The helpdesk sent the browser back. Returns where it goes next."""
        attempt = await self._take("helpdesk", state, browser)
        if error or not code:
            return await self._give_up(attempt, _("The helpdesk was not connected."))
        try:
            grant = await self._helpdesk.exchange(code, self._helpdesk_callback)
            person = await self._helpdesk.person(grant.access)
        except helpdesk_base.HelpdeskError as fault:
            _logger.warning("helpdesk sign-in failed", reason=str(fault))
            raise Unavailable(
                _("The helpdesk did not complete the sign-in. Close this window and try again.")
            ) from fault
        if not person.is_agent:
            raise Forbidden(
                _("{name} is not an agent in this helpdesk, so there is no time to log.").format(name=person.name)
            )
        agent = await store.upsert_agent(self._pool, person.id, person.name, person.email, self._clock.now())
        await self._tokens.put(self._pool, agent.id, "helpdesk", grant.access, grant.refresh, grant.expires_in)
        if agent.harvest_user_id is not None and await self._has_harvest(agent, agent.harvest_user_id):
            return await self._finish(attempt, agent.id)
        next_state = random_token()
        await store.advance_attempt(
            self._pool, attempt.id, "harvest", digest(next_state), agent.id, self._clock.now() + WINDOW_LIFETIME
        )
        return self._oauth.authorize_url(next_state, self._harvest_callback)

    async def from_harvest(self, state: str, browser: str, code: str, error: str) -> str:
        """Harvest sent the browser back. A refusal there is no failure: the person is known, without Harvest."""
        attempt = await self._take("harvest", state, browser)
        assert attempt.agent_id is not None
        if not error and code:
            await self._connect_harvest(attempt.agent_id, code)
        return await self._finish(attempt, attempt.agent_id)

    async def redeem(self, code: str, verifier: str) -> store.Agent:
        """The agent for a one-time code and its PKCE verifier. Raises :class:`Invalid`."""
        refusal = Invalid(_("This sign-in code is not valid any more. Connect again."), code="invalid_code")
        # Replacing the hash uses the code up whatever the verifier is: a thief gets no second guess.
        attempt = await store.take_attempt(self._pool, "code", digest(code), digest(random_token()), self._clock.now())
        if attempt is None or attempt.agent_id is None:
            raise refusal
        await store.end_attempt(self._pool, attempt.id)
        if not hmac.compare_digest(challenge(verifier).encode(), attempt.code_challenge.encode()):
            raise refusal
        agent = await store.agent(self._pool, attempt.agent_id)
        if agent is None:
            raise refusal
        return agent

    async def _take(self, step: str, state: str, browser: str) -> store.Attempt:
        attempt = await store.take_attempt(self._pool, step, digest(state), digest(random_token()), self._clock.now())
        if attempt is None or not hmac.compare_digest(attempt.browser_hash, digest(browser)):
            raise Problem(_("This sign-in is over or was started in another browser. Close this window and try again."))
        return attempt

    async def _has_harvest(self, agent: store.Agent, harvest_user_id: int) -> bool:
        """Whether an earlier grant still works; then what the person may log on is read anew."""
        try:
            await self._tokens.with_harvest(
                agent.id, lambda client: self._mirror.refresh_assignments(client, harvest_user_id)
            )
        except NotConnected:
            return False
        except (CannotRefresh, harvest_core.HarvestError) as fault:
            _logger.warning("assignments not read at sign-in", agent=agent.id, reason=str(fault))
        return True

    async def _connect_harvest(self, agent_id: int, code: str) -> None:
        try:
            grant = await self._oauth.exchange(code)
            accounts = await self._oauth.accounts(grant.access_token)
            if not any(item.id == self._account_id and item.product == "harvest" for item in accounts):
                names = ", ".join(f"{item.name} ({item.id})" for item in accounts) or "none"
                raise Forbidden(
                    _(
                        "This helpdesk works with Harvest account {account}; you granted:"
                        " {names}. Close this window and connect with a person of that account."
                    ).format(account=self._account_id, names=names)
                )
            client = self._tokens.client(grant.access_token)
            user = await client.me()
            # Read now what the person may log on, so that the panel is ready when the window has closed.
            await self._mirror.refresh_assignments(client, user.id)
        except harvest_core.HarvestError as fault:
            _logger.warning("harvest sign-in failed", reason=str(fault))
            raise Unavailable(_("Harvest did not complete the sign-in. Close this window and try again.")) from fault
        await self._same_user(agent_id, user)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await store.set_harvest_user(connection, agent_id, user.id, user.timezone)
                await self._tokens.put(
                    connection, agent_id, "harvest", grant.access_token, grant.refresh_token, grant.expires_in
                )
        except store.HarvestUserTaken:
            raise Forbidden(
                _(
                    "The Harvest user {name} is connected to another agent already. Connect with"
                    " your own Harvest account, or ask an admin to disconnect the other agent."
                ).format(name=user.name)
            ) from None

    async def _same_user(self, agent_id: int, user: harvest_wire.User) -> None:
        """Refuse another Harvest user while time of the present one is under way: it would be looked for, and perhaps
        recorded once more, in another person's name."""
        agent = await store.agent(self._pool, agent_id)
        if agent is None or agent.harvest_user_id in (None, user.id):
            return
        if pending := await self._unsettled.words(agent_id):
            raise Forbidden(
                _(
                    "You granted access as {name}, but you have been connected as another"
                    " Harvest user, and {pending} of that one's is not settled yet. Close this"
                    " window and connect as before, or discard it first."
                ).format(name=user.name, pending=pending)
            )

    async def _finish(self, attempt: store.Attempt, agent_id: int) -> str:
        code = random_token()
        await store.advance_attempt(
            self._pool, attempt.id, "code", digest(code), agent_id, self._clock.now() + CODE_LIFETIME
        )
        return f"{attempt.redirect_uri}?{urlencode({'code': code, 'state': attempt.client_state})}"

    async def _give_up(self, attempt: store.Attempt, words: str) -> str:
        await store.end_attempt(self._pool, attempt.id)
        query = {"error": "access_denied", "error_description": words, "state": attempt.client_state}
        return f"{attempt.redirect_uri}?{urlencode(query)}"
