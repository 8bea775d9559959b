"""Plain pages of a project and of a person's day, so that links into Harvest lead somewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiohttp import web

from plugin_server.demo.harvest.access import Viewer, manages_project, narrow_entries
from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.entries import COLUMNS, SOURCE
from plugin_server.demo.harvest.fields import BIGGEST
from plugin_server.demo.harvest.sql import Row, Select
from plugin_server.demo.harvest.time_rules import is_link, total_hours
from plugin_server.demo.harvest.web.html import message, page
from plugin_server.demo.harvest.web.session import signed_in, to_login

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection

    PageHandler = Callable[[web.Request, Connection, Row], Awaitable[web.Response]]

_MOST_ROWS = 500


def signed(handler: PageHandler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A page for people who have signed in; others sign in first and come back."""

    async def handle(request: web.Request) -> web.Response:
        async with request.app[SERVER].pool.acquire() as conn:
            person = await signed_in(conn, request)
            return to_login(request) if person is None else await handler(request, conn, person)

    return handle


def _name(person: Row) -> str:
    return f"{person['first_name']} {person['last_name']}"


def _number(text: str) -> int:
    """An id of the path; 0, which is nobody's, for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= BIGGEST else 0


def _hours(value: Decimal) -> str:
    return f"{value:,.2f}"


def _budget(project: Row) -> str:
    if project["budget_by"] == "none":
        return "none"
    hours, money = project["budget"], project["cost_budget"]
    text = f"{_hours(hours)} h" if hours is not None else f"{money:,.2f}" if money is not None else "not set"
    return f"{text} per month" if project["budget_is_monthly"] else text


def _missing(what: str) -> web.Response:
    return message(404, "Not found", f"There is no such {what}, or it is not yours to see.")


async def _rows(request: web.Request, conn: Connection, select: Select) -> list[dict[str, Any]]:
    now = request.app[SERVER].clock.now()
    rows = await select.rows(conn, "e.spent_date DESC, e.id DESC", _MOST_ROWS)
    return [
        {
            **row,
            "exact": total_hours(row["hours"], row["running_since"], now),
            "total": _hours(total_hours(row["hours"], row["running_since"], now)),
            "link": row["reference_permalink"] if is_link(row["reference_permalink"] or "") else None,
        }
        for row in rows
    ]


async def index(request: web.Request, conn: Connection, person: Row) -> web.Response:
    """The projects that the person works on; all of them for an Administrator."""
    select = Select("p.*, c.name AS client_name", "project p JOIN client c ON c.id = p.client_id")
    if not Viewer.of(person).is_admin:
        select.where("p.id IN (SELECT project_id FROM user_assignment WHERE user_id = {} AND is_active)", person["id"])
    rows = await select.rows(conn, "p.is_active DESC, c.name, p.name", _MOST_ROWS)
    shown = [{**row, "budget_text": _budget(row) if await _shows_budget(conn, person, row) else ""} for row in rows]
    return page("index.html", title="Projects", person=_name(person), projects=shown)


async def _shows_budget(conn: Connection, person: Row, project: Row) -> bool:
    return bool(project["show_budget_to_all"]) or await manages_project(conn, Viewer.of(person), project["id"])


async def project(request: web.Request, conn: Connection, person: Row) -> web.Response:
    """A project with its budget, what is used, and the entries that the person may see."""
    viewer = Viewer.of(person)
    select = Select("p.*, c.name AS client_name", "project p JOIN client c ON c.id = p.client_id")
    select.where("p.id = {}", _number(request.match_info["id"]))
    row = await select.one(conn)
    if row is None:
        return _missing("project")
    works = await conn.fetchval(
        "SELECT true FROM user_assignment WHERE project_id = $1 AND user_id = $2", row["id"], person["id"]
    )
    if not works and not viewer.is_admin:
        return _missing("project")
    entries = narrow_entries(Select(COLUMNS, SOURCE).where("e.project_id = {}", row["id"]), viewer)
    now = request.app[SERVER].clock.now()
    used = await conn.fetchval("SELECT coalesce(sum(hours), 0) FROM time_entry WHERE project_id = $1", row["id"])
    for since in await conn.fetch(
        "SELECT running_since FROM time_entry WHERE project_id = $1 AND running_since IS NOT NULL", row["id"]
    ):
        used += total_hours(Decimal(0), since["running_since"], now)
    return page(
        "project.html",
        title=f"[{row['code']}] {row['name']}" if row["code"] else row["name"],
        person=_name(person),
        project=row,
        shows_budget=await _shows_budget(conn, person, row),
        budget=_budget(row),
        used=_hours(used),
        entries=await _rows(request, conn, entries),
    )


async def day(request: web.Request, conn: Connection, person: Row) -> web.Response:
    """One person's day."""
    try:
        spent = date(*(int(request.match_info[name]) for name in ("year", "month", "day")))
    except (ValueError, OverflowError):
        return _missing("day")
    user = await conn.fetchrow("SELECT * FROM person WHERE id = $1", _number(request.match_info["user_id"]))
    if user is None:
        return _missing("person")
    viewer = Viewer.of(person)
    if user["id"] != viewer.id and not viewer.is_admin and not viewer.is_manager:
        return _missing("day")
    select = Select(COLUMNS, SOURCE).where("e.user_id = {} AND e.spent_date = {}", user["id"], spent)
    entries = await _rows(request, conn, narrow_entries(select, viewer))
    return page(
        "day.html",
        title=f"{_name(user)}, {spent:%A} {spent}",
        person=_name(person),
        entries=entries,
        total=_hours(sum((entry["exact"] for entry in entries), Decimal(0))),
    )


async def avatar(_: web.Request) -> web.Response:
    """The same picture for everybody."""
    text = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1"/></svg>'
    return web.Response(text=text, content_type="image/svg+xml")
