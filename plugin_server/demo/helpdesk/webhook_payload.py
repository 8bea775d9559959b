"""The default payload of a webhook, built when the job runs: it tells the state of that moment, not of the event.

Source: ``app/jobs/trigger_webhook_job/record_payload/*``: names beside ids, and whole objects for people, group,
organization and priority, but a plain name for the state. People come without preferences, password and groups.
"""

from __future__ import annotations

from typing import Any

from . import catalog, directory, shapes, ticket_store
from .database import Db, Record

_PEOPLE = ("owner", "customer", "created_by", "updated_by")
_KEPT_BACK = ("preferences", "last_login", "group_ids", "groups", "password")


async def build(db: Db, ticket: Record, article: Record | None) -> dict[str, Any]:
    """``{"ticket": {...}, "article": {...}}``; without an article an empty object."""
    return {"ticket": await _ticket(db, ticket), "article": await _article(db, article) if article else {}}


async def _user(db: Db, number: int | None) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM users WHERE id = $1", number) if number else None
    if row is None:
        return None
    user = (await shapes.users(db, [row], expand=True))[0]
    return {key: value for key, value in user.items() if key not in _KEPT_BACK}


async def _ticket(db: Db, row: Record) -> dict[str, Any]:
    ticket = (await shapes.tickets(db, [row], expand=True))[0]
    for name in _PEOPLE:
        ticket[name] = await _user(db, row[f"{name}_id"])
    group = await db.fetchrow("SELECT * FROM groups WHERE id = $1", row["group_id"])
    assert group is not None
    ticket["group"] = shapes.group(group)
    organization = await db.fetchrow("SELECT * FROM organizations WHERE id = $1", row["organization_id"])
    ticket["organization"] = shapes.organization(organization) if organization else None
    ticket["priority"] = directory.priority(row["priority_id"])
    ticket["state"] = catalog.STATES[row["state_id"]]
    ticket["article_ids"] = [one["id"] for one in await ticket_store.articles(db, row["id"], internal=True)]
    return ticket


async def _article(db: Db, row: Record) -> dict[str, Any]:
    article = (await shapes.articles(db, [row]))[0]
    unit = await db.fetchval("SELECT time_unit FROM time_accountings WHERE ticket_article_id = $1", row["id"])
    for name in ("created_by", "updated_by", "origin_by"):
        article[name] = await _user(db, row[f"{name}_id"])
    article["accounted_time"] = 0 if unit is None else int(unit)
    return article
