"""``python -m plugin_server.demo.helpdesk``: run the simulated helpdesk until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from aiohttp import web

from .app import open_app
from .settings import SEED, Settings


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="helpdesk", description="A small simulated Zammad.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8701)
    parser.add_argument("--database", required=True, help="postgresql://... of a database of its own")
    parser.add_argument("--seed", type=Path, default=SEED)
    parser.add_argument("--product-url", default="http://127.0.0.1:8700", help="where the OAuth application lives")
    parser.add_argument("--public-url", help="what browsers call this server (default: host and port)")
    parser.add_argument("--bare", action="store_true", help="with nothing prepared for the product")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    public = arguments.public_url or f"http://{arguments.host}:{arguments.port}"
    settings = Settings(arguments.seed, arguments.product_url, public, arguments.bare)
    app = await open_app(arguments.database, settings)
    # Open keep-alive connections must not hold up the end.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, arguments.host, arguments.port).start()
        logging.getLogger("helpdesk").info("listening on %s", public)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """The command."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(_run(_arguments()))


main()
