"""Who sees which tickets: the rule alone, and on the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.dashboard.rules import Role, Stake, Viewer, may_see
from tests.dashboard.office import Office

MANAGERS = frozenset({"mo@example.com", "max@example.com", "ari@example.com"})
NAMES = st.sampled_from(["mo@example.com", "max@example.com", "nobody@example.com"])
STAKES = st.builds(
    Stake,
    st.integers(1, 3),
    st.none() | st.integers(1, 4),
    st.lists(st.lists(NAMES, max_size=2).map(tuple), max_size=3).map(tuple),
    st.booleans(),
)


def viewer(role: Role, user_id: int = 1, name: str = "mo@example.com", groups: tuple[int, ...] = (1, 2)) -> Viewer:
    return Viewer(user_id, frozenset({name}), role, frozenset(groups), frozenset())


@given(STAKES, st.sampled_from(["admin", "manager", "agent"]))
def test_nobody_sees_a_group_that_the_helpdesk_hides(stake: Stake, role: Role) -> None:
    assert not may_see(viewer(role, groups=()), stake, MANAGERS)


@given(STAKES)
def test_administrators_see_what_anybody_does(stake: Stake) -> None:
    seen = [may_see(viewer(role), stake, MANAGERS) for role in ("admin", "manager", "agent")]
    assert seen == sorted(seen, reverse=True)


@given(STAKES)
def test_an_agent_sees_what_is_theirs_and_nothing_else(stake: Stake) -> None:
    theirs = stake.owner_id == 1 or stake.worked_on
    assert may_see(viewer("agent"), stake, MANAGERS) is (theirs and stake.group_id in (1, 2))


@given(STAKES)
def test_some_manager_sees_every_ticket(stake: Stake) -> None:
    everywhere = tuple(range(1, 4))
    people = [viewer("manager", 90, name, everywhere) for name in ("mo@example.com", "max@example.com")]
    assert any(may_see(one, stake, MANAGERS) for one in people)


@pytest.mark.parametrize(
    ("named", "sees"),
    [
        ((), True),
        ((("mo@example.com",),), True),
        ((("max@example.com",),), False),
        ((("nobody@example.com",),), True),  # without the role: everyone in the PM role is told
        ((("nobody@example.com",), ("max@example.com",)), False),
        (((), ("mo@example.com",), ("max@example.com",)), True),
        ((("max@example.com",), ("mo@example.com",)), False),  # the ticket's own field comes first
        (((), (), ("max@example.com", "mo@example.com")), True),
    ],
)
def test_a_manager_sees_the_tickets_they_are_told_of(named: tuple[tuple[str, ...], ...], sees: bool) -> None:
    assert may_see(viewer("manager", 90), Stake(1, 4, named), MANAGERS) is sees


async def people(office: Office) -> None:
    groups = {1: ["full"], 2: ["overview"]}
    await office.person(1, "Ari", "Admin", "Agent", groups=groups)
    await office.person(2, "Mo", "Budget PM", "Agent", groups=groups)
    await office.person(3, "Max", "Budget PM", groups=groups)
    await office.person(4, "Ada", groups=groups, harvest_user_id=2001)
    await office.person(5, "Bo", groups={1: ["read"], 2: ["read"]})


async def test_each_sees_their_own_tickets_on_the_page(office: Office) -> None:
    await people(office)
    await office.project(7)
    await office.ticket(1, accepted_pm="mo@example.com", owner_id=4)
    await office.ticket(2, accepted_pm="MAX@example.com", project_id=7)
    await office.ticket(3)
    await office.ticket(4, group_id=2, owner_id=4)
    await office.ticket(5, deleted_at=office.now)
    await office.entry(1, 7, 2001, 100, 2)
    assert sorted(await office.tickets("Ari")) == [1, 2, 3]
    assert sorted(await office.tickets("Mo")) == [1, 3]
    assert sorted(await office.tickets("Max")) == [2, 3]
    assert sorted(await office.tickets("Ada")) == [1, 2]
    assert sorted(await office.tickets("Bo")) == []


async def test_harvests_project_manager_sees_the_tickets_that_name_nobody(office: Office) -> None:
    await people(office)
    await office.project(7)
    await office.ticket(1, project_id=7)
    await office.harvest_user(9, "Max")
    await office.insert(
        "harvest_user_assignment",
        {
            "id": 1,
            "project_id": 7,
            "user_id": 9,
            "is_active": True,
            "is_project_manager": True,
            "use_default_rates": True,
            "updated_at": office.now,
        },
    )
    assert await office.tickets("Max") == [1]
    assert await office.tickets("Mo") == []
    assert await office.tickets("Ari") == [1]


async def test_only_who_manages_sees_the_buttons_and_the_syncs(office: Office) -> None:
    await people(office)
    await office.ticket(1, used=1100, owner_id=4)
    await office.lock(1)
    for name in ("Ari", "Mo"):
        text = await office.page(name)
        assert "/dashboard/tickets/1/unlock" in text
        assert "/dashboard/tickets/1/ask" not in text
        assert "Health" in text
    text = await office.page("Ada")
    assert "OVER BUDGET — LOCKED" in text
    assert "/dashboard/tickets/1/unlock" not in text
    assert "/dashboard/tickets/1/ask" in text
    assert "Health" not in text


async def test_who_has_no_group_any_more_sees_nothing(office: Office) -> None:
    await office.person(6, "Cy", "Customer", groups={})
    await office.pool.execute("UPDATE helpdesk_member SET groups = '{}' WHERE id = 6")
    status, text = await office.ask("Cy", "/dashboard")
    assert status == 403
    assert "does not know you as one of its agents" in text


async def test_times_are_in_the_persons_own_zone(office: Office) -> None:
    await people(office)
    await office.harvest_user(9, "Mo", "Berlin")
    await office.ticket(1, used=1100)
    await office.lock(1)
    assert ">12:00</time>" in await office.page("Ari")
    assert ">13:00</time>" in await office.page("Mo")  # no Harvest account is connected, but Harvest knows the address
