"""Alerts and notices that did not get through, tried again from the dashboard."""

from __future__ import annotations

from uuid import UUID

from plugin_server.alerts.sending import store as alerts_store
from plugin_server.alerts.sending.service import Deliveries
from plugin_server.budgets.notices import store as notices_store
from plugin_server.dashboard.board import Board, Boards
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, NotFound
from plugin_server.runtime.i18n import gettext as _


class Undelivered:
    """What who manages may do about them."""

    def __init__(self, pool: Pool, boards: Boards, deliveries: Deliveries, clock: Clock) -> None:
        self._pool = pool
        self._boards = boards
        self._deliveries = deliveries
        self._clock = clock

    async def retry_alert(self, caller: Caller, delivery_id: str) -> None:
        """Send an alert again at once. Raises :class:`NotFound` for one that the caller does not see,
        :class:`Forbidden` for who manages no budgets, :class:`Conflict` for one that has got through."""
        board = await self._board(caller)
        number = _number(delivery_id)
        there, ticket_id = await alerts_store.ticket_of(self._pool, number)
        if not there or (ticket_id is not None and ticket_id not in board.rows):
            raise NotFound(_("There is no such alert."))
        if not await self._deliveries.retry(number):
            raise Conflict(_("This alert has got through meanwhile."))

    async def retry_notice(self, caller: Caller, notice_id: str) -> None:
        """Write a notice into its ticket again. Raises as :meth:`retry_alert`."""
        board = await self._board(caller)
        number = _number(notice_id)
        if await notices_store.ticket_of(self._pool, number) not in board.rows:
            raise NotFound(_("There is no such notice."))
        if not await notices_store.retry(self._pool, number, self._clock.now()):
            raise Conflict(_("This notice is on its way, or stands in the ticket by now."))

    async def _board(self, caller: Caller) -> Board:
        board = await self._boards.read(caller)
        if not board.viewer.may_manage:
            raise Forbidden(_("Only project managers and administrators may have this sent again."))
        return board


def _number(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is no such alert.")) from None
