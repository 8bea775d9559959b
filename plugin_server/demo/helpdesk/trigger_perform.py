"""What triggers do, besides calling webhooks: what may be asked of them, and the doing, as the system's user.

Source: ``app/models/concerns/perform_changes/action/*.rb``, ``app/models/ticket/perform_changes/action/*.rb``. Changes
of the ticket come first, then notes and e-mails. Core workflows are not asked.
"""

from __future__ import annotations

import re
from typing import Any

from . import (
    articles,
    attributes,
    catalog,
    history,
    inputs,
    mentions,
    notifications,
    placeholders,
    tags,
    ticket_params,
    ticket_store,
    ticket_writes,
)
from .database import Connection, Db, Record
from .errors import UnprocessableError
from .events import TicketSaved

_RECIPIENTS = re.compile(r"ticket_customer|ticket_owner|ticket_agents|article_last_sender|userid_\d{1,9}")
_REFERENCES = {"group_id": "groups", "owner_id": "users"}
_LISTED = {"state_id": catalog.STATES, "priority_id": catalog.PRIORITIES}


def _refused(key: str) -> UnprocessableError:
    return UnprocessableError(f"The required parameter 'perform' holds a rule that is not simulated: '{key[:100]}'")


async def check(db: Db, value: Any) -> dict[str, Any]:
    """What a trigger is to do, fit to be stored; 422 for what would not be done."""
    if not isinstance(value, dict) or not value:
        raise UnprocessableError("The required parameter 'perform' is missing.")
    custom = {one.name: one for one in await attributes.of_tickets(db)}
    found = {}
    for key, rule in value.items():
        if not isinstance(rule, dict):
            raise _refused(key)
        if key == "notification.webhook":
            found[key] = {"webhook_id": await _webhook(db, rule)}
        elif key in ("article.note", "notification.email"):
            found[key] = _text(key, rule)
        elif key in ("ticket.subscribe", "ticket.unsubscribe"):
            if rule.get("pre_condition") not in ("specific", "current_user.id"):
                raise _refused(key)
            found[key] = rule
        elif key == "ticket.tags":
            if rule.get("operator") not in ("add", "remove") or not tags.split(rule.get("value")):
                raise _refused(key)
            found[key] = rule
        elif key.startswith("ticket.") and ("value" in rule or "pre_condition" in rule):
            await _check_attribute(db, key, rule, custom)
            found[key] = rule
        else:
            raise _refused(key)
    return found


async def _webhook(db: Db, rule: dict[str, Any]) -> str:
    number = inputs.as_id(rule.get("webhook_id"))
    if number is None or not await db.fetchval("SELECT EXISTS (SELECT FROM webhooks WHERE id = $1)", number):
        raise UnprocessableError("Invalid value for 'webhook_id'")
    return str(number)


def _text(key: str, rule: dict[str, Any]) -> dict[str, Any]:
    for name in ("subject", "body"):
        placeholders.check(inputs.text(rule.get(name), name, 100_000) or "")
    if not rule.get("body"):
        raise _refused(key)
    if key == "notification.email":
        wanted = rule.get("recipient")
        listed = wanted if isinstance(wanted, list) else [wanted]
        if not listed or any(not isinstance(one, str) or not _RECIPIENTS.fullmatch(one) for one in listed):
            raise _refused(key)
    return rule


async def _check_attribute(db: Db, key: str, rule: dict[str, Any], custom: dict[str, Any]) -> None:
    name, value = key.removeprefix("ticket."), rule.get("value")
    if rule.get("pre_condition") not in (None, "specific", "not_set", "current_user.id"):
        raise _refused(key)
    if name in custom:
        attributes.cast(custom[name], value)
    elif name in _LISTED:
        if inputs.as_id(value) not in _LISTED[name]:
            raise _refused(key)
    elif name in _REFERENCES:
        known = f"SELECT EXISTS (SELECT FROM {_REFERENCES[name]} WHERE id = $1)"  # noqa: S608 - our names
        if "pre_condition" not in rule and not await db.fetchval(known, inputs.as_id(value) or 0):
            raise _refused(key)
    elif name != "title" or not isinstance(value, str) or not 0 < len(value) <= ticket_params.TITLE_LIMIT:
        raise _refused(key)


async def perform(connection: Connection, trigger: Record, event: TicketSaved) -> TicketSaved | None:
    """Do what a trigger is to do to a ticket; what happened then, if anything did."""
    rules = trigger["perform"]
    source = history.Source(trigger["id"], trigger["name"])
    current = dict(await ticket_store.lock(connection, event.ticket_id))
    fields = await _fields(connection, rules, current, event)
    await ticket_params.keep_owner_valid(connection, fields, current)
    ticket, changes = await ticket_writes.store(connection, catalog.SYSTEM_USER, current, fields, source)
    await _follow(connection, rules, ticket, event, source)
    rule = rules.get("ticket.tags")
    for name in tags.split(rule["value"]) if rule else []:
        await tags.change(connection, ticket["id"], catalog.SYSTEM_USER, name, remove=rule["operator"] == "remove")
    article_id = None
    if "article.note" in rules:
        note = await _rendered(connection, rules["article.note"], event)
        article_id = await articles.system_note(connection, ticket["id"], note, source)
    if "notification.email" in rules:
        article_id = await _mail(connection, rules["notification.email"], ticket, event, source) or article_id
    if not changes and article_id is None:
        return None
    quiet = bool(trigger["disable_notification"])
    return TicketSaved(ticket["id"], "update", catalog.SYSTEM_USER, article_id, changes, by_trigger=True, quiet=quiet)


async def _fields(
    connection: Connection, rules: dict[str, Any], current: dict[str, Any], event: TicketSaved
) -> dict[str, Any]:
    custom = {one.name: one for one in await attributes.of_tickets(connection)}
    fields: dict[str, Any] = {}
    values = dict(current["custom"])
    for key, rule in rules.items():
        name = key.removeprefix("ticket.")
        value = {"not_set": catalog.SYSTEM_USER, "current_user.id": event.user_id}.get(
            rule.get("pre_condition"), rule.get("value")
        )
        if key.startswith("ticket.") and name in custom:
            values[name] = attributes.cast(custom[name], value)
        elif name in _LISTED or name in _REFERENCES:
            fields[name] = inputs.as_id(value)
        elif name == "title":
            fields[name] = value
    return fields | {"custom": values}


async def _follow(
    connection: Connection, rules: dict[str, Any], ticket: dict[str, Any], event: TicketSaved, source: history.Source
) -> None:
    for key in ("ticket.subscribe", "ticket.unsubscribe"):
        if key not in rules:
            continue
        rule = rules[key]
        number = inputs.as_id(rule.get("value")) if rule["pre_condition"] == "specific" else event.user_id
        user = await connection.fetchrow("SELECT * FROM users WHERE id = $1", number or 0)
        if user is None:
            continue
        if key == "ticket.unsubscribe":
            for one in await mentions.of_ticket(connection, ticket["id"]):
                if one["user_id"] == user["id"]:
                    await mentions.unsubscribe(connection, one, catalog.SYSTEM_USER, source)
        elif await mentions.mentionable(connection, user, ticket):
            await mentions.subscribe(connection, ticket["id"], user["id"], catalog.SYSTEM_USER, source)


async def _rendered(connection: Connection, rule: dict[str, Any], event: TicketSaved) -> dict[str, Any]:
    ticket = await ticket_store.find(connection, event.ticket_id)
    assert ticket is not None
    article = await connection.fetchrow("SELECT * FROM articles WHERE id = $1", event.article_id)
    changes = await placeholders.labelled(connection, event.changes)
    tracks = await placeholders.tracks(connection, ticket, article, changes)
    return {**rule, **{name: placeholders.render(str(rule.get(name) or ""), tracks) for name in ("subject", "body")}}


async def _mail(
    connection: Connection, rule: dict[str, Any], ticket: dict[str, Any], event: TicketSaved, source: history.Source
) -> int | None:
    """An e-mail of a trigger's, with its article. Without recipients or an address of the group nothing happens."""
    wanted = rule["recipient"] if isinstance(rule["recipient"], list) else [rule["recipient"]]
    people = [number for one in wanted for number in await _people(connection, one, ticket, event)]
    rows = await connection.fetch(
        "SELECT email FROM users WHERE id = ANY($1::int[]) AND active AND email <> '' ORDER BY id", people
    )
    sender = await connection.fetchval("SELECT email_address FROM groups WHERE id = $1", ticket["group_id"])
    if not rows or not sender:
        return None
    shown = await _rendered(connection, rule, event)
    shown["subject"] = f"[Ticket#{ticket['number']}] {shown['subject']}"
    to = ", ".join(row["email"] for row in rows)
    article_id = await articles.system_note(connection, ticket["id"], shown, source, to=to)
    for row in rows:
        await notifications.mail(
            connection, "trigger", row["email"], shown["subject"], shown["body"], ticket["id"], article_id
        )
    return article_id


async def _people(connection: Connection, recipient: str, ticket: dict[str, Any], event: TicketSaved) -> list[int]:
    match recipient:
        case "ticket_customer":
            return [ticket["customer_id"]]
        case "ticket_owner":
            return [] if ticket["owner_id"] == catalog.SYSTEM_USER else [ticket["owner_id"]]
        case "ticket_agents":
            rows = await connection.fetch(
                "SELECT user_id FROM group_access WHERE group_id = $1 AND access = 'full'", ticket["group_id"]
            )
            return [row["user_id"] for row in rows]
        case "article_last_sender":
            number = await connection.fetchval(
                "SELECT coalesce(origin_by_id, created_by_id) FROM articles WHERE id = $1", event.article_id
            )
            return [number] if number else []
    return [int(recipient.removeprefix("userid_"))]
