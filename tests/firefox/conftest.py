"""Firefox with the package that is built for it; `make test-all` runs these tests, for they need a Firefox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from plugin_server import manifest as manifests
from plugin_server.extension.archive import pack
from plugin_server.extension.build import build, write
from plugin_server.extension.stamp import Stamp, files
from tests.extension.conftest import helpdesk, server, stub
from tests.extension.stub import Stub
from tests.firefox.person import Desk
from tests.support import firefox
from tests.support.demo import Demo
from tests.support.firefox import Firefox
from tests.support.world import World

__all__ = ["helpdesk", "server", "stub"]


@pytest.fixture(scope="session")
def firefox_path() -> Path:
    """Firefox's executable; the test fails, in words, on a machine without one."""
    return firefox.find()


@pytest.fixture
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)


@pytest.fixture
async def fox(demo: Demo, firefox_path: Path, tmp_path: Path) -> AsyncIterator[Firefox]:
    """A fresh Firefox with the package that ``deskhours extension build`` makes for the running demo."""
    package = write(build(manifests.load(demo.data / "manifest.json"), "firefox"), tmp_path)
    async with firefox.fresh(firefox_path) as running:
        await running.install(package)
        yield running


@pytest.fixture
def desk(stub: Stub, server: str, helpdesk: str, firefox_path: Path, tmp_path: Path) -> Callable[[], Desk]:
    """A function: Firefox with the extension on a page of our own, whose server a test may break; the same profile each
    time."""
    package = tmp_path / "deskhours.zip"
    package.write_bytes(pack(files(Stamp(server, helpdesk, "zammad", "Deskhours"), "firefox")))
    return lambda: Desk(stub, helpdesk, firefox_path, package, tmp_path / "profile")
