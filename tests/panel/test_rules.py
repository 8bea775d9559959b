"""Which part is told to be away, from what was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin_server.panel import rules
from plugin_server.panel.rules import Part, Seen

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def ago(**how_long: float) -> datetime:
    return NOW - timedelta(**how_long)


def well(at: datetime) -> Seen:
    return Seen(at, at, None, False, None)


def failing(at: datetime, since: datetime, last: datetime | None, *, refused: bool = False) -> Seen:
    return Seen(at, last, since, refused, "in words")


ALL_WELL = {"worker": well(ago(seconds=3)), "harvest": well(ago(seconds=20)), "helpdesk": well(ago(seconds=20))}


def part(name: str, seen: dict[str, Seen] | None, **away: datetime) -> Part:
    return next(found for found in rules.judge(seen, now=NOW, **away) if found.name == name)


def test_all_is_well() -> None:
    parts = rules.judge(ALL_WELL, now=NOW)
    assert [(found.name, found.state) for found in parts] == [
        ("database", "ok"),
        ("queue", "ok"),
        ("worker", "ok"),
        ("harvest", "ok"),
        ("helpdesk", "ok"),
    ]
    assert rules.troubles(parts) == []
    assert rules.can_serve(parts)


@pytest.mark.parametrize(("seconds", "state"), [(49, "ok"), (50, "ok"), (51, "away")])
def test_a_worker_is_away_after_three_missed_signs(seconds: int, state: str) -> None:
    found = part("worker", ALL_WELL | {"worker": well(ago(seconds=seconds))})
    assert found.state == state
    assert (found.since or found.seen_at) == ago(seconds=seconds)


def test_a_worker_that_never_ran_is_away() -> None:
    assert part("worker", {}) == Part("worker", "away")


def test_without_the_queue_nobody_knows_of_the_worker_and_without_the_worker_of_what_it_looks_at() -> None:
    silent = ALL_WELL | {"worker": well(ago(minutes=5))}
    parts = rules.judge(silent, now=NOW, queue_since=ago(minutes=4))
    assert [found.state for found in parts] == ["ok", "away", "unknown", "unknown", "unknown"]
    assert [found.name for found in rules.troubles(parts)] == ["queue"]
    assert part("harvest", silent).state == "unknown"


def test_a_system_is_away_since_it_was_last_reached() -> None:
    seen = ALL_WELL | {"harvest": failing(ago(seconds=5), ago(minutes=9), ago(minutes=10))}
    assert part("harvest", seen) == Part("harvest", "away", since=ago(minutes=10), problem="in words")
    never = ALL_WELL | {"harvest": failing(ago(seconds=5), ago(minutes=9), None)}
    assert part("harvest", never).since == ago(minutes=9)


def test_a_system_that_does_not_let_us_in_is_another_matter() -> None:
    seen = ALL_WELL | {"helpdesk": failing(ago(seconds=5), ago(minutes=9), ago(minutes=10), refused=True)}
    assert part("helpdesk", seen).state == "refused"


def test_a_system_on_which_a_running_worker_hangs_is_away() -> None:
    assert part("harvest", ALL_WELL | {"harvest": well(ago(minutes=3))}).state == "ok"
    assert part("harvest", ALL_WELL | {"harvest": well(ago(minutes=3, seconds=1))}).state == "away"


def test_without_the_database_only_the_queue_is_known() -> None:
    parts = rules.judge(None, now=NOW, database_since=ago(minutes=1))
    assert [found.state for found in parts] == ["away", "ok", "unknown", "unknown", "unknown"]
    assert parts[0].since == ago(minutes=1)
    assert not rules.can_serve(parts)
