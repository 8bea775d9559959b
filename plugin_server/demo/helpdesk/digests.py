"""Keeping secrets: passwords salted and stretched, tokens as digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_ROUNDS = 2_000
"""Few, on purpose: Basic authentication pays it at every request, and these passwords are public."""


def password_hash(password: str) -> str:
    """A salted hash of a password, to be stored."""
    salt = secrets.token_hex(8)
    return f"{salt}${_stretch(password, salt)}"


def password_fits(password: str, stored: str) -> bool:
    """Whether ``password`` is the stored one; an account without a password fits none."""
    salt, _, wanted = stored.partition("$")
    return bool(wanted) and hmac.compare_digest(_stretch(password, salt), wanted)


def _stretch(password: str, salt: str) -> str:
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", data, salt.encode(), _ROUNDS).hex()


def digest(token: str) -> str:
    """What is stored of a token that is long and random by itself."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
