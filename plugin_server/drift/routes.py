"""HTTP of the browsers' reports."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plugin_server.drift import store
from plugin_server.drift.rules import EXPECTED, MOST_FOUND, PART, VERSION, Report
from plugin_server.runtime.api import Answer, Call, Route
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool


class DriftIn(BaseModel):
    """A part of the helpdesk's page that is not there as often as the extension expects."""

    model_config = ConfigDict(extra="forbid")

    site: Literal["zammad", "osticket"] = Field(description="The kind of helpdesk.")
    part: str = Field(pattern=PART, description="The part's name in the extension's declaration of the site.")
    expected: str = Field(pattern=EXPECTED, description="How often it should stand in a ticket: `1`, or `1-50`.")
    found: int = Field(ge=0, le=MOST_FOUND, description="How often it does.")
    extension: str = Field(pattern=VERSION, description="The extension's version.")


class DriftRoutes:
    """Handlers of the drift feature."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "POST",
                "/api/v1/drift",
                self.report,
                "Tell that the helpdesk's page is not as the extension expects it; counted, of nobody and no ticket",
                body=DriftIn,
                success={204: "Counted"},
                refusals=(401,),
            )
        ]

    async def report(self, call: Call[DriftIn]) -> Answer:
        await store.count(self._pool, Report(**call.body.model_dump()), self._clock.now())
        return Answer(None)
