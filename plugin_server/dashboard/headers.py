"""A page of the dashboard as an answer, with the headers that keep it to itself."""

from __future__ import annotations

from aiohttp import web

from plugin_server.runtime.web import SECURITY_HEADERS

PAGE_HEADERS = {
    "Content-Security-Policy": f"{SECURITY_HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'",
    # With no referrer at all, browsers say of a form that it comes from nowhere ("Origin: null").
    "Referrer-Policy": "same-origin",
}


def page(html: str, status: int = 200) -> web.Response:
    """The answer that shows a page."""
    return web.Response(text=html, status=status, content_type="text/html", headers=PAGE_HEADERS)
