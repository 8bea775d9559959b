"""A real Firefox with the real extension, driven as a person would: by its own WebDriver BiDi, without any driver.

As a program, ``python -m tests.support.firefox``, it installs a Firefox where there is none and it may: on PATH first
(``firefox-esr``, then ``firefox``), else Debian's package as root.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.bidi import Bidi, BidiError, Event
from tests.support.chromium import install_package
from tests.support.tab import Tab

EXTENSION = "deskhours@example.com"
UUID = "3f0f7f0e-6d65-4f6b-9a86-6465736b6872"
"""Of the extension's pages. Firefox makes one up for each profile, unless the profile names it."""

_NAMES = ("firefox-esr", "firefox")
_HELP = (
    "The Firefox tests need Firefox 140 or newer. Install one, as root, with\n"
    "    apt-get install firefox-esr\n"
    "or with your own system's package manager, so that 'firefox' is on PATH."
)
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 10.0
_STEP_MS = 3_000
_EVENTS = [
    "browsingContext.contextCreated",
    "browsingContext.contextDestroyed",
    "browsingContext.load",
]
_POLICY = f'WebExtensionPolicy.getByID("{EXTENSION}")'

_PREFERENCES: dict[str, bool | int | str] = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "extensions.webextensions.uuids": json.dumps({EXTENSION: UUID}),
    # Ours is not signed; Firefox ESR lets an administrator say that it need not be.
    "xpinstall.signatures.required": False,
    # Nobody is there to answer the browser's own question; the button that leads to it is pressed.
    "extensions.webextOptionalPermissionPrompts": False,
    "intl.accept_languages": "en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class NoFirefoxError(Exception):
    """There is none; the message says what to install."""


def find() -> Path:
    """The executable to use. Raises :class:`NoFirefoxError`, with what to install."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise NoFirefoxError(_HELP)
    return Path(found)


def provide() -> Path:
    """As :func:`find`, installing one first when there is none."""
    with contextlib.suppress(NoFirefoxError):
        return find()
    install_package("firefox-esr", "Firefox")
    return find()


class Firefox:
    """A running Firefox."""

    def __init__(self, bidi: Bidi) -> None:
        self.bidi = bidi

    async def install(self, package: Path) -> str:
        """Install a packed extension for good; its id."""
        data = {"type": "archivePath", "path": str(package)}
        made = await self.bidi.command("webExtension.install", extensionData=data, **{"moz:permanent": True})
        return str(made["extension"])

    async def open(self, url: str = "about:blank") -> Tab:
        """A new tab."""
        made = await self.bidi.command("browsingContext.create", type="tab")
        tab = Tab(self.bidi, made["context"])
        if url != "about:blank":
            await tab.goto(url)
        return tab

    async def popup(self) -> Tab:
        """The extension's popup, as a tab of its own."""
        address = json.dumps(f"moz-extension://{UUID}/popup/popup.html")
        tab = await self._opened(self.browser(f"gBrowser.selectedTab = gBrowser.addTrustedTab({address}); null"))
        await tab.until("h1")
        return tab

    async def stop_worker(self) -> None:
        """Stop the background page, as Firefox does when it has been idle."""
        await self.browser(f"{_POLICY}.extension.terminateBackground()")

    async def restart_extension(self) -> None:
        """Load the extension anew, as an update does."""
        module = "resource://gre/modules/AddonManager.sys.mjs"
        manager = f'ChromeUtils.importESModule("{module}").AddonManager'
        await self.browser(f'{manager}.getAddonByID("{EXTENSION}").then((addon) => addon.reload())')

    async def browser(self, expression: str) -> Any:
        """Evaluate JavaScript in the browser's own window; what its promise comes to."""
        windows = await self.bidi.command("browsingContext.getTree", **{"moz:scope": "chrome"})
        answer = await self.bidi.command(
            "script.evaluate",
            expression=expression,
            target={"context": windows["contexts"][0]["context"]},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    async def window_of(self, tab: Tab, *path: str) -> Tab:
        """The window that opens when a control is pressed."""
        return await self._opened(tab.click(*path))

    async def _opened(self, action: Coroutine[Any, Any, Any]) -> Tab:
        opening = self.bidi.expect("browsingContext.contextCreated", lambda event: event.get("parent") is None)
        await action
        async with asyncio.timeout(_STARTS_WITHIN):
            return Tab(self.bidi, (await opening)["context"])

    async def consent(self, window: Tab, email: str) -> None:
        """Fill in whatever form the window shows and submit it, until the window closes by itself."""
        closed = self._next("contextDestroyed", window)
        while not closed.done():
            # The window may go on to the next page, or close, between any two of these steps.
            with contextlib.suppress(AssertionError, BidiError):
                await window.until("button[type=submit]:not([data-pressed])", patience_ms=_STEP_MS)
                if await window.evaluate("() => document.querySelector('[name=email]') !== null"):
                    await window.fill("[name=email]", value=email)
                    await window.fill("[name=password]", value="demo")
                loaded = self._next("load", window)
                await window.evaluate("() => { document.querySelector('button[type=submit]').dataset.pressed = '' }")
                await window.click("button[type=submit]")
                await asyncio.wait([closed, loaded], timeout=_STEP_MS / 1000, return_when=asyncio.FIRST_COMPLETED)
                loaded.cancel()

    def _next(self, name: str, tab: Tab) -> asyncio.Future[Event]:
        return self.bidi.expect(f"browsingContext.{name}", lambda event: event["context"] == tab.context)


@contextlib.asynccontextmanager
async def running(executable: Path, profile: Path) -> AsyncIterator[Firefox]:
    """Firefox without a screen, with this profile (made if there is none); ended, by its id, at the end."""
    _prepare(profile)
    # The browser's own window is reached, too: a page of the extension can't be opened from outside otherwise.
    remote = ("--remote-debugging-port", "0", "--remote-allow-system-access")
    arguments = ("--headless", "--no-remote", "--profile", str(profile), *remote)
    process = await asyncio.create_subprocess_exec(
        executable,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    said: list[str] = []
    try:
        address = await _address(process, said)
        rest = asyncio.create_task(_listen(process, said))  # a full pipe would stop it
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as ws:
            bidi = Bidi(ws)
            await bidi.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
            await bidi.command("session.subscribe", events=_EVENTS)
            yield Firefox(bidi)
            with contextlib.suppress(BidiError, TimeoutError):
                await bidi.command("browser.close")
            await bidi.close()
        rest.cancel()
    finally:
        await _end(process)


def _prepare(profile: Path) -> None:
    profile.mkdir(exist_ok=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")


async def _address(process: asyncio.subprocess.Process, said: list[str]) -> str:
    """Where it listens, by its own word. Raises AssertionError with what it said instead."""
    assert process.stderr is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STARTS_WITHIN):
            async for line in process.stderr:
                said.append(line.decode(errors="replace"))
                if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", said[-1]):
                    return found[1]
    raise AssertionError(f"Firefox did not come up:\n{''.join(said)}")


async def _listen(process: asyncio.subprocess.Process, said: list[str]) -> None:
    assert process.stderr is not None
    said.extend([line.decode(errors="replace") async for line in process.stderr])


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_ENDS_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def fresh(executable: Path) -> AsyncIterator[Firefox]:
    """Firefox with a profile of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="deskhours-firefox-", ignore_cleanup_errors=True) as profile:
        async with running(executable, Path(profile)) as firefox:
            yield firefox


if __name__ == "__main__":
    try:
        print(f"Firefox for the tests: {provide()}")  # noqa: T201 - a program's output
    except NoFirefoxError as error:
        sys.exit(str(error))
