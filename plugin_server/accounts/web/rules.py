"""Signing in with a plain browser: pure decisions, no I/O, no clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

HOME = "/dashboard"
"""Where a sign-in ends that was asked for no page."""

STATE_MARK = "web."
"""Begins the OAuth state of a browser's sign-in. The extension's states hold no point, so the one callback address
that the helpdesk allows can tell them apart."""

LONGEST = timedelta(days=90)
"""A session ends after so long, however much it is used."""

NOTED_EVERY = timedelta(hours=1)
"""Use of a session is written down so often, not at every request."""

# Printable ASCII without the backslash, which browsers read as a slash.
_RETURN = re.compile(
    r"(?:/dashboard(?:[/?][\x21-\x5b\x5d-\x7e]*)?"
    r"|/tickets/[0-9]{1,15}/(?:timeline|entries/[0-9]{1,18})(?:\?[\x21-\x5b\x5d-\x7e]*)?)"
)


def return_path(asked: str) -> str:
    """The page to return to after a sign-in: the dashboard's, a ticket's timeline or a time entry's, else the
    dashboard."""
    if len(asked) > 2000 or not _RETURN.fullmatch(asked) or "/../" in asked + "/":
        return HOME
    return asked


def csrf_token(token: str) -> str:
    """What forms carry to show that a page of this session made them; it gives nothing away of the session's token."""
    mac = hmac.digest(token.encode(), b"deskhours csrf", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_genuine(sent: str, token: str) -> bool:
    """Whether a form carries the session's own CSRF token."""
    return hmac.compare_digest(sent.encode(errors="replace"), csrf_token(token).encode())


def is_same_origin(origin: str | None, fetch_site: str | None, public_url: str) -> bool:
    """Whether a browser says that a page of this server sent the form. A program that says nothing is judged by its
    CSRF token alone."""
    if origin is not None:
        own = urlsplit(public_url)
        return origin == f"{own.scheme}://{own.netloc}"
    return fetch_site in (None, "same-origin")


def end(now: datetime, lifetime: timedelta, ends_at: datetime) -> datetime:
    """When a session ends that is used now: after so long without use, and at ``ends_at`` at the latest."""
    return min(now + lifetime, ends_at)
