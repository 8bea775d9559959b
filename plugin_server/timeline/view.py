"""Timelines as people and programs get them: the page, the sidebar's fragment, JSON and the cells of a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from pydantic import BaseModel, Field

from plugin_server.accounts.web.routes import CSRF_FIELD, SIGN_OUT_PATH, Visitor
from plugin_server.budgets import store as ledger_store
from plugin_server.budgets.service import hours
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import decimal
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.templates import Templates
from plugin_server.runtime.timeline import Item
from plugin_server.timeline import rules
from plugin_server.timeline.rules import Wanted
from plugin_server.timeline.service import Export, Timeline

POLL_SECONDS = 60
"""An open sidebar asks again so often."""

STEP = 25
"""So many items a sidebar shows at first, and more of each time."""

HEAD = ("at", "day", "kind", "what", "who", "text", "details", "hours", "hours_so_far", "billable", "task", "link")


@dataclass(frozen=True)
class Told:
    """What is said above a page: that something was done, or why it was not."""

    done: bool = False
    problem: str = ""


class ItemOut(BaseModel):
    """One line of a timeline. Hours as text with two places."""

    id: str
    group: str = Field(description="messages, time or budget.")
    kind: str
    label: str = Field(description="The kind in words.")
    at: datetime
    at_is_exact: bool = Field(description="False: only the day is known.")
    day: date | None = Field(description="Of a time entry, the day it counts for.")
    by: str
    text: str = Field(description="Without markup, shortened.")
    text_is_cut: bool
    trouble: str = Field(description="Why the text is missing.")
    details: list[str]
    internal: bool
    hours: str | None
    hours_so_far: str | None = Field(description="All that counts for the ticket up to here, whatever is filtered.")
    billable: bool | None
    task: str
    running_since: datetime | None
    url: str

    @classmethod
    def of(cls, item: Item) -> ItemOut:
        return cls(
            id=item.id,
            group=item.group,
            kind=item.kind,
            label=item.label,
            at=item.place.at,
            at_is_exact=item.is_exact,
            day=item.day,
            by=item.by,
            text=item.text,
            text_is_cut=item.is_cut,
            trouble=item.trouble,
            details=list(item.facts),
            internal=item.internal,
            hours=_plain(item.hours),
            hours_so_far=_plain(item.total),
            billable=item.billable,
            task=item.task,
            running_since=item.running_since,
            url=item.url,
        )


class SumOut(BaseModel):
    """One person's hours, of all that is asked for."""

    name: str
    billable_hours: str
    other_hours: str


class UnassignedOut(BaseModel):
    """A time entry of the ticket's project that counts for no ticket."""

    entry_id: int
    name: str
    day: date
    hours: str
    notes: str


class TimelineOut(BaseModel):
    """A page of a ticket's timeline."""

    ticket_id: int
    items: list[ItemOut]
    next: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")
    sums: list[SumOut]
    people: dict[str, str] = Field(description="Whom `person` can name, and what they are called.")
    unassigned: list[UnassignedOut] = Field(description="On the first page.")
    unassigned_more: bool = Field(description="There are earlier ones, which the dashboard has.")
    complete: bool = Field(description="False while the helpdesk's articles could not all be read.")


def to_json(timeline: Timeline) -> TimelineOut:
    """A page for programs."""
    return TimelineOut(
        ticket_id=timeline.ticket.id,
        items=[ItemOut.of(item) for item in timeline.items],
        next=timeline.after,
        sums=[
            SumOut(name=one.name, billable_hours=_in_hours(one.billable), other_hours=_in_hours(one.other))
            for one in timeline.sums
        ],
        people={one.key: one.name for one in timeline.people},
        unassigned=[
            UnassignedOut(
                entry_id=one.entry.id,
                name=one.name,
                day=one.entry.spent_date,
                hours=_in_hours(one.entry.hours),
                notes=one.entry.notes or "",
            )
            for one in timeline.unassigned
        ],
        unassigned_more=timeline.has_more_unassigned,
        complete=timeline.is_current,
    )


def rows(found: Export, caller: Caller) -> Iterator[Sequence[object]]:
    """A CSV's rows; the last one says where others are missing."""
    for item in found.items:
        yield cells(item, caller)
    if found.is_cut:
        words = _("The list ends here, after {count} lines. Choose fewer days for the others.")
        yield [words.format(count=len(found.items)) if name == "text" else "" for name in HEAD]


def cells(item: Item, caller: Caller) -> Sequence[object]:
    """An item's cells in a CSV: instants with the reader's offset, hours with a point."""
    words = item.trouble or item.text
    if item.is_cut and not item.trouble:
        words = _("{text} … (The text is too long to be here whole; the helpdesk has all of it.)").format(text=words)
    return (
        item.place.at.astimezone(caller.zone).isoformat(timespec="seconds") if item.is_exact else "",
        item.day or item.place.at.astimezone(caller.zone).date(),
        item.kind,
        item.label,
        item.by,
        words,
        "; ".join(item.facts),
        _plain(item.hours),
        _plain(item.total),
        "" if item.billable is None else "yes" if item.billable else "no",
        item.task,
        item.url,
    )


def _plain(hundredths: int | None) -> str | None:
    return None if hundredths is None else _in_hours(hundredths)


def _in_hours(hundredths: int) -> str:
    return f"{hours(hundredths):.2f}"


@dataclass(frozen=True)
class _Links:
    """Addresses of a timeline with something else asked for."""

    path: str
    wanted: Wanted

    def having(self, path: str = "", **changes: Any) -> str:
        words = urlencode(rules.query(self.wanted, **changes))
        return f"{self.path}{path}?{words}" if words else f"{self.path}{path}"


class Views:
    """Renders timelines. ``public_url`` is where people reach this server."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, templates: Templates, public_url: str) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._templates = templates
        self._public_url = public_url

    async def page(self, visitor: Visitor, lang: str, timeline: Timeline, told: Told) -> Markup:
        """The page for a plain browser."""
        context = await self._context(visitor.caller, timeline)
        return self._templates.render(
            "timeline/page.html",
            lang,
            visitor=visitor.caller,
            csrf_field=CSRF_FIELD,
            csrf=visitor.csrf,
            sign_out=SIGN_OUT_PATH,
            told=told,
            entries=entries_path(timeline.ticket.id),
            links=_Links(path(timeline.ticket.id), timeline.wanted),
            back=urlencode(rules.query(timeline.wanted, cursor=timeline.wanted.cursor)),
            **context,
        )

    async def fragment(self, caller: Caller, lang: str, timeline: Timeline) -> Markup:
        """The sidebar's content."""
        context = await self._context(caller, timeline)
        page = _Links(f"{self._public_url}{path(timeline.ticket.id)}", timeline.wanted)
        more = min(timeline.wanted.size + STEP, rules.MOST) if timeline.after else 0
        return self._templates.render(
            "timeline/fragment.html",
            lang,
            page=page.having(order=None),
            dashboard=f"{self._public_url}/dashboard",
            entries="",
            more=more if more > timeline.wanted.size else 0,
            poll=POLL_SECONDS,
            **context,
        )

    async def _context(self, caller: Caller, timeline: Timeline) -> dict[str, Any]:
        zone = caller.zone
        days = [
            (day, list(items))
            for day, items in groupby(timeline.items, lambda item: item.place.at.astimezone(zone).date())
        ]
        return {
            "timeline": timeline,
            "ticket": timeline.ticket,
            "wanted": timeline.wanted,
            "days": days,
            "zone": zone,
            "figures": await ledger_store.budget(self._pool, timeline.ticket.id),
            "ticket_url": self._helpdesk.ticket_url(timeline.ticket.id),
            "hours": lambda value: decimal(hours(value)),
            "total": sum(one.hours for one in timeline.sums),
            "billable": sum(one.billable for one in timeline.sums),
        }


def entries_path(ticket_id: int) -> str:
    """Below it stand the pages of the ticket's entries, where they are corrected."""
    return f"/tickets/{ticket_id}/entries"


def path(ticket_id: int) -> str:
    """The page's address."""
    return f"/tickets/{ticket_id}/timeline"
