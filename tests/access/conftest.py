"""The extension with a server of our own, as its own tests have it."""

from tests.extension.conftest import desk, helpdesk, server, stub

__all__ = ["desk", "helpdesk", "server", "stub"]
