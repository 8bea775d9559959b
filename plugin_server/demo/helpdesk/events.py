"""What has happened to a ticket, told after the commit; triggers listen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class TicketSaved:
    """A ticket was created or changed, or got an article. ``changes`` maps attribute to (old, new).

    ``by_trigger``: a trigger did it, which sets off no further ones; ``quiet``: nobody is to be notified.
    """

    ticket_id: int
    action: str
    user_id: int
    article_id: int | None
    changes: dict[str, tuple[object, object]]
    by_trigger: bool = False
    quiet: bool = False


Listener = Callable[[web.Application, TicketSaved], Awaitable[None]]
LISTENERS: web.AppKey[list[Listener]] = web.AppKey("listeners", list)


async def emit(app: web.Application, event: TicketSaved) -> None:
    """Tell every listener, in order."""
    for listener in app[LISTENERS]:
        await listener(app, event)
