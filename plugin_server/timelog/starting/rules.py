"""With which task a timer begins that is started without a form. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from plugin_server.mirror.store import Task


def first_task(used: Sequence[int], tasks: Sequence[Task], default_name: str | None) -> Task:
    """The task that is chosen already: the one used last, here or anywhere, else the manifest's, else the first.
    ``tasks`` are those that the person may use; there is one at least."""
    by_id = next((task for last in used for task in tasks if task.id == last), None)
    by_name = next((task for task in tasks if task.name == default_name), None)
    return by_id or by_name or tasks[0]
