"""Whether a trigger fires for what has happened to a ticket.

Selector names: ``ticket.action``, ``article.action``, ``article.type_id``, ``article.sender_id``,
``article.internal``, ``article.created_by_id``, and every ``ticket.<attribute>`` that a search knows, also with the
operator ``has changed``.
Source: ``lib/selector/sql.rb``, ``app/models/trigger.rb``; the administrator's manual on the two execution modes.
"""

from __future__ import annotations

from typing import Any

from . import attributes, inputs, selectors
from .database import Db, Record
from .errors import UnprocessableError
from .events import TicketSaved

_TICKET_ACTIONS = ("create", "update", "update.merged_into", "update.received_merge", "update.reaction")
_ARTICLE_ACTIONS = ("create", "update")
_IN_ARTICLES = ("type_id", "sender_id", "internal", "created_by_id")

Term = tuple[str, dict[str, Any]]


def _invalid() -> UnprocessableError:
    return UnprocessableError("Invalid object selector conditions")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


async def check(db: Db, condition: Any) -> dict[str, Any]:
    """A condition fit to be stored; 422 ``Invalid object selector conditions`` otherwise."""
    if not isinstance(condition, dict) or not condition:
        raise _invalid()
    custom = {one.name for one in await attributes.of_tickets(db)}
    for name, given in _terms(condition):
        _check_term(name, given, custom)
    return condition


def _terms(condition: dict[str, Any], depth: int = 0) -> list[Term]:
    """Every name with what is asked of it, however deep the grouped form nests them."""
    if not isinstance(condition.get("conditions"), list):
        if any(not isinstance(given, dict) for given in condition.values()):
            raise _invalid()
        return list(condition.items())
    if condition.get("operator") not in ("AND", "OR", "NOT") or not condition["conditions"] or depth > 5:
        raise _invalid()
    found: list[Term] = []
    for part in condition["conditions"]:
        if not isinstance(part, dict):
            raise _invalid()
        if isinstance(part.get("conditions"), list):
            found += _terms(part, depth + 1)
        else:
            found.append((str(part.get("name")), part))
    return found


def attributes_in(condition: dict[str, Any]) -> set[str]:
    """The names of the ticket's attributes that a condition asks about."""
    return {name.removeprefix("ticket.") for name, _ in _terms(condition) if name.startswith("ticket.")}


def _check_term(name: str, given: dict[str, Any], custom: set[str]) -> None:
    operator, values = given.get("operator"), _as_list(given.get("value"))
    actions = {"ticket.action": _TICKET_ACTIONS, "article.action": _ARTICLE_ACTIONS}.get(name)
    model, _, attribute = name.partition(".")
    if actions is not None:
        if operator not in ("is", "is not") or not values or any(one not in actions for one in values):
            raise _invalid()
    elif model == "article":
        if attribute not in _IN_ARTICLES or operator not in ("is", "is not") or not values:
            raise _invalid()
        if attribute != "internal" and any(inputs.as_id(one) is None for one in values):
            raise _invalid()
    elif operator == "has changed":
        if model != "ticket" or not selectors.knows(attribute, custom):
            raise _invalid()
    else:
        selectors.build({name: given}, custom, [])


async def fires(db: Db, trigger: Record, event: TicketSaved, article: Record | None) -> bool:
    """Whether an active trigger fires for an event, as the ticket stands now."""
    condition = trigger["condition"]
    if not await _holds(db, condition, event, article):
        return False
    # Selective: an update counts only with a new article, or when something the condition names was changed.
    if trigger["execution_condition_mode"] == "always" or event.action != "update" or event.article_id is not None:
        return True
    named = [name.partition(".")[2] for name, _ in _terms(condition) if name.startswith("ticket.")]
    watched = [name for name in named if name != "action"]
    return not watched or any(name in event.changes for name in watched)


async def _holds(db: Db, condition: dict[str, Any], event: TicketSaved, article: Record | None) -> bool:
    if not isinstance(condition.get("conditions"), list):
        return all([await _term_holds(db, name, given, event, article) for name, given in condition.items()])
    found = []
    for part in condition["conditions"]:
        if isinstance(part.get("conditions"), list):
            found.append(await _holds(db, part, event, article))
        else:
            found.append(await _term_holds(db, str(part.get("name")), part, event, article))
    if condition["operator"] == "OR":
        return any(found)
    return not any(found) if condition["operator"] == "NOT" else all(found)


async def _term_holds(db: Db, name: str, given: dict[str, Any], event: TicketSaved, article: Record | None) -> bool:
    operator, values = given.get("operator"), _as_list(given.get("value"))
    model, _, attribute = name.partition(".")
    if name == "ticket.action":
        return (event.action in values) == (operator == "is")
    if name == "article.action":
        # Here articles are only ever made: without one there is no action of an article.
        return (article is not None and "create" in values) == (operator == "is")
    if model == "article":
        if article is None:
            return False
        if attribute == "internal":
            return (article["internal"] in [inputs.truthy(one) for one in values]) == (operator == "is")
        return (article[attribute] in [inputs.as_id(one) for one in values]) == (operator == "is")
    if operator == "has changed":
        return attribute in event.changes
    return await selectors.fits(db, event.ticket_id, {name: given})
