"""The manifest: everything valid is read, every mistake is named at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from plugin_server import manifest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Writes the repository's own manifest, after a change, with secrets beside it; returns its path."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    names = ("jwt_key", "helpdesk_client_secret", "helpdesk_token", "webhook_secret", "harvest_client_secret")
    for name in (*names, "harvest_token"):
        (secrets / name).write_text(name * 8)
    (secrets / "token_key").write_text(Fernet.generate_key().decode())

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        data = json.loads((ROOT / "manifest.json").read_text())
        change(data)
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(data))
        return path

    return write


def mistakes(path: Path) -> list[str]:
    with pytest.raises(manifest.ManifestError) as caught:
        manifest.load(path)
    return caught.value.mistakes


def test_the_repositorys_own_manifest_is_valid(written: Any) -> None:
    loaded = manifest.load(written(lambda data: None))
    assert loaded.redirect_uris == {
        f"https://{loaded.extension.chromium_ids[0]}.chromiumapp.org/deskhours",
        "https://bc11fc44c3cbd5f9793d80ca22fe7dc5c540f941.extensions.allizom.org/deskhours",  # of deskhours@example.com
    }
    assert "jwt_keyjwt_key" not in repr(loaded)  # secrets don't show


def test_without_an_id_for_firefox_nobody_is_signed_in_from_there(written: Any) -> None:
    loaded = manifest.load(written(lambda data: data["extension"].pop("firefox_id")))
    assert not [uri for uri in loaded.redirect_uris if "allizom" in uri]


def test_all_mistakes_are_told_at_once_each_with_its_path(written: Any) -> None:
    def spoil(data: dict[str, Any]) -> None:
        data["server"]["public_url"] = "not a url"
        data["harvest"]["account_id"] = "one"
        data["extension"]["chromium_ids"] = ["xyz"]
        data["helpdesk"]["kind"] = "other"
        data["helpdesk"]["token"] = "in-the-clear"
        data["harvest"]["token"] = {"file": "secrets/missing"}
        data["harvest"]["client_secret"] = {"env": "DESKHOURS_TEST_UNSET"}
        data["budgets"]["bands"] = {"yellow": 95, "orange": 90}
        data["time"]["step_hours"] = 0
        data["tyop"] = 1
        del data["harvest"]["contact"]

    told = mistakes(written(spoil))
    for path in (
        "server.public_url:",
        "harvest.account_id:",
        "extension.chromium_ids[0]:",
        "helpdesk.kind:",
        "helpdesk.token:",
        "harvest.token:",
        "harvest.client_secret:",
        "budgets.bands:",
        "time.step_hours:",
        "tyop:",
        "harvest.contact:",
    ):
        assert any(line.startswith(path) for line in told), path
    assert len(told) == 11
    assert not any("in-the-clear" in line for line in told)


def test_an_unknown_setting_is_told_with_the_name_that_was_meant(written: Any) -> None:
    def misspell(data: dict[str, Any]) -> None:
        data["server"]["acces_minutes"] = data["harvest"]["pasword"] = data["helpdesk"]["roles"]["pms"] = "canary"

    assert mistakes(written(misspell)) == [
        "server.acces_minutes: unknown setting; is access_minutes meant?",
        "helpdesk.roles.pms: unknown setting; is pm meant?",
        "harvest.pasword: unknown setting; check its spelling or remove it",
    ]


def test_what_is_no_name_of_a_variable_may_be_the_secret_and_is_not_shown(written: Any) -> None:
    [line] = mistakes(written(lambda data: data["helpdesk"].update(token={"env": "planted canary"})))
    assert line.startswith("helpdesk.token: expected")
    assert "canary" not in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1, column 2"),
        ('{"server": {}, "server": {}}', "stands twice"),
        ("\xff", "UTF-8"),
        ("[]", "(top)"),
        ("null", "(top)"),
    ],
)
def test_a_file_that_is_no_manifest_is_told_apart(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(text.encode("latin-1"))
    assert words in mistakes(path)[0]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "there is no such file; deskhours init makes one" in mistakes(tmp_path / "nothing.json")[0]


def test_a_signing_key_that_is_too_short_and_a_token_key_that_is_none_are_refused(written: Any, tmp_path: Path) -> None:
    path = written(lambda data: None)
    (tmp_path / "secrets" / "jwt_key").write_text("short")
    (tmp_path / "secrets" / "token_key").write_text("not a key")
    assert [line.split(":")[0] for line in mistakes(path)] == ["server.jwt_keys[0]", "server.token_keys[0]"]


def test_the_command_exits_2_and_prints_every_line(written: Any) -> None:
    path = written(lambda data: data["harvest"].update(account_id=0, contact=""))
    done = subprocess.run(
        [sys.executable, "-m", "plugin_server.cli", "manifest", "--manifest", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert "harvest.account_id:" in done.stderr
    assert "harvest.contact:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_oauth_id_may_stand_beside_the_manifest(written: Any, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "id").write_text("desk-1\n")
    path = written(lambda data: data["helpdesk"].update(client_id={"file": "secrets/id"}))
    assert manifest.load(path).helpdesk.client_id == "desk-1"


@pytest.mark.parametrize("wrong", ["", None, 5, {"file": "secrets/none"}])
def test_an_oauth_id_is_needed(written: Any, wrong: object) -> None:
    path = written(lambda data: data["helpdesk"].update(client_id=wrong))
    with pytest.raises(manifest.ManifestError) as caught:
        manifest.load(path)
    assert [line.split(":")[0] for line in caught.value.mistakes] == ["helpdesk.client_id"]


def test_secrets_may_be_missing_while_they_are_collected(written: Any) -> None:
    def change(data: Any) -> None:
        data["helpdesk"]["client_id"] = data["helpdesk"]["token"] = {"file": "secrets/none"}
        data["server"]["jwt_keys"] = data["server"]["token_keys"] = [{"env": "DESKHOURS_TEST_UNSET"}]

    loaded = manifest.load(written(change), secrets_optional=True)
    assert loaded.helpdesk.client_id == ""
    assert loaded.helpdesk.token.get_secret_value() == ""
    assert loaded.server.jwt_keys[0].get_secret_value() == ""


def test_a_secret_in_the_manifest_is_refused_even_while_they_are_collected(written: Any) -> None:
    path = written(lambda data: data["helpdesk"].update(token="planted-canary"))
    with pytest.raises(manifest.ManifestError) as caught:
        manifest.load(path, secrets_optional=True)
    assert "planted-canary" not in str(caught.value)
