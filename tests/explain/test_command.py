"""``deskhours explain`` as it is typed: what it prints, and how it ends."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from plugin_server.explain import command
from tests.explain.conftest import BO, Office
from tests.panel.conftest import stand as stand
from tests.timelog.test_popup import log


async def typed(office: Office, *arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out = io.StringIO()
    services = office.stand.server.services
    return await command.run(services.explain, services.pool, parser.parse_args(arguments), out), out.getvalue()


async def test_a_ticket_is_explained_at_80_columns_by_id_and_by_number(office: Office) -> None:
    await office.ticket(12, "4001", "", seen_by=0)
    await office.entry(1, 4001, 150, ticket=12, user=BO)
    await office.count()
    await log(office.stand, "attention", problem="Harvest refused this. " * 8)
    code, text = await typed(office, "ticket", "12")
    assert code == 0
    assert text.splitlines()[0] == "Ticket #10012 Ticket 12"
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "LOOK  No budget is set" in text
    assert "Ada Agent: not in Harvest" in text, "who runs the server is told of everybody's"
    assert "    1 ×     1.50 h  name this ticket" in text
    assert "deskhours sync --from DATE --project 4001" in text, "what to do stands below what is well, too"
    for same in ("10012", "#10012"):
        assert await typed(office, "ticket", same) == (code, text)


async def test_an_entry_is_explained_whosever_it_is(office: Office) -> None:
    await office.ticket(12, "4001", seen_by=0)
    await office.entry(7, 4002, 300, user=BO)
    await office.count()
    code, text = await typed(office, "entry", "7", "--ticket", "12")
    assert code == 0
    assert text.startswith("Entry 7: 4 Mar 2026 · 3.00 h · Shop checkout\n")
    assert "LOOK  It counts for no ticket. It is on the project Shop checkout" in text


async def test_one_that_was_not_read_says_how_harvest_is_asked(office: Office) -> None:
    code, text = await typed(office, "entry", "99")
    assert code == 0
    assert text.endswith("deskhours explain entry 99 --ask   asks Harvest for it\n")
    code, text = await typed(office, "entry", "99", "--ask")
    assert code == 1
    assert "LOOK  Harvest could not be asked" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ticket", "77"), "Ticket 77 is not known"),
        (("entry", "1", "--ticket", "77"), "Ticket 77 is not known"),
        (("entry", "soon"), "“soon” is no time entry's id"),
    ],
)
async def test_what_does_not_exist_ends_with_2(office: Office, arguments: tuple[str, ...], words: str) -> None:
    code, text = await typed(office, *arguments)
    assert code == 2
    assert words in text


async def test_programs_get_json(office: Office) -> None:
    await office.ticket(12, "4001")
    code, text = await typed(office, "ticket", "12", "--json")
    told = json.loads(text)
    assert (code, told["ticket_id"]) == (0, 12)
    assert {"code", "state", "words", "todo"} == set(told["findings"][0])
    code, text = await typed(office, "entry", "99", "--json")
    assert json.loads(text)["findings"][0]["code"] == "not_read"
