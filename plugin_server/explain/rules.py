"""What a diagnosis says: findings, and those about the sync that every diagnosis begins with. Pure: no I/O, no clock.

Source of the questions: the seed's "Common Scenarios" and "Troubleshooting"; ``docs/explain.md`` has each of them with
the findings that answer it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from plugin_server.runtime.i18n import clock_time, day, decimal, moment, retold
from plugin_server.runtime.i18n import gettext as _

State = Literal["look", "wait", "note", "ok"]
"""``look``: somebody should do something; ``wait``: comes by itself; ``note``: good to know; ``ok``: all is
well."""

_ORDER: tuple[State, ...] = ("look", "wait", "note", "ok")

LATE = timedelta(minutes=2)
"""A sync that is so much behind its turn is not coming by itself."""

WORKER_AWAY = timedelta(seconds=50)
"""A worker unseen for so long is away (as the popup judges)."""


@dataclass(frozen=True)
class Finding:
    """One answer. ``code`` is a stable word for programs and docs, ``words`` what was found, ``todo`` what to do."""

    code: str
    state: State
    words: str
    todo: str = ""


@dataclass(frozen=True)
class Sync:
    """How reading from Harvest is doing, at ``now``. All that changed before ``read_at`` has been read (``None``: it
    never came through); ``every`` so often it is done. ``problem`` is what the last run complained of since
    ``failing_since``; ``blind`` why deletions are not followed. ``reading_back``: the history is being read, the latest
    days first, and has come down to the day ``reached``. ``worker_at`` is a worker's last sign of life. Instants are
    told in ``zone``."""

    now: datetime
    zone: ZoneInfo
    every: timedelta
    read_at: datetime | None = None
    problem: str = ""
    failing_since: datetime | None = None
    blind: str = ""
    reading_back: bool = False
    reached: date | None = None
    worker_at: datetime | None = None

    @property
    def next_at(self) -> datetime | None:
        """When the next run is due."""
        return None if self.read_at is None else max(self.read_at + self.every, self.now)

    @property
    def late(self) -> bool:
        """Whether it has missed its turn."""
        return self.read_at is not None and self.now - self.read_at > self.every + LATE

    def at(self, when: datetime) -> str:
        """An instant in words; the day only where it is another one."""
        same = when.astimezone(self.zone).date() == self.now.astimezone(self.zone).date()
        text = clock_time(when, self.zone) if same else moment(when, self.zone)
        return f"{text} UTC" if self.zone.key == "UTC" else text


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as they are told: what is to be done first."""
    return sorted(findings, key=lambda one: _ORDER.index(one.state))


def hours(hundredths: int) -> str:
    """Hundredths of hours for people."""
    return _("{hours} h").format(hours=decimal(Decimal(hundredths) / 100))


def sync_findings(sync: Sync) -> list[Finding]:
    """What reading from Harvest has to do with an entry that is missing."""
    found = []
    away = sync.worker_at is None or sync.now - sync.worker_at > WORKER_AWAY
    if away:
        words = (
            _("The worker has not run yet.")
            if sync.worker_at is None
            else _("The worker has not been seen since {time}.").format(time=sync.at(sync.worker_at))
        )
        found.append(
            Finding(
                "worker_away",
                "look",
                _("{words} Without it nothing is read from Harvest, counted, or shown anew.").format(words=words),
                _("Ask an administrator to start the worker; deskhours check shows what else is away."),
            )
        )
    if sync.problem:
        since = sync.at(sync.failing_since) if sync.failing_since else "–"
        found.append(
            Finding(
                "sync_failing",
                "look",
                _("Reading from Harvest has failed since {time}: {problem}.").format(
                    time=since, problem=retold(sync.problem).rstrip(".")
                ),
                _("Ask an administrator to run deskhours check: it says whether the token is refused, and what to do."),
            )
        )
    if sync.blind:
        found.append(
            Finding(
                "token_sees_less",
                "look",
                _("Harvest does not show everything to the sync: {reason}").format(reason=retold(sync.blind)),
                _("Ask an administrator to put an administrator's token into the manifest's harvest.token."),
            )
        )
    found.append(_read(sync, explained=away or bool(sync.problem)))
    if sync.reading_back:
        words = (
            _(
                "The history is being read, the latest days first. It has come down to {day}; earlier ones follow."
            ).format(day=day(sync.reached))
            if sync.reached
            else _("The history is being read, the latest days first; entries come as it goes on.")
        )
        todo = _("Wait, or ask an administrator to read a span at once: deskhours sync --from DATE.")
        found.append(Finding("history_unfinished", "wait", words, todo))
    return found


def _read(sync: Sync, *, explained: bool) -> Finding:
    if sync.read_at is None:
        words = _("Nothing has been read from Harvest completely yet.")
        return Finding("sync_unread", "wait", words, _("Wait for the first sync to end; it reads the whole history."))
    last = _("Harvest was last read at {time}.").format(time=sync.at(sync.read_at))
    if sync.late and not explained:
        todo = _("Ask an administrator to look at the worker's log, and to run deskhours check.")
        return Finding("sync_late", "look", _("{words} The next sync is overdue.").format(words=last), todo)
    if sync.late or explained:
        return Finding("sync_read", "note", _("{words} What was entered since is not here yet.").format(words=last))
    assert sync.next_at is not None, "it has been read"
    text = _("{words} The next sync comes by {next}; what was entered since shows then.")
    return Finding("sync_read", "ok", text.format(words=last, next=sync.at(sync.next_at)))
