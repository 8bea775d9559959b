"""The answers of the API when it says no, in Harvest's own forms.

Bodies of 401 and 422 have been seen from the live API; those of 403 and 404 are not known word for word.
"""

from __future__ import annotations


class ApiError(Exception):
    """An HTTP status and the JSON body that goes with it."""

    def __init__(self, status: int, body: dict[str, str]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def bad_request(message: str) -> ApiError:
    """400: a body that is no JSON, or no User-Agent."""
    return ApiError(400, {"message": message})


def invalid_token() -> ApiError:
    """401: also what a missing or foreign account id gets, which is why it names both."""
    return ApiError(
        401,
        {
            "error": "invalid_token",
            "error_description": "The access token is missing, unknown, expired or revoked, "
            "or it does not belong to the account named.",
        },
    )


def oauth_error(status: int, error: str, description: str) -> ApiError:
    """The identity host's form: ``error`` and ``error_description``."""
    return ApiError(status, {"error": error, "error_description": description})


def forbidden() -> ApiError:
    """403: the thing exists, the caller's role does not reach it."""
    return ApiError(403, {"message": "You are not authorized to perform this action."})


def not_found() -> ApiError:
    """404: never existed, deleted, or not below the parent that the path names."""
    return ApiError(404, {"message": "The resource was not found."})


def unprocessable(message: str) -> ApiError:
    """422: one sentence or several joined, without field codes."""
    return ApiError(422, {"message": message})
