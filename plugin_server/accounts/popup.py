"""Who is connected, in the popup."""

from __future__ import annotations

from pydantic import BaseModel, Field

from plugin_server.accounts import store
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates


class AgentOut(BaseModel):
    """An agent."""

    id: int = Field(description="Deskhours' own id of the agent; it stays when name or address change.")
    helpdesk_user_id: int
    name: str
    email: str
    harvest_connected: bool = Field(description="Whether a Harvest account is connected.")

    @classmethod
    def of(cls, agent: store.Agent) -> AgentOut:
        return cls(
            id=agent.id,
            helpdesk_user_id=agent.helpdesk_user_id,
            name=agent.name,
            email=agent.email,
            harvest_connected=agent.harvest_user_id is not None,
        )

    @classmethod
    def of_caller(cls, caller: Caller) -> AgentOut:
        return cls(
            id=caller.agent_id,
            helpdesk_user_id=caller.helpdesk_user_id,
            name=caller.name,
            email=caller.email,
            harvest_connected=caller.harvest_user_id is not None,
        )


class AccountSection:
    """The agent, and what of the sign-in is left to do."""

    def __init__(self, pool: Pool, templates: Templates) -> None:
        self._pool = pool
        self._templates = templates

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None:
            return PopupPart()
        state = "connected" if caller.harvest_user_id is not None else "identified"
        helpdesk = await store.token(self._pool, caller.agent_id, "helpdesk")
        if helpdesk is None or helpdesk.broken_at is not None:
            state = "lapsed"
        html = self._templates.render("accounts/popup.html", request.lang, state=state, agent=caller)
        return PopupPart(head=(Region("who", html),), state=state)
