"""What a handler is given: the server's parts, and one API call with its open transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from plugin_server.demo.harvest.access import Viewer
from plugin_server.demo.harvest.clock import Clock
from plugin_server.demo.harvest.errors import not_found
from plugin_server.demo.harvest.faults import Faults
from plugin_server.demo.harvest.fields import BIGGEST, Query
from plugin_server.demo.harvest.ratelimit import Limiter
from plugin_server.demo.harvest.settings import Settings

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection, Pool, Row


@dataclass
class Server:
    """The parts that live as long as the process."""

    settings: Settings
    pool: Pool
    account_id: int
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    limiter: Limiter | None = None
    work: set[asyncio.Task[web.StreamResponse]] = field(default_factory=set)


SERVER: web.AppKey[Server] = web.AppKey("SERVER")


@dataclass
class Call:
    """One authenticated API call; everything in it happens in one transaction."""

    server: Server
    request: web.Request
    conn: Connection
    viewer: Viewer
    company: Row
    body: Mapping[str, object]
    now: datetime

    @property
    def query(self) -> Query:
        """The parameters of a list."""
        return Query(self.request.query)

    def path_id(self, name: str = "id") -> int:
        """An id in the path; what cannot be an id is not found."""
        text = self.request.match_info[name]
        if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > BIGGEST:
            raise not_found()
        return int(text)


Handler: TypeAlias = Callable[[Call], Awaitable[web.Response]]
