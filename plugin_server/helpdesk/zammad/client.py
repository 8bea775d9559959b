"""Zammad as a :class:`~plugin_server.helpdesk.base.Helpdesk`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from markupsafe import escape

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core, webhook
from plugin_server.helpdesk.zammad.calls import CALL_SECONDS, Calls, read
from plugin_server.manifest import Fields

PAGE = 200
"""Most tickets that one search answers."""


class Zammad:
    """Talks to one Zammad over REST and its OAuth2 provider."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, client_id: str, client_secret: str, fields: Fields
    ) -> None:
        self._calls = Calls(session, url)
        self._url = url
        self._client_id = client_id
        self._client_secret = client_secret
        self._fields = fields
        self._kinds: dict[str, base.StateKind] = {}

    @property
    def host(self) -> str:
        return urlsplit(self._url).netloc

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "full",
            "state": state,
        }
        return f"{self._url}/oauth/authorize?{urlencode(query)}"

    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        query = f"?{urlencode({'deskhours': log_id})}" if log_id else ""
        return f"{self._url}/{query}#ticket/zoom/{ticket_id}"

    async def exchange(self, code: str, redirect_uri: str) -> base.Tokens:
        return await self._token({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})

    async def refresh(self, refresh_token: str) -> base.Tokens:
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def person(self, token: str) -> base.Person:
        data = await self._calls.get(token, "/users/me")
        try:
            # Everybody may read the permissions of their own roles; customers may read most other lists, too.
            roles = {role.id: role for role in await self.roles(token)}
        except base.Denied:
            roles = {}
        held = read(lambda: [roles[number] for number in core.member(data).role_ids if number in roles])
        return read(lambda: core.person(data, is_agent=any(role.of_agents for role in held)))

    async def ticket(self, token: str, ticket_id: int, *, seconds: float) -> base.Ticket:
        data = await self._calls.api("GET", token, f"/tickets/{ticket_id}?expand=true", seconds)
        await self._learn_states(token, [data])
        return read(lambda: self._ticket(data))

    def article_url(self, ticket_id: int, article_id: int) -> str:
        return f"{self.ticket_url(ticket_id)}/{article_id}"

    async def articles(self, token: str, ticket_id: int) -> list[base.Article]:
        data = await self._calls.get(token, f"/ticket_articles/by_ticket/{ticket_id}")
        return read(lambda: sorted((core.article(item) for item in data), key=lambda item: item.id))

    async def article(self, token: str, article_id: int, *, seconds: float) -> base.Article:
        data = await self._calls.api("GET", token, f"/ticket_articles/{article_id}", seconds)
        return read(lambda: core.article(data))

    async def changed_tickets(self, token: str, since: timedelta, limit: int) -> list[base.Ticket]:
        minutes = max(1, -(-int(since.total_seconds()) // 60))
        within = {"operator": "within last (relative)", "range": "minute", "value": str(minutes)}
        return await self._search(token, {"ticket.updated_at": within}, limit)

    async def concerned_tickets(self, token: str, limit: int) -> list[base.Ticket]:
        found: dict[int, base.Ticket] = {}
        for field in (self._fields.project, self._fields.budget_hours):
            condition = {f"ticket.{field}": {"operator": "is set", "value": "true"}}
            found.update({ticket.id: ticket for ticket in await self._search(token, condition, limit)})
        return list(found.values())[:limit]

    async def existing(self, token: str, ticket_ids: Sequence[int]) -> set[int]:
        condition = {"ticket.id": {"operator": "is", "value": [str(number) for number in ticket_ids]}}
        return {ticket.id for ticket in await self._search(token, condition, len(ticket_ids))}

    async def history(self, token: str, ticket_id: int) -> base.History:
        data = await self._calls.get(token, f"/ticket_history/{ticket_id}")
        return read(lambda: core.history(data, self._fields))

    async def tags(self, token: str, ticket_id: int) -> set[str]:
        data = await self._calls.get(token, "/tags", {"object": "Ticket", "o_id": str(ticket_id)})
        return read(lambda: {str(tag) for tag in data["tags"]})

    async def linked_tickets(self, token: str, ticket_id: int) -> set[int]:
        data = await self._calls.get(token, "/links", {"link_object": "Ticket", "link_object_value": str(ticket_id)})
        return read(lambda: {int(one["link_object_value"]) for one in data["links"] if one["link_object"] == "Ticket"})

    async def write_fields(self, token: str, ticket_id: int, values: Mapping[base.Guarded, str | None]) -> base.Ticket:
        return await self._write(token, ticket_id, core.field_values(values, self._fields))

    async def assign(self, token: str, ticket_id: int, owner_id: int) -> base.Ticket:
        return await self._write(token, ticket_id, {"owner_id": owner_id})

    async def close(self, token: str, ticket_id: int) -> base.Ticket:
        return await self._write(token, ticket_id, {"state": "closed"})

    async def add_note(self, token: str, ticket_id: int, html: str) -> int:
        note = {"ticket_id": ticket_id, "body": html, "content_type": "text/html", "type": "note", "internal": True}
        return await self._article(token, note)

    def mention(self, user_id: int, name: str) -> str:
        profile = f"{self._url}/#user/profile/{user_id}"
        return f'<a href="{escape(profile)}" data-mention-user-id="{user_id}">{escape(name)}</a>'

    async def send_mail(self, token: str, ticket_id: int, to: str, subject: str, html: str) -> int:
        mail = {"ticket_id": ticket_id, "to": to, "subject": subject, "body": html, "content_type": "text/html"}
        return await self._article(token, {**mail, "type": "email", "internal": True})

    async def booked_time(self, token: str, ticket_id: int) -> list[base.AccountedTime]:
        data = await self._calls.get(token, f"/tickets/{ticket_id}/time_accountings", {"limit": "1000"})
        return read(lambda: [core.accounted(item) for item in data])

    async def book_time(self, token: str, ticket_id: int, units: Decimal) -> int:
        path = f"/tickets/{ticket_id}/time_accountings"
        data = await self._calls.api("POST", token, path, json={"time_unit": str(units)})
        return read(lambda: int(data["id"]))

    # By the booking's own address: a merge may have taken it to another ticket.
    async def correct_time(self, token: str, booking_id: int, units: Decimal) -> None:
        await self._calls.api("PUT", token, f"/time_accountings/{booking_id}", json={"time_unit": str(units)})

    async def remove_time(self, token: str, booking_id: int) -> None:
        await self._calls.api("DELETE", token, f"/time_accountings/{booking_id}")

    async def member(self, token: str, user_id: int) -> base.Member:
        data = await self._calls.get(token, f"/users/{user_id}")
        return read(lambda: core.member(data))

    async def find_member(self, token: str, name: str) -> base.Member | None:
        data = await self._calls.get(token, "/users/search", {"query": name, "limit": "50"})
        wanted = name.strip().casefold()
        found = read(lambda: [core.member(item) for item in data])
        return next((one for one in found if wanted in (one.login.casefold(), one.email.casefold())), None)

    async def members_of(self, token: str, role_id: int) -> list[base.Member]:
        found: dict[int, base.Member] = {}
        page = 1
        while True:
            query = {"query": "*", "role_ids[]": str(role_id), "limit": str(PAGE), "page": str(page)}
            data = await self._calls.get(token, "/users/search", query)
            for one in read(lambda data=data: [core.member(item) for item in data]):  # type: ignore[misc]
                found[one.id] = one
            if len(data) < PAGE:
                return [one for one in found.values() if one.active and role_id in one.role_ids]
            page += 1

    async def organisation(self, token: str, organisation_id: int) -> str:
        data = await self._calls.get(token, f"/organizations/{organisation_id}")
        return read(lambda: str(data["name"]))

    async def roles(self, token: str) -> list[base.Role]:
        data = await self._calls.get(token, "/roles", {"expand": "true"})
        return read(lambda: [core.role(item) for item in data])

    def delivery(self, headers: Mapping[str, str], body: bytes, secret: str) -> base.Delivery:
        return webhook.read(headers, body, secret)

    async def _search(self, token: str, condition: Mapping[str, Any], limit: int) -> list[base.Ticket]:
        """The tickets that a condition selects, the latest changed first. Who is changed meanwhile moves to the front,
        so a later page may show a ticket twice but leaves none out."""
        found: dict[int, base.Ticket] = {}
        page = 1
        while len(found) < limit:
            wanted = {"condition": condition, "sort_by": "updated_at", "order_by": "desc", "expand": True}
            data = await self._calls.api("POST", token, "/tickets/search", json={**wanted, "limit": PAGE, "page": page})
            await self._learn_states(token, read(lambda data=data: core.found(data)))  # type: ignore[misc]
            rows = read(lambda data=data: [self._ticket(item) for item in core.found(data)])  # type: ignore[misc]
            for row in rows:
                found.setdefault(row.id, row)
            if len(rows) < PAGE:
                break
            page += 1
        return list(found.values())[:limit]

    async def _write(self, token: str, ticket_id: int, values: Mapping[str, Any]) -> base.Ticket:
        data = await self._calls.api("PUT", token, f"/tickets/{ticket_id}?expand=true", json=values)
        await self._learn_states(token, [data])
        return read(lambda: self._ticket(data))

    async def _article(self, token: str, article: Mapping[str, Any]) -> int:
        data = await self._calls.api("POST", token, "/ticket_articles", json={"sender": "Agent", **article})
        return read(lambda: int(data["id"]))

    async def _learn_states(self, token: str, seen: Sequence[Any]) -> None:
        """Ask what the helpdesk's states come to, when there is one that is not known."""
        names = {str(item.get("state")) for item in seen if isinstance(item, dict) and item.get("state")}
        if names - set(self._kinds):
            with contextlib.suppress(base.HelpdeskError):
                found = await self._calls.get(token, "/ticket_states", {"expand": "true"})
                self._kinds = read(lambda: core.state_kinds(found))

    def _ticket(self, data: Mapping[str, Any]) -> base.Ticket:
        return core.ticket(data, self._fields, self._kinds)

    async def _token(self, form: dict[str, str]) -> base.Tokens:
        form = {**form, "client_id": self._client_id, "client_secret": self._client_secret}
        status, body = await self._calls.send("POST", "/oauth/token", CALL_SECONDS, data=form)
        data = core.check_token_reply(status, body)
        return read(
            lambda: base.Tokens(
                access=str(data["access_token"]),
                refresh=str(data.get("refresh_token") or ""),
                expires_in=int(data.get("expires_in") or 7200),
            )
        )
