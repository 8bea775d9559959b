"""Ticket fields: which names Zammad takes, and what an existing field must be like. Pure.

Source of the names: ``check_name`` of Zammad's ``app/models/object_manager/attribute.rb``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import Any

from plugin_server.helpdesk.zammad.setup.state import Row
from plugin_server.helpdesk.zammad.setup.steps import Step

ELSEWHERE = "Name another field in the manifest (helpdesk.fields)."
LONGEST_NAME = 60

_RESERVED = re.compile(
    "destroy|true|false|integer|select|drop|create|alter|index|table|varchar|blob|date|datetime|timestamp|url|icon|"
    "initials|avatar|permission|validate|subscribe|unsubscribe|translate|search|_type|_doc|id|action|scope|"
    "constructor|article|attribute|attributes"
)
_TAKEN = re.compile(
    "number|title|group|owner|state|priority|customer|organization|note|type|tags|articles|preferences|pending_time|"
    "close_at|time_unit|article_count|created_by|updated_by|created_at|updated_at|escalation_at|first_response_at|"
    "last_contact_at|mentions|checklist|links"
)
"""What every ticket has already."""

_PENDING = ("to_create", "to_migrate", "to_delete", "to_config")


def compare_fields(wanted: Sequence[Mapping[str, Any]], present: Sequence[Row]) -> list[Step]:
    """A step for each field that is wanted; a refusal when a migration would carry out changes that are not ours."""
    there = {str(row["name"]): row for row in present if row.get("object", "Ticket") == "Ticket"}
    counted = Counter(str(one["name"]) for one in wanted)
    steps = [_compare_field(one, there.get(str(one["name"])), counted[str(one["name"])]) for one in wanted]
    if any(step.action in ("create", "mend") for step in steps):
        steps += strangers(counted, present)
    return steps


def strangers(ours: Container[str], present: Sequence[Row]) -> list[Step]:
    """The refusal to carry out changes of fields that are not ours and wait for the same database update."""
    waiting = sorted(
        str(row["name"])
        for row in present
        if any(row.get(key) for key in _PENDING)
        and not (row.get("object", "Ticket") == "Ticket" and str(row["name"]) in ours)
    )
    words = (
        "has changes that wait for Zammad's database update and would come into force together with ours. In Zammad,"
        " under Admin > Objects, update the database or discard the changes, then run setup again"
    )
    return [Step("field", ", ".join(waiting), "refuse", words)] if waiting else []


def name_fault(name: str) -> str | None:
    """Why Zammad takes no field of this name; None when it does."""
    if name.endswith(("_id", "_ids")):
        return "ends in _id or _ids, which Zammad keeps for itself"
    if _RESERVED.fullmatch(name):
        return "is a word that Zammad has reserved"
    if _TAKEN.fullmatch(name):
        return "is something that every ticket in Zammad has already"
    if not re.fullmatch(r"[a-z0-9_]*[a-z][a-z0-9_]*", name):
        return "is no name for Zammad: small letters, digits and _, with one letter at least"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return None


def _compare_field(wanted: Mapping[str, Any], present: Row | None, times: int) -> Step:
    name, kind = str(wanted["name"]), str(wanted["data_type"])
    if times > 1:
        return Step("field", name, "refuse", f"is named {times} times in the manifest (helpdesk.fields)")
    if fault := name_fault(name):
        return Step("field", name, "refuse", f"{fault}. {ELSEWHERE}")
    if present is None:
        return Step("field", name, "create", f"is missing ({wanted['display']})", wanted)
    if present.get("data_type") != kind:
        words = f"exists with the type {present.get('data_type')}; Deskhours needs {kind}. {ELSEWHERE}"
        return Step("field", name, "refuse", words)
    option = dict(present.get("data_option") or {})
    if kind == "select" and not option.get("nulloption"):
        words = "exists and must be set (no empty option), which would leave the lock open. Allow it to be empty, or"
        return Step("field", name, "refuse", f"{words} name another field in the manifest (helpdesk.fields).")
    if present.get("to_delete"):
        words = "is about to be deleted. In Zammad, under Admin > Objects, discard that change, then run setup again"
        return Step("field", name, "refuse", words)
    return _mended(wanted, present, option)


def _mended(wanted: Mapping[str, Any], present: Row, option: Mapping[str, Any]) -> Step:
    """A step for a field of the right type: what the administrator may choose, label and place, stays."""
    name, found = str(wanted["name"]), []
    changed = {**option, **_options(wanted["data_option"], option)}
    screens = _screens(wanted["screens"], present.get("screens") or {})
    if not present.get("active", True):
        found.append("is switched off")
    if changed != option:
        found.append("has other options")
    if screens != (present.get("screens") or {}):
        found.append("is shown to customers or must be filled")
    waits = any(present.get(key) for key in _PENDING)
    if not found and not waits:
        return Step("field", name, "ok", "is there", ids=(int(present["id"]),))
    if not found:
        return Step("field", name, "mend", "waits for Zammad's database update", ids=(int(present["id"]),))
    body = {
        **{key: present.get(key, wanted[key]) for key in ("name", "object", "display", "data_type", "position")},
        "active": True,
        "data_option": changed,
        "screens": screens,
    }
    return Step("field", name, "mend", ", ".join(found), body, (int(present["id"]),))


def _options(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have to change: choices that are missing, bounds that are too narrow, another link."""
    changed: dict[str, Any] = {}
    if "options" in wanted and (missing := set(wanted["options"]) - set(_labels(present.get("options")))):
        changed["options"] = {**_labels(present.get("options")), **{key: wanted["options"][key] for key in missing}}
    if "max" in wanted and not int(present.get("max") or 0) >= int(wanted["max"]):
        changed["max"] = wanted["max"]
    if "linktemplate" in wanted and present.get("linktemplate") != wanted["linktemplate"]:
        changed["linktemplate"] = wanted["linktemplate"]
    return changed


def _labels(options: Any) -> dict[str, Any]:
    """The choices of a select, which Zammad keeps as a mapping or as a list."""
    if isinstance(options, list):
        return {str(one.get("value")): one.get("name") for one in options}
    return dict(options or {})


def _screens(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The screens with the field hidden from customers; one that is hidden from everybody asks nobody to fill it."""
    hidden = not any(who.get("shown") for screen in wanted.values() for who in screen.values())
    screens: dict[str, Any] = {}
    for name, held in {**wanted, **present}.items():
        kept = {}
        for who, config in dict(held).items():
            config = dict(config)
            if who in ("ticket.customer", "-all-") and config.get("shown"):
                config["shown"] = False
            if hidden and config.get("required"):
                config["required"] = False
            kept[who] = config
        screens[name] = kept
    return screens
