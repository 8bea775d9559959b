"""``python -m plugin_server.demo.harvest``: run the simulated Harvest."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import asyncpg

from plugin_server.demo.harvest.app import serve
from plugin_server.demo.harvest.settings import SEED, RateLimit, Settings


def _address(text: str) -> str:
    return text.rstrip("/")


def _settings(arguments: list[str] | None = None) -> Settings:
    parser = argparse.ArgumentParser(prog="python -m plugin_server.demo.harvest", description="A simulated Harvest.")
    parser.add_argument("--database", required=True, help="PostgreSQL URL of a database of its own")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8702)
    parser.add_argument("--seed", type=Path, default=SEED, help="JSON file of the demo's people and projects")
    parser.add_argument("--public-url", type=_address, help="how browsers reach it (default: http://HOST:PORT)")
    parser.add_argument("--product-url", type=_address, default="http://127.0.0.1:8700")
    parser.add_argument("--helpdesk-url", type=_address, default="http://127.0.0.1:8701")
    parser.add_argument("--rate-limit", type=RateLimit.parse, default="off", help="calls/seconds per account, or off")
    given = vars(parser.parse_args(arguments))
    given["public_url"] = given["public_url"] or f"http://{given['host']}:{given['port']}"
    return Settings(**given)


def main() -> int:
    """Exit code 1 with one line of words when it cannot start."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="harvest: %(levelname)s %(message)s")
    settings = _settings()
    try:
        asyncio.run(serve(settings))
    except (OSError, ValueError, KeyError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"harvest: cannot start: {error!r}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
