"""Errors that reach people: what happened, to what, and what to do; plus a code for programs."""

from __future__ import annotations

from collections.abc import Mapping


class Problem(Exception):
    """A refusal or fault that is told to the caller.

    ``code`` is a stable word for programs, ``message`` a sentence for people, ``fields`` the reason by field name.
    """

    status = 400
    code = "bad_request"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.fields = dict(fields or {})


class Unauthenticated(Problem):
    """Nobody is signed in, or the sign-in is over."""

    status = 401
    code = "unauthenticated"


class Forbidden(Problem):
    """Signed in, but not allowed."""

    status = 403
    code = "forbidden"


class OtherPerson(Problem):
    """The page that asks belongs to somebody else than the one who is signed in here."""

    status = 409
    code = "other_person"


class NotFound(Problem):
    """No such thing, or none that the caller may know of."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """The thing is in a state in which this can't be done."""

    status = 409
    code = "conflict"


class Invalid(Problem):
    """Values that can't be accepted; nothing was stored or sent."""

    status = 422
    code = "invalid"


class Unavailable(Problem):
    """A system we depend on does not answer; trying again later may work."""

    status = 503
    code = "unavailable"
