"""Filters, order, pages and CSV of the tables."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.dashboard import export, listing
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Problem
from tests.dashboard.office import Office
from tests.support.tables import table

ROWS = st.dictionaries(st.integers(1, 500), st.integers(-50, 50), max_size=60)


@given(ROWS, ROWS, st.integers(1, 9))
def test_going_through_the_pages_shows_each_row_that_stays_once(
    rows: dict[int, int], others: dict[int, int], size: int
) -> None:
    """Between two pages rows come, go and change their place; those that stay are shown once each, in order."""
    stays = {key: value for key, value in rows.items() if key not in others}
    shown: list[int] = []
    after, turn = "", 0
    while True:
        present = {**stays, **(others if turn % 2 else {})}
        found = listing.page(present.items(), lambda row: (row[1], row[0]), "used", after, size)
        shown += [key for key, _value in found.rows]
        assert len(found.rows) <= size
        if found.after is None:
            break
        after, turn = found.after, turn + 1
    kept = [key for key in shown if key in stays]
    assert kept == sorted(stays, key=lambda key: (stays[key], key))


@pytest.mark.parametrize("cursor", ["x", "used.1", "number.1.2", "used.1.2.3", "used.x.1", "used..1", "used.1.-1"])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(Problem):
        listing.page([], lambda row: (0, 0), "used", cursor)


@given(st.dictionaries(st.sampled_from(["q", "band", "state", "sort", "project", "mine", "locked"]), st.text()))
def test_any_query_string_is_a_wish(query: dict[str, str]) -> None:
    found = listing.wanted(query)
    assert found.band in (None, "green", "yellow", "orange", "red", "none")
    assert found.sort in ("utilization", "number", "used")
    assert found.state in ("open", "closed", "all")


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\r\x00")), min_size=1), min_size=1))
def test_what_stands_in_a_cell_comes_out_of_the_csv_and_is_no_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(export.lines(rows), newline="")))
    assert len(read) == len(rows)
    for before, after in zip(rows, read, strict=True):
        for cell, shown in zip(before, after, strict=True):
            assert shown in (cell, f"'{cell}")
            assert not re.match(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]", shown)


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u200b=", "\ufeff\xa0@", "＝", "﹢"], ids=ascii
)
def test_a_formula_is_text(start: str) -> None:
    assert export.cell(f"{start}1+1") == f"'{start}1+1"
    assert export.cell("1=1") == "1=1"
    assert export.cell(None) == ""


async def some(office: Office) -> None:
    await office.person(1, "Ari", "Admin")
    await office.project(7, "Shop", code="S")
    await office.project(8, "Blog")
    await office.ticket(1, used=1200, title="Cards declined", project_id=7, owner_id=1)
    await office.lock(1)
    await office.ticket(2, used=900, title="Zebra crossing", project_id=8)
    await office.ticket(3, used=100, state_kind="closed", state="closed")
    await office.ticket(4, budget=None, used=2000)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 4]),
        ("state=all", [1, 2, 3, 4]),
        ("state=closed", [3]),
        ("band=red", [1]),
        ("band=none", [4]),
        ("locked=1", [1]),
        ("mine=1", [1]),
        ("project=8", [2]),
        ("q=zebra", [2]),
        ("q=%2310002", [2]),
        ("q=shop+cards", [1]),
        ("q=nothing+like+it", []),
        ("sort=number&state=all", [4, 3, 2, 1]),
        ("sort=used", [4, 1, 2]),
        ("band=purple&sort=sideways&project=x", [1, 2, 4]),
    ],
)
async def test_filters_and_order(office: Office, query: str, expected: list[int]) -> None:
    await some(office)
    assert await office.tickets("Ari", f"/dashboard?{query}") == expected


async def test_pages_of_fifty(office: Office) -> None:
    await office.person(1, "Ari", "Admin")
    for number in range(1, 121):
        await office.ticket(number, used=number)
    seen = await office.tickets("Ari", "/dashboard")
    assert seen == list(range(120, 70, -1))
    # The second page begins after the last row shown, though that one and others have changed since.
    text = await office.page("Ari")
    await office.pool.execute("UPDATE ticket_budget SET pressing = 500 WHERE ticket_id IN (71, 3)")
    link = re.search(r'rel="next" href="([^"#]*)#tickets"', text)
    assert link
    path = link[1].replace("&amp;", "&")
    assert await office.tickets("Ari", path) == list(range(70, 20, -1))
    assert (await office.ask("Ari", "/dashboard?after=nonsense"))[0] == 400


async def test_projects_show_what_counts_for_no_ticket(office: Office) -> None:
    await some(office)
    await office.project(9, "Dormant", budget_by="project", budget=500)
    await office.project(10, "Internal")
    await office.pool.execute("UPDATE harvest_project SET budget_by = 'project', budget = 1000 WHERE id = 7")
    await office.entry(1, 7, 5, 400, 1)
    await office.entry(2, 7, 5, 150, None)
    await office.entry(3, 9, 5, 500, None)
    text = await office.page("Ari")
    assert re.findall(r'<tr data-project="(\d+)"', text) == ["9", "7", "8"]
    status, text = await office.ask("Ari", "/dashboard/projects.csv")
    rows = table(text)
    assert status == 200
    shop = next(row for row in rows if row["project_id"] == "7")
    assert (shop["project"], shop["used_hours"], shop["percent"], shop["band"]) == ("[S] Shop", "5.50", "55", "green")
    assert (shop["hours_without_ticket"], shop["tickets"]) == ("1.50", "10001")
    only = await office.page("Ari", "/dashboard?pq=dormant")
    assert re.findall(r'<tr data-project="(\d+)"', only) == ["9"]


async def test_csv_holds_the_whole_filtered_list_and_no_formula(office: Office) -> None:
    await office.person(1, "Ari", "Admin")
    titles = ["=1+1", "+49 30", "-x", "@sum", "ordinary, with a comma", 'with "quotes"']
    for number, title in enumerate(titles, 1):
        await office.ticket(number, title=title, used=1000 - number)
    for number in range(10, 80):
        await office.ticket(number, band="yellow", used=1)
    status, text = await office.ask("Ari", "/dashboard/tickets.csv?band=green")
    assert status == 200
    rows = table(text)
    assert [row["title"] for row in rows] == ["'=1+1", "'+49 30", "'-x", "'@sum", *titles[4:]]
    assert rows[0]["used_hours"] == "9.99"
    assert rows[0]["budget_hours"] == "10.00"
    whole = table((await office.ask("Ari", "/dashboard/tickets.csv"))[1])
    assert len(whole) == 76
    assert (await office.ask("nobody", "/dashboard/tickets.csv"))[0] == 401


async def test_the_api_has_the_same_table(office: Office) -> None:
    await some(office)
    token = (await office.server.sign_in(office.agents[1]))["access_token"]
    status, found = await office.server.call("GET", "/api/v1/budgets?state=open", token=token)
    assert status == 200
    assert [one["ticket_id"] for one in found["items"]] == [1, 2, 4]
    first = found["items"][0]
    assert (first["used_hours"], first["budget_hours"], first["percent"]) == ("12.00", "10.00", 120)
    assert (found["total"], found["next"]) == (3, None)
    status, found = await office.server.call("GET", "/api/v1/budgets?band=red", token=token)
    assert [one["number"] for one in found["items"]] == ["10001"]
    assert (await office.server.call("GET", "/api/v1/budgets?cursor=x", token=token))[0] == 400
    status, found = await office.server.call("GET", "/api/v1/dashboard", token=token)
    assert status == 200
    assert [one["budget"]["ticket_id"] for one in found["locked"]] == [1]
    assert found["role"] == "admin"
    status, described = await office.server.call("GET", "/api/openapi.json")
    names = [one["name"] for one in described["paths"]["/api/v1/budgets"]["get"]["parameters"]]
    assert {"band", "cursor", "sort"} <= set(names)


async def test_projects_have_pages_too(office: Office) -> None:
    await office.person(1, "Ari", "Admin")
    for number in range(1, 71):
        await office.project(number, budget_by="project", budget=100)
        await office.entry(number, number, 5, number, None)
    text = await office.page("Ari", "/dashboard?pq=site")
    assert re.findall(r'<tr data-project="(\d+)"', text) == [str(number) for number in range(70, 20, -1)]
    link = re.search(r'rel="next" href="([^"#]*)#projects"', text)
    assert link
    text = await office.page("Ari", link[1].replace("&amp;", "&"))
    assert re.findall(r'<tr data-project="(\d+)"', text) == [str(number) for number in range(20, 0, -1)]


async def test_a_page_asks_the_database_as_often_however_many_tickets_there_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.person(1, "Ari", "Admin")
    await office.person(2, "Mo", "Budget PM")
    await office.project(1)
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        method = getattr(asyncpg.pool.Pool, name)

        def counted(pool: Pool, query: str, *values: object, _method: Any = method, **options: object) -> Any:
            asked.append(query)
            return _method(pool, query, *values, **options)

        monkeypatch.setattr(asyncpg.pool.Pool, name, counted)

    async def statements(name: str) -> int:
        asked.clear()
        await office.page(name)
        return len(asked)

    await office.ticket(1, used=1100, project_id=1, owner_id=1)
    await office.lock(1)
    await office.entry(1, 1, 5, 100, None)
    for name in ("Ari", "Mo"):
        await statements(name)  # the first page reads who holds the roles
    few = [await statements("Ari"), await statements("Mo")]
    for number in range(2, 45):
        await office.project(number)
        await office.ticket(number, used=1100, project_id=number, owner_id=2)
        await office.lock(number)
        await office.entry(number, number, 5, 100, None)
    assert [await statements("Ari"), await statements("Mo")] == few
    assert 10 < few[0] < 40
