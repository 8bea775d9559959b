"""OAuth2 in the database: applications, codes (10 minutes, once), tokens (2 hours) with their refresh tokens."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from .database import Connection, Db, Record
from .digests import digest

CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=2)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class InsecureRedirectError(Exception):
    """A redirect address that would carry a code over the network unencrypted."""


def is_secure(redirect_uri: str) -> bool:
    """Whether a code may be sent there: Zammad takes https addresses only. Plain http is let through here for this
    machine itself, where a demo has no certificate and nothing leaves the machine."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


async def save_application(db: Db, *, name: str, uid: str, secret: str, redirect_uri: str) -> None:
    """Create or change the seed's application; InsecureRedirectError for an address that :func:`is_secure` refuses."""
    if not is_secure(redirect_uri):
        raise InsecureRedirectError(redirect_uri)
    await db.execute(
        "INSERT INTO oauth_applications (name, uid, secret, secret_digest, redirect_uri) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (uid) DO UPDATE SET name = $1, secret = $3, secret_digest = $4, redirect_uri = $5",
        name,
        uid,
        secret,
        digest(secret),
        redirect_uri,
    )


async def add_application(db: Db, fields: dict[str, Any], *, uid: str, secret: str) -> Record:
    """A new application; ``redirect_uri`` holds one address per line."""
    row = await db.fetchrow(
        "INSERT INTO oauth_applications (name, uid, secret, secret_digest, redirect_uri, confidential) "
        "VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
        fields["name"],
        uid,
        secret,
        digest(secret),
        fields["redirect_uri"],
        fields.get("confidential", True),
    )
    assert row is not None
    return row


async def change_application(db: Db, current: Record, fields: dict[str, Any]) -> Record:
    """Another name, or other addresses; id and secret stay."""
    row = await db.fetchrow(
        "UPDATE oauth_applications SET name = $2, redirect_uri = $3, confidential = $4, "
        "updated_at = clock_timestamp() WHERE id = $1 RETURNING *",
        current["id"],
        *(fields.get(name, current[name]) for name in ("name", "redirect_uri", "confidential")),
    )
    assert row is not None
    return row


async def delete_application(connection: Connection, application_id: int) -> None:
    """Take an application away, and with it whatever it was granted."""
    await connection.execute("DELETE FROM oauth_tokens WHERE application_id = $1", application_id)
    await connection.execute("DELETE FROM oauth_codes WHERE application_id = $1", application_id)
    await connection.execute("DELETE FROM oauth_applications WHERE id = $1", application_id)


async def application(db: Db, uid: str) -> Record | None:
    """The application with this client id."""
    return await db.fetchrow("SELECT * FROM oauth_applications WHERE uid = $1", uid)


async def new_code(db: Db, application_id: int, user_id: int, redirect_uri: str) -> str:
    """A code for a user who consented."""
    code = secrets.token_urlsafe(32)
    await db.execute(
        "INSERT INTO oauth_codes VALUES ($1, $2, $3, $4, $5)",
        digest(code),
        application_id,
        user_id,
        redirect_uri,
        datetime.now(UTC) + CODE_LIFE,
    )
    return code


async def spend_code(connection: Connection, code: str, application_id: int, redirect_uri: str) -> int | None:
    """The user of a code that fits and hasn't been used; it is gone with this, fitting or not."""
    row = await connection.fetchrow("DELETE FROM oauth_codes WHERE digest = $1 RETURNING *", digest(code))
    if row is None or row["application_id"] != application_id or row["redirect_uri"] != redirect_uri:
        return None
    return int(row["user_id"]) if row["expires_at"] > datetime.now(UTC) else None


async def spend_refresh(connection: Connection, token: str, application_id: int) -> int | None:
    """The user of a refresh token that hasn't been used; the token pair it belongs to is revoked with this."""
    user: int | None = await connection.fetchval(
        "UPDATE oauth_tokens SET revoked_at = now() WHERE refresh_digest = $1 AND application_id = $2 "
        "AND revoked_at IS NULL RETURNING user_id",
        digest(token),
        application_id,
    )
    return user


async def new_tokens(connection: Connection, application_id: int, user_id: int) -> tuple[str, str, datetime]:
    """A new pair: access token, refresh token, when it was made."""
    access, refresh, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), datetime.now(UTC)
    await connection.execute(
        "INSERT INTO oauth_tokens (digest, refresh_digest, application_id, user_id, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        digest(access),
        digest(refresh),
        application_id,
        user_id,
        now,
        now + TOKEN_LIFE,
    )
    return access, refresh, now


async def revoke(db: Db, token: str, application_id: int) -> None:
    """Revoke a pair by either of its tokens."""
    await db.execute(
        "UPDATE oauth_tokens SET revoked_at = coalesce(revoked_at, now()) "
        "WHERE (digest = $1 OR refresh_digest = $1) AND application_id = $2",
        digest(token),
        application_id,
    )
