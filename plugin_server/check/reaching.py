"""What stands between this machine and a system that did not answer as itself."""

from __future__ import annotations

from plugin_server.check.context import Context
from plugin_server.check.rules import Result, fail
from plugin_server.runtime import reach
from plugin_server.runtime.i18n import later

AGAIN = later("Check again in a moment; if it stays so, look into that server's own log.")

CHECK = later("Check {setting}. Check again in a moment; if it stays so, look into that server's own log.")


async def why(context: Context, name: str, url: str, setting: str, error: Exception) -> Result:
    """The row for an ``error`` at an address that should answer with JSON, whoever asks; ``setting`` is what the
    manifest calls it."""
    trouble = await reach.look(context.session, url, setting)
    if trouble is not None:
        return fail(name, trouble.words, trouble.todo)
    return fail(name, f"{str(error).rstrip('.')}.", CHECK.format(setting=setting))
