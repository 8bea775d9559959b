"""What an alert says, in the language of who reads it. What people typed (a ticket's title) is made one plain line."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from plugin_server.alerts.store import Alert
from plugin_server.budgets.service import hours
from plugin_server.runtime.i18n import day, decimal
from plugin_server.runtime.i18n import gettext as _

TITLE = 120
"""Characters of a ticket's title that are told."""


@dataclass(frozen=True)
class About:
    """The ticket that an alert is about."""

    number: str
    title: str
    url: str


def one_line(text: str) -> str:
    """A text without line breaks and other control characters: it can't end a header or a message."""
    plain = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    short = " ".join(plain.split())
    return short if len(short) <= TITLE else f"{short[: TITLE - 1]}…"


def headline(alert: Alert, about: About) -> str:
    """In a line: which ticket, and how far it is."""
    return _("Ticket #{number}: {percent} % of the budget used").format(
        number=one_line(about.number), percent=alert.percent
    )


def figures(alert: Alert) -> str:
    """Whose budget, and the hours."""
    text = (
        _("{used} of {budget} h of the Harvest project's budget are used.")
        if alert.source == "project"
        else _("{used} of {budget} h of the ticket's budget are used.")
    )
    return text.format(used=decimal(hours(alert.used)), budget=decimal(hours(alert.budget)))


def pace(alert: Alert) -> str:
    """When the budget ends; empty where there is no pace to speak of."""
    if alert.ends_on is None:
        return ""
    return _("At this pace it ends on {day}.").format(day=day(alert.ends_on))


def note(alert: Alert) -> str:
    """The note in the ticket, which needs not name it. One text with the pace in it: it is stored, and retold whole."""
    texts = {
        ("project", False): _("The Harvest project's budget is {percent} % used: {used} of {budget} h."),
        ("project", True): _(
            "The Harvest project's budget is {percent} % used: {used} of {budget} h. At this pace it ends on {day}."
        ),
        ("ticket", False): _("The ticket's budget is {percent} % used: {used} of {budget} h."),
        ("ticket", True): _(
            "The ticket's budget is {percent} % used: {used} of {budget} h. At this pace it ends on {day}."
        ),
    }
    return texts["project" if alert.source == "project" else "ticket", alert.ends_on is not None].format(
        percent=alert.percent,
        used=decimal(hours(alert.used)),
        budget=decimal(hours(alert.budget)),
        day=day(alert.ends_on) if alert.ends_on else "",
    )


def facts(alert: Alert, about: About) -> list[str]:
    """What stands below the headline, in lines."""
    return [part for part in (one_line(about.title), figures(alert), pace(alert)) if part]
