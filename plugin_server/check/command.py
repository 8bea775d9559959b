"""``deskhours check``: the whole chain, looked at now, with what to do about each failure. Run by
:mod:`plugin_server.cli`."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TextIO

import aiohttp

from plugin_server.check import rules, service
from plugin_server.check.context import Context, opened
from plugin_server.check.rules import Result, State

WIDTH = 80
"""Columns that the table takes."""

MARKS: dict[State, str] = {"ok": "ok", "warn": "LOOK", "fail": "FAILED", "skipped": "–"}
_STATE, _NAME = 8, 18


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument("--json", action="store_true", help="the rows as JSON, for programs")
    parser.epilog = (
        "Exits 0 when nothing failed, 1 when something did, 2 when the manifest can't be used. With an administrator's"
        " token of the helpdesk in the variable DESKHOURS_SETUP_TOKEN it looks at more. It writes nothing into the"
        " helpdesk and into Harvest."
    )


async def run(make: Callable[[aiohttp.ClientSession], Context], arguments: argparse.Namespace, stream: TextIO) -> int:
    """Check, tell it on ``stream``, and return the exit code."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        opened(make(session)) as context,
    ):
        results = await service.check(context)
        now = context.clock.now()
    stream.write(as_json(results, now) if arguments.json else as_table(results))
    return rules.exit_code(results)


def as_json(results: Sequence[Result], now: datetime) -> str:
    """``{"ok", "exit_code", "checked_at", "results": [{"name", "state", "words", "todo"}]}``; ``ok`` as the exit code
    0."""
    code = rules.exit_code(results)
    told = {"ok": code == 0, "exit_code": code, "checked_at": now.isoformat(timespec="seconds")}
    return json.dumps({**told, "results": [asdict(one) for one in results]}, indent=2, ensure_ascii=False) + "\n"


def as_table(results: Sequence[Result]) -> str:
    """The rows for people: state, name, what was found; below it what to do."""
    lines = [line for one in results for line in _lines(one)]
    return "\n".join([*lines, "", _sum(results)]) + "\n"


def _lines(one: Result) -> list[str]:
    head = f"{MARKS[one.state]:<{_STATE}}{rules.label(one.name):<{_NAME}}"
    indent = " " * len(head)
    lines = _wrapped(one.words, head, indent)
    if one.todo and one.state != "ok":
        lines += _wrapped(one.todo, f"{indent}→ ", f"{indent}  ")
    return lines


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    # Addresses and commands are copied; they may stand out rather than be cut.
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _sum(results: Sequence[Result]) -> str:
    counted = {state: sum(1 for one in results if one.state == state) for state in MARKS}
    parts = [f"{counted['ok']} ok"]
    parts += [f"{counted['fail']} failed"] if counted["fail"] else []
    parts += [f"{counted['warn']} to look at"] if counted["warn"] else []
    parts += [f"{counted['skipped']} not looked at"] if counted["skipped"] else []
    return f"{', '.join(parts)}. Each row is explained in docs/check.md."
