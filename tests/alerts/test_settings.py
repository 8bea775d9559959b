"""What the manifest takes of alerts, and what it says of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugin_server.manifest import Manifest, ManifestError
from tests.support.server import write_manifest

MAIL = {"host": "smtp.example.com", "sender": "hours@example.com"}
PASSWORD = {"user": "hours", "password": {"file": "secrets/helpdesk_token"}}


def read(folder: Path, alerts: dict[str, Any], room: str = "https://chat.example.com/hooks/abc") -> Manifest:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "room").write_text(room)
    return write_manifest(folder, "k" * 32, change=lambda data: data.update(alerts=alerts))


def test_what_stands_in_the_page_on_alerts(tmp_path: Path) -> None:
    digest = {"hour": 8, "weekdays": ["mon", "fri"], "instead": True}
    room = {"url": {"file": "secrets/room"}, "format": "adaptive_card"}
    made = read(tmp_path, {"email": {**MAIL, **PASSWORD, "port": 465, "tls": "tls"}, "digest": digest, "chat": room})
    assert made.alerts.email is not None
    assert "helpdesk_token" not in repr(made.alerts), "the password is not shown"
    assert "hooks/abc" not in repr(made.alerts), "nor is the chat's address"


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ({"email": {**MAIL, "user": "hours"}}, "alerts.email: expected both user and password, or neither"),
        ({"email": {**MAIL, **PASSWORD, "tls": "none"}}, "the password would travel for everybody to read"),
        ({"email": {**MAIL, "sender": "Deskhours\r\nBcc: x@example.com"}}, "alerts.email.sender: expected text"),
        ({"email": {**MAIL, "prot": 25}}, "alerts.email.prot: unknown setting; is port meant?"),
        ({"digest": {}}, "alerts: expected email too: the digest is one"),
        ({"levels": ["green"]}, "alerts.levels"),
        ({"chat": {"url": "https://chat.example.com/hooks/abc"}}, "a secret never stands in the manifest"),
    ],
)
def test_mistakes_are_told_in_words(tmp_path: Path, alerts: dict[str, Any], words: str) -> None:
    with pytest.raises(ManifestError) as mistake:
        read(tmp_path, alerts)
    assert words in str(mistake.value)
    assert "hooks/abc" not in str(mistake.value)


@pytest.mark.parametrize("room", ["http://chat.example.com/hooks/abc", "chat.example.com/hooks/abc", "https:///abc"])
def test_a_chat_without_https_is_refused_and_not_shown(tmp_path: Path, room: str) -> None:
    with pytest.raises(ManifestError) as mistake:
        read(tmp_path, {"chat": {"url": {"file": "secrets/room"}}}, room)
    assert "begins with https://" in str(mistake.value)
    assert "abc" not in str(mistake.value)


def test_a_mail_server_on_this_machine_needs_no_tls(tmp_path: Path) -> None:
    made = read(tmp_path, {"email": {**MAIL, **PASSWORD, "host": "127.0.0.1", "tls": "none"}})
    assert made.alerts.email is not None
