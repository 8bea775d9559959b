"""A thin client over :mod:`plugin_server.harvest.core`: one method for each call that is used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import aiohttp
import msgspec

from plugin_server.harvest import core, limiter, making, wire
from plugin_server.runtime import metrics
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.i18n import later

Kind = TypeVar("Kind")

_BODY = msgspec.json.Encoder(decimal_format="number")


class HarvestClient:
    """Calls Harvest with one token, each call within ``seconds`` from its turn, which the ``turns`` give it; as
    ``kind``, unless it is part of :func:`~plugin_server.harvest.limiter.working`.

    Raises :class:`~plugin_server.harvest.core.HarvestError` only.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_url: str,
        account_id: int,
        user_agent: str,
        token: str,
        seconds: float,
        clock: Clock,
        turns: limiter.Limiter = limiter.UNLIMITED,
        kind: limiter.Kind = "person",
    ) -> None:
        self._session = session
        self._turns = turns
        self._kind = kind
        self._api_url = api_url
        self._headers = core.headers(token, account_id, user_agent)
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._clock = clock

    async def me(self) -> wire.User:
        """The token's own user."""
        return await self._get("/users/me", wire.User)

    async def company(self) -> wire.Company:
        """The account's company."""
        return await self._get("/company", wire.Company)

    async def project_assignments(self) -> list[wire.ProjectAssignment]:
        """The projects and tasks the token's user may track time on; any role may ask."""
        return [
            item
            async for page in self._pages("/users/me/project_assignments", {}, wire.ProjectAssignmentPage)
            for item in page.project_assignments
        ]

    async def projects(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.Project]]:
        """All projects, archived ones too, page by page; only administrators and managers may ask."""
        async for page in self._pages("/projects", _since(updated_since), wire.ProjectPage):
            yield page.projects

    async def project(self, project_id: int) -> wire.Project:
        """One project."""
        return await self._get(f"/projects/{project_id}", wire.Project)

    async def clients(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.ClientRecord]]:
        """All clients, archived ones too, page by page."""
        async for page in self._pages("/clients", _since(updated_since), wire.ClientPage):
            yield page.clients

    async def tasks(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.TaskRecord]]:
        """All tasks, archived ones too, page by page."""
        async for page in self._pages("/tasks", _since(updated_since), wire.TaskPage):
            yield page.tasks

    async def users(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.User]]:
        """All people, archived ones too, page by page; only administrators, and managers with teammates, may ask."""
        async for page in self._pages("/users", _since(updated_since), wire.UserPage):
            yield page.users

    async def user_assignments(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.UserAssignment]]:
        """Who works on which project, in the whole account, page by page."""
        async for page in self._pages("/user_assignments", _since(updated_since), wire.UserAssignmentPage):
            yield page.user_assignments

    async def task_assignments(self, updated_since: datetime | None = None) -> AsyncIterator[list[wire.TaskAssignment]]:
        """Which task belongs to which project, in the whole account, page by page."""
        async for page in self._pages("/task_assignments", _since(updated_since), wire.TaskAssignmentPage):
            yield page.task_assignments

    async def billable_rates(self, user_id: int) -> list[wire.Rate]:
        """What an hour of a person was and is billed, the earliest first."""
        pages = self._pages(f"/users/{user_id}/billable_rates", {}, wire.BillableRatePage)
        return [rate async for page in pages for rate in page.billable_rates]

    async def cost_rates(self, user_id: int) -> list[wire.Rate]:
        """What an hour of a person did and does cost, the earliest first; only administrators may ask."""
        pages = self._pages(f"/users/{user_id}/cost_rates", {}, wire.CostRatePage)
        return [rate async for page in pages for rate in page.cost_rates]

    async def time_entries(self, **filters: str | int | date | datetime) -> AsyncIterator[wire.TimeEntryPage]:
        """Time entries by Harvest's own filters (``updated_since``, ``from_``, ``to``, …), page by page, the latest
        day first."""
        async for page in self._pages("/time_entries", _parameters(filters), wire.TimeEntryPage):
            yield page

    async def time_entries_page(self, **filters: str | int | date | datetime) -> wire.TimeEntryPage:
        """One page of :meth:`time_entries`: the first, or the one that ``page`` names."""
        return await self._call("GET", f"{self._api_url}/time_entries", wire.TimeEntryPage, params=_parameters(filters))

    async def create_time_entry(self, entry: wire.NewTimeEntry) -> wire.TimeEntry:
        """Make an entry. There is no idempotency key: after an uncertain failure, look before trying again."""
        return await self._call("POST", f"{self._api_url}/time_entries", wire.TimeEntry, body=_BODY.encode(entry))

    async def time_entry(self, entry_id: int) -> wire.TimeEntry:
        """One entry."""
        return await self._get(f"/time_entries/{entry_id}", wire.TimeEntry)

    async def change_time_entry(self, entry_id: int, change: wire.TimeEntryChange) -> wire.TimeEntry:
        """Change what is set; doing it twice is doing it once."""
        return await self._patch(f"/time_entries/{entry_id}", _BODY.encode(change))

    async def stop_time_entry(self, entry_id: int) -> wire.TimeEntry:
        """Stop a running timer; :class:`~plugin_server.harvest.core.Refused` when it isn't running."""
        return await self._patch(f"/time_entries/{entry_id}/stop", None)

    async def restart_time_entry(self, entry_id: int) -> wire.TimeEntry:
        """Let a stopped timer go on, and stop whatever else its user has running.

        In start/end accounts Harvest makes a new entry instead; make that one yourself, so that it can be found.
        """
        return await self._patch(f"/time_entries/{entry_id}/restart", None)

    async def delete_time_entry(self, entry_id: int) -> None:
        """Delete an entry for good; Harvest keeps no trace of it."""
        await self._call("DELETE", f"{self._api_url}/time_entries/{entry_id}", None)

    async def client(self, client_id: int) -> wire.ClientRecord:
        """One client."""
        return await self._get(f"/clients/{client_id}", wire.ClientRecord)

    async def projects_of(self, client_id: int) -> list[wire.Project]:
        """A client's projects, archived ones too."""
        pages = self._pages("/projects", {"client_id": str(client_id)}, wire.ProjectPage)
        return [project async for page in pages for project in page.projects]

    async def tasks_of(self, project_id: int) -> list[wire.TaskAssignment]:
        """The tasks of a project, archived places too."""
        pages = self._pages(f"/projects/{project_id}/task_assignments", {}, wire.TaskAssignmentPage)
        return [one async for page in pages for one in page.task_assignments]

    async def team_of(self, project_id: int) -> list[wire.UserAssignment]:
        """The people of a project, archived places too."""
        pages = self._pages(f"/projects/{project_id}/user_assignments", {}, wire.UserAssignmentPage)
        return [one async for page in pages for one in page.user_assignments]

    async def create_client(self, new: making.NewClient) -> wire.ClientRecord:
        """Make a client; as with entries, look before trying again."""
        return await self._write("POST", "/clients", wire.ClientRecord, new)

    async def create_project(self, new: making.NewProject) -> wire.Project:
        """Make a project; as with entries, look before trying again. It gets every default task by itself, and whoever
        has access to all future projects."""
        return await self._write("POST", "/projects", wire.Project, new)

    async def change_project(self, project_id: int, change: making.ProjectChange) -> wire.Project:
        """Change what is set; doing it twice is doing it once."""
        return await self._write("PATCH", f"/projects/{project_id}", wire.Project, change)

    async def place_task(
        self, project_id: int, place: making.TaskPlace, assignment_id: int | None = None
    ) -> wire.TaskAssignment:
        """Put a task into a project, or change its place; :class:`~plugin_server.harvest.core.Refused` for one that is
        there already."""
        method, path = _place(project_id, "task_assignments", assignment_id)
        return await self._write(method, path, wire.TaskAssignment, place)

    async def remove_task(self, project_id: int, assignment_id: int) -> None:
        """Take a task out of a project; refused once time was tracked on it there."""
        url = f"{self._api_url}/projects/{project_id}/task_assignments/{assignment_id}"
        await self._call("DELETE", url, None)

    async def place_user(
        self, project_id: int, place: making.UserPlace, assignment_id: int | None = None
    ) -> wire.UserAssignment:
        """Put a person into a project, or change their place; refused as :meth:`place_task`."""
        method, path = _place(project_id, "user_assignments", assignment_id)
        return await self._write(method, path, wire.UserAssignment, place)

    async def _write(self, method: str, path: str, kind: type[Kind], body: object) -> Kind:
        return await self._call(method, f"{self._api_url}{path}", kind, body=_BODY.encode(body))

    async def _patch(self, path: str, body: bytes | None) -> wire.TimeEntry:
        return await self._call("PATCH", f"{self._api_url}{path}", wire.TimeEntry, body=body)

    async def _get(self, path: str, kind: type[Kind]) -> Kind:
        return await self._call("GET", f"{self._api_url}{path}", kind)

    async def _pages(self, path: str, params: dict[str, str], kind: type[Any]) -> AsyncIterator[Any]:
        url: str | None = f"{self._api_url}{path}"
        query: dict[str, str] | None = params
        while url:
            page = await self._call("GET", url, kind, params=query)
            yield page
            # The link carries the query itself; it must lead to the API that was asked, or the token would travel.
            url, query = page.links.next, None
            if url and not url.startswith(f"{self._api_url}/"):
                raise core.Faulty(later("Harvest's link to the next page leads to another address"))

    async def _call(
        self,
        method: str,
        url: str,
        kind: type[Kind] | None,
        *,
        params: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Kind:
        await limiter.admit(self._turns, self._kind)
        try:
            content = await self._send(method, url, params, body)
        except core.Throttled:
            if method != "GET":
                raise
            # A long listing goes on where it was; once, and only after a silence that is no longer than its patience.
            await limiter.admit(self._turns, self._kind)
            content = await self._send(method, url, params, body)
        if kind is None:
            return None  # type: ignore[return-value]
        return _decoded(content, kind)

    async def _send(self, method: str, url: str, params: dict[str, str] | None, body: bytes | None) -> bytes:
        """The body of a success."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            with metrics.calling("harvest", method, url.removeprefix(self._api_url)) as called:
                async with self._session.request(
                    method,
                    url,
                    params=params,
                    data=body,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                ) as response:
                    content = await response.read()
                    called.status, reply_headers = response.status, response.headers
        except aiohttp.ClientConnectorError as error:
            raise core.NotReached(later("Harvest can't be reached"), str(error)) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise core.NoAnswer(later("Harvest did not answer"), repr(error)) from error
        try:
            core.check(called.status, reply_headers, content, self._clock.now())
        except core.Throttled as error:
            await self._turns.pause(max(error.retry_after, 1.0))
            raise
        return content


def _decoded(content: bytes, kind: type[Kind]) -> Kind:
    """The body as what it should be. A number sent as text is taken too, but looked for only when the plain reading
    fails: it takes twice the time."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        pass
    try:
        return msgspec.json.decode(content, type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise core.Faulty(later("Harvest's reply can't be read"), str(error)) from error


def _place(project_id: int, kind: str, assignment_id: int | None) -> tuple[str, str]:
    path = f"/projects/{project_id}/{kind}"
    return ("POST", path) if assignment_id is None else ("PATCH", f"{path}/{assignment_id}")


def _since(updated_since: datetime | None) -> dict[str, str]:
    return {"updated_since": _instant(updated_since)} if updated_since else {}


def _parameters(filters: Mapping[str, str | int | date | datetime]) -> dict[str, str]:
    return {name.rstrip("_"): _parameter(value) for name, value in filters.items()}


def _instant(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parameter(value: str | int | date | datetime) -> str:
    if isinstance(value, datetime):
        return _instant(value)
    return value.isoformat() if isinstance(value, date) else str(value)
