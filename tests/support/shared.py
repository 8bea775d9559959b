"""One Chromium for all tests of a worker: starting it takes longer than many a test, and making it as new does not."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, CDPSession, Page, Playwright, async_playwright

from tests.support.browser import FLAGS, VIEWPORT, Browser
from tests.support.demo import Demo

# Installing and removing an extension is a command of the browser itself, and it has to be asked to obey.
_OBEY = "--enable-unsafe-extension-debugging"


@dataclass
class SharedChromium:
    """The browser, with one profile: `install` an extension before a test, `clear` everything after it.

    `playwright` is the driver, for tests that need a browser of their own. All of it lives in the session's event loop:
    whoever uses it is marked ``asyncio(loop_scope="session")``.
    """

    playwright: Playwright
    context: BrowserContext
    _first: Page
    _here: CDPSession
    _whole: CDPSession
    _extension: str = ""

    async def install(self, folder: Path) -> str:
        """Install the unpacked extension, once its worker runs; its id."""
        async with self.context.expect_event("serviceworker"):
            self._extension = (await self._whole.send("Extensions.loadUnpacked", {"path": str(folder)}))["id"]
        return self._extension

    async def clear(self, *origins: str) -> None:
        """As a browser just started on an empty profile: pages, cookies and cache are gone, with the extension and all
        that it has stored, and what the pages of these origins have stored."""
        for page in self.context.pages:
            if page != self._first:
                await page.close()
        await self.context.clear_cookies()
        await self._here.send("Network.clearBrowserCache")
        await self._uninstall()
        for origin in origins:
            await self._empty(origin)

    async def _uninstall(self) -> None:
        extension, self._extension = self._extension, ""
        if not extension:
            return
        async with asyncio.timeout(10), asyncio.TaskGroup() as ending:
            for worker in self.context.service_workers:
                ended = asyncio.Event()
                worker.once("close", lambda _worker, ended=ended: ended.set())
                ending.create_task(ended.wait())
            await self._whole.send("Extensions.uninstall", {"id": extension})
        await self._empty(f"chrome-extension://{extension}")

    async def _empty(self, origin: str) -> None:
        await self._here.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})


@contextlib.asynccontextmanager
async def shared_chromium(executable: Path) -> AsyncIterator[SharedChromium]:
    """Start it; closed at the end."""
    with tempfile.TemporaryDirectory(prefix="deskhours-browser-", ignore_cleanup_errors=True) as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=executable,
                headless=True,
                args=[*FLAGS, _OBEY],
                ignore_default_args=["--disable-extensions"],
                viewport=VIEWPORT,
            )
            context.set_default_timeout(30_000)
            browser, first = context.browser, context.pages[0]
            assert browser is not None
            here, whole = await context.new_cdp_session(first), await browser.new_browser_cdp_session()
            yield SharedChromium(playwright, context, first, here, whole)
            await context.close()


@contextlib.asynccontextmanager
async def shared_browser(demo: Demo, chromium: SharedChromium) -> AsyncIterator[Browser]:
    """The shared one as one person's on a running demo; cleared at the end."""
    yield Browser(chromium.context, demo, await chromium.install(demo.extension))
    await chromium.clear(demo.helpdesk, demo.url, demo.harvest)
