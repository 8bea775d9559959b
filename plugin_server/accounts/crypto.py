"""Secrets at rest: tokens are encrypted, one-time codes and states are kept only as hashes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class UnreadableSecret(Exception):
    """A stored token was encrypted with a key that the manifest no longer names."""


class Vault:
    """Encrypts with the first key, decrypts with any: put a new key in front to rotate."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text; raises :class:`UnreadableSecret`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UnreadableSecret from None


def random_token() -> str:
    """A new unguessable token, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token that is only ever compared."""
    return hashlib.sha256(token.encode()).digest()


def challenge(verifier: str) -> str:
    """The S256 code challenge of a PKCE verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
