"""What a feature shows in the toolbar's popup: the same bargain as the panel's sections, without a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.section import Region


@dataclass(frozen=True)
class PopupRequest:
    """Who looks, in which language, and which ticket the browser shows. Without a caller something has failed before it
    was known who it is: then only sections that need none have something to say."""

    caller: Caller | None
    lang: str
    ticket_id: int | None = None


@dataclass(frozen=True)
class PopupPart:
    """A section's part: what stands at the top, below all of those, and at the bottom. ``state`` and ``poll`` (seconds
    until the popup asks again) are ``None`` where the section has no say; ``data`` is its part of the JSON form."""

    head: tuple[Region, ...] = ()
    body: tuple[Region, ...] = ()
    tail: tuple[Region, ...] = ()
    state: str | None = None
    poll: float | None = None
    data: Mapping[str, object] = field(default_factory=dict)


class PopupSection(Protocol):
    """One feature's part of the popup."""

    async def popup(self, request: PopupRequest) -> PopupPart: ...


def moment(at: datetime, now: datetime, zone: ZoneInfo | None) -> str:
    """An instant in a person's zone, as short as it is clear: ``10:42``, or with its day when that is another one.
    Without a zone in UTC, and it says so."""
    read = zone or UTC
    same_day = at.astimezone(read).date() == now.astimezone(read).date()
    text = i18n.clock_time(at, read) if same_day else i18n.moment(at, read)
    return text if zone else f"{text} UTC"
