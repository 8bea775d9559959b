"""Order, pages, filters, people, and when a time entry happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.runtime.caller import Caller
from plugin_server.runtime.errors import Problem
from plugin_server.runtime.timeline import Item, Person, Place, Request, Someone
from plugin_server.tickets.articles import rules as article_rules
from plugin_server.tickets.articles.rules import Head
from plugin_server.tickets.entries.rules import instant
from plugin_server.timeline import rules

BERLIN, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CALLER = Caller(1, UUID(int=1), "Ada", "ada@example.com", 17, 2001, BERLIN)
ORDERS: Sequence[rules.Order] = ("oldest", "newest")

PLACES = st.sets(
    st.builds(
        Place,
        st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        st.integers(1, 3),
        st.integers(0, 6),
    ),
    max_size=40,
)


def item(place: Place) -> Item:
    return Item(place, "messages", "note", "Note")


def asked(order: rules.Order, cursor: str) -> Request:
    after = rules.place(cursor, order)
    day = date(2026, 3, 4)
    return Request(CALLER, 4, NOON, NOON, day, day, newest_first=order == "newest", after=after)


def source(places: set[Place], rank: int, request: Request, limit: int) -> list[Item]:
    """A source as SQL makes one: it knows instants and numbers of its own, and what lies beyond a bound."""
    bound = request.beyond(rank)
    mine = sorted((place for place in places if place.rank == rank), reverse=request.newest_first)
    if request.newest_first:
        found = [place for place in mine if (place.at, place.id) < bound]
    else:
        found = [place for place in mine if (place.at, place.id) > bound]
    return [item(place) for place in found[:limit]]


@given(PLACES, PLACES, st.integers(1, 7), st.sampled_from(ORDERS))
def test_pages_are_the_whole_whatever_comes_and_goes_meanwhile(
    places: set[Place], others: set[Place], size: int, order: rules.Order
) -> None:
    """What stays is shown once, in its order, though other lines appear and vanish between two pages."""
    stays = places - others
    shown: list[Place] = []
    cursor, turn = "", 0
    while True:
        present = places | others if turn % 2 else stays
        request = asked(order, cursor)
        found = [source(present, rank, request, size + 1) for rank in (1, 2, 3)]
        items, last = rules.page(found, size, order)
        assert len(items) <= size
        shown += [one.place for one in items]
        if last is None:
            break
        cursor, turn = rules.cursor(last, order), turn + 1
    assert len(shown) == len(set(shown))
    assert [place for place in shown if place in stays] == sorted(stays, reverse=order == "newest")


@given(
    st.integers(0, 2**54).map(lambda passed: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=passed)),
    st.integers(0, 9),
    st.integers(0, 2**59),
)
def test_a_cursor_names_its_place_to_the_microsecond(at: datetime, rank: int, number: int) -> None:
    place = Place(at, rank, number)
    for order in ORDERS:
        assert rules.place(rules.cursor(place, order), order) == place


@pytest.mark.parametrize(
    "text", ["x", "o", "o.1", "o.1.1", "n.1.1.1", "o.1.1.-1", "o.1.1.1.1", "o.99999999999999999999.1.1", "o.²³.1.1"]
)
def test_what_is_no_cursor_of_this_order_is_refused_in_words(text: str) -> None:
    with pytest.raises(Problem, match="first page"):
        rules.place(text, "oldest")


@given(st.lists(st.tuples(st.sampled_from(["what", "person", "billable", "from", "to", "order", "size"]), st.text())))
def test_any_query_string_is_a_wish(query: list[tuple[str, str]]) -> None:
    found = rules.wanted(query)
    assert 1 <= found.size <= rules.MOST
    assert found.order in ORDERS


@given(
    st.frozensets(st.sampled_from(["messages", "time", "budget"])),
    st.sampled_from(["", "u17", "h2001"]),
    st.sampled_from([None, True, False]),
    st.none() | st.dates(rules.FIRST_DAY, rules.LAST_DAY),
    st.sampled_from(ORDERS),
)
def test_an_address_asks_for_what_it_was_made_of(
    groups: frozenset[rules.Group], person: str, billable: bool | None, day: date | None, order: rules.Order
) -> None:
    wish = rules.Wanted(groups, person, billable, day, day, order)
    assert rules.wanted(rules.query(wish)) == wish


def test_a_filter_by_billable_is_about_time_alone() -> None:
    wish = rules.wanted([("billable", "no")])
    assert [group for group in ("messages", "time", "budget") if wish.has(group)] == ["time"]
    assert rules.wanted([("what", "budget"), ("what", "time")]).has("messages") is False
    assert rules.wanted([("what", "nonsense")]).has("messages") is True


def test_days_begin_and_end_in_the_readers_zone() -> None:
    """The day on which the clocks go forward has 23 hours."""
    since, until = rules.instants(date(2026, 3, 29), date(2026, 3, 29), BERLIN)
    assert since == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert until - since == timedelta(hours=23)
    rules.instants(rules.FIRST_DAY, rules.LAST_DAY, AUCKLAND)


def test_one_human_being_is_one_person() -> None:
    known = [
        Someone("Ada", helpdesk_id=17),
        Someone("A. Agent", harvest_id=2001),
        Someone("Zoe", harvest_id=2009),
        Someone("Customer", helpdesk_id=30),
    ]
    assert rules.people(known, {17: "Ada Agent"}, {17: 2001, 99: 2009}) == [
        Person("u17", "Ada Agent", frozenset({17}), frozenset({2001})),
        Person("u30", "Customer", frozenset({30}), frozenset()),
        Person("u99", "Zoe", frozenset({99}), frozenset({2009})),
    ]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (("customer", "email", False), "message"),
        (("customer", "web", False), "message"),
        (("agent", "email", False), "reply"),
        (("agent", "note", True), "internal_note"),
        (("agent", "email", True), "internal"),
        (("agent", "note", False), "note"),
        (("customer", "phone", False), "call"),
        (("system", "email", False), "system"),
    ],
)
def test_what_an_article_is_to_people(head: tuple[article_rules.Sender, str, bool], kind: str) -> None:
    sender, word, internal = head
    assert article_rules.kind(Head(1, 1, 1, "", sender, word, internal, NOON)) == kind


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("a &lt;b&gt; &amp;amp; &#61;", "a <b> &amp; ="),
        ("<script>alert(1)</script>x<style>p{}</style>", "x"),
        ("<img src=x onerror=alert(1)>seen", "seen"),
        ("<div>two\n words</div>\n\n", "two words"),
        ("<a href='javascript:x'>link</a>", "link"),
        ("<p>not closed <b>bold", "not closed bold"),
    ],
)
def test_nothing_of_an_articles_markup_is_left(html: str, text: str) -> None:
    assert article_rules.plain(html, is_html=True) == text


@given(st.text(), st.booleans())
def test_any_body_is_text(body: str, is_html: bool) -> None:
    words = article_rules.plain(body, is_html=is_html)
    assert "\0" not in words
    assert "\n\n" not in words
    short, is_cut = article_rules.shortened(words, 20)
    assert len(short) <= 20
    assert words.startswith(short)
    assert is_cut == (len(words) > 20)


def test_plain_text_keeps_what_looks_like_markup() -> None:
    assert article_rules.plain("if a <b> c\r\nthen", is_html=False) == "if a <b> c\nthen"


DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("day", "started", "created", "expected", "is_exact"),
    [
        (DAY, "13:05", NOON, datetime(2026, 3, 4, 12, 5, tzinfo=UTC), True),
        (DAY, "1:05pm", NOON, datetime(2026, 3, 4, 12, 5, tzinfo=UTC), True),
        (DAY, "12:00am", NOON, datetime(2026, 3, 3, 23, tzinfo=UTC), True),
        (DAY, None, NOON, NOON, True),
        (DAY, "soon", NOON, NOON, True),
        (DAY, "25:00", NOON, NOON, True),
        (DAY, None, NOON + timedelta(days=1), datetime(2026, 3, 4, 22, 59, 59, 999999, UTC), False),
        (DAY, None, datetime(2026, 3, 4, 23, 30, tzinfo=UTC), datetime(2026, 3, 4, 22, 59, 59, 999999, UTC), False),
        # Standard time where the clocks leave an hour out, and where they make one twice.
        (date(2026, 3, 29), "2:30", NOON, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True),
        (date(2026, 10, 25), "2:30", NOON, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
    ],
)
def test_when_an_entry_happened(
    day: date, started: str | None, created: datetime, expected: datetime, is_exact: bool
) -> None:
    assert instant(day, started, created, BERLIN) == (expected, is_exact)


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.none() | st.times().map(lambda at: f"{at:%H:%M}"),
    st.integers(0, 15_000_000).map(lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from([ZoneInfo("UTC"), BERLIN, AUCKLAND, ZoneInfo("America/St_Johns")]),
)
def test_an_entry_happened_on_its_day(day: date, started: str | None, created: datetime, zone: ZoneInfo) -> None:
    at, is_exact = instant(day, started, created, zone)
    assert at.astimezone(zone).date() == day
    assert is_exact or at.astimezone(zone).time() > time(23, 59)
