"""``deskhours check`` as it is typed: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from plugin_server.check import chain, command, rules, service
from plugin_server.check.chain import Link
from plugin_server.check.rules import Result, fail, ok, skipped, warn
from tests.check.stand import Stand

DOCS = Path(__file__).resolve().parents[2] / "docs" / "check.md"


async def typed(stand: Stand, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run it as a person does: exit code, output, errors."""
    env = {name: value for name, value in os.environ.items() if name not in ("DESKHOURS_DATA", "DESKHOURS_SETUP_TOKEN")}
    command_line = ("-m", "plugin_server.cli", "check", "--manifest", str(stand.path), *arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command_line,
        env={**env, "DATABASE_URL": stand.database_url, "REDIS_URL": stand.redis_url, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_a_chain_that_holds_ends_with_0(stand: Stand) -> None:
    code, out, errors = await typed(stand)
    assert (code, errors) == (0, "")
    assert "ok      helpdesk" in out
    assert out.splitlines()[-1].endswith("Each row is explained in docs/check.md.")


async def test_without_database_and_queue_it_tells_and_ends_with_1(stand: Stand, unused_tcp_port: int) -> None:
    away = f"127.0.0.1:{unused_tcp_port}"
    code, out, errors = await typed(
        stand, "--json", DATABASE_URL=f"postgresql://me:hidden@{away}/me", REDIS_URL=f"redis://{away}/0"
    )
    told = json.loads(out)
    states = {one["name"]: one["state"] for one in told["results"]}
    assert (code, errors, told["ok"], told["exit_code"]) == (1, "", False, 1)
    assert (states["database"], states["queue"], states["helpdesk"]) == ("fail", "fail", "ok")
    assert "hidden" not in out


async def test_a_manifest_that_cannot_be_used_ends_with_2(stand: Stand) -> None:
    stand.path.write_text("{")
    code, out, errors = await typed(stand)
    assert (code, errors) == (2, "")
    assert "FAILED  manifest" in out
    assert "not JSON" in out


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([ok("clock", "")], 0),
        ([warn("clock", "", ""), skipped("gate", "")], 0),
        ([fail("clock", "", "")], 1),
        ([fail("secrets", "", "")], 1),
        ([fail("manifest", "", ""), fail("clock", "", "")], 2),
    ],
)
def test_exit_codes(results: list[Result], code: int) -> None:
    assert rules.exit_code(results) == code


def test_the_table_wraps_what_is_long_and_says_what_to_do() -> None:
    table = command.as_table([ok("clock", "Well."), fail("pm_role", "word " * 30, "Do " + "this " * 30)])
    assert all(len(line) <= command.WIDTH for line in table.splitlines())
    assert "FAILED  pm role" in table
    assert "→ Do this this" in table
    assert table.endswith("1 ok, 1 failed. Each row is explained in docs/check.md.\n")


def test_every_row_is_explained() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## The rows")[2]
    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert tuple(explained) == service.ROWS


async def test_a_link_that_breaks_stops_those_that_rest_on_it_and_no_other() -> None:
    async def breaks(_context: None) -> list[Result]:
        raise RuntimeError("a secret place")

    async def hangs(_context: None) -> list[Result]:
        await asyncio.Event().wait()
        return []

    async def well(_context: None) -> list[Result]:
        return [ok("well", "It is.")]

    async def silent(_context: None) -> list[Result]:
        return []

    links: list[Link[Any]] = [
        Link(("broken", "more"), breaks),
        Link(("hanging",), hangs),
        Link(("resting",), well, ("hanging",)),
        Link(("far",), well, ("resting",)),
        Link(("well",), well, ("nobody tells this",), after=("broken",)),
        Link(("silent",), silent),
    ]
    results = await chain.run(links, None, seconds=0.05)
    assert [(one.name, one.state) for one in results] == [
        ("broken", "fail"),
        ("more", "skipped"),
        ("hanging", "fail"),
        ("resting", "skipped"),
        ("far", "skipped"),
        ("well", "ok"),
        ("silent", "skipped"),
    ]
    words = {one.name: one.words for one in results}
    assert words["broken"] == "Deskhours made a mistake while it looked at this."
    assert words["hanging"] == "There was no answer within 0.05 s."
    assert words["resting"] == "Not looked at, because “hanging” failed."
    assert words["far"] == words["resting"], "the reason is the same"
