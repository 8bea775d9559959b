"""What the demo writes before it starts anything, and how other commands find a running demo."""

import argparse
import fcntl
import json
import os
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from plugin_server import manifest
from plugin_server.demo import launch, prepare
from plugin_server.runtime import datadir
from plugin_server.runtime.datadir import DataDir, DataDirError, RunningDemo, StillEndingError


def _running(folder: Path) -> RunningDemo:
    urls = (f"http://127.0.0.1:{port}" for port in (1, 2, 3))
    return RunningDemo(
        "postgresql://x", "redis://x", *urls, folder / "manifest.json", folder / "extension", os.getpid()
    )


def _parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    launch.add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("port", ["0", "65534", "-1", "x", "", "8700.5", "٣"])
def test_a_port_must_leave_room_for_two_more(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _parse(f"--port={port}")
    assert ended.value.code == 2
    assert "no port from 1 to 65533" in capsys.readouterr().err


def test_the_manifest_is_the_repositorys_on_other_ports(tmp_path: Path) -> None:
    prepare.write_secrets(tmp_path, prepare.Seed.load())
    ours = manifest.load(prepare.write_manifest(tmp_path, 9000))
    assert manifest.url_text(ours.server.public_url) == "http://127.0.0.1:9000"
    assert manifest.url_text(ours.helpdesk.url) == "http://127.0.0.1:9001"
    assert manifest.url_text(ours.harvest.api_url) == "http://127.0.0.1:9002/v2"
    assert manifest.url_text(ours.harvest.id_url) == "http://127.0.0.1:9002"
    assert ours.harvest.token.get_secret_value() == "demo-harvest-token"
    assert ours.helpdesk.token.get_secret_value() == "demo-zammad-token"


def test_overlapping_ports_are_not_moved_twice(tmp_path: Path) -> None:
    text = prepare.write_manifest(tmp_path, 8701).read_text()
    assert "127.0.0.1:8700" not in text
    assert json.loads(text)["harvest"]["id_url"] == "http://127.0.0.1:8703"


def test_keys_are_kept_and_private(tmp_path: Path) -> None:
    kept = []
    for _ in range(2):
        prepare.write_secrets(tmp_path, prepare.Seed.load())
        kept.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert kept[0] == kept[1]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_the_extension_is_copied_for_the_ports(tmp_path: Path) -> None:
    config = (prepare.CLONE / "extension" / "config.js").read_text()
    prepare.write_secrets(tmp_path, prepare.Seed.load())
    for port in (9000, prepare.DEFAULT_PORT):
        copy = prepare.copy_extension(tmp_path, prepare.write_manifest(tmp_path, port))
        expected = config.replace(":8700", f":{port}").replace(":8701", f":{port + 1}")
        assert (copy / "config.js").read_text() == expected
        original = prepare.CLONE / "extension" / "manifest.json"
        assert (copy / "manifest.json").read_bytes() == original.read_bytes()


def test_a_running_demo_is_found_by_option_or_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(datadir.VARIABLE, raising=False)
    assert datadir.resolve(None) is None
    held = DataDir.claim(tmp_path / "demo")
    running = _running(held.folder)
    held.announce(running)
    assert stat.S_IMODE((held.folder / "run.json").stat().st_mode) == 0o600
    assert datadir.resolve(str(held.folder)) == running
    monkeypatch.setenv(datadir.VARIABLE, str(held.folder))
    assert datadir.resolve(None) == running
    held.release()
    with pytest.raises(DataDirError, match=r"No demo runs on .*Start it with"):
        datadir.resolve(None)


def test_where_no_demo_runs_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="is not the data folder of a demo"):
        datadir.resolve(str(tmp_path / "nowhere"))
    held = DataDir.claim(tmp_path / "demo")
    with pytest.raises(DataDirError, match="still starting"):
        datadir.resolve(str(held.folder))
    (held.folder / "run.json").write_text(json.dumps({**asdict(_running(held.folder)), "new": 1}, default=str))
    with pytest.raises(DataDirError, match="another version"):
        datadir.resolve(str(held.folder))
    held.release()


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    held = DataDir.claim(tmp_path / "demo")
    with pytest.raises(DataDirError, match=f"already runs on .*process {os.getpid()}"):
        DataDir.claim(held.folder)
    held.release()
    DataDir.claim(held.folder).release()


def test_a_folder_whose_holder_died_is_still_ending(tmp_path: Path) -> None:
    held = DataDir.claim(tmp_path / "demo")
    left = os.dup(held.lock)  # as a leash has it
    held.release()
    with pytest.raises(StillEndingError):
        DataDir.claim(held.folder)
    fcntl.flock(left, fcntl.LOCK_UN)
    os.close(left)
    DataDir.claim(held.folder).release()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataDirError, match="nothing in it is touched"):
        DataDir.claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_reset_deletes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    held = DataDir.claim(tmp_path)
    for name in ("secrets", "logs", "extension", "browser", "postgres", "valkey", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / "notes.txt").write_text("mine")
    held.reset()
    held.release()
    assert {path.name for path in tmp_path.iterdir()} == {"deskhours-demo", "lock", "mine", "notes.txt"}


def test_without_a_home_for_data_of_programs_the_usual_place_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert datadir.default_folder() == Path("/home/somebody/.local/share/deskhours/demo")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert datadir.default_folder() == Path("/data/deskhours/demo")
