"""The popup: composed of what the features' sections contribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from plugin_server.accounts.popup import AgentOut
from plugin_server.panel.compose import first
from plugin_server.runtime.api import Answer, Call, Route
from plugin_server.runtime.errors import Problem
from plugin_server.runtime.popup import PopupPart, PopupRequest, PopupSection
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates

PATH = "/api/v1/me"

POLL = 5.0
"""Seconds until an open popup asks again."""


class MeOut(AgentOut):
    """Who is signed in, and what the popup shows."""

    details: dict[str, Any] = Field(
        description="The agent's hours, gaps, timers, logs under way, last tickets; the health of every part."
    )


class Popup:
    """Composes the popup from its sections, in the order given."""

    def __init__(self, sections: Sequence[PopupSection], templates: Templates) -> None:
        self._sections = sections
        self._templates = templates

    def api(self) -> list[Route]:
        """The API's operation."""
        return [
            Route(
                "GET",
                PATH,
                self.read_me,
                "Who is signed in, what of theirs is under way, and whether all parts are well",
                answer=MeOut,
                refusals=(401, 503),
                query={
                    "ticket": "The id of the ticket that the browser shows: the popup offers to start a timer there."
                },
            )
        ]

    async def read_me(self, call: Call[Any]) -> Answer:
        shown = call.request.query.get("ticket", "")
        ticket_id = int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 15 else None
        parts = await self._ask(PopupRequest(call.caller, call.lang, ticket_id or None))
        details = {name: value for part in parts for name, value in part.data.items()}
        out = MeOut(**AgentOut.of_caller(call.caller).model_dump(), details=details)
        return Answer(out, html=self._compose(parts, call.lang, "error"))

    async def problem(self, problem: Problem, lang: str) -> str:
        """The popup when there is none to compose: nobody is signed in, or something is away."""
        if problem.status == 401:
            connect = Region("who", self._templates.render("panel/popup_connect.html", lang))
            return self._compose([PopupPart(head=(connect,))], lang, "disconnected")
        words = Region("alert", self._templates.render("panel/popup_problem.html", lang, message=problem.message))
        parts = await self._ask(PopupRequest(None, lang)) if problem.status >= 500 else []
        return self._compose([PopupPart(head=(words,)), *parts], lang, "error")

    async def _ask(self, request: PopupRequest) -> list[PopupPart]:
        return [await section.popup(request) for section in self._sections]

    def _compose(self, parts: Sequence[PopupPart], lang: str, fallback: str) -> str:
        places = ([*part.head] for part in parts), ([*part.body] for part in parts), ([*part.tail] for part in parts)
        return self._templates.render(
            "panel/popup.html",
            lang,
            state=first(part.state for part in parts) or fallback,
            poll=min([part.poll for part in parts if part.poll is not None], default=POLL),
            regions=[region for place in places for regions in place for region in regions],
        )
