"""HTTP of tickets: the helpdesk's webhook, answers to changed links, *Assign here*."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.api import Answer, Call, PanelView, Route
from plugin_server.runtime.errors import NotFound, Problem, Unauthenticated
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.intake import Intake
from plugin_server.tickets.links import store as links_store
from plugin_server.tickets.links.service import Links

WEBHOOK = "/hooks/helpdesk"
"""Where the helpdesk's webhook calls."""

_logger = log.get(__name__)


MAXIMUM_PAYLOAD = 8 * 1024 * 1024
"""Largest webhook payload taken, in bytes; it carries a whole article."""


class MovedOut(BaseModel):
    """It is decided."""

    ticket_id: int
    done: bool = True


class TicketRoutes:
    """Handlers of the tickets feature. One of the ``secrets`` signs the webhook's calls (two while it is changed);
    without any there is no webhook."""

    def __init__(self, intake: Intake, links: Links, helpdesk: Helpdesk, secrets: Sequence[str]) -> None:
        self._intake = intake
        self._links = links
        self._helpdesk = helpdesk
        self._secrets = secrets

    def pages(self) -> list[web.RouteDef]:
        """What is no part of the API."""
        return [web.post(WEBHOOK, self.take)]

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 409, 503)
        change = r"/api/v1/link-changes/{change_id:\d{1,15}}"
        answers: tuple[tuple[links_store.Answer, str], ...] = (
            ("move", "After a ticket's project was changed: move the entries that name it to the new one, in Harvest"),
            ("keep", "After a ticket's project was changed: it was right until then, its entries go on counting"),
            ("leave", "After a ticket's project was changed: do nothing about its entries"),
        )
        return [
            *(
                Route("POST", f"{change}/{name}", self._answer(name), summary, answer=MovedOut, refusals=refusals)
                for name, summary in answers
            ),
            Route(
                "POST",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/entries/{entry_id:\d{1,18}}",
                self.assign,
                "Assign here: count a time entry that names no ticket for this one",
                answer=MovedOut,
                refusals=refusals,
            ),
        ]

    def _answer(self, chosen: links_store.Answer) -> Any:
        async def handle(call: Call[Any]) -> Answer:
            ticket_id = await self._links.answer(call.caller, call.path_int("change_id"), chosen)
            return Answer(MovedOut(ticket_id=ticket_id), panel=PanelView(ticket_id))

        return handle

    async def assign(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        await self._links.assign(call.caller, call.path_int("entry_id"), ticket_id)
        return Answer(MovedOut(ticket_id=ticket_id), panel=PanelView(ticket_id))

    async def take(self, request: web.Request) -> web.Response:
        """A call says only that a ticket changed; what it is now is read as the service user."""
        if not self._secrets:
            raise NotFound(_("No webhook is set up: the manifest names no helpdesk.webhook_secret."))
        body = b""
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAXIMUM_PAYLOAD:
                raise Problem(_("The payload is too large."), code="too_large", status=413)
        try:
            delivery = self._read(request.headers, body)
        except base.Unauthorized as error:
            _logger.warning("webhook refused", reason=str(error))
            raise Unauthenticated(str(error)) from None
        except base.HelpdeskError as error:
            raise Problem(str(error), code="bad_payload", status=422) from None
        taken = await self._intake.deliver(delivery)
        _logger.info("webhook taken", ticket=delivery.ticket_id, delivery=delivery.id, again=not taken)
        return web.Response(status=204)

    def _read(self, headers: Mapping[str, str], body: bytes) -> base.Delivery:
        *earlier, last = self._secrets
        for secret in earlier:
            with contextlib.suppress(base.Unauthorized):
                return self._helpdesk.delivery(headers, body, secret)
        return self._helpdesk.delivery(headers, body, last)
