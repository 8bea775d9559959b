"""HTTP of alerts: what a browser shows, and what a person wants to hear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from plugin_server.alerts.desktop import Desktop
from plugin_server.runtime.api import Answer, Call, Route

_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


class NotificationOut(BaseModel):
    """A notification for the caller's desktop."""

    id: UUID
    title: str
    message: str
    url: str = Field(description="The ticket's page in the helpdesk.")


class NotificationsOut(BaseModel):
    """What is to be shown now."""

    items: list[NotificationOut]


class AlertRoutes:
    """Handlers of the alerts feature."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "POST",
                "/api/v1/alerts/take",
                self.take_alerts,
                "Fetch the notifications that wait for the caller's desktop",
                answer=NotificationsOut,
                refusals=(401,),
                description="Each is handed to one browser. One that has not said within two minutes that it was shown"
                " is handed out again.",
            ),
            Route(
                "POST",
                rf"/api/v1/alerts/{{alert_id:{_UUID}}}/shown",
                self.note_alert_shown,
                "Say that a notification was shown",
                success={204: "Noted"},
                refusals=(401,),
            ),
            Route(
                "POST",
                "/api/v1/alerts/{channel:email|desktop}/{wanted:on|off}",
                self.want_alerts,
                "Say whether the caller wants alerts by e-mail, or on the desktop",
                success={204: "Noted"},
                refusals=(401,),
            ),
        ]

    async def take_alerts(self, call: Call[Any]) -> Answer:
        found = await self._desktop.take(call.caller, call.lang)
        items = [NotificationOut(id=one.id, title=one.title, message=one.message, url=one.url) for one in found]
        return Answer(NotificationsOut(items=items))

    async def note_alert_shown(self, call: Call[Any]) -> Answer:
        await self._desktop.shown(call.caller, UUID(call.request.match_info["alert_id"]))
        return Answer(None, status=204)

    async def want_alerts(self, call: Call[Any]) -> Answer:
        place = call.request.match_info
        await self._desktop.want(call.caller, place["channel"], wanted=place["wanted"] == "on")
        return Answer(None, status=204)
