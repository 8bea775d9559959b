"""Where is my entry? in the panel: a quiet disclosure whose content is read when it is opened."""

from __future__ import annotations

from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates


class ExplainSection:
    """Offers the diagnosis; it costs a panel nothing."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def render(self, request: PanelRequest) -> Contribution:
        html = self._templates.render("explain/section.html", request.lang, ticket_id=request.ticket_id)
        return Contribution(regions=(Region("explain", html),))
