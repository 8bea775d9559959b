"""Pages by offset and by cursor, and links that lead through a whole list in both."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.demo_harvest.client import ADA, Harvest

OFFSET = ["/v2/time_entries", "/v2/users/me/project_assignments", "/v2/projects/4001/user_assignments"]
CURSOR = ["/v2/projects", "/v2/users", "/v2/clients", "/v2/tasks", "/v2/task_assignments", "/v2/user_assignments"]
CURSOR += [f"/v2/users/{ADA}/project_assignments"]


def _name(path: str) -> str:
    return path.rsplit("/", 1)[1]


async def _walk(harvest: Harvest, path: str, size: int, direction: str) -> list[list[int]]:
    """The ids of each page on the way, by nothing but the links."""
    body = await harvest.get(path, per_page=size)
    pages = []
    if direction == "previous":
        body = await harvest.get(body["links"]["last"])
    while True:
        pages.append([item["id"] for item in body[_name(path)]])
        if body["links"][direction] is None:
            return pages
        body = await harvest.get(body["links"][direction])
        assert len(pages) < 1000


@pytest.mark.parametrize("path", OFFSET + CURSOR)
async def test_links_lead_through_all_of_it(harvest: Harvest, path: str) -> None:
    whole = [item["id"] for item in (await harvest.get(path))[_name(path)]]
    size = len(whole) // 4 + 1
    there = await _walk(harvest, path, size, "next")
    back = await _walk(harvest, path, size, "previous")
    assert [i for page in there for i in page] == whole
    assert back == there[::-1]
    assert len(there) > 1
    assert all(len(page) == size for page in there[:-1])


@pytest.mark.parametrize("path", OFFSET)
async def test_offset_pages(harvest: Harvest, path: str) -> None:
    body = await harvest.get(path, per_page=1, page=2)
    total = body["total_entries"]
    assert (body["page"], body["next_page"], body["previous_page"]) == (2, 3, 1)
    assert body["total_pages"] == total
    links = {name: parse_qs(urlsplit(link).query)["page"] for name, link in body["links"].items()}
    assert links == {"first": ["1"], "next": ["3"], "previous": ["1"], "last": [str(total)]}
    assert all(link.startswith(harvest.url + path) for link in body["links"].values())
    beyond = await harvest.get(path, per_page=1, page=total + 5)
    assert (beyond[_name(path)], beyond["next_page"], beyond["links"]["next"]) == ([], None, None)


@pytest.mark.parametrize("path", CURSOR)
async def test_cursor_pages_have_no_numbers_in_the_middle(harvest: Harvest, path: str) -> None:
    first = await harvest.get(path, per_page=1)
    assert (first["page"], first["next_page"], first["previous_page"]) == (1, 2, None)
    assert "cursor=" in first["links"]["next"]
    assert "page=" not in first["links"]["next"].replace("per_page=", "")
    middle = await harvest.get(first["links"]["next"])
    assert (middle["page"], middle["next_page"], middle["previous_page"]) == (None, None, None)
    last = await harvest.get(first["links"]["last"])
    assert (last["page"], last["next_page"]) == (first["total_pages"], None)
    assert last["links"]["next"] is None
    assert middle["total_entries"] == first["total_entries"]


async def test_page_still_works_where_cursors_are_the_rule_but_cursor_wins(harvest: Harvest) -> None:
    first = await harvest.get("/v2/projects", per_page=2)
    second = await harvest.get("/v2/projects", per_page=2, page=2)
    assert second["page"] == 2
    assert second["projects"] == (await harvest.get(first["links"]["next"]))["projects"]
    both = await harvest.get(first["links"]["next"], page=1)
    assert both["projects"] == second["projects"]


@pytest.mark.parametrize("cursor", ["x", "", "e30=", "W10=", "eyJhZnRlciI6IDF9", "eyJhZnRlciI6e319", "ééé", "A" * 500])
async def test_wrong_cursors(harvest: Harvest, cursor: str) -> None:
    reply = await harvest.call("GET", "/v2/projects", cursor=cursor)
    assert reply.status == (422 if cursor else 200)


async def test_cursor_does_not_shift_when_rows_come_and_offset_does(harvest: Harvest) -> None:
    first = await harvest.get("/v2/clients", per_page=2)
    by_page = await harvest.get("/v2/clients", per_page=2, page=1)
    await harvest.project()
    following = await harvest.get(first["links"]["next"])
    assert not {c["id"] for c in first["clients"]} & {c["id"] for c in following["clients"]}
    shifted = await harvest.get(by_page["links"]["next"])
    assert {c["id"] for c in by_page["clients"]} & {c["id"] for c in shifted["clients"]}


async def test_links_keep_the_filters(harvest: Harvest) -> None:
    body = await harvest.get("/api/v2/time_entries", user_id=ADA, to="2099-01-01", per_page=1)
    for link in (body["links"]["next"], body["links"]["last"]):
        assert link.startswith(f"{harvest.url}/api/v2/time_entries?")
        query = parse_qs(urlsplit(link).query)
        assert (query["user_id"], query["to"], query["per_page"]) == ([str(ADA)], ["2099-01-01"], ["1"])
    following = await harvest.get(body["links"]["next"])
    assert {entry["user"]["id"] for entry in following["time_entries"]} == {ADA}


async def test_newest_first(harvest: Harvest) -> None:
    older = await harvest.project()
    await asyncio.sleep(0)
    newer = await harvest.project()
    ids = [project["id"] for project in (await harvest.get("/v2/projects"))["projects"]]
    assert ids.index(newer["id"]) < ids.index(older["id"])
