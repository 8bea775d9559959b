"""Tokens: made at random, kept as digests, looked up with their person."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plugin_server.demo.harvest.sql import Row

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection

ACCESS_SECONDS = 1_209_600
CODE_LIFE = timedelta(minutes=10)


def fresh() -> str:
    """A new secret."""
    return secrets.token_urlsafe(48)


def digest(token: str) -> bytes:
    """What is stored of it."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


async def person_of(conn: Connection, token: str, now: datetime) -> Row | None:
    """The active person whose personal or access token this is."""
    row: Row | None = await conn.fetchrow(
        "SELECT p.* FROM token t JOIN person p ON p.id = t.user_id WHERE t.digest = $1"
        " AND t.kind IN ('personal', 'access') AND (t.expires_at IS NULL OR t.expires_at > $2) AND p.is_active",
        digest(token),
        now,
    )
    return row


async def grant(conn: Connection, user_id: int, client_id: str, now: datetime) -> dict[str, object]:
    """A new pair; both are new every time. How long a refresh token lives is not documented: until it is used."""
    access, refresh = fresh(), fresh()
    expires = now + timedelta(seconds=ACCESS_SECONDS)
    text = "INSERT INTO token (digest, kind, user_id, client_id, expires_at) VALUES ($1, $2, $3, $4, $5)"
    await conn.execute(text, digest(access), "access", user_id, client_id, expires)
    await conn.execute(text, digest(refresh), "refresh", user_id, client_id, None)
    return {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
    }
