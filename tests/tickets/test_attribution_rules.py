"""Where entries count: examples of the rule, and properties that hold for all facts."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from plugin_server.tickets.attribution.rules import (
    Attribution,
    Entry,
    Facts,
    Link,
    Outcome,
    named_number,
    referenced,
)

START = date(2026, 3, 2)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(START.year, START.month, START.day, hour, tzinfo=UTC) + timedelta(days=day)


def entry(day: int, **more: object) -> Entry:
    return Entry(1, 4001, START + timedelta(days=day), **more)  # type: ignore[arg-type]


class TestDedicated:
    def test_the_first_link_reaches_back_to_the_projects_first_entry(self) -> None:
        rule = Attribution(Facts([Link(1, 4001, at(10))]))
        assert rule.of(entry(-300)) == Outcome(1, "dedicated")
        assert rule.of(entry(10)) == Outcome(1, "dedicated")

    def test_a_second_ticket_gets_only_what_names_it(self) -> None:
        rule = Attribution(Facts([Link(1, 4001, at(10)), Link(2, 4001, at(20))]))
        assert rule.of(entry(25)) == Outcome(1, "dedicated")
        assert rule.of(entry(25, reference=2)) == Outcome(2, "reference")

    def test_a_link_that_ended_keeps_its_days_and_the_next_ticket_has_those_after(self) -> None:
        rule = Attribution(Facts([Link(1, 4001, at(10), at(20)), Link(2, 4001, at(30))]))
        assert rule.of(entry(5)).ticket_id == 1
        assert rule.of(entry(19)).ticket_id == 1
        assert rule.of(entry(20)).ticket_id == 2
        assert rule.of(entry(40)).ticket_id == 2

    def test_a_corrected_link_never_counted(self) -> None:
        rule = Attribution(Facts([Link(1, 4001, at(10), at(20), corrected=True)]))
        assert rule.of(entry(15)) == Outcome(None, "none")
        rule = Attribution(Facts([Link(1, 4001, at(10), at(20), corrected=True), Link(2, 4001, at(15))]))
        assert rule.of(entry(1)) == Outcome(2, "dedicated")

    def test_a_gap_that_the_same_ticket_left_is_nobodys(self) -> None:
        rule = Attribution(Facts([Link(1, 4001, at(1), at(5)), Link(1, 4001, at(9))]))
        assert rule.of(entry(7)) == Outcome(None, "none")
        assert rule.of(entry(9)) == Outcome(1, "dedicated")

    def test_after_the_last_link_nothing_is_dedicated(self) -> None:
        assert Attribution(Facts([Link(1, 4001, at(1), at(5))])).of(entry(6)) == Outcome(None, "none")


class TestNaming:
    def test_a_reference_counts_whatever_the_project(self) -> None:
        facts = Facts([Link(1, 4001, at(0))], numbers={"10003": 3}, assigned={1: 4})
        assert Attribution(facts).of(entry(5, reference=2, number="10003")) == Outcome(2, "reference")
        assert Attribution(facts).of(entry(5, number="10003")) == Outcome(3, "number")
        assert Attribution(facts).of(entry(5, number="99999")) == Outcome(4, "assigned"), "a number that is no ticket's"
        assert Attribution(facts).of(entry(5)) == Outcome(4, "assigned")
        assert Attribution(facts).of(Entry(7, 4001, START)) == Outcome(1, "dedicated")

    def test_everything_follows_a_merge(self) -> None:
        facts = Facts([Link(1, 4001, at(0))], merged={1: 2, 2: 3}, numbers={"10001": 1}, assigned={8: 2})
        rule = Attribution(facts)
        assert rule.of(entry(1)).ticket_id == 3
        assert rule.of(entry(1, reference=2)).ticket_id == 3
        assert rule.of(Entry(8, 9, START)).ticket_id == 3

    def test_tickets_merged_in_a_circle_do_not_hang(self) -> None:
        assert Attribution(Facts(merged={1: 2, 2: 1})).of(entry(1, reference=1)).ticket_id in (1, 2)

    def test_numbers_in_notes(self) -> None:
        pattern = re.compile(r"#\s?(\d{4,})")
        assert named_number("Call about #10002, then #10003", pattern) == "10002"
        assert named_number("issue #12", pattern) is None
        assert named_number(None, pattern) is None

    def test_references(self) -> None:
        assert referenced("desk.example.com:12", "desk.example.com:") == 12
        for other in (None, "", "desk.example.com:", "desk.example.com:x", "github.com:12", "desk.example.com:1²"):
            assert referenced(other, "desk.example.com:") is None


tickets = st.integers(1, 4)
projects = st.integers(4001, 4003)
days = st.integers(0, 30)
links = st.builds(
    lambda ticket, project, begin, length, corrected: Link(
        ticket, project, at(begin), None if length is None else at(begin + length), corrected
    ),
    tickets,
    projects,
    days,
    st.none() | st.integers(0, 10),
    st.booleans(),
)
entries = st.lists(
    st.builds(
        Entry,
        st.integers(1, 40),
        projects,
        days.map(lambda day: START + timedelta(days=day)),
        st.none() | tickets,
        st.none() | st.sampled_from(["10001", "10009"]),
    ),
    max_size=20,
    unique_by=lambda one: one.id,
)
facts = st.builds(
    Facts,
    st.lists(links, max_size=8),
    st.dictionaries(tickets, tickets, max_size=3),
    st.just({"10001": 1}),
    st.dictionaries(st.integers(1, 40), tickets, max_size=5),
)


@given(facts, entries, st.randoms(use_true_random=False))
def test_no_order_of_facts_changes_the_outcome(given_facts: Facts, some: list[Entry], rng: random.Random) -> None:
    shuffled = list(given_facts.links)
    rng.shuffle(shuffled)
    other = Facts(
        shuffled,
        dict(rng.sample(list(given_facts.merged.items()), len(given_facts.merged))),
        given_facts.numbers,
        dict(rng.sample(list(given_facts.assigned.items()), len(given_facts.assigned))),
    )
    assert [Attribution(given_facts).of(one) for one in some] == [Attribution(other).of(one) for one in some]


@given(facts, entries)
def test_every_entry_counts_once_or_belongs_to_its_project(given_facts: Facts, some: list[Entry]) -> None:
    rule = Attribution(given_facts)
    for one in some:
        outcome = rule.of(one)
        assert (outcome.ticket_id is None) == (outcome.rule == "none")
        if one.reference is not None:
            assert outcome.rule == "reference"


@given(st.lists(links, max_size=8), projects, days)
def test_a_later_link_takes_nothing_from_who_held_the_project(some: list[Link], project: int, day: int) -> None:
    """A second ticket moves no hours."""
    before = Attribution(Facts(some)).holder(project, START + timedelta(days=day))
    latest = Link(9, project, at(60))
    after = Attribution(Facts([*some, latest])).holder(project, START + timedelta(days=day))
    assert after == (before if before is not None else 9)
