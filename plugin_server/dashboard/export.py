"""Tables as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable

from aiohttp import web

CHUNK = 500
"""Rows that are written at once."""

_FORMULA = frozenset("=+-@")
_AT_ONCE = ("\t", "\r", "\n")
"""Spreadsheets begin a formula, or another cell, behind these."""


def cell(value: object) -> str:
    """A cell's text. One that a spreadsheet would take for a formula is preceded by an apostrophe, which makes it text
    there; titles are written by customers."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_AT_ONCE) or _first_visible(text) in _FORMULA else text


def _first_visible(text: str) -> str:
    """The first sign that is no blank, control or format character; a full-width one as the one it is read as."""
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")
    return unicodedata.normalize("NFKC", first)


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as lines of CSV."""
    written = io.StringIO()
    csv.writer(written).writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


async def send(
    request: web.Request, name: str, head: Iterable[str], rows: Iterable[Iterable[object]]
) -> web.StreamResponse:
    """Answer with a table as a file of that name, written as it is made. It begins with a byte order mark: without one
    Excel takes it for the machine's old code page."""
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type = "text/csv"
    response.charset = "utf-8"
    await response.prepare(request)
    await response.write(codecs.BOM_UTF8)
    held: list[Iterable[object]] = [head]
    for row in rows:
        held.append(row)
        if len(held) >= CHUNK:
            await response.write(lines(held).encode())
            held.clear()
    await response.write(lines(held).encode())
    await response.write_eof()
    return response
