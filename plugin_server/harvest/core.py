"""Harvest API v2 without I/O: headers, what a reply means, and the next page.

Sources: Harvest's API documentation, "Overview", "Authentication" and "Pagination"; where the documentation is silent
the comment says what public clients have observed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from plugin_server.runtime.i18n import later


class HarvestError(Exception):
    """Harvest did not do what was asked. The message is Harvest's or ours, fit for people: no addresses, no jargon.
    ``detail`` is the technical reason, for the log; empty when the message says it all."""

    def __init__(self, message: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Unauthorized(HarvestError):
    """401: the token is wrong, expired or revoked, or the account header is missing or wrong."""


class Denied(HarvestError):
    """403: the token's user may not do this."""


class Missing(HarvestError):
    """404: no such object, or none this user can see."""


class Refused(HarvestError):
    """400 or 422: Harvest read the request and will not carry it out; repeating it is useless."""


class GrantRefused(HarvestError):
    """The OAuth grant is over for good; only the person can give a new one."""


class Throttled(HarvestError):
    """429, or the limiter foresees one: nothing was done; ``retry_after`` seconds must pass before the next try."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Faulty(HarvestError):
    """A 5xx or an unreadable reply: the call may or may not have been carried out."""


class NoAnswer(HarvestError):
    """No reply arrived in time or the connection broke: the call may or may not have been carried out."""


class NotReached(HarvestError):
    """No connection could be made: the call was certainly not carried out."""


UNCERTAIN = (Faulty, NoAnswer)
"""After these nobody knows whether a write happened."""


def headers(token: str, account_id: int, user_agent: str) -> dict[str, str]:
    """Headers of an API call. Without a User-Agent Harvest answers 400; without the account id, 401."""
    return {
        "Authorization": f"Bearer {token}",
        "Harvest-Account-Id": str(account_id),
        "User-Agent": user_agent,
        "Accept": "application/json",
    }


def user_agent(contact: str) -> str:
    """The User-Agent in the form Harvest asks for: the application's name and a way to reach its operator."""
    return f"Deskhours ({contact})"


def check(status: int, reply_headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return for a success; otherwise raise the error that the reply means."""
    if 200 <= status < 300:
        return
    message = _message(body) or later("Harvest answered {status}").format(status=status)
    if status == 401:
        raise Unauthorized(message)
    if status == 403:
        raise Denied(message)
    if status == 404:
        raise Missing(message)
    if status == 429:
        raise Throttled(message, retry_after(reply_headers.get("Retry-After", ""), now))
    if 400 <= status < 500 and status != 408:
        raise Refused(message)
    raise Faulty(message)


def check_token_reply(status: int, reply_headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """As :func:`check`, for the token endpoint: only ``invalid_grant`` says that the person's grant is over (RFC 6749,
    5.2). Any other refusal is about us (a wrong client secret) or about something in between."""
    if status in (400, 401) and _field(body, "error") == "invalid_grant":
        raise GrantRefused(_message(body))
    check(status, reply_headers, body, now)


def retry_after(value: str, now: datetime) -> float:
    """Seconds to wait by a ``Retry-After`` header: a number, or an HTTP date (RFC 9110, 10.2.3). 15 when unreadable,
    the length of Harvest's window."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), 3600.0)
    try:
        return min(max((parsedate_to_datetime(value) - now).total_seconds(), 0.0), 3600.0)
    except (ValueError, TypeError):
        return 15.0


def _message(body: bytes) -> str:
    """Harvest's own words in an error body, whichever of its three shapes it has; empty when there are none."""
    return _field(body, "message") or _field(body, "error_description") or _field(body, "error")


def _field(body: bytes, name: str) -> str:
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    value = data.get(name) if isinstance(data, dict) else None
    return value[:500] if isinstance(value, str) else ""
