"""Rendering pages; every value is escaped."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page(template: str, status: int = 200, **values: object) -> web.Response:
    """A whole page of HTML."""
    text = _ENVIRONMENT.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def message(status: int, title: str, text: str) -> web.Response:
    """A page that says one thing."""
    return page("message.html", status, title=title, text=text)
