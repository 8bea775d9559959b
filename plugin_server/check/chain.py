"""The chain: links that are looked at at the same time, as far as one does not rest on another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from plugin_server.check.rules import Result, because, fail, skipped
from plugin_server.runtime import log
from plugin_server.runtime.i18n import later

Context = TypeVar("Context")

SECONDS = 15.0
"""Time limit of a link. A worker's job has 40 seconds, and within them a link and one that rests on it."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Link(Generic[Context]):
    """A link of the chain: ``look`` tells the rows named ``tells``, once those it ``needs`` are well.

    ``after`` are rows that only have to be done with. ``daily``: the worker looks at it too, by itself.
    """

    tells: tuple[str, ...]
    look: Callable[[Context], Awaitable[Sequence[Result]]]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    daily: bool = True


async def run(links: Sequence[Link[Context]], context: Context, seconds: float = SECONDS) -> list[Result]:
    """Look at every link; the rows in the order of the links. Never raises: what goes wrong is a row.

    A need that none of the ``links`` tells counts as met.
    """
    tasks: dict[str, asyncio.Task[list[Result]]] = {}
    async with asyncio.TaskGroup() as group:
        ordered = []
        for link in links:
            needs = [tasks[name] for name in link.needs if name in tasks]
            after = [tasks[name] for name in link.after if name in tasks]
            task = group.create_task(_look(link, context, needs, after, seconds))
            ordered.append(task)
            tasks.update(dict.fromkeys(link.tells, task))
    return [result for task in ordered for result in task.result()]


async def _look(
    link: Link[Context],
    context: Context,
    needs: Sequence[asyncio.Task[list[Result]]],
    after: Sequence[asyncio.Task[list[Result]]],
    seconds: float,
) -> list[Result]:
    done = await asyncio.gather(*needs)
    await asyncio.gather(*after)
    unmet = [one for results in done for one in results if one.name in link.needs and one.state in ("fail", "skipped")]
    if unmet:
        return [_because(name, unmet) for name in link.tells]
    found = await _found(link, context, seconds)
    told = {one.name for one in found}
    stopped = [one for one in found if one.state in ("fail", "skipped")]
    return found + [_because(name, stopped) for name in link.tells if name not in told]


async def _found(link: Link[Context], context: Context, seconds: float) -> list[Result]:
    name = link.tells[0]
    try:
        async with asyncio.timeout(seconds):
            return list(await link.look(context))
    except TimeoutError:
        words = later("There was no answer within {seconds} s.").format(seconds=f"{seconds:g}")
        return [fail(name, words, later("Check again; if it stays so, look at that system and the network to it."))]
    except Exception:
        _logger.exception("a link of the chain can't be looked at", link=name)
        words = later("Deskhours made a mistake while it looked at this.")
        return [fail(name, words, later("Report it, with the worker's log of this moment."))]


def _because(name: str, unmet: Sequence[Result]) -> Result:
    """Not looked at: because of what failed, else for the same reason as what it rests on."""
    failed = next((one for one in unmet if one.state == "fail"), None)
    if failed is not None:
        return because(name, failed.name)
    return skipped(name, unmet[0].words if unmet else "Nothing was found out about this.")
