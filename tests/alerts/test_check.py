"""``deskhours check`` of mail server and chat: what is said without sending anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from plugin_server.check.context import Context
from plugin_server.check.links import alerts
from plugin_server.check.rules import Result
from plugin_server.panel.health import worker_seen
from tests.support.mailing import MailServer
from tests.support.server import write_manifest

Look = Callable[[dict[str, Any]], Context]


@pytest.fixture
def context(http: aiohttp.ClientSession, tmp_path: Path) -> Look:
    """A manifest with these alerts."""

    def made(settings: dict[str, Any]) -> Context:
        (tmp_path / "secrets").mkdir(exist_ok=True)
        (tmp_path / "secrets" / "mail_password").write_text("open sesame")
        (tmp_path / "secrets" / "chat_url").write_text(settings.pop("room", "https://chat.example.com/hooks/abc"))
        manifest = write_manifest(tmp_path, "k" * 32, change=lambda data: data.update(alerts=settings))
        return Context(http, worker_seen, manifest=manifest)

    return made


def by_mail(server: MailServer, **more: Any) -> dict[str, Any]:
    email = {"host": "127.0.0.1", "port": server.port, "tls": "none", "sender": "hours@example.com", **more}
    return {"email": email}


SIGNS_IN = {"user": "hours", "password": {"file": "secrets/mail_password"}}


async def row(context: Context) -> Result:
    [found] = await alerts.email(context)
    return found


async def test_without_any_there_is_nothing_to_look_at(context: Look) -> None:
    made = context({})
    assert [one.state for one in [*await alerts.email(made), *await alerts.chat(made)]] == ["ok", "ok"]


async def test_a_mail_server_that_takes_us_is_well_and_gets_no_mail(context: Look, mail_server: MailServer) -> None:
    mail_server.credentials = ("hours", "open sesame")
    found = await row(context(by_mail(mail_server, **SIGNS_IN)))
    assert (found.state, "takes our user and password" in found.words) == ("ok", True)
    assert mail_server.mails == []
    assert not [line for line in mail_server.commands if line.startswith(("MAIL", "DATA"))]


async def test_a_wrong_password_is_told_without_it(context: Look, mail_server: MailServer) -> None:
    mail_server.credentials = ("hours", "another")
    found = await row(context(by_mail(mail_server, **SIGNS_IN)))
    assert found.state == "fail"
    assert "does not take the user or the password" in found.words
    assert "alerts.email.password" in found.todo
    assert "sesame" not in f"{found.words}{found.todo}"


async def test_a_mail_server_that_is_away_or_offers_no_tls(
    context: Look, mail_server: MailServer, unused_tcp_port: int
) -> None:
    found = await row(context(by_mail(mail_server, tls="starttls")))
    assert (found.state, "does not offer" in found.words) == ("fail", True)
    found = await row(context(by_mail(mail_server, tls="tls")))
    assert (found.state, "does not speak TLS" in found.words) == ("fail", True)
    found = await row(context(by_mail(mail_server, port=unused_tcp_port)))
    assert (found.state, "does not answer" in found.words) == ("fail", True)
    assert "E-mails wait meanwhile" in found.todo


@pytest.mark.parametrize(
    ("room", "state"), [("https://chat.example.com/hooks/abc", "ok"), ("https://chat.example.com", "fail")]
)
async def test_the_chats_address_is_looked_at_and_not_called(context: Look, room: str, state: str) -> None:
    made = context({"chat": {"url": {"file": "secrets/chat_url"}}, "room": room})
    [found] = await alerts.chat(made)
    assert (found.state, "chat.example.com" in found.words) == (state, True)
    assert "abc" not in found.words
