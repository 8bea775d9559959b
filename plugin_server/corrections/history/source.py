"""Corrections in a ticket's timeline: an entry that was deleted, or moved away, is told of where it stood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from plugin_server.corrections.history import store
from plugin_server.corrections.store import Correction
from plugin_server.corrections.view import line
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import day
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.timeline import Doings, Group, Item, Place, Request


class CorrectionSource(Doings):
    """What was corrected in Deskhours."""

    group: Group = "time"
    rank = 4

    def __init__(self, pool: Pool, mirror: Mirror) -> None:
        self._pool = pool
        self._mirror = mirror

    async def doers(self, ticket_id: int) -> Mapping[int, str]:
        """Who has corrected something."""
        return await store.people(self._pool, ticket_id)

    async def done(
        self, request: Request, user_ids: Collection[int] | None, beyond: tuple[datetime, int], limit: int
    ) -> list[Item]:
        """Corrections in the order in which they were asked for."""
        found = await store.rows(
            self._pool,
            request.ticket_id,
            request.since,
            request.until,
            user_ids,
            beyond,
            limit,
            newest_first=request.newest_first,
        )
        company = await self._mirror.company() if found else None
        return [self._item(one, company.clock if company else "24h") for one in found]

    def _item(self, found: Correction, notation: str) -> Item:
        told = line(found, notation)
        of = _("{name}'s entry of {day}").format(
            name=found.before["person"] or _("Somebody"), day=day(date.fromisoformat(found.before["spent_date"]))
        )
        changes = [f"{one.label}: {one.old or '–'}" + (f" → {one.new}" if one.new else "") for one in told.changes]
        return Item(
            Place(found.asked_at, self.rank, found.position),
            self.group,
            "deletion" if found.kind == "delete" else "correction",
            told.title,
            by=told.by,
            facts=[of, *changes],
            trouble=told.problem,
            series="correction",
        )
