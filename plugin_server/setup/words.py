"""What setup tells: the plan, and what is left for people. Lines of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from plugin_server.helpdesk.zammad.setup.steps import Plan, Step
from plugin_server.manifest import Manifest
from plugin_server.manifest.places import Place
from plugin_server.setup.terminal import WIDTH

_MARKS = {"ok": "ok", "create": "make", "mend": "mend", "remove": "take", "refuse": "STOP"}

SOURCES = {
    "helpdesk.client_id": "written by deskhours setup",
    "helpdesk.client_secret": "written by deskhours setup",
    "helpdesk.webhook_secret": "written by deskhours setup",
    "helpdesk.token": "the service user's token: in Zammad, signed in as that user, under Profile > Token Access,"
    " with the permission ticket.agent alone",
    "harvest.token": "an administrator's token: id.getharvest.com > Developers > Create new personal access token",
    "harvest.client_id": "the OAuth2 application: id.getharvest.com > Developers > Create new OAuth2 application",
    "harvest.client_secret": "the OAuth2 application: id.getharvest.com > Developers",
}
"""Where what a file must hold comes from, by setting."""


def told(step: Step) -> str:
    """A step as one line, or a few."""
    text = f"{_MARKS[step.action]:5} {step.kind} {step.name}: {step.words}"
    return textwrap.fill(
        text, WIDTH, initial_indent="  ", subsequent_indent=" " * 8, break_on_hyphens=False, break_long_words=False
    )


def plan_lines(plan: Plan, written: Sequence[Place], *, everything: bool) -> list[str]:
    """The plan to read; without ``everything`` what is in order is only counted."""
    fine = [step for step in plan.steps if step.action == "ok"]
    shown = plan.steps if everything else [step for step in plan.steps if step.action != "ok"]
    lines = [told(step) for step in shown]
    if not plan.refused:
        lines += [f"  write {place.setting}: {place}" for place in written]
    if fine and not everything:
        lines.append(f"  ok    {len(fine)}{' more' if shown else ''}, in order as they are")
    return lines


def left_for_people(
    settings: Manifest,
    done: Sequence[Step],
    places: Mapping[str, Place],
    restart: bool,
    *,
    linked: bool,
    written: bool,
) -> list[str]:
    """What only a person can do now, most urgent first. ``restart``: Zammad has new columns; ``linked``: where projects
    are in Harvest is known; ``written``: secrets were."""
    lines = []
    if restart:
        lines.append(
            "Restart Zammad, so that all its processes know the new fields: systemctl restart zammad, or its containers"
            " zammad-railsserver, zammad-websocket and zammad-scheduler. A hosted Zammad does it by itself. Open pages"
            " of Zammad ask to be loaded again."
        )
    if any(
        step.kind == "role" and step.name == settings.helpdesk.roles.pm and step.action == "create" for step in done
    ):
        lines.append(
            f"Give the role {settings.helpdesk.roles.pm} to those who may unlock tickets and set budgets: in Zammad,"
            " under Admin > Users."
        )
    for place in places.values():
        if place.empty:
            source = SOURCES.get(place.setting, "written by deskhours init")
            lines.append(f"Put {place.setting} into {place}: {source}.")
    if written:
        lines.append("Restart deskhours serve and deskhours worker if they run: they read secrets when they start.")
    if not linked:
        lines.append("The project field has no link to Harvest yet: run setup again once harvest.token works.")
    lines.append("Delete the token that this setup ran with: in Zammad, under Profile > Token Access.")
    return lines


def numbered(lines: Sequence[str]) -> str:
    """Lines as a numbered list."""
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            initial_indent=f"  {number}. ",
            subsequent_indent=" " * 5,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines, start=1)
    )
