"""What stands on our own side: manifest, secrets, database, queue, worker, clock, address.

Each test breaks one link and reads what the check says of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiohttp import web

from plugin_server.check import rules
from plugin_server.runtime import database
from tests.check.stand import Rows, Stand
from tests.check.strangers import answering, moved, page, self_signed

RESTS_ON_MANIFEST = ("harvest", "helpdesk", "public_url", "gate", "webhook")


async def test_every_mistake_of_the_manifest_is_a_row_with_its_path(stand: Stand) -> None:
    def spoil(data: dict[str, Any]) -> None:
        data["helpdesk"]["clor"] = "blue"
        data["harvest"]["account_id"] = "many"
        data["harvest"]["token"] = "pat-12345"  # the secret itself
        data["server"]["jwt_keys"] = [{"file": "secrets/nowhere"}]

    stand.change(spoil)
    rows = await stand.check()
    told = [one.words for one in rows.named("manifest")]
    assert [words.split(":")[0] for words in told] == ["helpdesk.clor", "harvest.account_id", "harvest.token"]
    assert "unknown setting" in told[0]
    assert "a secret never stands in the manifest" in told[2]
    assert "pat-12345" not in str(rows.all)
    assert [bool(one.todo) for one in rows.named("manifest")] == [False, False, True], "the same advice is told once"
    assert "docs/manifest.md" in rows.named("manifest")[-1].todo
    missing = rows["secrets"]
    assert missing.words.startswith("server.jwt_keys[0]: the file ")
    for name in RESTS_ON_MANIFEST:
        assert rows[name].words == "Not looked at, because “manifest” failed."
    assert rows["database"].state == "ok", "what needs no manifest is looked at"
    assert rules.exit_code(rows.all) == 2


async def test_a_manifest_that_is_not_there_is_named(stand: Stand) -> None:
    stand.path.unlink()
    rows = await stand.check()
    assert rows["manifest"].words == f"There is no file {stand.path}."
    assert "deskhours init" in rows["manifest"].todo
    assert "--manifest" in rows["manifest"].todo
    assert rows["secrets"].words == "Not looked at, because “manifest” failed."
    assert rules.exit_code(rows.all) == 2


async def test_a_missing_secret_is_no_mistake_of_the_manifest(stand: Stand) -> None:
    (stand.folder / "secrets" / "harvest_token").unlink()
    rows = await stand.check()
    assert rows["manifest"].state == "ok"
    assert "harvest.token: the file " in rows["secrets"].words
    assert "No such file" in rows["secrets"].words
    assert "a personal access token as an administrator" in rows["secrets"].todo
    resting = {"harvest", "harvest_role", "harvest_account"}
    assert {rows[name].words for name in resting} == {"Not looked at, because “secrets” failed."}
    assert {one.name for one in rows.all if "“secrets” failed" in one.words} == resting, "nothing else rests on it"
    assert rules.exit_code(rows.all) == 1


@pytest.mark.parametrize(
    ("secret", "todo", "resting"),
    [
        ("harvest_client_secret", "OAuth2 application at", {"harvest_sign_in"}),
        ("helpdesk_client_secret", "Run deskhours setup", {"helpdesk_sign_in", "setup", "gate"}),
        ("webhook_secret", "deskhours init", {"webhook", "setup"}),
        ("jwt_key", "deskhours init", {"public_url"}),
        ("token_key", "deskhours init", {"gate"}),
    ],
)
async def test_a_missing_secret_stops_what_needs_it_and_no_more(
    stand: Stand, secret: str, todo: str, resting: set[str]
) -> None:
    (stand.folder / "secrets" / secret).unlink()
    rows = await stand.check(admin=True)
    assert todo in rows["secrets"].todo
    assert {one.name for one in rows.all if one.words == "Not looked at, because “secrets” failed."} == resting


async def test_a_manifest_that_cannot_be_used_tells_nothing_of_its_secrets(stand: Stand) -> None:
    stand.change(lambda data: data["helpdesk"].update(clor="blue"))
    assert (await stand.check())["secrets"].words == "Not looked at, because “manifest” failed."


async def test_secrets_that_others_may_read_are_told_with_what_to_type(stand: Stand) -> None:
    path = stand.folder / "secrets" / "helpdesk_token"
    path.chmod(0o644)
    row = (await stand.check())["secrets"]
    assert (row.state, row.words) == ("warn", f"Others on this machine may read {path}.")
    assert f"chmod 600 {path}" in row.todo


def _failed(rows: Rows, name: str, *words: str) -> None:
    """The row failed with these words in what was found or what to do."""
    row = rows[name]
    assert row.state == "fail", row
    for one in words:
        assert one in f"{row.words} {row.todo}", row


def _with(url: str, **parts: Any) -> str:
    """A database's address with another user, password, host, port or path."""
    found = urlsplit(url)
    user, password = parts.get("user", found.username), parts.get("password", found.password)
    host, port = parts.get("host", found.hostname), parts.get("port", found.port)
    return f"postgresql://{user}:{password}@{host}:{port}/{parts.get('base', found.path.lstrip('/'))}"


async def test_a_database_that_is_not_there(stand: Stand, unused_tcp_port: int) -> None:
    url = _with(stand.database_url, port=unused_tcp_port)
    rows = await stand.check(database_url=url)
    _failed(rows, "database", f"Nothing answers as PostgreSQL at 127.0.0.1:{unused_tcp_port}.", "Check host and port")
    assert rows["migrations"].words == "Not looked at, because “database” failed."
    assert rows["worker"].state == rows["gate"].state == "skipped"
    assert rows["helpdesk"].state == "ok", "the rest is looked at"
    assert str(urlsplit(url).password) not in str(rows.all)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "does not let"),
        ({"base": "nowhere"}, "has no database nowhere"),
        ({"host": "nowhere.invalid"}, "Nobody knows the host of the database, nowhere.invalid."),
    ],
)
async def test_a_database_that_lets_nobody_in(stand: Stand, change: dict[str, str], words: str) -> None:
    _failed(await stand.check(database_url=_with(stand.database_url, **change)), "database", words)


async def test_addresses_that_nobody_has_named(stand: Stand) -> None:
    rows = await stand.check(database_url=None, redis_url=None)
    _failed(rows, "database", "DATABASE_URL is not set.")
    _failed(rows, "queue", "REDIS_URL is not set.")
    rows = await stand.check(database_url="nonsense", redis_url="nonsense")
    _failed(rows, "queue", "REDIS_URL is no address.")
    assert rows["database"].state == "fail"


async def test_migrations_that_are_still_to_be_done(stand: Stand, make_database: Callable[[], str]) -> None:
    _failed(await stand.check(database_url=make_database()), "migrations", "0001_mirror.sql", "deskhours migrate")


async def test_a_database_that_a_newer_version_has_been_at(stand: Stand, make_migrated: Callable[[], str]) -> None:
    url = make_migrated()
    async with await database.connect(url, maximum=1) as pool:
        await pool.execute("INSERT INTO schema_migration (name, checksum) VALUES ('9999_later.sql', '')")
    rows = await stand.check(database_url=url)
    assert rows["migrations"].state == "warn", "the version before a migration serves on"
    assert "9999_later.sql is not known to this version" in rows["migrations"].words
    assert rows["worker"].words.startswith("No worker has ever run"), "what rests on it is looked at"


async def test_a_role_that_may_only_read(stand: Stand) -> None:
    url = stand.database_url
    async with asyncpg.create_pool(url, max_size=1, min_size=1) as pool:
        role = urlsplit(url).username
        await pool.execute(f'REVOKE INSERT ON ticket FROM "{role}"')
        try:
            _failed(await stand.check(), "database", "may not write ticket", f"OWNER TO {role}")
        finally:
            await pool.execute(f'GRANT INSERT ON ticket TO "{role}"')


async def test_a_queue_that_is_away(stand: Stand, unused_tcp_port: int) -> None:
    rows = await stand.check(redis_url=f"redis://:hidden@127.0.0.1:{unused_tcp_port}/0")
    _failed(rows, "queue", f"Nothing answers as Redis or Valkey at 127.0.0.1:{unused_tcp_port}.")
    assert "hidden" not in str(rows.all)


async def test_a_worker_that_is_gone_and_one_that_never_was(stand: Stand) -> None:
    await stand.pool.execute("UPDATE component_health SET answered_at = now() - interval '5 minutes'")
    _failed(await stand.check(), "worker", "No worker has been seen since", "Start deskhours worker")
    await stand.pool.execute("DELETE FROM component_health")
    _failed(await stand.check(), "worker", "No worker has ever run")


async def test_a_clock_that_is_wrong(stand: Stand) -> None:
    await stand.harvest("POST", "/_sim/clock", {"advance_seconds": 600})
    try:
        _failed(await stand.check(), "clock", "is 10 min behind Harvest's", "NTP")
        await stand.harvest("POST", "/_sim/clock", {"advance_seconds": -660})
        row = (await stand.check())["clock"]
        assert (row.state, "ahead of Harvest's" in row.words) == ("warn", True), row
    finally:
        await stand.harvest("DELETE", "/_sim/clock")


@pytest.mark.parametrize(
    ("url", "words", "todo"),
    [
        ("http://deskhours.example.com", "is not https", "Put a certificate in front"),
        ("https://nowhere.invalid", "Nobody knows the host nowhere.invalid.", "server.public_url"),
    ],
)
async def test_a_public_address_that_leads_nowhere(stand: Stand, url: str, words: str, todo: str) -> None:
    stand.change(lambda data: data["server"].update(public_url=url))
    _failed(await stand.check(), "public_url", words, todo)


async def test_a_public_address_at_which_somebody_else_answers(stand: Stand, tmp_path: Path) -> None:
    async def another(_request: web.Request) -> web.Response:
        return web.json_response({"instance": "0" * 32})

    async def data(_request: web.Request) -> web.Response:
        return web.json_response({"instance": 4})

    async def nothing(_request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    for handler, words in (
        (another, "Another Deskhours answers"),
        (data, "is no Deskhours"),
        (page, "with a web page"),
        (nothing, "is no Deskhours, or an older one (404)."),
        (moved("https://deskhours.example.com"), "sends calls on to https://deskhours.example.com"),
    ):
        async with answering(handler) as url:
            stand.change(lambda data, url=url: data["server"].update(public_url=url))
            _failed(await stand.check(), "public_url", words, "server.public_url")
    async with answering(page, self_signed(tmp_path)) as url:
        stand.change(lambda data: data["server"].update(public_url=url))
        _failed(await stand.check(), "public_url", "is signed by itself")


async def test_a_server_that_still_runs_with_other_keys(stand: Stand) -> None:
    stand.secret("jwt_key", "another signing key, long enough for HS256")
    _failed(await stand.check(), "public_url", "with other signing keys", "Restart the server")


async def test_an_instance_is_known_by_any_of_its_keys(stand: Stand) -> None:
    stand.secret("jwt_new", "a new signing key that is long enough for HS256")
    stand.change(lambda data: data["server"]["jwt_keys"].insert(0, {"file": "secrets/jwt_new"}))
    assert (await stand.check())["public_url"].state == "ok"


def test_the_moment_of_the_next_check() -> None:
    start = datetime(2026, 3, 4, 12, tzinfo=UTC)
    soon, hours = start + timedelta(minutes=1), start + timedelta(hours=23)
    due = rules.is_due
    assert not due(start, start, None, failing=False, fresh=True), "what was started together is not up yet"
    assert due(soon, start, None, failing=False, fresh=True)
    assert due(soon, start, start - timedelta(hours=1), failing=False, fresh=True), (
        "a restart may have mended something"
    )
    assert not due(hours, start, soon, failing=False, fresh=False)
    assert due(hours, start, soon, failing=True, fresh=False)
    assert due(soon + timedelta(hours=24), start, soon, failing=False, fresh=False)
