"""The extension with a server of our own, as its own tests have it; and with the running demo, as a person has it."""

from tests.dashboard.conftest import office
from tests.e2e.conftest import chrome, world
from tests.extension.conftest import desk, helpdesk, server, stub

__all__ = ["chrome", "desk", "helpdesk", "office", "server", "stub", "world"]
