"""Articles as text: pure decisions, no I/O, no clock."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Literal, NamedTuple

from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Sender


class Head(NamedTuple):
    """What is kept of an article. ``writer_id`` is the helpdesk user who said it, ``writer`` the name it is signed
    with, ``kind`` the helpdesk's word for it."""

    id: int
    ticket_id: int
    writer_id: int
    writer: str
    sender: Sender
    kind: str
    internal: bool
    created_at: datetime


Kind = Literal["message", "reply", "internal", "internal_note", "note", "call", "system"]
"""What an article is to people: a customer's message, an agent's reply, something kept from customers, a note, a phone
call, something that the helpdesk wrote by itself."""

LONGEST = 500
"""Characters of a text that a row shows; the rest is a click away, in the helpdesk."""

_READ = 200_000
"""Characters of a body that are looked at."""

_SILENT = frozenset({"noscript", "script", "style", "template", "title"})
_BREAKING = re.compile(
    "address|article|blockquote|br|dd|div|dl|dt|footer|form|h[1-6]|header|hr|li|ol|p|pre|section|table|tr|ul"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def head(article: base.Article, otherwise: datetime) -> Head:
    """What is kept of an article; ``otherwise`` is the instant of one that has none of its own."""
    return Head(
        article.id,
        article.ticket_id,
        article.origin_id or article.author_id,
        article.signed.replace("\0", "")[:200],
        article.sender,
        article.kind.replace("\0", "")[:50],
        article.internal,
        article.created_at or otherwise,
    )


def kind(head: Head) -> Kind:
    """What an article is to people."""
    if head.internal:
        return "internal_note" if head.kind == "note" else "internal"
    if head.sender == "system":
        return "system"
    if head.kind == "phone":
        return "call"
    if head.sender == "customer":
        return "message"
    return "note" if head.kind == "note" else "reply"


def is_too_long(body: str) -> bool:
    """Whether :func:`plain` leaves out a body's end."""
    return len(body) > _READ


def plain(body: str, *, is_html: bool) -> str:
    """A body's words as people read them: no markup, each block on a line of its own, no empty lines."""
    text = body[:_READ]
    if is_html:
        parser = _Words()
        parser.feed(text)
        parser.close()
        text = "".join(parser.words)
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return "\n".join(line for line in lines if line)


def shortened(text: str, longest: int = LONGEST) -> tuple[str, bool]:
    """The beginning of a text, ended between two words where there is one; and whether something was left out."""
    if len(text) <= longest:
        return text, False
    kept = text[:longest]
    end = max(kept.rfind(" "), kept.rfind("\n"))
    return kept[: end if end > longest // 2 else longest].rstrip(), True


class _Words(HTMLParser):
    """Collects the words of HTML. In HTML's own text, line ends are blanks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif _BREAKING.fullmatch(tag):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif _BREAKING.fullmatch(tag):
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(" ".join(data.split("\n")))
