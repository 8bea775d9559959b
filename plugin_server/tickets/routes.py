"""HTTP of tickets: the helpdesk's webhook."""

from __future__ import annotations

from aiohttp import web

from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.errors import NotFound, Problem, Unauthenticated
from plugin_server.tickets.intake import Intake

WEBHOOK = "/hooks/helpdesk"
"""Where the helpdesk's webhook calls."""

_logger = log.get(__name__)


class TicketRoutes:
    """Handlers of the tickets feature. ``secret`` signs the webhook's calls; without one there is no webhook."""

    def __init__(self, intake: Intake, helpdesk: Helpdesk, secret: str | None) -> None:
        self._intake = intake
        self._helpdesk = helpdesk
        self._secret = secret

    def pages(self) -> list[web.RouteDef]:
        """What is no part of the API."""
        return [web.post(WEBHOOK, self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """A call says only that a ticket changed; what it is now is read as the service user."""
        if self._secret is None:
            raise NotFound("No webhook is set up: the manifest names no helpdesk.webhook_secret.")
        body = await request.read()
        try:
            delivery = self._helpdesk.delivery(request.headers, body, self._secret)
        except base.Unauthorized as error:
            _logger.warning("webhook refused", reason=str(error))
            raise Unauthenticated(str(error)) from None
        except base.HelpdeskError as error:
            raise Problem(str(error), code="bad_payload", status=422) from None
        taken = await self._intake.deliver(delivery)
        _logger.info("webhook taken", ticket=delivery.ticket_id, delivery=delivery.id, again=not taken)
        return web.Response(status=204)
