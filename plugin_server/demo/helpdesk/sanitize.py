"""HTML of articles, reduced to what may stand in the page (an allow-list; everything else becomes text or nothing)."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

_KEPT = frozenset(
    ["a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre", "s"]
) | {"span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}
_VOID = frozenset(("br", "hr"))
_SILENT = frozenset(("script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "title"))
"""Elements that go with all they contain."""
_SCHEMES = ("http", "https", "mailto")


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if self.silent or tag not in _KEPT:
            return
        self.parts.append(f"<{tag}{_attributes(tag, dict(attrs))}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
            return
        if self.silent or tag not in self.open:
            return
        while self.open:
            last = self.open.pop()
            self.parts.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(escape(data, quote=False))


def _attributes(tag: str, given: dict[str, str | None]) -> str:
    if tag != "a":
        return ""
    kept = ""
    href = (given.get("href") or "").strip()
    try:
        scheme = urlsplit(href).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme in _SCHEMES:
        kept += f' href="{escape(href)}" rel="nofollow noreferrer noopener" target="_blank"'
    mention = given.get("data-mention-user-id") or ""
    if mention.isascii() and mention.isdigit():
        kept += f' data-mention-user-id="{mention}"'
    return kept


def clean(html: str) -> str:
    """``html`` without anything that runs, loads or styles."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    cleaner.parts += [f"</{tag}>" for tag in reversed(cleaner.open)]
    return "".join(cleaner.parts)
