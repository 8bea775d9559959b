"""The agent's timer in the panel: its time, what happened to it, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from plugin_server.manifest import Time as TimeSettings
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import i18n
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.section import PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.timers import rules
from plugin_server.timers.service import Elsewhere, View

LOOKS: dict[rules.State, str] = {"starting": "running", "stopping": "stopped", "deleting": "stopped"}
"""What a timer looks like while Harvest is still being told: as the person wants it."""


class TimerRow:
    """Renders the ticket's own timer, and the person's one that runs for something else."""

    def __init__(self, templates: Templates, clock: Clock, settings: TimeSettings) -> None:
        self._templates = templates
        self._clock = clock
        self._settings = settings

    def timer(self, request: PanelRequest, view: View, *, refused: bool) -> Region:
        """The timer on this ticket; ``refused`` tells that it stopped for a reply that did not go out. The html stays
        the same while it ticks: the extension lets it go on."""
        timer, zone = view.timer, request.caller.zone
        html = self._templates.render(
            "timelog/timer.html",
            request.lang,
            timer=timer,
            look=LOOKS.get(timer.state, timer.state),
            seconds=view.seconds,
            since=rules.instant(view.since) if view.since else None,
            clock=_clock(view.seconds),
            hours=i18n.decimal(view.hours),
            when=self._when(view.since, zone) if view.since else i18n.day(timer.spent_date),
            midnight=view.midnight and timer.state != "failed",
            day=i18n.day(timer.spent_date),
            forgotten=view.forgotten,
            refused=refused and timer.state in ("stopping", "stopped"),
            limit=self._settings.forgotten_timer_hours,
        )
        return Region("timer", html)

    def elsewhere(self, request: PanelRequest, other: Elsewhere) -> Region:
        """The one that a start here would stop, or that can be used here."""
        html = self._templates.render(
            "timelog/elsewhere.html",
            request.lang,
            other=other,
            since=self._when(other.since, request.caller.zone),
            ticket_id=request.ticket_id,
        )
        return Region("elsewhere", html)

    def _when(self, instant: datetime, zone: ZoneInfo) -> str:
        """A time of day in the person's zone, with its day unless that is today."""
        local = instant.astimezone(zone)
        today = clocks.today(self._clock, zone)
        return i18n.clock_time(instant, zone) if local.date() == today else i18n.moment(instant, zone)


def _clock(seconds: int) -> str:
    """As the extension goes on counting: hours, minutes and seconds."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
