"""Refresh tokens: their parts, and the one that follows. Pure decisions, no I/O, no clock.

A token is ``family.secret``, both random. All tokens of a session share the family, by which a token that was replaced
long ago is still known as one of ours. The secret is replaced at each refresh. What follows a token is derived from it
with a stored salt: asked twice (an answer was lost, two asked at once) we hand out the same one, though we keep only
hashes; and neither an old token alone nor the database alone is enough to derive it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from plugin_server.accounts.crypto import digest, random_token

_SHAPE = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")

Standing = Literal["in use", "next", "replaced"]


@dataclass(frozen=True)
class RefreshToken:
    """A refresh token; each part has 256 bits."""

    family: str
    secret: str

    def __str__(self) -> str:
        return f"{self.family}.{self.secret}"

    def __repr__(self) -> str:
        return "RefreshToken(…)"


def parse(text: str) -> RefreshToken | None:
    """The token that was sent, or ``None`` when it can't be one of ours."""
    match = _SHAPE.fullmatch(text)
    return RefreshToken(*match.groups()) if match else None


def first() -> RefreshToken:
    """A new session's token."""
    return RefreshToken(random_token(), random_token())


def salt() -> bytes:
    """What a token's successor is to be derived with."""
    return secrets.token_bytes(32)


def successor(token: RefreshToken, salt: bytes) -> RefreshToken:
    """The token to replace ``token``; the same for the same salt."""
    derived = hmac.digest(token.secret.encode(), salt, hashlib.sha256)
    return RefreshToken(token.family, base64.urlsafe_b64encode(derived).rstrip(b"=").decode())


def standing(token: RefreshToken, refresh_hash: bytes, next_hash: bytes | None) -> Standing:
    """Where a token of the session's family stands. *replaced*: its successor has been used, so whoever sends it again
    is not who went on with the successor: one of the two has stolen it."""
    presented = digest(token.secret)
    if next_hash is not None and hmac.compare_digest(presented, next_hash):
        return "next"
    return "in use" if hmac.compare_digest(presented, refresh_hash) else "replaced"
