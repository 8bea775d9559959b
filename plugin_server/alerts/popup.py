"""Which alerts a person wants to hear, in the popup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugin_server.alerts import store
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates


@dataclass(frozen=True)
class _Wish:
    channel: str
    wanted: bool


class AlertSection:
    """A switch for each of the ``channels`` that the manifest has and that is a person's own to turn off."""

    def __init__(self, pool: Pool, channels: Sequence[str], templates: Templates) -> None:
        self._pool = pool
        self._channels = channels
        self._templates = templates

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None or not self._channels:
            return PopupPart()
        person = (await store.people(self._pool, [caller.helpdesk_user_id]))[caller.helpdesk_user_id]
        wants = {"email": person.email, "desktop": person.desktop}
        wishes = [_Wish(channel, wants[channel]) for channel in self._channels]
        html = self._templates.render("alerts/popup.html", request.lang, wishes=wishes)
        data = {"alerts": {wish.channel: wish.wanted for wish in wishes}}
        return PopupPart(tail=(Region("alerts", html),), data=data)
