"""`deskhours init`: what a person is asked, what is written, and that nothing is ever overwritten or half written."""

from __future__ import annotations

import io
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server import cli, manifest
from plugin_server.init.questions import QUESTIONS, all_wrong, draft
from plugin_server.manifest import ManifestError

from .conftest import ROOT

ANSWERS = {
    "helpdesk_url": "https://helpdesk.example.com",
    "public_url": "https://hours.example.com",
    "harvest_account_id": 1234567,
    "contact": "admin@example.com",
}
KEYS = {"jwt_key", "token_key", "webhook_secret"}


@dataclass(frozen=True)
class Done:
    """How the command ended, and what it said."""

    status: object
    stdout: str
    stderr: str


Init = Callable[..., Done]


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Init:
    """Runs the command in the test's folder, with what is typed, or with a file of answers."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, typed: str = "", answers: object = None) -> Done:
        if answers is not None:
            (tmp_path / "answers.json").write_text(answers if isinstance(answers, str) else json.dumps(answers))
            options = ("--answers", "answers.json", *options)
        monkeypatch.setattr(sys, "argv", ["deskhours", "init", *options])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Done(ended.value.code, *capsys.readouterr())

    return run


def content(folder: Path) -> dict[str, str]:
    """Every file below a folder, and what is in it."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_six_answers_make_a_valid_manifest_and_a_wrong_one_is_asked_again_in_words(init: Init, tmp_path: Path) -> None:
    lines = ["helpdesk.example.com", "https://helpdesk.example.com", "https://hours.example.com", "many", "1234567"]
    done = init(typed="\n".join([*lines, "", "", "admin@example.com", "sometimes", "tiered", ""]))
    assert done.status == 0, done.stderr
    for words in (
        "expected an address such as https://helpdesk.example.com",
        "expected a whole number",
        "an answer is needed",
        "expected 'over', 'tiered' or 'never'",
        "the redirect URL https://hours.example.com/oauth/harvest/callback",
        "put the line secrets/ into .gitignore",
    ):
        assert words in " ".join(done.stdout.split())
    data = json.loads((tmp_path / "manifest.json").read_text())
    schema = json.loads((tmp_path / data["$schema"]).read_text())
    jsonschema.Draft202012Validator(schema).validate(data)
    loaded = manifest.load(tmp_path / "manifest.json", secrets_optional=True)
    assert loaded.harvest.account_id == 1234567
    assert loaded.budgets.lock.policy == "tiered"
    assert loaded.extension.firefox_id == "deskhours@hours.example.com"
    assert loaded.server.jwt_keys[0].get_secret_value()
    assert loaded.helpdesk.client_id == ""
    # What others give is all that is missing, and each of them was named.
    with pytest.raises(ManifestError) as refused:
        manifest.load(tmp_path / "manifest.json")
    missing = {line.rsplit("secrets/")[-1].split(" ")[0] for line in refused.value.mistakes}
    assert all("can't be read" in line for line in refused.value.mistakes)
    assert len(missing) == 6
    assert all(f"  {name}\n" in done.stdout for name in missing)


def test_keys_are_readable_by_their_owner_alone_and_are_not_shown(init: Init, tmp_path: Path) -> None:
    done = init(answers=ANSWERS)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == KEYS
    for path in made.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() not in done.stdout + done.stderr
        assert path.read_text() not in (tmp_path / "manifest.json").read_text()


def test_a_manifest_that_is_there_stays_and_nobody_is_asked(init: Init, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("mine")
    done = init()
    assert (done.status, done.stdout) == (1, "")
    assert "is there already and stays as it is" in done.stderr
    assert content(tmp_path) == {"manifest.json": "mine"}


def test_keys_that_are_there_stay_and_one_that_is_none_is_told(init: Init, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets" / "jwt_key").write_text("short")
    done = init(answers=ANSWERS)
    assert done.status == 2
    assert "server.jwt_keys[0]: expected at least 32 bytes of key" in done.stderr
    assert not (tmp_path / "manifest.json").exists()
    (tmp_path / "secrets" / "jwt_key").write_text("a key of before, which is long enough")
    done = init(answers=ANSWERS)
    assert done.status == 0, done.stderr
    assert "Kept as they were: secrets/jwt_key" in done.stdout
    assert "Others on this machine can look into secrets: chmod" in done.stdout
    assert (tmp_path / "secrets" / "jwt_key").read_text() == "a key of before, which is long enough"


def test_the_end_of_what_is_typed_leaves_nothing(init: Init, tmp_path: Path) -> None:
    done = init(typed="https://helpdesk.example.com\n")
    assert done.status == 1
    assert "Stopped; nothing was written." in done.stderr
    assert "Traceback" not in done.stderr
    assert content(tmp_path) == {}


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "plugin_server.cli", "init"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        while not process.stdout.readline().startswith("1. "):
            assert process.poll() is None
        process.stdin.write("https://helpdesk.example.com\n")
        process.stdin.flush()
        while "2. " not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Stopped; nothing was written." in words
    assert "Traceback" not in words
    assert content(tmp_path) == {}


def test_a_file_of_answers_is_refused_whole_with_every_mistake(init: Init, tmp_path: Path) -> None:
    answers = {"public_url": "https://hours.example.com/x", "harvest_account_id": "x", "lock_policy": 1, "tyop": ""}
    done = init(answers=answers)
    assert done.status == 1
    for line in (
        "tyop: unknown",
        "helpdesk_url: missing",
        "public_url: expected an address without a path",
        "harvest_account_id: expected a whole number",
        "contact: missing",
        "lock_policy: expected 'over', 'tiered' or 'never'",
    ):
        assert f"  {line}" in done.stderr
    assert set(content(tmp_path)) == {"answers.json"}
    for text, words in [("[]", "expected an object"), ("{", "is not JSON")]:
        assert words in init(answers=text).stderr
    assert "can't be read" in init("--answers", "nothing.json").stderr


def test_where_nothing_can_be_written_it_is_said(init: Init, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = init("--out", "file/manifest.json", answers=ANSWERS)
    assert done.status == 1
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


VALUES = st.one_of(st.text(max_size=40), st.integers(), st.none(), st.sampled_from(list(ANSWERS.values())))


@given(st.dictionaries(st.sampled_from([question.name for question in QUESTIONS]), VALUES))
def test_what_is_accepted_makes_a_valid_manifest(answers: dict[str, Any]) -> None:
    if not all_wrong(answers):
        manifest.validate(draft(answers), "", ROOT / "nowhere", secrets_optional=True)
    given_all = {**ANSWERS, **answers}
    if lines := all_wrong(given_all):
        assert {line.split(":")[0] for line in lines} <= set(answers)
    else:
        manifest.validate(draft(given_all), "", ROOT / "nowhere", secrets_optional=True)
