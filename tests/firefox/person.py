"""What a person does with the panel in Firefox."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.extension.stub import Stub
from tests.support import firefox
from tests.support.demo import Demo
from tests.support.firefox import Firefox
from tests.support.tab import Tab

PANEL = '.content.active [data-deskhours="panel"]'
"""The panel of the ticket that is shown."""
BODY = '.content.active .js-textarea[data-name="body"]'


async def sign_in(fox: Firefox, demo: Demo, email: str, ticket: int) -> Tab:
    """Sign in to the demo helpdesk and open a ticket."""
    tab = await fox.open(f"{demo.helpdesk}/#ticket/zoom/{ticket}")
    await tab.size(1280, 900)
    await tab.fill("[name=email]", value=email)
    await tab.fill("[name=password]", value="demo")
    await tab.click("button[type=submit]")
    await tab.until(f"#content_permanent_Ticket-{ticket}.active .article-new")
    return tab


async def connect(fox: Firefox, tab: Tab, email: str) -> None:
    """Press Connect and go through the pages of the window that opens, until it closes."""
    await fox.consent(await fox.window_of(tab, PANEL, "[data-action=connect]"), email)
    await state(tab, "idle")


async def state(tab: Tab, name: str) -> None:
    """Wait until the panel is in this state."""
    await tab.until(PANEL, holds=f"it.dataset.state === '{name}'")


async def fill(tab: Tab, hours: str, notes: str = "") -> None:
    """Tick the box and fill in the form."""
    await tab.click(PANEL, "[name=log_time]:not(:checked)")
    await tab.fill(PANEL, "[name=hours]", value=hours)
    if notes:
        await tab.fill(PANEL, "[name=notes]", value=notes)


async def reply(tab: Tab, text: str) -> None:
    """Write a reply and send it."""
    await tab.click(BODY)
    await tab.type(text)
    await tab.click(".content.active .js-submit")


@dataclass
class Desk:
    """One start of Firefox on a page of our own; an async context."""

    stub: Stub
    helpdesk: str
    executable: Path
    package: Path
    profile: Path
    fox: Firefox = field(init=False)
    _open: AsyncExitStack = field(init=False, default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        known = self.profile.exists()
        self.fox = await self._open.enter_async_context(firefox.running(self.executable, self.profile))
        if not known:
            await self.fox.install(self.package)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def ticket(self, ticket: int = 1) -> Tab:
        """A tab with a ticket, whose panel has been shown."""
        tab = await self.fox.open(f"{self.helpdesk}/#ticket/zoom/{ticket}")
        await tab.until(PANEL, holds="it.dataset.state")
        return tab

    async def connected(self, ticket: int = 1) -> Tab:
        """The same, connected."""
        tab = await self.ticket(ticket)
        await tab.click(PANEL, "[data-action=connect]")
        await state(tab, "idle")
        return tab
