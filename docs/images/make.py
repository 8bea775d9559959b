"""Makes the README's screenshot from a fresh demo: `.venv/bin/python docs/images/make.py`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from playwright.async_api import Page  # noqa: E402

from tests.support import chromium  # noqa: E402
from tests.support.browser import browser, field, write_reply  # noqa: E402
from tests.support.demo import Demo  # noqa: E402

AGENT = "ada@example.com"


async def shoot(demo: Demo, executable: Path) -> None:
    """Walk the first path up to the moment before Update."""
    async with browser(demo, executable) as chrome:
        page = await chrome.sign_in(AGENT, 2)
        await page.set_viewport_size({"width": 1280, "height": 900})
        await chrome.connect(page, AGENT)
        await _reply(page)
        await page.screenshot(path=HERE / "panel.png")


async def _reply(page: Page) -> None:
    await page.locator(".content.active .js-selectedArticleType").click()
    await page.locator('.content.active .js-articleTypeItem[data-value="email"]').click()
    await field(page, "log_time").check()
    await field(page, "hours").fill("0.5")
    await field(page, "notes").fill("Trace declined cards")
    await write_reply(page, "We have found the cause: the bank's test for strong authentication failed.")


def main() -> None:
    """Start a demo, take the picture, stop it."""
    with tempfile.TemporaryDirectory(prefix="deskhours-images-") as folder:
        demo = Demo.start(Path(folder) / "data")
        try:
            asyncio.run(shoot(demo, chromium.find()))
        finally:
            demo.stop()


if __name__ == "__main__":
    main()
