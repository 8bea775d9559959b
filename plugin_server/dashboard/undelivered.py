"""Alerts that did not get through, tried again from the dashboard."""

from __future__ import annotations

from uuid import UUID

from plugin_server.alerts.sending import store as alerts_store
from plugin_server.alerts.sending.service import Deliveries
from plugin_server.dashboard.board import Boards
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, NotFound
from plugin_server.runtime.i18n import gettext as _


class Undelivered:
    """What a manager may do about them."""

    def __init__(self, pool: Pool, boards: Boards, deliveries: Deliveries) -> None:
        self._pool = pool
        self._boards = boards
        self._deliveries = deliveries

    async def retry(self, caller: Caller, delivery_id: str) -> None:
        """Try one again at once. Raises :class:`NotFound` for one that the caller does not see, :class:`Forbidden` for
        who manages no budgets, :class:`Conflict` for one that has got through."""
        board = await self._boards.read(caller)
        if not board.viewer.may_manage:
            raise Forbidden(_("Only project managers and administrators may have alerts sent again."))
        try:
            number = UUID(delivery_id)
        except ValueError:
            raise NotFound(_("There is no such alert.")) from None
        there, ticket_id = await alerts_store.ticket_of(self._pool, number)
        if not there or (ticket_id is not None and ticket_id not in board.rows):
            raise NotFound(_("There is no such alert."))
        if not await self._deliveries.retry(number):
            raise Conflict(_("This alert has got through meanwhile."))
