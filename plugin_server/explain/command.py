"""``deskhours explain``: where a ticket's hours come from, and where one entry counts. Run by
:mod:`plugin_server.cli`."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TextIO
from zoneinfo import ZoneInfo

from plugin_server.explain import entry as entries
from plugin_server.explain import rules, ticket
from plugin_server.explain.routes import EntryExplainedOut, TicketExplainedOut
from plugin_server.explain.service import Explain, Reader
from plugin_server.runtime.database import Pool
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.account import store as account_store

WIDTH = 80
"""Columns of the text."""

MARKS: dict[rules.State, str] = {"look": "LOOK", "wait": "wait", "note": "note", "ok": "ok"}
_MARK = 6

DONE, NOT_TOLD, UNKNOWN = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked about."""
    parser.add_argument("what", choices=("ticket", "entry"), help="a ticket's hours, or one time entry")
    parser.add_argument("about", metavar="ID", help="the ticket's id or number; the entry's id in Harvest")
    parser.add_argument("--ticket", metavar="TICKET", help="of an entry: the ticket that it is missed on")
    parser.add_argument("--ask", action="store_true", help="of an entry: read it from Harvest first, in one call")
    parser.add_argument("--json", action="store_true", help="the findings as JSON, for programs")
    parser.epilog = (
        "Reads the database alone, unless --ask is given. Exits 0 when it could be told, 1 when something that it needs"
        " is away, 2 when there is no such ticket or entry. Each finding is explained in docs/explain.md."
    )


async def run(explain: Explain, pool: Pool, options: argparse.Namespace, stream: TextIO) -> int:
    """Tell what was asked about on ``stream``; returns the exit code."""
    reader = Reader(ZoneInfo("UTC"))
    wanted = options.about if options.what == "ticket" else options.ticket
    shown = await _ticket(pool, wanted) if wanted else None
    asked = entries.wanted(options.about)
    if wanted and shown is None:
        stream.write(f"Ticket {wanted} is not known: Deskhours has read no ticket with this id or number.\n")
        return UNKNOWN
    if options.what == "ticket":
        assert shown is not None, "it was asked about"
        of_ticket = await explain.ticket(shown, reader)
        if options.json:
            stream.write(_json(TicketExplainedOut.of(shown.id, of_ticket, []).model_dump(mode="json")))
        else:
            stream.write(_text(f"Ticket #{shown.number} {shown.title}", ticket.findings(of_ticket), _shares(of_ticket)))
        return DONE
    if asked is None or asked.entry_id is None:
        stream.write(f"“{options.about}” is no time entry's id in Harvest, which is a number.\n")
        return UNKNOWN
    facts = await explain.entry(asked.entry_id, reader, shown, ask=options.ask)
    if options.json:
        stream.write(_json(EntryExplainedOut.of(facts).model_dump(mode="json")))
    else:
        stream.write(_text(_heading(facts), entries.findings(facts), _ask_hint(facts)))
    return {"away": NOT_TOLD, "missing": UNKNOWN, "hidden": UNKNOWN}.get(facts.asked or "", DONE)


async def _ticket(pool: Pool, text: str) -> tickets_store.Ticket | None:
    """By id, else by number; ``#10042`` is a number."""
    plain = text.removeprefix("#")
    if plain.isascii() and plain.isdigit() and len(plain) <= 15 and not text.startswith("#"):
        found = await tickets_store.ticket(pool, int(plain))
        if found is not None:
            return found
    by_number = await account_store.by_number(pool, plain)
    return None if by_number is None else await tickets_store.ticket(pool, by_number)


def _json(told: object) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _heading(facts: entries.Facts) -> str:
    if facts.entry is None:
        return f"Entry {facts.id}"
    return f"Entry {facts.id}: {entries.heading(facts.entry)} · {facts.entry.project}"


def _shares(facts: ticket.Facts) -> Sequence[str]:
    """What counts, by rule."""
    return [
        f"{facts.counts[rule].entries:>5} × {rules.hours(facts.counts[rule].hours):>10}  {ticket.rule_words(rule)}"
        for rule in ticket.RULES
        if rule in facts.counts
    ]


def _ask_hint(facts: entries.Facts) -> Sequence[str]:
    if facts.entry is not None or facts.asked is not None:
        return []
    return [f"deskhours explain entry {facts.id} --ask   asks Harvest for it"]


def _text(heading: str, findings: Sequence[rules.Finding], below: Sequence[str]) -> str:
    lines = [*textwrap.wrap(heading, WIDTH, subsequent_indent="  "), ""]
    for one in findings:
        indent = " " * _MARK
        lines += _wrapped(one.words, f"{MARKS[one.state]:<{_MARK}}", indent)
        if one.todo:
            lines += _wrapped(one.todo, f"{indent}→ ", f"{indent}  ")
    return "\n".join([*lines, *([""] if below else []), *below]) + "\n"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    # Commands are copied; they may stand out rather than be cut.
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
