"""Everything that server and worker both need, built once from a manifest and open connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.people.service import People
from plugin_server.accounts.tokens import Tokens
from plugin_server.alerts.compose import Alerts
from plugin_server.alerts.compose import compose as compose_alerts
from plugin_server.budgets.desk import Desk
from plugin_server.budgets.locking import Policy as LockPolicy
from plugin_server.budgets.managers import Managers
from plugin_server.budgets.rules import Thresholds
from plugin_server.budgets.service import Budgets, Policy
from plugin_server.corrections.outbox import CorrectionOutbox
from plugin_server.corrections.ports import Nobody
from plugin_server.corrections.service import Corrections
from plugin_server.explain.service import Explain
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter, Rule, SharedLimiter
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.helpdesk.zammad.client import Zammad
from plugin_server.manifest import Budgets as BudgetSettings
from plugin_server.manifest import Manifest, url_text
from plugin_server.mirror.service import Mirror
from plugin_server.notes.model import Model
from plugin_server.notes.service import Notes
from plugin_server.panel.health import worker_seen
from plugin_server.projects.clients.service import Clients
from plugin_server.projects.service import Projects
from plugin_server.runtime import collector, database, redis
from plugin_server.runtime.clock import Clock, SystemClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue, RedisQueue
from plugin_server.tickets.articles.service import Articles
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.intake import Intake
from plugin_server.tickets.links.service import Links
from plugin_server.tickets.service import Tickets
from plugin_server.timelog.rules import HoursRule
from plugin_server.timelog.service import TimeLog
from plugin_server.timers.service import Timers

CLOSE_SECONDS = 5.0


@dataclass(frozen=True)
class Services:
    """The features' services, wired together."""

    manifest: Manifest
    pool: Pool
    queue: Queue
    clock: Clock
    helpdesk: Helpdesk
    oauth: HarvestOAuth
    tokens: Tokens
    mirror: Mirror
    intake: Intake
    tickets: Tickets
    articles: Articles
    people: People
    links: Links
    attribute: Attribute
    budgets: Budgets
    managers: Managers
    budget_desk: Desk
    alerts: Alerts
    clients: Clients
    projects: Projects
    administrator: HarvestClient
    timers: Timers
    timelog: TimeLog
    notes: Notes
    correction_outbox: CorrectionOutbox
    corrections: Corrections
    explain: Explain
    limiter: Limiter
    session: aiohttp.ClientSession


def build(
    manifest: Manifest,
    pool: Pool,
    queue: Queue,
    session: aiohttp.ClientSession,
    clock: Clock,
    limiter: Limiter = UNLIMITED,
) -> Services:
    """Wire the services; every call to Harvest's API takes its turn from the ``limiter``."""
    harvest, desk = manifest.harvest, manifest.helpdesk
    agent_name = harvest_core.user_agent(harvest.contact)
    helpdesk = Zammad(session, url_text(desk.url), desk.client_id, desk.client_secret.get_secret_value(), desk.fields)
    oauth = HarvestOAuth(
        session,
        url_text(harvest.id_url),
        harvest.client_id,
        harvest.client_secret.get_secret_value(),
        agent_name,
        clock,
    )
    vault = Vault([key.get_secret_value() for key in manifest.server.token_keys])
    tokens = Tokens(pool, vault, helpdesk, oauth, session, harvest, clock, limiter)
    service_client = HarvestClient(
        session,
        url_text(harvest.api_url),
        harvest.account_id,
        agent_name,
        harvest.token.get_secret_value(),
        harvest.request_seconds,
        clock,
        limiter,
        kind="batch",
    )
    mirror = Mirror(pool, service_client, clock)
    service_token = desk.token.get_secret_value()
    never_lock = manifest.budgets.lock
    intake = Intake(pool, helpdesk, service_token, queue, clock, with_tags=bool(never_lock.never_tags))
    tickets = Tickets(pool, helpdesk, tokens, mirror, intake, queue, clock)
    articles = Articles(pool, helpdesk, service_token, tokens, queue, clock)
    people = People(pool, helpdesk, service_token, desk.roles, clock)
    links = Links(pool, tickets, mirror, people, lambda: service_client, queue, clock)
    attribute = Attribute(pool, f"{helpdesk.host}:", desk.ticket_number_pattern, clock)
    budgets = Budgets(pool, _policy(manifest.budgets), clock)
    managers = Managers(pool, people, manifest.budgets.managers)
    budget_desk = Desk(pool, budgets, tickets, intake, people, tokens, helpdesk, service_token, queue, clock)
    public_url = url_text(manifest.server.public_url)
    lang = manifest.helpdesk.language
    alerts = compose_alerts(
        pool, budgets, managers, people, helpdesk, session, manifest.alerts, public_url, lang, clock
    )
    asked_for = manifest.projects.template_project_id is not None
    clients = Clients(pool, helpdesk, service_token, people, queue, clock, are_asked_for=asked_for)
    projects = Projects(pool, manifest.projects, tickets, intake, mirror, people, tokens, helpdesk, queue, clock)
    time = manifest.time
    forgotten = None if time.forgotten_timer_hours is None else timedelta(hours=float(time.forgotten_timer_hours))
    timers = Timers(pool, tickets, mirror, queue, clock, forgotten)
    hours_rule = HoursRule(time.minimum_hours, time.step_hours, time.rounding)
    timelog = TimeLog(pool, tickets, helpdesk, tokens, timers, queue, clock, hours_rule)
    writer = Model(manifest.notes) if manifest.notes.uses_model else None
    notes = Notes(pool, tickets, writer, manifest.notes.daily_limit, manifest.notes.try_seconds, clock)
    correction_outbox = CorrectionOutbox(
        pool,
        tickets,
        mirror,
        helpdesk,
        tokens,
        lambda: service_client,
        Nobody(),
        queue,
        clock,
        harvest.request_seconds,
        limiter,
    )
    corrections = Corrections(
        pool, tickets, mirror, people, tokens, attribute, correction_outbox, queue, clock, hours_rule
    )
    every = timedelta(seconds=harvest.sync_seconds)
    counting = budgets.policy.counting
    explain = Explain(pool, tickets, mirror, tokens, lambda: service_client, counting, every, worker_seen, clock)
    return Services(
        manifest=manifest,
        pool=pool,
        queue=queue,
        clock=clock,
        helpdesk=helpdesk,
        oauth=oauth,
        tokens=tokens,
        mirror=mirror,
        intake=intake,
        tickets=tickets,
        articles=articles,
        people=people,
        links=links,
        attribute=attribute,
        budgets=budgets,
        managers=managers,
        budget_desk=budget_desk,
        alerts=alerts,
        clients=clients,
        projects=projects,
        administrator=service_client,
        timers=timers,
        timelog=timelog,
        notes=notes,
        correction_outbox=correction_outbox,
        corrections=corrections,
        explain=explain,
        limiter=limiter,
        session=session,
    )


def _policy(settings: BudgetSettings) -> Policy:
    """The manifest's words on budgets, in the feature's own form."""
    bands, lock = settings.bands, settings.lock
    return Policy(
        Thresholds(bands.yellow, bands.orange, bands.red),
        Counting(rounded=settings.hours == "rounded", billable_only=settings.billable_only),
        LockPolicy(lock.policy, frozenset(lock.constraints)),
        lock.never_tags,
        lock.never_priorities,
    )


@asynccontextmanager
async def running(manifest: Manifest, database_url: str, redis_url: str) -> AsyncIterator[Services]:
    """Services on open connections; everything is closed at the end."""
    pool = await database.connect(database_url)
    try:
        queue = await RedisQueue.connect(redis_url)
        try:
            harvest, rate = manifest.harvest, manifest.harvest.rate_limit
            async with (
                redis.connect(redis_url) as shared,
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            ):
                limiter = SharedLimiter(shared, harvest.account_id, Rule(rate.requests, rate.seconds))
                services = build(manifest, pool, queue, session, SystemClock(), limiter)
                collector.settle()
                try:
                    yield services
                finally:
                    await services.tokens.settle()
                    await services.notes.close()
        finally:
            await queue.close()
    finally:
        await _close(pool)


async def _close(pool: Pool) -> None:
    """Close what is free at once, and what is not after a while: a database that is away must not hold up the end."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
