"""``make bench``: figures as ratios of one run, printed as a table and written to ``bench/latest.json``.

Absolute times say more of the machine than of the program; a ratio to a plain way to do the same work, or to a limit of
Harvest's, measured in the same run, can be compared. ``make bench ARGS="panel calls"`` measures these alone.
``docs/performance.md`` says what each figure is for, and what was found by them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench import calls, importing, lock, panel, timeline
from bench.line import LATEST, Line, keep, show
from bench.stand import Stand, standing
from plugin_server.runtime import log

PARTS: dict[str, Callable[[Stand], Awaitable[list[Line]]]] = {
    "import": importing.lines,
    "calls": calls.lines,
    "panel": panel.lines,
    "timeline": timeline.lines,
    "lock": lock.lines,
}


async def main(wanted: list[str]) -> int:
    """Measure, print, write; 2 for a part that there is not."""
    if unknown := [name for name in wanted if name not in PARTS]:
        sys.stderr.write(f"There is no figure named {unknown[0]}; there are {', '.join(PARTS)}.\n")
        return 2
    log.configure("ERROR")
    lines: list[Line] = []
    async with standing() as stand:
        for name in wanted or PARTS:
            for line in await PARTS[name](stand):
                sys.stdout.write(f"{show(line)}\n")
                sys.stdout.flush()
                lines.append(line)
    await asyncio.to_thread(keep, lines)
    sys.stdout.write(f"written to {LATEST.relative_to(LATEST.parents[1])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
