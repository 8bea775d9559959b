"""What the Object Manager asks of an attribute: its name, its type, and the options of the type.

Source: ``app/models/object_manager/attribute.rb`` (``check_name``, ``set_base_options``),
``app/models/object_manager/attribute/data_option_validator.rb``, and what the controller fills in by itself.
"""

from __future__ import annotations

import re
from typing import Any

from . import inputs
from .errors import BrokenError, UnprocessableError

TYPES = ("input", "textarea", "select", "integer", "boolean", "datetime")
"""What is simulated; the real one knows more, which are refused here."""

EXISTS = "This object already exists."
"""What people read of ``already exists``: the real one puts these words in its place."""

_RESERVED = re.compile(
    "destroy|true|false|integer|select|drop|create|alter|index|table|varchar|blob|date|datetime|timestamp|url|"
    "icon|initials|avatar|permission|validate|subscribe|unsubscribe|translate|search|_type|_doc|_id|id|action|"
    "scope|constructor|article|attribute|attributes"
)
_TAKEN = re.compile(
    "number|title|group|group_id|owner|owner_id|state|state_id|priority|priority_id|customer|customer_id|"
    "organization|organization_id|note|type|tags|articles|preferences|pending_time|close_at|time_unit|"
    "article_count|created_by|updated_by|created_at|updated_at|escalation_at|first_response_at|last_contact_at|"
    "mentions|checklist|links"
)
"""Names that tickets answer to without any Object Manager."""

_INPUTS = ("text", "password", "tel", "fax", "email", "url")
_SELECTABLE = ("input", "select")
"""Between these a type may change later: the same column holds them."""

_NAME = re.compile(r"[a-z0-9_]+")
_LOWEST, _HIGHEST = -2_147_483_647, 2_147_483_647


def check_name(name: str, *, new: bool) -> None:
    """422 in the model's words, the first that applies."""
    if re.search(r".+?_(id|ids)$", name):
        raise UnprocessableError("Name can't be used because *_id and *_ids are not allowed")
    if re.search(r"\s", name):
        raise UnprocessableError("Name spaces are not allowed")
    if not _NAME.fullmatch(name):
        raise UnprocessableError("Name only lowercase letters, numbers, and '_' are allowed")
    if not re.search(r"[a-z]", name):
        raise UnprocessableError("Name at least one letter is required")
    if _RESERVED.fullmatch(name):
        raise UnprocessableError(f"Name {name} is a reserved word")
    if len(name) > 60:
        raise UnprocessableError("Name is too long")
    if new and _TAKEN.fullmatch(name):
        raise UnprocessableError(EXISTS)


def kind(value: Any) -> str:
    """The data type asked for; 500 where there is none, as the real one stumbles over that."""
    if not isinstance(value, str):
        raise BrokenError("undefined method 'match?' for nil")
    if value not in TYPES:
        raise UnprocessableError(f"Data type {value[:40]} is not simulated here or not a valid data type")
    return value


def may_become(before: str, after: str) -> None:
    """422 unless an attribute of one type may become one of the other."""
    if before != after and not {before, after} <= set(_SELECTABLE):
        raise UnprocessableError(
            "Data type can't be altered after creation "
            "(you can delete the attribute and create another with the desired value)"
        )


def options(data_type: str, given: Any) -> dict[str, Any]:
    """The options to store: what was sent, and what controller and model fill in; 422 in the validator's words."""
    if given is not None and not isinstance(given, dict):
        raise UnprocessableError("Invalid value for 'data_option'")
    option = dict(given or {"default": ""})
    option.setdefault("default", "" if data_type in ("input", "select") else None)
    if option.get("null") is None:
        option["null"] = True
    if not isinstance(option.get("options"), dict | list):
        option["options"] = {}
    if not isinstance(option.get("relation"), str):
        option["relation"] = ""
    if data_type == "select":
        if option.get("nulloption") is None:
            option["nulloption"] = True
        option.setdefault("maxlength", 255)
    if data_type == "boolean" and option["default"] in ("true", "false"):
        option["default"] = option["default"] == "true"
    _CHECKS[data_type](option)
    return option


def _text(option: dict[str, Any]) -> None:
    if not re.fullmatch(r"\d+", str(option.get("maxlength", ""))):
        raise UnprocessableError("Max length must be an integer.")
    if option.get("linktemplate") is not None:
        inputs.text(option["linktemplate"], "linktemplate", 500)


def _input(option: dict[str, Any]) -> None:
    if option.get("type") not in _INPUTS:
        raise UnprocessableError("Input field must be text, password, tel, fax, email or url type.")
    _text(option)


def _select(option: dict[str, Any]) -> None:
    offered = option["options"]
    if isinstance(offered, list):
        if any(not isinstance(one, dict) or not isinstance(one.get("value"), str) for one in offered):
            raise UnprocessableError("Options or relation is required.")
    elif any(not isinstance(one, str) for one in offered.values()):
        raise UnprocessableError("Options or relation is required.")
    if option["relation"]:
        raise UnprocessableError("Relations of attributes are not simulated.")
    _text(option)


def _integer(option: dict[str, Any]) -> None:
    for word, value in (("Minimal", option.get("min")), ("Maximal", option.get("max"))):
        if not isinstance(value, int) or isinstance(value, bool):
            raise UnprocessableError(f"{word} value must be an integer")
        if value < _LOWEST:
            raise UnprocessableError(f"{word} value must be higher than -2147483648")
        if value > _HIGHEST:
            raise UnprocessableError(f"{word} value must be lower than 2147483648")
    if option["min"] > option["max"]:
        raise UnprocessableError("Maximal value must be higher than or equal to minimal value")
    default = option["default"]
    if default is not None and (not isinstance(default, int) or isinstance(default, bool)):
        raise UnprocessableError("The default must be an integer.")


def _boolean(option: dict[str, Any]) -> None:
    if option["default"] not in (True, False, None):
        raise UnprocessableError("Default value is required.")


def _datetime(option: dict[str, Any]) -> None:
    if option.get("future") is None:
        raise UnprocessableError("Allow future dates toggle value is required.")
    if option.get("past") is None:
        raise UnprocessableError("Allow past dates toggle value is required.")
    if option["default"] is not None:
        raise UnprocessableError("Defaults of instants are not simulated.")


_CHECKS = {
    "input": _input,
    "textarea": _text,
    "select": _select,
    "integer": _integer,
    "boolean": _boolean,
    "datetime": _datetime,
}


def screens(value: Any) -> dict[str, Any]:
    """``{screen: {permission: {shown, required}}}``; 422 for any other shape."""
    if value is None:
        return {}
    fits = isinstance(value, dict) and all(
        isinstance(by_permission, dict) and all(isinstance(one, dict) for one in by_permission.values())
        for by_permission in value.values()
    )
    if not fits:
        raise UnprocessableError("Invalid value for 'screens'")
    return dict(value)
