"""E-mails and chat messages: delivered once, tried again, given up, and shown, whatever the other side does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from plugin_server.alerts import store as alerts_store
from plugin_server.alerts.sending import mail
from plugin_server.alerts.sending import store as sending_store
from plugin_server.gauges import Gauges
from plugin_server.manifest import Alerts as Settings
from plugin_server.manifest import Chat, Email
from plugin_server.runtime.database import Pool
from tests.alerts.office import ADA, MO, Office, Room
from tests.check.strangers import answering, self_signed
from tests.support.mailing import MailServer


def by_mail(port: int, **more: Any) -> Settings:
    email = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "hours@example.com", **more}
    return Settings(note=False, desktop=False, email=Email.model_construct(user=None, password=None, **email))


def to_chat(url: str, form: str = "text") -> Settings:
    return Settings(note=False, desktop=False, chat=Chat.model_construct(url=SecretStr(url), format=form))


@pytest.fixture
async def mailed(pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer) -> Office:
    """Ticket 1 has just come to 92 %."""
    office = Office(pool, http, by_mail(mail_server.port))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    return office


@pytest.fixture
async def chatting(pool: Pool, http: aiohttp.ClientSession, room: tuple[Room, str]) -> Office:
    office = Office(pool, http, to_chat(room[1]))
    await office.opened(title="Oven <!channel> @all [a](https://evil.example.com)")
    await office.worked(9.2)
    await office.look()
    return office


async def states(office: Office) -> list[str]:
    return [row[2] for row in await office.rows()]


async def test_both_get_a_mail_with_figures_and_link(mailed: Office, mail_server: MailServer) -> None:
    assert await mailed.later(0) == 2
    assert await mailed.later(0) == 0
    to_mo, to_ada = mail_server.mails
    assert (to_mo["To"], to_ada["To"]) == ("Mo <mo@example.com>", "Ada <ada@example.com>")
    assert to_mo["From"] == "Deskhours <hours@example.com>"
    assert to_mo["Subject"] == "Ticket #10001: 92 % of the budget used"
    assert to_mo["Auto-Submitted"] == "auto-generated"
    assert to_mo["Message-ID"].endswith("@example.com>")
    text, html = (to_mo.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for part in ("Oven", "9.20 of 10.00 h", "https://desk.example.com/#ticket/zoom/1"):
        assert part in text
        assert part in html
    assert await states(mailed) == ["sent", "sent"]


async def test_a_mail_server_that_is_away_is_waited_for(mailed: Office, mail_server: MailServer) -> None:
    mail_server.replies["MAIL"] = "421 4.3.2 shutting down"
    await mailed.later(0)
    problem = (await mailed.one("email"))["problem"]
    assert "421 4.3.2 shutting down" in problem
    assert await states(mailed) == ["queued", "queued"]
    del mail_server.replies["MAIL"]
    assert await mailed.later(4) == 0
    assert await mailed.later(1) == 2
    assert await states(mailed) == ["sent", "sent"]
    assert len(mail_server.mails) == 2


async def test_nothing_listens_then_something_does(
    pool: Pool, http: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    office = Office(pool, http, by_mail(unused_tcp_port))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    await office.later(0)
    assert (await office.one("email"))["problem"] == f"The mail server 127.0.0.1:{unused_tcp_port} does not answer."
    server = MailServer()
    async with server.running(unused_tcp_port):
        await office.later(3600)
    assert sorted(mail["To"] for mail in server.mails) == ["Ada <ada@example.com>", "Mo <mo@example.com>"]


async def test_a_recipient_that_is_refused_is_shown_and_tried_again_by_hand(
    mailed: Office, mail_server: MailServer
) -> None:
    mail_server.replies["RCPT"] = "550 5.1.1 no such person"
    await mailed.later(0)
    assert await states(mailed) == ["failed", "failed"]
    assert await mailed.later(86_400) == 0
    [first, _second] = await sending_store.failing(mailed.pool, [1], mailed.clock.now().replace(year=2025), 10)
    assert first.given_up
    assert "550 5.1.1 no such person" in first.problem
    assert (first.ticket_id, first.percent) == (1, 92)
    samples = [one for family in await Gauges(mailed.pool, mailed.clock).read() for one in family.samples]
    alerts = [one for one in samples if one.name == "deskhours_waiting" and one.labels["what"] == "alert"]
    counted = {one.labels["state"]: one.value for one in alerts}
    assert counted == {"queued": 0, "failed": 2}
    mail_server.replies.clear()
    assert await mailed.alerts.deliveries.retry(first.id)
    assert await mailed.later(0) == 1
    assert not await mailed.alerts.deliveries.retry(first.id), "it has got through"
    assert sorted(await states(mailed)) == ["failed", "sent"]
    assert await sending_store.failing(mailed.pool, [], mailed.clock.now().replace(year=2025), 10) == []


async def test_a_mail_whose_end_nobody_confirmed_is_sent_again_as_the_same(
    mailed: Office, mail_server: MailServer
) -> None:
    mail_server.drop_after_data = 1
    await mailed.later(0)
    assert "may have taken the mail" in next(row[3] for row in await mailed.rows() if row[3])
    await mailed.later(5)
    assert await states(mailed) == ["sent", "sent"]
    first, _other, again = mail_server.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert first["To"] == again["To"]


async def test_a_worker_killed_between_call_and_mark_is_made_up_for(mailed: Office, mail_server: MailServer) -> None:
    mail_server.hold = asyncio.Event()
    killed = asyncio.ensure_future(mailed.alerts.deliveries.step())
    async with asyncio.timeout(10):
        await mail_server.taken.wait()
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    mail_server.hold.set()
    mail_server.hold = None
    assert await mailed.later(0) == 1, "the other one; this one is still held"
    assert await mailed.later(60) == 1
    assert await states(mailed) == ["sent", "sent"]
    first, _other, again = mail_server.mails
    assert first["Message-ID"] == again["Message-ID"]


async def test_two_workers_send_each_mail_once(mailed: Office, mail_server: MailServer) -> None:
    tried = await asyncio.gather(mailed.alerts.deliveries.step(), mailed.built().deliveries.step())
    assert sum(tried) == 2
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == len(mail_server.mails) == 2


async def test_what_never_gets_through_is_given_up_after_days(mailed: Office, mail_server: MailServer) -> None:
    mail_server.replies["EHLO"] = mail_server.replies["HELO"] = "451 later"
    tries = 0
    for _hour in range(24 * 4):
        tries += await mailed.later(3600)
    assert await states(mailed) == ["failed", "failed"]
    assert 60 <= tries <= 2 * 24 * 3


async def test_a_certificate_that_nobody_trusts_is_refused(
    pool: Pool, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with MailServer(self_signed(tmp_path)).running() as server:
        office = Office(pool, http, by_mail(server.port, tls="starttls"))
        await office.opened()
        await office.worked(9.2)
        await office.look()
        await office.later(0)
        problem = (await office.one("email"))["problem"]
        assert problem == f"The mail server 127.0.0.1:{server.port} has a certificate that is not trusted here."
        assert server.mails == []


async def test_tls_that_is_trusted_carries_user_and_password(
    pool: Pool, http: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = MailServer(certificate)
    server.credentials = ("hours", "open sesame")
    async with server.running():
        settings = by_mail(server.port, tls="starttls")
        assert settings.email is not None
        email = settings.email.model_copy(update={"user": "hours", "password": SecretStr("open sesame")})
        office = Office(pool, http, settings.model_copy(update={"email": email}))
        await office.opened()
        await office.worked(9.2)
        await office.look()
        server.credentials = ("hours", "another")
        await office.later(0)
        problem = (await office.one("email"))["problem"]
        assert "does not take the user or the password" in problem
        assert "sesame" not in problem
        server.credentials = ("hours", "open sesame")
        await office.later(5)
    assert await states(office) == ["sent", "sent"]
    assert [line for line in server.commands if line.startswith("MAIL")]


async def test_a_mail_server_that_offers_no_tls_is_told_nothing(
    pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer
) -> None:
    office = Office(pool, http, by_mail(mail_server.port, tls="starttls"))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    await office.later(0)
    assert "does not offer what alerts.email asks for" in (await office.one("email"))["problem"]
    assert not [line for line in mail_server.commands if line.startswith("MAIL")]


async def test_nothing_typed_gets_into_the_headers(
    pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer
) -> None:
    office = Office(pool, http, by_mail(mail_server.port))
    await office.person(MO, "Mo\r\nBcc: eve@example.com", "Budget PM", email="mo@example.com")
    await office.opened(title="Oven\r\nBcc: eve@example.com")
    await office.person(MO, "Mo\r\nBcc: eve@example.com", "Budget PM", email="mo@example.com")
    await office.person(ADA, "Ada", email="ada@example.com\r\nBcc: eve@example.com")
    await office.worked(9.2)
    await office.look()
    await office.later(0)
    [mail] = mail_server.mails
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].addr_spec == "mo@example.com"
    assert [row[2:] for row in await office.rows("email")][1] == (
        "failed",
        "Ada has an e-mail address that can't be written to.",
    )
    assert not [line for line in mail_server.commands if "eve" in line and line.startswith("RCPT")]


async def test_a_mail_server_that_says_nothing_holds_nobody_up(
    mailed: Office, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin_server.alerts.sending.mail.SECONDS", 0.2)
    monkeypatch.setattr("plugin_server.alerts.sending.service.STEP_SECONDS", 0.1)
    mail_server.hold = asyncio.Event()
    assert await mailed.later(0) == 1, "the other one waits for the next step"
    assert "does not answer" in str([row[3] for row in await mailed.rows()])
    mail_server.hold.set()


async def test_who_wants_no_mail_or_has_no_address(
    pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer
) -> None:
    office = Office(pool, http, by_mail(mail_server.port))
    await office.opened()
    await office.person(ADA, "Ada", email="")
    await pool.execute("INSERT INTO alert_person (user_id, email) VALUES ($1, false)", MO)
    await office.worked(9.2)
    await office.look()
    assert await office.rows() == [("email", ADA, "failed", "The helpdesk knows no e-mail address of Ada.")]


async def test_the_chat_is_told_once_and_nobody_is_mentioned(chatting: Office, room: tuple[Room, str]) -> None:
    assert await chatting.later(0) == 1
    assert await chatting.later(0) == 0
    [post] = room[0].posts
    assert set(post) == {"text"}
    assert post["text"].startswith("Ticket #10001: 92 % of the budget used\n")
    assert "<!channel>" not in post["text"]
    assert "@all" not in post["text"]
    assert "[a](" not in post["text"]
    assert post["text"].endswith("https://desk.example.com/#ticket/zoom/1")


async def test_the_chat_is_told_in_the_helpdesks_language_and_troubles_are_kept_in_english(
    pool: Pool, http: aiohttp.ClientSession, room: tuple[Room, str]
) -> None:
    office = Office(pool, http, to_chat(room[1], "adaptive_card"), lang="de")
    await office.opened()
    await office.worked(9.2)
    await office.look()
    room[0].answers = [(500, {})]
    await office.later(0)
    assert await office.rows() == [("chat", 0, "queued", "The chat at 127.0.0.1 is in trouble (500).")]
    await office.later(5)
    assert [post["attachments"][0]["content"]["body"][0]["text"] for post in room[0].posts] == [
        "Ticket #10001: 92 % des Budgets verbraucht"
    ] * 2
    content = room[0].posts[0]["attachments"][0]["content"]
    assert content["body"][2]["text"] == "9,20 von 10,00 h des Ticketbudgets sind verbraucht."
    assert content["actions"][0]["title"] == "Ticket öffnen"


async def test_a_card_for_teams(pool: Pool, http: aiohttp.ClientSession, room: tuple[Room, str]) -> None:
    office = Office(pool, http, to_chat(room[1], "adaptive_card"))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    await office.later(0)
    [attachment] = room[0].posts[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["body"][0]["text"] == "Ticket #10001: 92 % of the budget used"
    assert attachment["content"]["actions"][0]["url"] == "https://desk.example.com/#ticket/zoom/1"


async def test_a_chat_in_trouble_is_tried_again_and_shown_meanwhile(chatting: Office, room: tuple[Room, str]) -> None:
    room[0].answers = [(500, {}), (429, {"Retry-After": "120"})]
    await chatting.later(0)
    [(_channel, _who, state, problem)] = await chatting.rows()
    assert (state, problem) == ("queued", "The chat at 127.0.0.1 is in trouble (500).")
    assert await sending_store.failing(chatting.pool, [1], chatting.clock.now().replace(year=2025), 10)
    await chatting.later(5)
    assert "asked to wait" in str((await chatting.rows())[0][3])
    assert await chatting.later(119) == 0
    assert await chatting.later(1) == 1
    assert await chatting.rows() == [("chat", 0, "sent", None)]
    assert len(room[0].posts) == 3


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410])
async def test_a_chat_that_refuses_is_shown_without_its_address(
    chatting: Office, room: tuple[Room, str], status: int
) -> None:
    room[0].answers = [(status, {"Location": "https://evil.example.com"})]
    await chatting.later(0)
    [(_channel, _who, state, problem)] = await chatting.rows()
    assert state == "failed"
    assert problem is not None
    assert f"({status})" in problem
    assert "secret-part" not in problem


async def test_a_chat_that_says_nothing_does_not_hold_up_for_ever(
    pool: Pool, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin_server.alerts.sending.chat.SECONDS", 0.2)
    silent = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await silent.wait()
        return web.Response()

    async with answering(hang) as url:
        office = Office(pool, http, to_chat(f"{url}/hooks/secret-part"))
        await office.opened()
        await office.worked(9.2)
        await office.look()
        await office.later(0)
        silent.set()
    assert await office.rows() == [("chat", 0, "queued", "The chat at 127.0.0.1 does not answer.")]


async def test_a_mail_server_that_says_nothing_does_not_hold_up_the_chat(
    pool: Pool, http: aiohttp.ClientSession, room: tuple[Room, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_server: object, _message: object) -> None:
        async with asyncio.timeout(5):
            await room[0].told.wait()

    monkeypatch.setattr(mail, "send", hang)
    office = Office(pool, http, by_mail(1).model_copy(update={"chat": to_chat(room[1]).chat}))
    await office.opened()
    await office.worked(9.2)
    await office.look()
    await pool.execute("UPDATE alert_delivery SET next_try_at = next_try_at + interval '1 s' WHERE channel = 'chat'")
    assert await office.later(1) == 3
    assert {row[2] for row in await office.rows()} == {"sent"}, "the mails ended only once the chat was told"


async def test_who_never_used_the_extension_is_written_to_in_the_helpdesks_language(
    pool: Pool, http: aiohttp.ClientSession, mail_server: MailServer
) -> None:
    office = Office(pool, http, by_mail(mail_server.port), lang="de")
    await office.opened()
    await alerts_store.speaks(pool, ADA, "en")
    await office.worked(9.2)
    await office.look()
    await office.later(0)
    languages = {
        mail["To"].partition(" ")[0]: (mail["Content-Language"], "des Budgets" in mail["Subject"])
        for mail in mail_server.mails
    }
    assert languages == {"Mo": ("de", True), "Ada": ("en", False)}
