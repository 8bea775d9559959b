"""One HTTP call to Zammad: its time limit, its headers, and what every kind of failure means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import aiohttp

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core
from plugin_server.runtime import metrics
from plugin_server.runtime.i18n import later

Result = TypeVar("Result")

CALL_SECONDS = 10.0
"""Time limit of a call that nobody waits for in front of a page."""


class Calls:
    """Calls one Zammad as whose token is given."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def get(self, token: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path of the API."""
        return await self.api("GET", token, path, params=query)

    async def api(self, method: str, token: str, path: str, seconds: float = CALL_SECONDS, **options: Any) -> Any:
        """A call of the API; raises :class:`~plugin_server.helpdesk.base.HelpdeskError`."""
        headers = {"Authorization": f"Bearer {token}"}
        return core.check(*await self.send(method, f"/api/v1{path}", seconds, headers=headers, **options))

    async def send(self, method: str, path: str, seconds: float, **options: Any) -> tuple[int, bytes]:
        """Status and body; raises :class:`~plugin_server.helpdesk.base.Unreachable` when there is no answer."""
        options["headers"] = {"Accept": "application/json", **options.get("headers", {})}
        try:
            with metrics.calling("helpdesk", method, path) as called:
                async with self._session.request(
                    method,
                    f"{self.url}{path}",
                    timeout=aiohttp.ClientTimeout(total=seconds),
                    allow_redirects=False,
                    **options,
                ) as response:
                    called.status = response.status
                    return response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise base.Unreachable(
                later("Zammad did not answer: {reason}").format(reason=error or type(error).__name__)
            ) from error


def read(convert: Callable[[], Result]) -> Result:
    """Turn Zammad's answer into ours; one of another shape is no answer."""
    try:
        return convert()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise base.Unreachable(later("Zammad's answer can't be read: {reason}").format(reason=repr(error))) from error
