"""When a ticket is locked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from plugin_server.budgets.locking import Constraint, Policy, Unlock, lock, lock_point
from plugin_server.budgets.rules import runs_out

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
TIERED = Policy("tiered")
hours = st.decimals(0, 500, places=2)
limits = st.decimals("0.01", 500, places=2)


def own(used: str, limit: str) -> Constraint:
    return Constraint("ticket", Decimal(used), Decimal(limit))


def is_locked(used: str, limit: str, *unlocks: Unlock, policy: Policy | None = None) -> bool:
    return lock([own(used, limit)], policy or Policy(), unlocks, Decimal(used), NOW) is not None


class TestLock:
    def test_exactly_the_budget_is_red_and_not_locked(self) -> None:
        assert not is_locked("10", "10")
        assert is_locked("10.01", "10")

    def test_tiers_lock_above_their_part_of_the_budget(self) -> None:
        for limit, point in (("5", "7.5"), ("10", "12.5"), ("30", "34.5"), ("100", "110")):
            assert lock_point(Decimal(limit), TIERED) == Decimal(point)
            assert not is_locked(point, limit, policy=TIERED)
            assert is_locked(str(Decimal(point) + Decimal("0.01")), limit, policy=TIERED)

    def test_only_constraints_of_the_policy_lock(self) -> None:
        project = Constraint("project", Decimal(20), Decimal(10))
        plan = Constraint("plan", Decimal(20), Decimal(10))
        assert lock([plan], Policy(), [], Decimal(3), NOW) is None
        assert lock([project], Policy(sources=frozenset({"ticket"})), [], Decimal(3), NOW) is None
        found = lock([own("3", "10"), plan, project], Policy(), [], Decimal(3), NOW)
        assert found is not None
        assert found.constraint is project

    def test_never(self) -> None:
        assert not is_locked("1000", "1", policy=Policy("never"))

    @given(limits, limits)
    def test_a_larger_budget_never_locks_earlier(self, one: Decimal, other: Decimal) -> None:
        low, high = sorted((one, other))
        for policy in (Policy(), TIERED):
            assert (lock_point(low, policy) or 0) <= (lock_point(high, policy) or 0)

    @given(hours, hours, limits, st.sampled_from([Policy(), TIERED]))
    def test_more_hours_never_open_a_ticket(self, one: Decimal, other: Decimal, limit: Decimal, policy: Policy) -> None:
        low, high = sorted((one, other))
        if is_locked(str(low), str(limit), policy=policy):
            assert is_locked(str(high), str(limit), policy=policy)

    @given(hours, limits)
    def test_no_lock_up_to_the_budget(self, used: Decimal, limit: Decimal) -> None:
        if used <= limit:
            assert not is_locked(str(used), str(limit))
            assert not is_locked(str(used), str(limit), policy=TIERED)


class TestUnlock:
    def test_a_ceiling_holds_up_to_and_including_it(self) -> None:
        unlock = Unlock(Decimal(12), None)
        assert not is_locked("12", "10", unlock)
        assert is_locked("12.01", "10", unlock)

    def test_an_expiry_holds_until_it(self) -> None:
        assert not is_locked("99", "10", Unlock(None, NOW + timedelta(seconds=1)))
        assert is_locked("99", "10", Unlock(None, NOW))

    def test_of_both_the_first_ends_it(self) -> None:
        assert is_locked("13", "10", Unlock(Decimal(12), NOW + timedelta(days=1)))
        assert is_locked("11", "10", Unlock(Decimal(12), NOW - timedelta(days=1)))

    def test_any_of_several_opens(self) -> None:
        assert not is_locked("14", "10", Unlock(Decimal(12), None), Unlock(Decimal(15), None))

    def test_one_without_an_end_is_none(self) -> None:
        assert is_locked("11", "10", Unlock(None, None))

    @given(hours, limits, st.lists(st.builds(Unlock, st.none() | hours, st.none()), max_size=4))
    def test_an_unlock_never_locks(self, used: Decimal, limit: Decimal, unlocks: list[Unlock]) -> None:
        if is_locked(str(used), str(limit), *unlocks):
            assert is_locked(str(used), str(limit))


class TestRunsOut:
    TODAY = date(2026, 5, 28)

    def daily(self, *days_ago: int, hours: str = "2") -> dict[date, Decimal]:
        return {self.TODAY - timedelta(days=ago): Decimal(hours) for ago in days_ago}

    def test_at_the_pace_of_the_last_four_weeks(self) -> None:
        # 14 hours in 28 days are half an hour a day: 5 hours last 10 days.
        daily = self.daily(0, 3, 5, 9, 12, 20, 27)
        assert runs_out(daily, Decimal(5), Decimal(10), self.TODAY) == date(2026, 6, 7)

    def test_nothing_on_fewer_than_three_days_of_work(self) -> None:
        assert runs_out(self.daily(0, 1), Decimal(5), Decimal(10), self.TODAY) is None
        assert runs_out(self.daily(0, 1, 28), Decimal(5), Decimal(10), self.TODAY) is None
        assert runs_out(self.daily(0, 1, 27), Decimal(5), Decimal(10), self.TODAY) is not None

    def test_nothing_without_a_budget_or_after_its_end(self) -> None:
        daily = self.daily(0, 1, 2)
        for used, limit in (("5", None), ("10", "10"), ("11", "10"), ("0", "0")):
            assert runs_out(daily, Decimal(used), Decimal(limit) if limit else None, self.TODAY) is None

    def test_nothing_about_the_far_future(self) -> None:
        assert runs_out(self.daily(0, 1, 2, hours="0.01"), Decimal(0), Decimal(100), self.TODAY) is None

    @given(st.dictionaries(st.integers(0, 40), st.decimals("0.01", 10, places=2), max_size=30), hours, limits)
    def test_the_day_is_never_past(self, ago: dict[int, Decimal], used: Decimal, limit: Decimal) -> None:
        daily = {self.TODAY - timedelta(days=days): some for days, some in ago.items()}
        end = runs_out(daily, used, limit, self.TODAY)
        assert end is None or end > self.TODAY
