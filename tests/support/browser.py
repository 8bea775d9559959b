"""A real Chromium with the real extension, driven as a person would."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, Locator, Page, ViewportSize, async_playwright, expect

from tests.support.demo import Demo

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}


@dataclass
class Browser:
    """One person's browser on a running demo."""

    context: BrowserContext
    demo: Demo
    extension_id: str

    async def sign_in(self, email: str, ticket: int) -> Page:
        """Sign in to the helpdesk and open a ticket."""
        page = await self.context.new_page()
        await page.goto(f"{self.demo.helpdesk}/#ticket/zoom/{ticket}")
        await page.fill("[name=email]", email)
        await page.fill("[name=password]", "demo")
        await page.click("button[type=submit]")
        await expect(page.locator(f".content.active#content_permanent_Ticket-{ticket}")).to_be_visible()
        return page

    async def open_ticket(self, page: Page, ticket: int) -> None:
        """Go to another ticket in the same page."""
        await page.evaluate("ticket => { location.hash = `#ticket/zoom/${ticket}` }", ticket)
        await expect(page.locator(f".content.active#content_permanent_Ticket-{ticket}")).to_be_visible()

    async def connect(self, page: Page, email: str) -> None:
        """Click Connect in the panel and go through the helpdesk's and Harvest's pages in the window that opens."""
        async with self.context.expect_page() as opening:
            await panel(page).locator("[data-action=connect]").click()
        await self.consent(await opening.value, email)
        await expect(panel(page)).to_have_attribute("data-state", "idle", timeout=30_000)

    async def consent(self, window: Page, email: str) -> None:
        """Fill whatever form the window shows and submit it, until it closes by itself."""
        closed = False

        def note(_page: Page) -> None:
            nonlocal closed
            closed = True

        window.on("close", note)
        while not closed:
            # The window may close, or go on to the next page, between any two of these steps.
            with contextlib.suppress(Exception):
                await window.wait_for_selector("button[type=submit]", timeout=2_000)
                if await window.locator("[name=email]").count():
                    await window.fill("[name=email]", email, timeout=1_000)
                    await window.fill("[name=password]", "demo", timeout=1_000)
                await window.click("button[type=submit]", timeout=1_000)


@contextlib.asynccontextmanager
async def browser(demo: Demo, executable: Path, *, headless: bool = True) -> AsyncIterator[Browser]:
    """A fresh profile with the extension; closed at the end."""
    with tempfile.TemporaryDirectory(prefix="deskhours-browser-") as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=executable,
                headless=headless,
                args=[
                    *FLAGS,
                    f"--disable-extensions-except={demo.extension}",
                    f"--load-extension={demo.extension}",
                ],
                ignore_default_args=["--disable-extensions"],
                viewport=VIEWPORT,
            )
            context.set_default_timeout(30_000)
            workers = context.service_workers or [await context.wait_for_event("serviceworker")]
            yield Browser(context, demo, workers[0].url.split("/")[2])
            await context.close()


def panel(page: Page) -> Locator:
    """The panel of the ticket that is shown."""
    return page.locator('.content.active [data-deskhours="panel"]')


def field(page: Page, name: str) -> Locator:
    """A control of the panel by its name."""
    return panel(page).locator(f"[name={name}]")


async def write_reply(page: Page, text: str) -> None:
    """Type a reply or note into the composer."""
    await page.locator('.content.active .js-textarea[data-name="body"]').click()
    await page.keyboard.type(text)


async def submit(page: Page) -> None:
    """Click Update."""
    await page.locator(".content.active .js-submit").click()
