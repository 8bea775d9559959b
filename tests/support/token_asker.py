"""A process of its own that asks for an agent's token many times at once: ``python -m tests.support.token_asker``.

Prints ``ready``, waits for a line, asks, and prints the tokens it got, or the errors, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from plugin_server import manifest, services


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("manifest", type=Path)
    parser.add_argument("agent", type=int)
    parser.add_argument("system", choices=["harvest", "helpdesk"])
    parser.add_argument("times", type=int)
    wish = parser.parse_args()
    settings = manifest.load(wish.manifest)
    async with services.running(settings, os.environ["DATABASE_URL"], os.environ["REDIS_URL"]) as built:
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        asked = (built.tokens.access(wish.agent, wish.system) for _ in range(wish.times))
        got = await asyncio.gather(*asked, return_exceptions=True)
    print(json.dumps([str(item) if isinstance(item, str) else repr(item) for item in got]))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
