"""The background queue that delivers webhooks.

Source: ``app/jobs/trigger_webhook_job.rb``, ``lib/user_agent.rb``. A job is a row; its id is the delivery's id and the
same at every attempt. Anything but a 2xx is a failure, redirects included: five attempts in all, with waits of 10 s
times the number of the attempt, then the job is dropped. The switch ``webhook_wait`` shortens the 10 s, and
``POST /_sim/jobs/run`` makes what waits due at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from . import (
    http_logs,
    inputs,
    placeholders,
    records,
    simulation,
    ticket_store,
    trigger_conditions,
    trigger_perform,
    webhook_payload,
)
from .database import Pool, Record
from .events import LISTENERS, TicketSaved, emit
from .settings import POOL

ATTEMPTS = 5
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=4, sock_read=30)
_IDLE = 5.0
"""Seconds after which the queue looks by itself, in case a wake-up was missed."""

WAKE: web.AppKey[asyncio.Event] = web.AppKey("wake", asyncio.Event)
_log = logging.getLogger(__name__)


async def run_triggers(app: web.Application, event: TicketSaved) -> None:
    """Let each trigger that fires do its work, in the order of their names. Called after the commit.

    What triggers do sets off no others: in the real one that is a setting, which is off.
    """
    db = app[POOL]
    if event.by_trigger:
        return
    changes = await placeholders.labelled(db, event.changes)
    article = await db.fetchrow("SELECT * FROM articles WHERE id = $1", event.article_id) if event.article_id else None
    for trigger in await db.fetch("SELECT * FROM triggers WHERE active ORDER BY lower(name), id"):
        if not await trigger_conditions.fires(db, trigger, event, article):
            continue
        if set(trigger["perform"]) != {"notification.webhook"}:
            await _perform(app, trigger, event)
        if "notification.webhook" in trigger["perform"]:
            await db.execute(
                "INSERT INTO webhook_jobs (id, trigger_id, ticket_id, article_id, changes) VALUES ($1, $2, $3, $4, $5)",
                str(uuid.uuid4()),
                trigger["id"],
                event.ticket_id,
                event.article_id,
                changes,
            )
    app[WAKE].set()


async def _perform(app: web.Application, trigger: Record, event: TicketSaved) -> None:
    """What fails here is nothing to the caller who changed the ticket: that is done and answered."""
    try:
        async with app[POOL].acquire() as connection, connection.transaction():
            done = await trigger_perform.perform(connection, trigger, event)
    except Exception:
        _log.exception("trigger %s failed on ticket %s", trigger["name"], event.ticket_id)
        return
    if done is not None:
        await emit(app, done)


async def _run(app: web.Application) -> None:
    """Deliver what is due, one after the other, until the application ends."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as http:
        while True:
            app[WAKE].clear()
            try:
                while job := await _next(app[POOL]):
                    await _deliver(app[POOL], http, job)
                wait = await _until_due(app[POOL])
            except Exception:
                _log.exception("the webhooks' queue stumbled")
                wait = _IDLE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(app[WAKE].wait(), wait)


async def _next(db: Pool) -> Record | None:
    return await db.fetchrow(
        "SELECT * FROM webhook_jobs WHERE state = 'waiting' AND due_at <= clock_timestamp() "
        "ORDER BY due_at, position LIMIT 1"
    )


async def _until_due(db: Pool) -> float:
    due = await db.fetchval("SELECT min(due_at) FROM webhook_jobs WHERE state = 'waiting'")
    return _IDLE if due is None else min(_IDLE, max(0.0, (due - datetime.now(UTC)).total_seconds()))


async def _deliver(db: Pool, http: aiohttp.ClientSession, job: Record) -> None:
    trigger = await db.fetchrow("SELECT * FROM triggers WHERE id = $1", job["trigger_id"])
    ticket = await ticket_store.find(db, job["ticket_id"])
    webhook = None
    if trigger is not None and "notification.webhook" in trigger["perform"]:
        number = inputs.as_id(trigger["perform"]["notification.webhook"]["webhook_id"])
        webhook = await db.fetchrow("SELECT * FROM webhooks WHERE id = $1 AND active", number)
    if trigger is None or ticket is None or webhook is None:
        # What the job is about is gone, or the webhook is switched off: the job ends without a word.
        await db.execute("UPDATE webhook_jobs SET state = 'discarded' WHERE id = $1", job["id"])
        return
    article = await db.fetchrow("SELECT * FROM articles WHERE id = $1", job["article_id"])
    raw = json.dumps(await _payload(db, webhook, ticket, article, job["changes"])).encode()
    if await _post(db, http, webhook, trigger["name"], job["id"], raw):
        await _settle(db, job, "done", 0)
    elif job["attempts"] + 1 >= ATTEMPTS:
        await _settle(db, job, "dropped", 0)
    else:
        wait = await simulation.setting(db, "webhook_wait") * (job["attempts"] + 1)
        await _settle(db, job, "waiting", wait)


async def _payload(db: Pool, webhook: Record, ticket: Record, article: Record | None, changes: dict[str, Any]) -> Any:
    if not webhook["customized_payload"]:
        return await webhook_payload.build(db, ticket, article)
    if not webhook["custom_payload"]:
        return {}
    return placeholders.payload(webhook["custom_payload"], await placeholders.tracks(db, ticket, article, changes))


async def _settle(db: Pool, job: Record, state: str, wait: float) -> None:
    await db.execute(
        "UPDATE webhook_jobs SET state = $2, attempts = attempts + 1, tried_at = clock_timestamp(), "
        "due_at = clock_timestamp() + $3 WHERE id = $1",
        job["id"],
        state,
        timedelta(seconds=wait),
    )


async def _post(
    db: Pool, http: aiohttp.ClientSession, webhook: Record, trigger: str, delivery: str, raw: bytes
) -> bool:
    """One attempt; whether the answer was a 2xx."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zammad User Agent",
        "X-Zammad-Trigger": trigger.encode("ascii", "replace").decode(),
        "X-Zammad-Delivery": delivery,
    }
    if webhook["signature_token"]:
        digest = hmac.new(webhook["signature_token"].encode(), raw, hashlib.sha1).hexdigest()
        headers["X-Hub-Signature"] = f"sha1={digest}"
    user = webhook["basic_auth_username"]
    auth = aiohttp.BasicAuth(user, webhook["basic_auth_password"] or "", "utf-8") if user else None
    status, answer = None, ""
    try:
        async with http.post(
            webhook["endpoint"],
            data=raw,
            headers=headers,
            auth=auth,
            allow_redirects=False,
            ssl=bool(webhook["ssl_verify"]),
        ) as response:
            status, answer = response.status, (await response.text(errors="replace"))[:10_000]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        answer = f"{type(error).__name__}: {error}"[:1000]
    shown = {"headers": {key: value for key, value in headers.items() if key != "X-Hub-Signature"}}
    await http_logs.write(
        db, webhook["endpoint"], status, {**shown, "content": raw.decode()}, {"code": status or 0, "content": answer}
    )
    return status is not None and 200 <= status < 300


async def _jobs(request: web.Request) -> web.Response:
    rows = await request.app[POOL].fetch("SELECT * FROM webhook_jobs ORDER BY position")
    return web.json_response([records.plain(row) for row in rows])


async def _run_now(request: web.Request) -> web.Response:
    await request.app[POOL].execute(
        "UPDATE webhook_jobs SET due_at = clock_timestamp() WHERE state = 'waiting' AND due_at > clock_timestamp()"
    )
    request.app[WAKE].set()
    return web.json_response({})


async def _lifetime(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(_run(app))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def add_routes(app: web.Application) -> None:
    """Start the queue with the application, listen to what happens to tickets, and mount ``/_sim/jobs``."""
    app[WAKE] = asyncio.Event()
    app[LISTENERS].append(run_triggers)
    app.cleanup_ctx.append(_lifetime)
    app.router.add_get("/_sim/jobs", _jobs)
    app.router.add_post("/_sim/jobs/run", _run_now)
