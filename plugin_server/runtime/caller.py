"""Who is calling: the signed-in agent of one request."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Caller:
    """A signed-in agent.

    ``harvest_user_id`` is ``None`` for a person the helpdesk knows but who has no Harvest account connected (a project
    manager needs none). ``zone`` is the person's Harvest time zone: "today" is a day there.
    """

    agent_id: int
    session_id: UUID
    name: str
    email: str
    helpdesk_user_id: int
    harvest_user_id: int | None
    zone: ZoneInfo
