"""A plain connection to Redis or Valkey, for state that all processes share; the queue has its own."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

SECONDS = 1.0
"""Longest that one command may take, connecting included: who asks has something to do that must not hang on it."""

AWAY: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
"""What a command raises when the server is not there, or not able."""


def connect(url: str) -> Redis:
    """A client that connects with its first command, and again after a lost connection. Close it at the end."""
    client: Redis = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    return client
