"""The web pages that links into Harvest lead to."""

from __future__ import annotations

import pytest

from tests.demo_harvest.client import ADA, Browser, Harvest, unique


async def _signed(harvest: Harvest, who: str) -> Browser:
    browser = Browser(harvest)
    await browser.sign_in(f"{who}@example.com")
    return browser


@pytest.mark.parametrize("path", ["/", "/projects/4001", f"/time/day/2026/05/04/{ADA}"])
async def test_sign_in_first_and_come_back(harvest: Harvest, path: str) -> None:
    browser = Browser(harvest)
    login = await browser.open((await browser.open(path)).headers["Location"])
    assert f'name="return_to" value="{path}"' in login.text
    back = await browser.sign_in("ada@example.com", return_to=path)
    assert back.headers["Location"] == path
    assert (await browser.open(path)).status == 200


async def test_day(harvest: Harvest) -> None:
    project = await harvest.project()
    day = "2026-03-07"
    reference = {"id": "desk:9", "permalink": "http://desk.example/9"}
    entry = await harvest.entry(project, spent_date=day, hours=1.5, notes="<img src=x>", external_reference=reference)
    await harvest.entry(project, spent_date=day, hours=0.25)
    for who in ("ada", "pm", "admin"):
        page = (await (await _signed(harvest, who)).open(f"/time/day/2026/03/07/{ADA}")).text
        row = page[page.index(f'id="entry-{entry["id"]}"') :].split("</tr>")[0]
        for shown in ("1.50", project["name"], "Support", "&lt;img src=x&gt;", 'href="http://desk.example/9"'):
            assert shown in row, (who, shown)
        assert "1.75" in page, "the day's total"
        assert "<img" not in page
    assert (await (await _signed(harvest, "bo")).open(f"/time/day/2026/03/07/{ADA}")).status == 404


async def test_project(harvest: Harvest) -> None:
    project = await harvest.project(budget_by="project", budget=10, code="X<1>")
    entry = await harvest.entry(project, hours=2.5, notes=unique("note"))
    page = (await (await _signed(harvest, "pm")).open(f"/projects/{project['id']}")).text
    for shown in (f'id="entry-{entry["id"]}"', entry["notes"], "10.00 h", "2.50 h", "[X&lt;1&gt;]"):
        assert shown in page
    ada = (await (await _signed(harvest, "ada")).open(f"/projects/{project['id']}")).text
    assert entry["notes"] in ada
    assert "10.00 h" not in ada, "the budget is not shown to all"
    bo = (await (await _signed(harvest, "bo")).open(f"/projects/{project['id']}")).text
    assert entry["notes"] not in bo


async def test_first_page_lists_ones_projects(harvest: Harvest) -> None:
    ada = (await (await _signed(harvest, "ada")).open("/")).text
    assert "Oven controller" in ada
    assert "Contract renewal" not in ada
    assert "Contract renewal" in (await (await _signed(harvest, "bo")).open("/")).text


@pytest.mark.parametrize(
    "path",
    [
        "/projects/1",
        "/projects/x",
        "/projects/4007",
        "/time/day/2026/02/30/2001",
        "/time/day/x/y/z/2001",
        "/time/day/2026/02/03/99999999999999999999",
        "/nothing",
    ],
)
async def test_what_is_not_there(harvest: Harvest, path: str) -> None:
    page = await (await _signed(harvest, "ada")).open(path)
    assert page.status == 404
    assert page.headers["Content-Type"].startswith("text/html")
