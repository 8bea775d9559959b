"""Tasks and people of a new project: as those of the template. What there is already is compared, so doing it again
changes nothing."""

from __future__ import annotations

from plugin_server.harvest import core, making, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.service import Mirror
from plugin_server.projects import store
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later

NO_TASK = later("Harvest did not take the task {name}: {reason}.")
NO_PERSON = later("Harvest did not take {name} into the team: {reason}.")


class Team:
    """Puts tasks and people into projects."""

    def __init__(self, pool: Pool, mirror: Mirror, client: HarvestClient) -> None:
        self._pool = pool
        self._mirror = mirror
        self._client = client

    async def make_like(self, project_id: int, template_id: int) -> list[str]:
        """Give a project the template's tasks and people, with their rates; what is archived is left out. Whoever has
        access to all future projects stays. Returns what Harvest refused, a sentence each, in English and
        to be retold; the rest is done all the same.

        Raises :class:`~plugin_server.harvest.core.Missing` when one of the projects is gone.
        """
        tasks, people = await store.archived(self._pool)
        refused = await self._tasks(project_id, template_id, tasks)
        refused += await self._people(project_id, template_id, people)
        await self._mirror.admit_team(project_id)
        return refused

    async def _tasks(self, project_id: int, template_id: int, archived: set[int]) -> list[str]:
        wanted = {
            one.task.id: one
            for one in await self._client.tasks_of(template_id)
            if one.is_active and one.task.id not in archived
        }
        present = {one.task.id: one for one in await self._client.tasks_of(project_id)}
        refused: list[str] = []
        for task_id, like in wanted.items():
            there = present.get(task_id)
            place = making.TaskPlace(billable=like.billable, hourly_rate=like.hourly_rate, is_active=True)
            if there is not None and _same_task(there, like):
                continue
            if there is None:
                place.task_id = task_id
            try:
                number = there.id if there else None
                present[task_id] = await self._client.place_task(project_id, place, number)
            except core.Refused as error:
                refused.append(NO_TASK.format(name=like.task.name, reason=_words(error)))
        # Harvest puts every default task into a new project.
        for task_id in present.keys() - wanted.keys():
            try:
                await self._client.remove_task(project_id, present[task_id].id)
            except (core.Refused, core.Missing):
                continue  # somebody has tracked time on it meanwhile
            del present[task_id]
        await self._mirror.learn("task_assignments", [directory.task_assignment(one) for one in present.values()])
        return refused

    async def _people(self, project_id: int, template_id: int, archived: set[int]) -> list[str]:
        wanted = {
            one.user.id: one
            for one in await self._client.team_of(template_id)
            if one.is_active and one.user.id not in archived
        }
        present = {one.user.id: one for one in await self._client.team_of(project_id)}
        refused: list[str] = []
        for user_id, like in wanted.items():
            there = present.get(user_id)
            if there is not None and _same_person(there, like):
                continue
            place = making.UserPlace(
                is_project_manager=like.is_project_manager,
                use_default_rates=like.use_default_rates,
                hourly_rate=like.hourly_rate,
                is_active=True,
            )
            if there is None:
                place.user_id = user_id
            try:
                present[user_id] = await self._client.place_user(project_id, place, there.id if there else None)
            except core.Refused as error:
                refused.append(NO_PERSON.format(name=like.user.name, reason=_words(error)))
        await self._mirror.learn("user_assignments", [directory.user_assignment(one) for one in present.values()])
        return refused


def _same_task(one: wire.TaskAssignment, like: wire.TaskAssignment) -> bool:
    return one.is_active and (one.billable, one.hourly_rate) == (like.billable, like.hourly_rate)


def _same_person(one: wire.UserAssignment, like: wire.UserAssignment) -> bool:
    return one.is_active and (one.is_project_manager, one.use_default_rates, one.hourly_rate) == (
        like.is_project_manager,
        like.use_default_rates,
        like.hourly_rate,
    )


def _words(error: core.Refused) -> str:
    """Harvest's own words, in one line, to stand within a sentence."""
    return " ".join(str(error).split()).rstrip(".")
