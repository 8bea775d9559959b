"""The digest: once a day, to each project manager, in their own zone."""

from __future__ import annotations

import aiohttp
import pytest

from plugin_server.accounts import store as accounts_store
from plugin_server.alerts.digest import Digests
from plugin_server.manifest import Alerts as Settings
from plugin_server.manifest import Digest
from plugin_server.runtime.database import Pool
from tests.alerts.office import ADA, MO, Office
from tests.alerts.test_sending import by_mail
from tests.support.mailing import MailServer


def daily(port: int, *, instead: bool) -> Settings:
    digest = Digest(hour=8, instead=instead)
    return by_mail(port).model_copy(update={"digest": digest})


@pytest.fixture
async def office(pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer) -> Office:
    """Ticket 1 has come to 92 % on a Friday morning; the digest takes the place of single mails."""
    office = Office(pool, http, daily(mail_server.port, instead=True))
    await office.opened(title="Oven <b>controller</b>")
    await office.worked(9.2)
    assert await office.look() == ["orange"]
    return office


def digests(office: Office) -> Digests:
    assert office.alerts.digests is not None
    return office.alerts.digests


async def test_one_mail_a_day_to_the_manager_alone(office: Office, mail_server: MailServer) -> None:
    assert office.clock.now().hour == 9
    for _round in range(3):
        await digests(office).step()
        await office.later(60)
    [mail] = mail_server.mails
    assert mail["To"] == "Mo <mo@example.com>"
    assert mail["Subject"] == "1 budget to look at, 1 of them new or locked"
    text, html = (
        mail.get_body((kind,)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
        for kind in ("plain", "html")
    )
    assert "#10001 Oven <b>controller</b>\n  92 % · 9.20 of 10.00 h · new" in text
    assert "https://hours.example.com/dashboard" in text
    assert "&lt;b&gt;controller" in html
    assert await office.rows() == [("digest", MO, "sent", None)]
    office.clock.advance(days=3)  # Monday
    await digests(office).step()
    await office.later(0)
    assert mail_server.mails[-1]["Subject"] == "1 budget to look at"


async def test_not_at_the_weekend_nor_before_its_hour_in_the_managers_zone(
    office: Office, mail_server: MailServer, pool: Pool
) -> None:
    agent = await accounts_store.upsert_agent(pool, MO, "Mo", "mo@example.com", office.clock.now())
    async with pool.acquire() as connection:
        await accounts_store.set_harvest_user(connection, agent.id, 1, "Eastern Time (US & Canada)")
        await accounts_store.put_token(
            connection, agent.id, "harvest", b"", b"", office.clock.now(), office.clock.now()
        )
    await digests(office).step()
    assert await office.rows() == [], "it is five o'clock there"
    office.clock.advance(hours=3)
    await digests(office).step()
    assert [row[0] for row in await office.rows()] == ["digest"]
    office.clock.advance(days=1)
    await digests(office).step()
    assert len(await office.rows()) == 1, "Saturday"


async def test_nothing_to_tell_is_not_sent(office: Office, mail_server: MailServer) -> None:
    await office.entry_deleted()
    await pool_dirty(office)
    await digests(office).step()
    await office.later(0)
    assert mail_server.mails == []
    assert [row[2] for row in await office.rows()] == ["expired"]


async def pool_dirty(office: Office) -> None:
    await office.pool.execute("INSERT INTO dirty_ticket (ticket_id) VALUES (1) ON CONFLICT DO NOTHING")
    await office.look()


async def test_besides_single_mails(pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer) -> None:
    office = Office(pool, http, daily(mail_server.port, instead=False))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    await digests(office).step()
    await office.later(0)
    assert sorted(row[:2] for row in await office.rows()) == [("digest", MO), ("email", MO), ("email", ADA)]


async def test_who_has_turned_mails_off_gets_none(office: Office) -> None:
    await office.pool.execute("INSERT INTO alert_person (user_id, email) VALUES ($1, false)", MO)
    await digests(office).step()
    assert await office.rows() == []


async def test_what_was_there_before_alerts_began_is_no_digest(
    pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer
) -> None:
    office = Office(pool, http, daily(mail_server.port, instead=True))
    await office.person(MO, "Mo", "Budget PM")
    await office.project()
    await office.ticket(budget_hours="10", pm="mo", title="Oven")
    await office.worked(9.9, days_ago=400)
    assert await office.look() == [], "Harvest has not been listed to its end"
    await digests(office).step()
    assert await office.rows() == []


async def test_after_an_outage_the_latest_day_alone_is_told(office: Office, mail_server: MailServer) -> None:
    await digests(office).step()
    office.clock.advance(days=3)  # Monday
    await digests(office).step()
    await office.later(0)
    assert len(mail_server.mails) == 1
    assert sorted(row[2] for row in await office.rows()) == ["expired", "sent"]
