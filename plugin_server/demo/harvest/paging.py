"""Lists in pages: by offset, or by cursor where Harvest does so, with the links that clients are to follow."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web
from yarl import URL

from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import unprocessable
from plugin_server.demo.harvest.fields import BIGGEST, read_datetime, read_integer
from plugin_server.demo.harvest.sql import Row, Select
from plugin_server.demo.harvest.wire import instant, reply

LARGEST_PAGE = 2000
# Credentials in the query are accepted, but handed on in no link.
_PRIVATE = ("access_token", "account_id", "page", "cursor", "per_page")

Shape = Callable[[Row], dict[str, Any]]


def _link(call: Call, **changes: object) -> str:
    query = [(k, v) for k, v in call.request.query.items() if k not in _PRIVATE]
    query += [(k, str(v)) for k, v in changes.items()]
    url = URL(call.server.settings.public_url + call.request.path, encoded=True)
    return str(url.with_query(query))


def _page_size(call: Call) -> int:
    return call.query.integer("per_page", smallest=1, largest=LARGEST_PAGE) or LARGEST_PAGE


def _answer(
    collection: str,
    items: list[dict[str, Any]],
    size: int,
    total: int,
    pages: tuple[int | None, int | None, int | None],
    links: dict[str, str | None],
) -> web.Response:
    page, following, previous = pages
    return reply(
        {
            collection: items,
            "per_page": size,
            "total_pages": _page_count(total, size),
            "total_entries": total,
            "next_page": following,
            "page": page,
            "previous_page": previous,
            "links": links,
        }
    )


def _page_count(total: int, size: int) -> int:
    return max(1, -(-total // size))


async def by_offset(call: Call, select: Select, collection: str, shape: Shape, order: str) -> web.Response:
    """The page that ``page`` names. Rows shift between pages while others write, as they do at Harvest."""
    size = _page_size(call)
    page = call.query.integer("page", smallest=1, largest=BIGGEST // LARGEST_PAGE) or 1
    total = await select.count(call.conn)
    count = _page_count(total, size)
    rows = await select.rows(call.conn, order, size, (page - 1) * size)
    following = page + 1 if page < count else None
    previous = page - 1 if page > 1 else None
    links = {
        "first": _link(call, page=1, per_page=size),
        "next": _link(call, page=following, per_page=size) if following else None,
        "previous": _link(call, page=previous, per_page=size) if previous else None,
        "last": _link(call, page=count, per_page=size),
    }
    return _answer(collection, [shape(row) for row in rows], size, total, (page, following, previous), links)


async def newest_first(call: Call, select: Select, collection: str, shape: Shape, table: str) -> web.Response:
    """A list in cursor mode, newest first; a ``page`` (deprecated there) without cursor still works.

    ``table`` is the alias whose ``created_at`` and ``id`` give the order. In the middle of a list page numbers are
    null: only the links lead on.
    """
    order = f"{table}.created_at DESC, {table}.id DESC"
    cursor = call.query.text("cursor")
    if cursor is None and call.query.text("page") is not None:
        return await by_offset(call, select, collection, shape, order)
    size = _page_size(call)
    total = await select.count(call.conn)
    count = _page_count(total, size)
    way, edge = _read_cursor(cursor) if cursor else ("after", None)
    window = select.copy()
    reverse = f"{table}.created_at, {table}.id"
    if way == "last":
        rows = (await window.rows(call.conn, reverse, total - (count - 1) * size))[::-1]
    elif way == "before" and edge:
        window.where(f"({table}.created_at, {table}.id) > ({{}}::timestamptz, {{}}::bigint)", *edge)
        rows = (await window.rows(call.conn, reverse, size))[::-1]
    else:
        if edge:
            window.where(f"({table}.created_at, {table}.id) < ({{}}::timestamptz, {{}}::bigint)", *edge)
        rows = await window.rows(call.conn, order, size)
    before = await _beyond(call, select, table, ">", rows[0]) if rows else edge is not None
    after = await _beyond(call, select, table, "<", rows[-1]) if rows else False
    page = 1 if not before else count if not after else None
    links = {
        "first": _link(call, cursor=_cursor("first", None), per_page=size),
        "next": _link(call, cursor=_cursor("after", rows[-1]), per_page=size) if after else None,
        "previous": _link(call, cursor=_cursor("before", rows[0]), per_page=size) if before and rows else None,
        "last": _link(call, cursor=_cursor("last", None), per_page=size),
    }
    following = 2 if page == 1 and after else None
    previous = count - 1 if page is not None and before else None
    return _answer(collection, [shape(row) for row in rows], size, total, (page, following, previous), links)


async def _beyond(call: Call, select: Select, table: str, sign: str, row: Row) -> bool:
    """Whether there are rows on that side of this one."""
    rest = select.copy()
    rest.where(
        f"({table}.created_at, {table}.id) {sign} ({{}}::timestamptz, {{}}::bigint)", row["created_at"], row["id"]
    )
    return bool(await rest.rows(call.conn, f"{table}.id", 1))


def _cursor(way: str, row: Row | None) -> str:
    content: dict[str, object] = {way: {"created_at": instant(row["created_at"]), "id": row["id"]} if row else {}}
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read_cursor(text: str) -> tuple[str, tuple[datetime, int] | None]:
    """The way and the row it starts at; 422 for anything that no link of ours held."""
    wrong = unprocessable("Invalid cursor parameter")
    try:
        content = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise wrong from None
    if not isinstance(content, dict) or len(content) != 1:
        raise wrong
    way, row = next(iter(content.items()))
    if way in ("first", "last") and row == {}:
        return way, None
    if way not in ("after", "before") or not isinstance(row, dict):
        raise wrong
    moment = read_datetime(row["created_at"]) if isinstance(row.get("created_at"), str) else None
    row_id = read_integer(row.get("id"))
    if moment is None or row_id is None:
        raise wrong
    return way, (moment, row_id)
