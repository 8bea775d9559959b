"""Logs: arming one, confirming it by an article, changing one's mind. Harvest is never called here."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import ngettext
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import rules, store
from plugin_server.timelog.rules import Event, HoursRule, Typed
from plugin_server.timers.service import STEP_JOB, Timers, View

PUSH_JOB = "push_log"

_logger = log.get(__name__)


@dataclass(frozen=True)
class Wish:
    """What an agent asks to have recorded. ``confirm`` says whether an article of the agent with an id above
    ``after_article_id`` has to appear first, or nothing. ``timer_id`` names the timer whose time it is; where no hours
    are typed, the one that the agent has on the ticket is meant. ``age_seconds`` is how long ago it was asked."""

    ticket_id: int
    typed: Typed
    confirm: Literal["article", "now"]
    after_article_id: int | None
    timer_id: UUID | None = None
    age_seconds: int = 0


class CannotRead(Exception):
    """A ticket's articles can't be read as the agent; the message says why."""


def _same(known: store.Log, entry: rules.Entry) -> bool:
    if known.timer_id is not None:
        # What a timer has measured is another figure every minute; the wish is the same.
        stored_timer = (known.timer_id, known.typed_hours, known.task_id, known.notes)
        return stored_timer == (entry.timer_id, entry.typed_hours, entry.task_id, entry.notes)
    stored = (known.hours, known.task_id, known.spent_date, known.notes)
    return stored == (entry.hours, entry.task_id, entry.spent_date, entry.notes)


def _may_change(known: store.Log, entry: rules.Entry) -> bool:
    """Whether asking for a known log again changes it: it has not gone out, may not have gone out, and is not the same
    wish repeated because its answer was lost."""
    if known.state == "attention" and _same(known, entry):
        return False
    return _is_open(known)


def _is_open(known: store.Log) -> bool:
    """Whether the log has not gone out and can't have."""
    return rules.accepts(known.state, "arm") and known.called_at is None


class TimeLog:
    """The use cases of logs."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        helpdesk: Helpdesk,
        tokens: Tokens,
        timers: Timers,
        queue: Queue,
        clock: Clock,
        hours_rule: HoursRule,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._timers = timers
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._queue = queue
        self._clock = clock
        self._hours_rule = hours_rule

    async def arm(self, caller: Caller, log_id: UUID, wish: Wish) -> tuple[store.Log, bool]:
        """Accept a log; also says whether it is new. The same UUID again changes an unconfirmed log and returns any
        other as it is.

        Raises :class:`Forbidden`, :class:`NotFound`, :class:`Conflict` without a Harvest account, :class:`Invalid`.
        """
        ticket = await self._tickets.require(caller, wish.ticket_id)
        try:
            entry, project_id = await self._check(caller, ticket, wish)
        except (Conflict, Invalid):
            # A wish repeated because its answer was lost: what has gone out by now is not judged anew.
            repeated = await store.rows.get(self._pool, log_id)
            if repeated is None or repeated.agent_id != caller.agent_id or _is_open(repeated):
                raise
            return repeated, False
        if wish.confirm == "article":
            await self._settle_earlier(caller, log_id, wish)
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await store.serialise(connection, caller.agent_id, wish.ticket_id)
            known = await store.rows.get(connection, log_id, lock=True)
            if known is not None:
                self._own(caller, known)
                if known.ticket_id != wish.ticket_id:
                    raise Conflict(_("A log of this id exists on another ticket."), code="id_used")
                if not _may_change(known, entry):
                    if not _same(known, entry):
                        raise Conflict(
                            _("A log of this id is {state}, with other values; it stays as it is.").format(
                                state=_(rules.WORDS[known.state])
                            ),
                            code="recorded_otherwise",
                        )
                    return known, False
            # A log that an article has confirmed needs no other.
            queued = wish.confirm == "now" or (known is not None and known.article_id is not None)
            after = wish.after_article_id if wish.confirm == "article" else None
            if wish.confirm == "now":
                await store.put_aside(connection, caller.agent_id, wish.ticket_id, log_id, now)
            else:
                replaced = await store.replace_armed(connection, caller.agent_id, wish.ticket_id, log_id, after, now)
                if replaced is None:
                    raise Conflict(
                        _("A newer log waits on this ticket; this one was not stored."), code="newer_log_waits"
                    )
                for earlier in replaced:
                    await self.free_timer(connection, earlier)
            if known is not None and known.timer_id not in (None, entry.timer_id):
                await self.free_timer(connection, known)
            if entry.timer_id is not None:
                pressed_at = now - timedelta(seconds=wish.age_seconds)
                await self._timers.hold(connection, caller, entry.timer_id, log_id, entry.notes, pressed_at)
            await store.write(
                connection,
                log_id,
                agent_id=caller.agent_id,
                ticket_id=wish.ticket_id,
                project_id=project_id,
                entry=entry,
                state="queued" if queued else "armed",
                after_article_id=after,
                now=now,
                expires_at=now + rules.ARMED_FOR,
            )
        if entry.timer_id is not None:
            await self._queue.nudge(STEP_JOB, str(entry.timer_id))
        if queued:
            await self._queue.nudge(PUSH_JOB, str(log_id))
        return await self._read(log_id), known is None

    async def free_timer(self, connection: Connection, log: store.Log, *, discarded: bool = False) -> None:
        """The log gives up its timer, which can be logged, continued or discarded again; with ``discarded`` the person
        is asked what becomes of its time."""
        if log.timer_id is not None:
            await self._timers.free(connection, log.timer_id, log.id, discarded=discarded)

    async def _settle_earlier(self, caller: Caller, log_id: UUID, wish: Wish) -> None:
        """Before a new log takes an unconfirmed one's place: the earlier one's article may be there, just not read yet.

        Only articles that the page had already shown when the new log was armed can be the earlier one's.
        """
        for earlier in await store.armed(self._pool, caller.agent_id, wish.ticket_id):
            if earlier.id == log_id:
                continue
            try:
                await self.seek_article(earlier, caller.helpdesk_user_id, up_to=wish.after_article_id)
            except CannotRead as error:
                raise Unavailable(
                    _(
                        "The ticket's articles can't be read, so it isn't known whether your"
                        " earlier log on it is confirmed. Try again in a moment."
                    )
                ) from error

    async def words(self, agent_id: int) -> str | None:
        """What of the agent's time is not settled yet (accounts' port)."""
        logs, timers = await store.unsettled(self._pool, agent_id), await self._timers.unsettled(agent_id)
        of_logs = ngettext("{count} log", "{count} logs", logs).format(count=logs)
        of_timers = ngettext("{count} timer", "{count} timers", timers).format(count=timers)
        if logs and timers:
            return _("{logs} and {timers}").format(logs=of_logs, timers=of_timers)
        return of_logs if logs else of_timers if timers else None

    async def stop_timer(self, timer_id: UUID) -> None:
        """Stop a timer that a log is to record."""
        await self._timers.stop_again(timer_id)

    async def look(self, caller: Caller, log_id: UUID) -> store.Log:
        """A log of the caller. Raises :class:`NotFound`, :class:`Forbidden`."""
        found = await self._read(log_id)
        self._own(caller, found)
        return found

    async def confirm(self, caller: Caller, log_id: UUID) -> store.Log:
        """Look for the article now instead of at the next sweep."""
        found = await self.look(caller, log_id)
        if found.state == "armed":
            with contextlib.suppress(CannotRead):
                await self.seek_article(found, caller.helpdesk_user_id)
        return await self._read(log_id)

    async def seek_article(self, armed: store.Log, helpdesk_user_id: int, *, up_to: int | None = None) -> bool:
        """Confirm an armed log if its article is there, with an id of at most ``up_to``; says whether it was.

        Reads as the agent. Raises :class:`CannotRead` when the articles can't be read: then nothing is known.
        """
        try:
            articles = await self._tokens.with_helpdesk(
                armed.agent_id, lambda token: self._helpdesk.articles(token, armed.ticket_id)
            )
        except NotConnected as error:
            raise CannotRead("The helpdesk no longer accepts your sign-in. Connect again.") from error
        except (CannotRefresh, base.HelpdeskError) as error:
            _logger.info("articles can't be read", log=str(armed.id), reason=str(error))
            raise CannotRead("The helpdesk does not answer.") from error
        own = [
            article.id
            for article in articles
            if article.author_id == helpdesk_user_id
            and article.by_agent
            and article.id > (armed.after_article_id or 0)
            and (up_to is None or article.id <= up_to)
        ]
        taken = await store.used_articles(self._pool, own)
        for article_id in own:
            if article_id in taken:
                continue
            async with self._pool.acquire() as connection, connection.transaction():
                done = await store.confirm(connection, armed.id, article_id, self._clock.now())
            if done:
                _logger.info("log confirmed", log=str(armed.id), article=article_id)
                await self._queue.nudge(PUSH_JOB, str(armed.id))
                return True
        return False

    async def change(self, caller: Caller, log_id: UUID, event: Event) -> store.Log:
        """Take a log through ``event`` at the person's wish. Raises :class:`Conflict` when it is too late for that."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await store.rows.get(connection, log_id, lock=True)
            if found is None:
                raise NotFound(_("There is no such log."))
            self._own(caller, found)
            now = self._clock.now()
            if found.called_at is not None and event in ("disarm", "discard"):
                raise Conflict(
                    _("It is not known yet whether Harvest has recorded this. Try again first; then there is Undo."),
                    code="outcome_unknown",
                )
            try:
                end = rules.after(found.state, event)
            except rules.WrongState:
                words = _("This log is {state}; nothing was changed.").format(state=_(rules.WORDS[found.state]))
                raise Conflict(words, code="wrong_state") from None
            if event == "undo" and now - found.changed_at > rules.UNDO_FOR:
                raise Conflict(
                    _("Undo is offered for a minute. Correct or delete the entry in Harvest."), code="undo_over"
                )
            if event == "undo" and found.corrected_at is not None:
                raise Conflict(
                    _(
                        "This entry has been corrected since, so it is no longer what Undo would take away. Delete it"
                        " in the ticket's timeline instead."
                    ),
                    code="corrected",
                )
            await store.rows.move(connection, log_id, found.state, end, now)
            if event in ("disarm", "discard"):
                await self.free_timer(connection, found, discarded=event == "discard")
            elif event == "retry" and found.timer_id is not None:
                await self._timers.try_again(connection, found.timer_id, now)
        if found.timer_id is not None:
            await self._queue.nudge(STEP_JOB, str(found.timer_id))
        if end in ("queued", "undoing"):
            await self._queue.nudge(PUSH_JOB, str(log_id))
        return await self._read(log_id)

    async def _check(self, caller: Caller, ticket: tickets_store.Ticket, wish: Wish) -> tuple[rules.Entry, int]:
        """What is to be recorded, and on which project."""
        if caller.harvest_user_id is None:
            raise Conflict(
                _("Connect your Harvest account first; then this can be logged."), code="harvest_not_connected"
            )
        view = await self._timer(caller, wish)
        tracking = await self._tickets.tracking(caller, ticket)
        fields: dict[str, str] = {}
        project_id = view.timer.project_id if view else ticket.project_id
        # Time that a timer has counted is in Harvest already: nothing on the ticket stands in its way.
        if view is None and (words := tracking.refusal(ticket)):
            fields["ticket_id"] = words
        if wish.confirm == "article" and wish.after_article_id is None:
            fields["after_article_id"] = _("Say which article was the last one before the reply.")
        tasks = [task.id for task in tracking.tasks]
        try:
            if view:
                timed = rules.Timed(
                    view.timer.id, view.hours, view.timer.spent_date, view.since is None and len(view.entries) == 1
                )
                entry = rules.check_timed(wish.typed, timed, [*tasks, view.timer.task_id])
            else:
                today = clocks.today(self._clock, caller.zone)
                entry = rules.check(wish.typed, self._hours_rule, today, tasks)
        except rules.Unacceptable as error:
            fields = {**error.fields, **fields}
        if fields or project_id is None:
            raise Invalid(_("This can't be logged as it stands; nothing was stored."), fields=fields)
        return entry, project_id

    async def _timer(self, caller: Caller, wish: Wish) -> View | None:
        """The timer whose time is to be recorded. Raises :class:`Conflict` when it has ended."""
        if wish.timer_id is None and wish.typed.hours.strip():
            return None
        view = await self._timers.live(caller, wish.ticket_id)
        if view and (view.timer.state == "failed" or (view.timer.discarded and wish.timer_id is None)):
            view = None
        if wish.timer_id is not None and (view is None or view.timer.id != wish.timer_id):
            raise Conflict(_("This timer has been logged or discarded already."), code="timer_ended")
        return view

    def _own(self, caller: Caller, found: store.Log) -> None:
        if found.agent_id != caller.agent_id:
            raise Forbidden(_("This log belongs to another agent."))

    async def _read(self, log_id: UUID) -> store.Log:
        found = await store.rows.get(self._pool, log_id)
        if found is None:
            raise NotFound(_("There is no such log."))
        return found
