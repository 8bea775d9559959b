"""What is well and what is not, and in which words: pure decisions from what was found, no I/O, no clock."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from plugin_server.drift.rules import Drift
from plugin_server.runtime.i18n import later

State = Literal["ok", "warn", "fail", "skipped"]

SKEW_NOTED = timedelta(seconds=30)
"""A clock that is off by so much is worth a word; less may be the way of the answer."""

SKEW_BAD = timedelta(minutes=2)
"""The sync reads changes again from so long before the last one's start (``mirror/sync.py``, OVERLAP). A clock here
that is further ahead than that leaves changes out for good."""

OLDEST_POSTGRES, NEWEST_POSTGRES = 15, 18
OLDEST_ZAMMAD = (6, 5)

HARVEST_CALLS = 100 / 15
"""Calls a second that Harvest takes. Source: Harvest's API documentation, "Rate Limiting"."""

AGAIN_WELL = timedelta(hours=24)
AGAIN_FAILING = timedelta(minutes=10)
"""How long the worker waits between two checks; shorter while something fails, so that what is mended is soon gone from
the dashboard."""

SETTLING = timedelta(seconds=45)
"""After its start a worker waits so long with its first check: what is started together is not up at once."""


@dataclass(frozen=True)
class Result:
    """A row of the check. ``words`` say what was found, ``todo`` what to do about it; both are for a person.

    ``ok``: as it should be. ``warn``: works, but somebody should look. ``fail``: something does not work.
    ``skipped``: was not looked at; the words say why.
    """

    name: str
    state: State
    words: str
    todo: str = ""


def ok(name: str, words: str) -> Result:
    return Result(name, "ok", words)


def warn(name: str, words: str, todo: str) -> Result:
    return Result(name, "warn", words, todo)


def fail(name: str, words: str, todo: str) -> Result:
    return Result(name, "fail", words, todo)


def skipped(name: str, words: str, todo: str = "") -> Result:
    return Result(name, "skipped", words, todo)


def because(name: str, failed: str) -> Result:
    """Not looked at, because the row ``failed`` did; what it rests on is told there."""
    return skipped(name, f"Not looked at, because “{label(failed)}” failed.")


def label(name: str) -> str:
    """A row's name for people."""
    return name.replace("_", " ")


def exit_code(results: Iterable[Result]) -> int:
    """0: nothing failed; 1: something did; 2: the manifest can't be used."""
    failed = {one.name for one in results if one.state == "fail"}
    return 2 if "manifest" in failed else 1 if failed else 0


def is_due(now: datetime, started: datetime, last: datetime | None, *, failing: bool, fresh: bool) -> bool:
    """Whether the worker is to check now. ``started`` is when this worker was, ``fresh``: it has not checked yet;
    ``last`` is when anybody did."""
    if fresh:
        return now - started >= SETTLING and (last is None or last < started + SETTLING)
    return last is None or now - last >= (AGAIN_FAILING if failing else AGAIN_WELL)


# Clock, versions, limits.


def skew(name: str, offsets: Mapping[str, timedelta]) -> Result:
    """Our clock against others; ``offsets`` by whose clock it is, positive where that one is ahead of ours."""
    if not offsets:
        return skipped(name, "No other clock could be read.")
    whose, worst = max(offsets.items(), key=lambda item: abs(item[1]))
    seconds = round(abs(worst).total_seconds())
    if abs(worst) < SKEW_NOTED:
        return ok(name, f"This machine's clock agrees with {_listed(offsets)} (within {max(seconds, 1)} s).")
    behind = later("This machine's clock is {span} behind {whose}'s.")
    ahead = later("This machine's clock is {span} ahead of {whose}'s.")
    words = (behind if worst > timedelta() else ahead).format(span=_span(seconds), whose=whose)
    todo = later("Let both machines set their clocks by NTP (timedatectl set-ntp true), then check again.")
    if abs(worst) > SKEW_BAD:
        bad = later("{words} Changes may be missed, and sign-ins may end too early or too late.")
        return fail(name, bad.format(words=words), todo)
    return warn(name, words, todo)


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"


def _listed(names: Collection[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def postgres_version(name: str, number: int) -> Result:
    """``number`` as in ``server_version_num``: 150004 is 15.4."""
    major = number // 10_000
    found = f"PostgreSQL {major}.{number % 10_000} answers"
    if major < OLDEST_POSTGRES:
        todo = (
            f"Move the database to PostgreSQL {OLDEST_POSTGRES} to {NEWEST_POSTGRES} (pg_upgrade, or dump and restore)."
        )
        return fail(name, f"{found}; Deskhours needs {OLDEST_POSTGRES} or newer.", todo)
    if major > NEWEST_POSTGRES:
        todo = f"Use PostgreSQL {OLDEST_POSTGRES} to {NEWEST_POSTGRES}, or a newer Deskhours that names {major}."
        return warn(name, f"{found}, which this Deskhours has not been tried with.", todo)
    return ok(name, f"{found}.")


def zammad_version(name: str, version: str | None, *, old_search: bool) -> Result:
    """``version`` as Zammad tells administrators, ``None`` where we are none; ``old_search``: a search for tickets
    answers in the shape that Zammad had up to 6.4 (source: its API documentation, archives 6.4 and 6.5)."""
    todo = later("Update Zammad to 6.5 or newer: its workflows and searches are what the lock and the poll rest on.")
    numbers = _numbers(version or "")
    if (numbers and numbers < OLDEST_ZAMMAD) or (old_search and not numbers):
        found = f"Zammad {version}" if numbers else "Zammad 6.4 or older (by how it answers a search)"
        return fail(name, later("This is {found}; Deskhours needs 6.5 or newer.").format(found=found), todo)
    return ok(name, f"Zammad {version}." if numbers else "Zammad 6.5 or newer, by how it answers a search.")


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("-")[0].split(".")[:2]
    return tuple(int(part) for part in parts) if len(parts) == 2 and all(part.isdigit() for part in parts) else ()


def rate_limit(name: str, requests: int, seconds: float) -> Result:
    """The manifest's limit against Harvest's."""
    words = f"At most {requests} calls in {seconds:g} s go to Harvest, all processes together."
    if requests / seconds > HARVEST_CALLS:
        todo = "Set harvest.rate_limit.requests to 90 (or less) and .seconds to 15 in the manifest."
        return warn(name, f"{words} Harvest takes 100 in 15 s and shuts out who asks more.", todo)
    return ok(name, words)


# The helpdesk's permissions.

RIGHTS = ("read", "create", "change")
"""What the service user needs in every group whose tickets Deskhours looks after: to see, to add notes, to write the
fields."""


def missing_rights(groups: Mapping[int, Collection[str]]) -> dict[int, list[str]]:
    """By group, what the service user lacks there; ``full`` holds everything. A group without any right is none of
    Deskhours' business."""
    found = {}
    for group, held in sorted(groups.items()):
        lacking = [] if "full" in held else [right for right in RIGHTS if right not in held]
        if held and lacking:
            found[group] = lacking
    return found


def is_administrator(permissions: Iterable[str]) -> bool:
    """Whether permissions of roles hold one of Zammad's for administrators."""
    return any(one == "admin" or one.startswith("admin.") for one in permissions)


# Webhook.

OWN_WORDS = 120
"""Characters shown of what the helpdesk's log says of a call."""


def last_call(name: str, status: int, at: str, answer: str = "") -> Result:
    """By the helpdesk's own log: the HTTP status that its last call was answered with, 0 where nothing came back, and
    what the log has of the answer."""
    if 200 <= status < 300:
        return ok(name, f"The helpdesk's last call, {at}, was taken.")
    own = ""
    if status == 0:
        words, todo = "found nobody", "Let the helpdesk's machine reach server.public_url (DNS, firewall, certificate)."
        own = _own_words(answer)
    elif status == 401:
        words = "was refused: its signature is not right"
        todo = "Run deskhours setup: it writes helpdesk.webhook_secret into the helpdesk's webhook."
    elif status == 404:
        words = "was refused: the server knows of no webhook there"
        todo = "Restart the server with this manifest, which names helpdesk.webhook_secret; check server.public_url."
    else:
        words = f"was answered with {status}"
        todo = "See the server's log at that time; check what stands between helpdesk and server (a proxy?)."
        own = _own_words(answer)
    return fail(name, f"The helpdesk's last call, {at}, {words}{own}. Changes are seen by the poll only.", todo)


def _own_words(answer: str) -> str:
    short = textwrap.shorten(answer, OWN_WORDS, placeholder="…").rstrip(".")
    return f" (its log says: {short})" if short else ""


def deliveries(name: str, last: datetime | None, changed: Sequence[tuple[str, datetime]], *, by_log: bool) -> Result:
    """By what came: ``last`` is when the last call did, ``changed`` are tickets with the instant of a change that
    somebody else than the service user made and that should have been told by now. ``by_log``: the helpdesk's own log
    is read, too."""
    # The two instants are of two machines' clocks.
    missed = [number for number, at in changed if last is None or at > last + SKEW_NOTED]
    todo = (
        later(
            "Run deskhours setup to put webhook and trigger right. Until then changes are seen by the poll, half a"
            " minute later."
        )
        if by_log
        else later(
            "Run deskhours check with DESKHOURS_SETUP_TOKEN to see how the helpdesk's calls end, or run deskhours setup"
            " to put webhook and trigger right. Until then changes are seen by the poll, half a minute later."
        )
    )
    if last is None and missed:
        words = later("No call has ever come, though ticket {number} was changed.").format(number=missed[0])
        return fail(name, words, todo)
    if last is not None and missed:
        return warn(name, f"No call has come since {_moment(last)}, though ticket {missed[0]} was changed.", todo)
    if last is None:
        return skipped(name, "No call has come yet, and no ticket was changed that one should have come for.")
    return ok(name, f"The last call came {_moment(last)}.")


# The helpdesk's page.

PARTS_TOLD = 3
"""Parts named; how many more there are is said."""


def page(name: str, found: Sequence[Drift]) -> Result:
    """``found`` is what browsers told lately, part by part, the most told first."""
    if not found:
        return ok(name, "No browser has told of a ticket page that differs from what the extension expects.")
    parts = [f"{one.report.part} (expected {one.report.expected}, found {one.report.found})" for one in found]
    told = _listed(parts) if len(parts) <= PARTS_TOLD else ", ".join(parts[:PARTS_TOLD])
    more = f" and {len(parts) - PARTS_TOLD} more" if len(parts) > PARTS_TOLD else ""
    versions = _listed(sorted({one.report.extension for one in found}))
    first, last = min(one.first_at for one in found), max(one.last_at for one in found)
    words = later(
        "Browsers find the helpdesk's ticket page otherwise than the extension ({versions}) expects: {parts}. {reports}"
        " report(s), the first {first}, the last {last}."
    ).format(
        versions=versions,
        parts=f"{told}{more}",
        reports=sum(one.reports for one in found),
        first=_moment(first),
        last=_moment(last),
    )
    todo = later(
        "Was the helpdesk updated, or its page changed? Install the newest extension; if it is the newest, tell its"
        " makers this row. Agents are told on the page, and log time from there meanwhile. The row goes two days after"
        " the last report."
    )
    return fail(name, words, todo)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
