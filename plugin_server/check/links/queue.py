"""The queue, and the worker that it sets going."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, NoPermissionError

from plugin_server.check.context import Context
from plugin_server.check.rules import Result, fail, ok
from plugin_server.runtime import redis

SILENT = timedelta(seconds=60)
"""A worker gives a sign every 15 s; one that has not for so long is not there."""


async def queue(context: Context) -> list[Result]:
    """Whether Redis or Valkey answers."""
    name = "queue"
    if not context.redis_url:
        todo = "Set it to redis://host:6379/0, or name a running demo with --data."
        return [fail(name, "REDIS_URL is not set.", todo)]
    try:
        where = urlsplit(context.redis_url).netloc.rpartition("@")[2] or context.redis_url
        async with redis.connect(context.redis_url) as server:
            await server.ping()
            information = await server.info("server")
    except ValueError:
        return [fail(name, "REDIS_URL is no address.", "Write it as redis://host:6379/0.")]
    except (AuthenticationError, NoPermissionError):
        return [fail(name, f"The queue at {where} does not let us in.", "Put its password into REDIS_URL.")]
    except redis.AWAY:
        todo = "Start Redis or Valkey there, or correct REDIS_URL. Logs are taken meanwhile, and wait."
        return [fail(name, f"Nothing answers as Redis or Valkey at {where}.", todo)]
    kind = "Valkey" if information.get("valkey_version") else "Redis"
    version = information.get("valkey_version") or information.get("redis_version")
    return [ok(name, f"{kind} {version} answers.")]


async def worker(context: Context) -> list[Result]:
    """When a worker last gave a sign of life; the database keeps it."""
    seen = await context.worker_seen(context.database)
    todo = "Start deskhours worker with the same DATABASE_URL and REDIS_URL, and see its log."
    if seen is None:
        return [fail("worker", "No worker has ever run on this database: nothing reaches Harvest.", todo)]
    age = context.clock.now() - seen
    if age > SILENT:
        return [fail("worker", f"No worker has been seen since {seen:%Y-%m-%d %H:%M} UTC: logs wait.", todo)]
    return [ok("worker", f"It was seen {max(0, round(age.total_seconds()))} s ago.")]
