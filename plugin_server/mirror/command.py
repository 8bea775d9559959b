"""``deskhours sync``: a sync by hand, with somebody looking on. Run by :mod:`plugin_server.cli`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TextIO

from plugin_server.harvest import core
from plugin_server.mirror.history import Busy
from plugin_server.mirror.runs import Blind
from plugin_server.mirror.service import Mirror

WIDTH = 30
"""Characters of the bar."""

LINE_SECONDS = 5.0
"""How often a line is written where no terminal shows a bar."""

BUSY = "Another process is doing the same sync now; look again when it is done."
REFUSED = "Harvest refuses the sync token: {reason}. Put a valid one where the manifest's harvest.token says."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for; without any, what changed since the last sync."""
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="DATE", help="read the history from this day on (YYYY-MM-DD)"
    )
    parser.add_argument("--project", type=_project, metavar="N", help="only this project, by its number in Harvest")
    parser.add_argument("--reconcile", action="store_true", help="find what was deleted in Harvest too")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-01-31") from None
    if not date(2000, 1, 1) <= day <= date.today():  # noqa: DTZ011 - a day in the caller's own calendar
        raise argparse.ArgumentTypeError(f"{text} is before 2000-01-01 or still to come")
    return day


def _project(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no project's number; it stands in the project's address")
    return int(text)


@dataclass
class Progress:
    """Tells how it goes on: as a bar on a terminal, as lines elsewhere. ``now`` is a monotonic number of seconds."""

    stream: TextIO
    now: Callable[[], float] = time.monotonic
    _last: float = field(default=float("-inf"))
    _shown: bool = False

    def step(self, done: int, of: int, rows: int, words: str) -> None:
        ended = done >= of
        if self.stream.isatty():
            full = WIDTH * done // max(of, 1)
            bar = "█" * full + "░" * (WIDTH - full)
            self.stream.write(f"\r\x1b[K{bar} {done}/{of}  {words}  {rows:,} entries" + ("\n" if ended else ""))
            self.stream.flush()
        elif ended or self.now() - self._last >= LINE_SECONDS:
            self._last = self.now()
            self.stream.write(f"{done}/{of}  {words}  {rows:,} entries\n")
            self.stream.flush()

    def waits(self, seconds: float) -> None:
        start = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{start}Harvest asks to wait {max(1, round(seconds))} s\n")
        self.stream.flush()


async def run(mirror: Mirror, options: argparse.Namespace, stream: TextIO) -> int:
    """Do what the options say; what happened is told on ``stream``. 0: done; 1: it could not be done; 2: what was asked
    for does not exist."""
    progress = Progress(stream)
    try:
        await _run(mirror, options, progress)
    except core.Missing:
        return _tell(stream, f"Harvest has no project {options.project}, or does not show it to the sync token.", 2)
    except Busy:
        return _tell(stream, BUSY, 1)
    except Blind as error:
        return _tell(stream, str(error), 1)
    except (core.Unauthorized, core.Denied) as error:
        return _tell(stream, REFUSED.format(reason=str(error).rstrip(".")), 1)
    except core.HarvestError as error:
        return _tell(stream, f"The sync stopped: {error}. What was read is kept; run it again to go on.", 1)
    return 0


async def _run(mirror: Mirror, options: argparse.Namespace, progress: Progress) -> None:
    only_changes = options.first is None and options.project is None
    if only_changes:
        await mirror.history.patiently(progress, mirror.sync_now)
        progress.stream.write("changes are read\n")
    if not only_changes or options.reconcile:
        count = await mirror.history.read(
            progress, first=options.first, project_id=options.project, reconcile=options.reconcile
        )
        progress.stream.write(f"{count:,} entries read{', deletions looked for' if options.reconcile else ''}\n")


def _tell(stream: TextIO, words: str, code: int) -> int:
    stream.write(f"{words}\n")
    return code
