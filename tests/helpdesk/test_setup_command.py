"""``deskhours setup`` as an administrator types it: what is shown, what is written where, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import io
import json
import os
import pty
import signal
import stat
import sys
import termios
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server import manifest as manifests
from plugin_server.manifest.places import places
from plugin_server.setup import command
from plugin_server.setup.secrets import CannotKeep, keep
from plugin_server.setup.terminal import Terminal
from tests.helpdesk.zammad import SETUP, Stand, standing

ROOT = Path(__file__).resolve().parents[2]
OURS = {"jwt_key": "k" * 48, "token_key": "a" * 43 + "=", "harvest_token": "h", "harvest_client_secret": "h"}


class Person(Terminal):
    """Somebody at the terminal; None as an answer: nobody is there."""

    def __init__(self, answer: bool | None, typed: str = "") -> None:
        super().__init__(io.StringIO(), io.StringIO())
        self.answer = answer
        self.typed = typed
        self.asked: list[str] = []

    @property
    def attended(self) -> bool:
        return self.answer is not None

    def secret(self, question: str) -> str:
        self.asked.append(question)
        return self.typed

    async def agreed(self, question: str) -> bool:
        self.asked.append(question)
        return bool(self.answer)


@dataclass
class Office:
    """A folder with a manifest for a bare Zammad, as ``deskhours init`` leaves it, and the service user's token."""

    folder: Path
    stand: Stand
    person: Person = field(default_factory=lambda: Person(None))

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def change(self, setting: str, value: Any) -> None:
        data = json.loads(self.manifest.read_text())
        *path, last = setting.split(".")
        part = data
        for step in path:
            part = part[step]
        part[last] = value
        self.manifest.write_text(json.dumps(data))

    async def setup(self, *arguments: str, person: Person | None = None) -> int:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        self.person = person or Person(None)
        return await asyncio.to_thread(command.main, parser.parse_args(arguments), self.manifest, self.person)

    @property
    def said(self) -> str:
        return " ".join(self.person.out.getvalue().split())  # type: ignore[attr-defined]

    @property
    def complained(self) -> str:
        return " ".join(self.person.err.getvalue().split())  # type: ignore[attr-defined]

    async def names(self, path: str) -> list[str]:
        return [row["name"] for row in await self.stand.listed(path)]

    def kept(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.secrets.iterdir()}


def prepare(folder: Path, stand: Stand, harvest: str) -> Office:
    office = Office(folder, stand)
    office.secrets.mkdir(mode=0o700)
    for name, text in {**OURS, "helpdesk_token": stand.service}.items():
        (office.secrets / name).write_text(text)
    office.manifest.write_text((ROOT / "manifest.json").read_text())
    office.change("helpdesk.url", stand.desk.url)
    office.change("helpdesk.client_id", {"file": "secrets/helpdesk_client_id"})
    office.change("harvest.api_url", f"{harvest}/v2")
    return office


@pytest.fixture
async def harvest() -> AsyncIterator[str]:
    """All that setup asks of Harvest."""

    async def company(_: web.Request) -> web.Response:
        return web.json_response({"base_uri": "https://acorn.harvest.example.com", "name": "Acorn"})

    app = web.Application()
    app.router.add_get("/v2/company", company)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def office(
    bare_database: str, tmp_path: Path, harvest: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setenv(command.TOKEN, SETUP)
    async with standing(bare_database) as stand:
        yield prepare(tmp_path, stand, harvest)


async def test_from_a_look_to_done(office: Office) -> None:
    assert await office.setup("--dry-run") == 3
    assert "make field harvest_project: is missing" in office.said
    assert f"write helpdesk.client_id: {office.secrets}/helpdesk_client_id" in office.said
    assert await office.names("roles") == ["Admin", "Agent", "Customer"]
    before = office.kept()

    assert await office.setup(person=Person(answer=False)) == 3
    assert office.person.asked == ["\nDo this? [y/N] "]
    assert office.complained == "Nothing was written."
    assert (await office.names("roles"), office.kept()) == (["Admin", "Agent", "Customer"], before)

    assert await office.setup(person=Person(answer=True)) == 0
    assert " 1/16 field harvest_project" in office.said
    assert "Restart Zammad" in office.said
    assert "Give the role Budget PM" in office.said
    assert "Delete the token" in office.said

    made = office.kept()
    assert {name: made[name] for name in before} == before
    application = (await office.stand.listed("applications"))[0]
    assert (made["helpdesk_client_id"], made["helpdesk_client_secret"]) == (application["uid"], application["secret"])
    assert made["webhook_secret"] == (await office.stand.listed("webhooks"))[0]["signature_token"]
    written = ("helpdesk_client_id", "helpdesk_client_secret", "webhook_secret")
    assert {stat.S_IMODE((office.secrets / name).stat().st_mode) for name in written} == {0o600}
    field = next(
        row for row in await office.stand.listed("object_manager_attributes") if row["name"] == "harvest_project"
    )
    link = "https://acorn.harvest.example.com/projects/#{ticket.harvest_project}"
    assert field["data_option"]["linktemplate"] == link
    assert manifests.load(office.manifest).helpdesk.client_id == application["uid"]

    assert await office.setup("--dry-run") == 0
    assert "There is nothing to do." in office.said
    assert await office.setup() == 0  # nothing is asked where nothing is to be done
    assert office.kept() == made


async def test_no_secret_is_ever_shown(office: Office) -> None:
    shown = ""
    for arguments in (["--dry-run"], ["--yes"], ["--remove", "--yes"]):
        await office.setup(*arguments)
        shown += office.person.out.getvalue() + office.person.err.getvalue()  # type: ignore[attr-defined]
        hidden = [SETUP, *(text for name, text in office.kept().items() if len(text) > 1)]
        assert [text for text in hidden if text in shown] == []


async def test_taken_out_and_brought_back(office: Office) -> None:
    await office.setup("--yes")
    first = office.kept()
    assert await office.setup("--remove", "--dry-run") == 3
    assert "take workflow" in office.said
    assert await office.setup("--remove", person=Person(answer=True)) == 0
    assert "Kept, switched off: the ticket fields" in office.said
    assert await office.names("applications") == []
    assert "helpdesk_client_id" not in office.kept()
    assert await office.setup("--remove") == 0
    assert await office.setup("--yes") == 0
    again = office.kept()
    assert again["helpdesk_client_id"] != first["helpdesk_client_id"]
    assert again["webhook_secret"] == first["webhook_secret"]


async def test_an_application_whose_id_stands_in_the_manifest_stays(office: Office) -> None:
    await office.setup("--yes")
    office.change("helpdesk.client_id", office.kept()["helpdesk_client_id"])
    assert await office.setup("--remove", "--yes") == 0
    assert await office.names("applications") == ["Deskhours"]
    assert await office.setup("--yes") == 0


async def test_lost_files_are_written_again(office: Office) -> None:
    await office.setup("--yes")
    first = office.kept()
    for name in ("helpdesk_client_id", "helpdesk_client_secret"):
        (office.secrets / name).unlink()
    assert await office.setup("--dry-run") == 3
    assert await office.setup("--yes") == 0
    assert office.kept() == first
    assert len(await office.names("applications")) == 1


async def test_another_secret_is_never_written_over(office: Office) -> None:
    await office.setup("--yes")
    (office.secrets / "helpdesk_client_secret").write_text("somebody's own")
    assert await office.setup("--yes") == 2
    assert "has another secret than helpdesk.client_secret gives" in office.said
    assert office.kept()["helpdesk_client_secret"] == "somebody's own"
    path = office.secrets / "kept"
    keep(path, "one")
    with pytest.raises(CannotKeep, match="holds another secret"):
        keep(path, "two")


async def test_the_service_users_token_that_is_missing_is_told_with_its_file(office: Office) -> None:
    (office.secrets / "helpdesk_token").unlink()
    assert await office.setup("--yes") == 2
    assert "STOP user service user: has no token yet" in office.said
    assert "with the permission ticket.agent" in office.said
    assert "Nothing was written." in office.complained
    assert f"belongs in {office.secrets}/helpdesk_token" in office.complained
    assert await office.names("roles") == ["Admin", "Agent", "Customer"]
    assert "webhook_secret" not in office.kept()


async def test_without_harvest_there_is_no_link_and_it_is_said(office: Office) -> None:
    (office.secrets / "harvest_token").unlink()
    assert await office.setup("--yes") == 0
    assert "harvest.token is not there yet." in office.said
    assert "run setup again once harvest.token works" in office.said
    assert f"Put harvest.token into {office.secrets}/harvest_token" in office.said
    (office.secrets / "harvest_token").write_text("h")
    assert await office.setup("--dry-run") == 3
    assert "mend field harvest_project: has other options" in office.said


@pytest.mark.parametrize(
    ("token", "words", "code"),
    [
        ("nobody-knows-this", "does not know the administrator's token", 1),
        ("", "No administrator's token is there", 2),
        ("two\nlines", "no token of Zammad", 2),
    ],
)
async def test_a_token_that_is_none(
    office: Office, monkeypatch: pytest.MonkeyPatch, token: str, words: str, code: int
) -> None:
    monkeypatch.setenv(command.TOKEN, token)
    assert await office.setup("--yes") == code
    assert words in office.complained


async def test_the_token_is_asked_for_where_somebody_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(command.TOKEN)
    assert await office.setup("--dry-run", person=Person(answer=True, typed=SETUP)) == 3
    assert office.person.asked == ["Token (not shown): "]
    assert "with the permission admin" in office.said


async def test_nobody_to_ask_changes_nothing(office: Office) -> None:
    assert await office.setup() == 2
    assert "Run it with --yes, or with --dry-run" in office.complained
    assert await office.names("roles") == ["Admin", "Agent", "Customer"]


async def test_a_wrong_address_is_named(office: Office, free_port: Callable[[], int]) -> None:
    office.change("helpdesk.url", f"http://127.0.0.1:{free_port()}")
    assert await office.setup("--yes") == 1
    assert "Nothing answers at 127.0.0.1" in office.complained
    assert "Check host and port in helpdesk.url" in office.complained
    office.change("helpdesk.url", office.stand.desk.url.replace("http://", "https://"))
    assert await office.setup("--yes") == 1
    assert "does not speak https" in office.complained
    office.change("helpdesk.url", f"{office.stand.desk.url}/desk")
    assert await office.setup("--yes") == 1
    assert "is no Zammad" in office.complained


async def test_token_access_that_is_switched_off_is_named(office: Office) -> None:
    await office.stand.simulate(api_token_access=False)
    assert await office.setup("--yes") == 1
    assert "API token access disabled!" in office.complained
    assert "switch on token access" in office.complained


async def test_a_zammad_that_goes_away_in_the_middle(office: Office) -> None:
    await office.stand.desk.fault("POST /api/v1/triggers", "drop_after")
    assert await office.setup("--yes") == 1
    assert "run setup again to go on" in office.complained
    assert await office.setup("--yes") == 0
    assert await office.names("triggers") == ["Deskhours: a ticket changed"]
    assert await office.setup("--dry-run") == 0


async def test_variables_are_a_persons_to_set(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESK_SIGNATURE", raising=False)
    office.change("helpdesk.webhook_secret", {"env": "DESK_SIGNATURE"})
    assert await office.setup("--yes") == 2
    assert "the variable DESK_SIGNATURE (helpdesk.webhook_secret)" in office.complained
    monkeypatch.setenv("DESK_SIGNATURE", "x" * 40)
    assert await office.setup("--yes") == 0
    assert (await office.stand.listed("webhooks"))[0]["signature_token"] == "x" * 40


async def test_two_administrators_with_folders_of_their_own_end_with_the_same_application(
    office: Office, tmp_path_factory: pytest.TempPathFactory, harvest: str
) -> None:
    other = prepare(tmp_path_factory.mktemp("other"), office.stand, harvest)
    for one in (office, other):
        (one.secrets / "webhook_secret").write_text("w" * 40)
    assert await asyncio.gather(office.setup("--yes"), other.setup("--yes")) == [0, 0]
    assert office.kept()["helpdesk_client_id"] == other.kept()["helpdesk_client_id"]
    assert await office.setup("--dry-run") == 0
    assert await other.setup("--dry-run") == 0


def test_places_of_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "x")
    data = {"a": {"file": "s/one"}, "b": [{"env": "SET"}, {"env": "NOT_SET_AT_ALL"}], "c": {"d": "text"}}
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    found = {name: (place.kind, place.where, place.empty) for name, place in places(tmp_path / "manifest.json").items()}
    assert found == {
        "a": ("file", str(tmp_path / "s/one"), True),
        "b[0]": ("env", "SET", False),
        "b[1]": ("env", "NOT_SET_AT_ALL", True),
    }


async def test_at_a_real_terminal_the_token_is_not_echoed_and_control_c_ends_it(office: Office) -> None:
    """The command itself, in a pseudo-terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != command.TOKEN}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plugin_server.cli", "setup", "--manifest", str(office.manifest)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=_own_terminal,
    )
    os.close(theirs)
    seen = await _read_until(ours, b"Token (not shown): ")
    os.write(ours, f"{SETUP}\n".encode())
    seen += await _read_until(ours, b"Do this? [y/N] ")
    assert SETUP.encode() not in seen
    os.write(ours, b"\x03")
    seen = await _read_until(ours, b"Stopped.")
    assert await process.wait() == 1
    assert b"Traceback" not in seen
    os.close(ours)
    assert await office.names("roles") == ["Admin", "Agent", "Customer"]


def _own_terminal() -> None:
    """Make the pseudo-terminal the one that Ctrl-C and getpass go by, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def _read_until(terminal: int, words: bytes) -> bytes:
    loop, seen, found = asyncio.get_running_loop(), bytearray(), asyncio.Event()

    def read() -> None:
        seen.extend(os.read(terminal, 4096))
        if words in seen:
            found.set()

    loop.add_reader(terminal, read)
    try:
        async with asyncio.timeout(20):
            await found.wait()
    finally:
        loop.remove_reader(terminal)
    return bytes(seen)
