"""A Chromium with a stamped copy of the extension, a helpdesk page of our own and a server that keeps the contract."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import BrowserContext, Locator, Page, Playwright

from plugin_server.extension import stamp
from tests.support.shared import SharedChromium

from .stub import Stub

HERE = Path(__file__).parent
EXTENSION = HERE.parents[1] / "extension"
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    FLAGS.append("--no-sandbox")


@dataclass
class Desk:
    """What a test of the whole extension has in its hands."""

    stub: Stub
    server: str
    helpdesk: str
    chromium: Path
    folder: Path
    playwright: Playwright
    context: BrowserContext = field(init=False)
    extension_id: str = field(init=False)

    async def start(self, *flags: str) -> None:
        """Starts the browser with the extension; again with the same profile after the context was closed."""
        extension = self.folder / "extension"
        self.context = await self.playwright.chromium.launch_persistent_context(
            self.folder / "profile",
            executable_path=self.chromium,
            headless=True,
            args=[*FLAGS, *flags, f"--disable-extensions-except={extension}", f"--load-extension={extension}"],
            ignore_default_args=["--disable-extensions"],
        )
        self.context.set_default_timeout(30_000)
        workers = self.context.service_workers
        worker = workers[0] if workers else await self.context.wait_for_event("serviceworker")
        self.extension_id = worker.url.split("/")[2]

    async def open(self, ticket: int = 1) -> Page:
        page = await self.context.new_page()
        await page.goto(f"{self.helpdesk}/#ticket/zoom/{ticket}")
        return page

    async def open_connected(self, ticket: int = 1) -> Page:
        page = await self.open(ticket)
        await panel_of(page).locator('[data-action="connect"]').click()
        await page.locator('[data-deskhours="panel"][data-state="idle"]').wait_for()
        return page

    async def popup(self) -> Page:
        page = await self.context.new_page()
        await page.goto(f"chrome-extension://{self.extension_id}/popup/popup.html")
        return page


def panel_of(page: Page, state: str = "") -> Locator:
    return page.locator('[data-deskhours="panel"]' + (f'[data-state="{state}"]' if state else ""))


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest_asyncio.fixture(loop_scope="session")
async def server(stub: Stub) -> AsyncIterator[str]:
    async with TestServer(stub.app()) as running:
        yield str(running.make_url("")).rstrip("/")


@pytest_asyncio.fixture(loop_scope="session")
async def helpdesk() -> AsyncIterator[str]:
    """The helpdesk's page, and the extension's modules beside it for tests of one module alone."""
    app = web.Application()

    async def page(request: web.Request) -> web.Response:
        text = (HERE / "helpdesk.html").read_text(encoding="utf-8")
        # As after an update of the helpdesk: it works as before, but a name is another one.
        renamed = request.query.get("renamed")
        return web.Response(text=text.replace(renamed, "other") if renamed else text, content_type="text/html")

    app.router.add_get("/", page)
    app.router.add_static("/extension", EXTENSION)
    async with TestServer(app) as running:
        yield str(running.make_url("")).rstrip("/")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(
    request: pytest.FixtureRequest,
    stub: Stub,
    server: str,
    helpdesk: str,
    chromium: SharedChromium,
    chromium_path: Path,
    tmp_path: Path,
) -> AsyncIterator[Desk]:
    """In the shared browser; in one of its own for tests marked `own_profile`, which end it and start it again."""
    extension = tmp_path / "extension"
    stamp.unpack(stamp.Stamp(server, helpdesk, "zammad", "Deskhours"), extension)
    made = Desk(stub, server, helpdesk, chromium_path, tmp_path, chromium.playwright)
    if request.node.get_closest_marker("own_profile"):
        await made.start()
        yield made
        await made.context.close()
    else:
        made.context, made.extension_id = chromium.context, await chromium.install(extension)
        yield made
        await chromium.clear(helpdesk)


@pytest_asyncio.fixture(loop_scope="session")
async def blank(helpdesk: str, chromium: SharedChromium) -> AsyncIterator[Page]:
    """A page that can import the extension's modules, without the extension."""
    page = await chromium.context.new_page()
    await page.goto(helpdesk)
    yield page
    await chromium.clear(helpdesk)
