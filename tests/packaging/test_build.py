"""`deskhours extension build`: what is in a package, that it is the same every time, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from playwright.async_api import async_playwright

from plugin_server import manifest
from plugin_server.extension import stamp
from plugin_server.extension.build import BuildRefused, Package, build, write
from plugin_server.extension.identity import chromium_id
from plugin_server.extension.stamp import Browser
from tests.support.browser import FLAGS

from .conftest import ROOT, Written


def packaged(path: Path, browser: Browser, *, store: bool = False) -> Package:
    return build(manifest.load(path, secrets_optional=True), browser, store=store)


def inside(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def browsers_manifest(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inside(package)["manifest.json"])
    return found


def public_key() -> str:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(width) for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def icons(folder: Path, **others: bytes) -> Path:
    folder.mkdir()
    for size in (16, 32, 48, 128):
        (folder / f"icon-{size}.png").write_bytes(others.get(f"icon_{size}", png(size, size)))
    return folder


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_package_reaches_the_helpdesk_and_our_server_and_nothing_else(written: Written, browser: Browser) -> None:
    package = packaged(written(name="Acme hours", short_name="Acme"), browser)
    found = browsers_manifest(package)
    assert found["host_permissions"] == ["https://desk.example.com/*", "https://hours.example.com/*"]
    assert [part["matches"] for part in found["content_scripts"]] == [["https://desk.example.com/*"]]
    assert [part["matches"] for part in found["web_accessible_resources"]] == [["https://desk.example.com/*"]]
    assert (found["name"], found["short_name"], found["action"]["default_title"]) == (
        "Acme hours",
        "Acme",
        "Acme hours",
    )
    config = inside(package)["config.js"].decode()
    assert 'server: "https://hours.example.com"' in config
    assert 'origin: "https://desk.example.com:8443"' in config
    assert b"127.0.0.1" not in b"".join(inside(package).values())


@pytest.mark.parametrize(
    ("url", "origin", "pattern"),
    [
        ("https://Hours.Example.com:443/", "https://hours.example.com", "https://hours.example.com/*"),
        ("http://hours.example.com:80", "http://hours.example.com", "http://hours.example.com/*"),
        ("https://hours.example.com:8443", "https://hours.example.com:8443", "https://hours.example.com/*"),
        ("https://zeit.exämple.com", "https://zeit.xn--exmple-cua.com", "https://zeit.xn--exmple-cua.com/*"),
        ("http://[::1]:8700", "http://[::1]:8700", "http://[::1]/*"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(written: Written, url: str, origin: str, pattern: str) -> None:
    package = packaged(written(url), "chromium")
    assert f'server: "{origin}"' in inside(package)["config.js"].decode()
    assert browsers_manifest(package)["host_permissions"][-1] == pattern


def test_each_browser_gets_a_manifest_of_its_own(written: Written) -> None:
    chromium = browsers_manifest(packaged(written(), "chromium"))
    assert chromium["background"] == {"service_worker": "background/worker.js", "type": "module"}
    assert chromium["key"] == stamp.committed()["key"]
    assert "browser_specific_settings" not in chromium
    firefox = browsers_manifest(packaged(written(firefox_id="hours@example.com"), "firefox"))
    assert firefox["background"] == {"scripts": ["background/worker.js"], "type": "module"}
    assert firefox["browser_specific_settings"]["gecko"]["id"] == "hours@example.com"
    assert "key" not in firefox


def test_all_that_browsers_need_is_in_it_and_nothing_else(written: Written) -> None:
    kinds = ("css", "html", "js", "json", "png")
    files = [path for kind in kinds for path in (ROOT / "extension").rglob(f"*.{kind}")]
    expected = {path.relative_to(ROOT / "extension").as_posix() for path in files}
    assert set(inside(packaged(written(), "firefox"))) == expected


def test_the_same_input_makes_the_same_bytes(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another folder, with other times, other permissions, another umask, another zone and another day."""
    path = written()
    here = {browser: packaged(path, browser).sha256 for browser in ("chromium", "firefox")}
    elsewhere = tmp_path / "a clone" / "extension"
    shutil.copytree(ROOT / "extension", elsewhere)
    for number, file in enumerate(sorted(elsewhere.rglob("*"), reverse=True)):
        os.utime(file, (number, number))
        file.chmod(0o700)
    monkeypatch.setattr(stamp, "source", lambda: elsewhere)
    assert {browser: packaged(path, browser).sha256 for browser in here} == here
    monkeypatch.undo()
    code = "import os; os.umask(0o077)\nfrom plugin_server.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "extension", "build", "--manifest", path, "--out", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    for browser, expected in here.items():
        content = (tmp_path / "out" / f"deskhours-0.1.0-{browser}.zip").read_bytes()
        assert hashlib.sha256(content).hexdigest() == expected
        assert expected in done.stdout


async def test_chromium_loads_it_under_the_id_that_was_said(
    written: Written, tmp_path: Path, chromium_path: Path
) -> None:
    key = public_key()
    package = packaged(
        written(chromium_key=key, chromium_ids=[chromium_id(key)], icons=str(icons(tmp_path / "i"))), "chromium"
    )
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        archive.extractall(folder)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium_path,
            headless=True,
            args=[*FLAGS, f"--disable-extensions-except={folder}", f"--load-extension={folder}"],
            ignore_default_args=["--disable-extensions"],
        )
        workers = context.service_workers or [await context.wait_for_event("serviceworker")]
        redirect = await workers[0].evaluate("chrome.identity.getRedirectURL('deskhours')")
        await context.close()
    assert redirect == f"https://{package.identity}.chromiumapp.org/deskhours"
    assert redirect in manifest.load(tmp_path / "manifest.json", secrets_optional=True).redirect_uris


def test_a_key_whose_id_the_server_would_not_take_is_refused_and_the_id_is_said(written: Written) -> None:
    key = public_key()
    with pytest.raises(BuildRefused, match=rf"{chromium_id(key)} .*extension.chromium_key.*nobody could sign in"):
        packaged(written(chromium_key=key), "chromium")
    with pytest.raises(BuildRefused, match=r"gpgkmjpofdcmminommfhinjchafmclje .*the repository's key"):
        packaged(written(chromium_ids=["a" * 32]), "chromium")


def test_a_stores_package_has_no_key_and_says_what_is_to_be_done_then(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = packaged(written(chromium_ids=["a" * 32]), "chromium", store=True)
    assert "key" not in browsers_manifest(package)
    assert package.name == "deskhours-0.1.0-chromium-store.zip"
    out = run(monkeypatch, written(), tmp_path / "out", "--store", "--for", "chromium")
    assert out == 0
    assert "Put them into extension.chromium_key and extension.chromium_ids" in capsys.readouterr().out


def run(monkeypatch: pytest.MonkeyPatch, path: Path, out: Path, *options: str) -> Any:
    from plugin_server import cli

    monkeypatch.setattr(
        sys, "argv", ["deskhours", "extension", "build", "--manifest", str(path), "--out", str(out), *options]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_without_an_id_for_firefox_the_others_are_built_and_it_is_said(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(firefox_id=None)
    assert run(monkeypatch, path, tmp_path / "out") == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["deskhours-0.1.0-chromium.zip"]
    assert "None for Firefox" in capsys.readouterr().out
    assert run(monkeypatch, path, tmp_path / "out", "--for", "firefox") == 1
    assert "extension.firefox_id is missing" in capsys.readouterr().err


def test_nothing_is_written_when_one_of_the_packages_is_refused(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, written(icons="nowhere"), tmp_path / "out") == 1
    assert "icon-16.png: can't be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    assert run(monkeypatch, written(), tmp_path / "file") == 1
    assert "can't be written" in capsys.readouterr().err


def test_a_package_replaces_an_earlier_one_whole(written: Written, tmp_path: Path) -> None:
    package = packaged(written(), "firefox")
    for _ in range(2):
        assert write(package, tmp_path / "out").read_bytes() == package.content
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_icons_of_ones_own_are_taken(written: Written, tmp_path: Path) -> None:
    icons(tmp_path / "icons")
    found = inside(packaged(written(icons="icons"), "chromium"))
    assert found["icons/icon-48.png"] == png(48, 48)
    assert found["icons/icon-48.png"] != (ROOT / "extension" / "icons" / "icon-48.png").read_bytes()


def test_icons_that_browsers_would_refuse_are_named_all_at_once(written: Written, tmp_path: Path) -> None:
    folder = icons(tmp_path / "icons", icon_16=b"GIF89a", icon_32=png(32, 31), icon_128=png(128, 128)[:-20])
    (folder / "icon-48.png").unlink()
    with pytest.raises(BuildRefused) as refused:
        packaged(written(icons="icons"), "chromium")
    words = str(refused.value)
    for expected in (
        "icon-16.png: is no PNG file",
        "icon-32.png: is 32 × 31 pixels; expected 32 × 32",
        "icon-48.png: can't be read: No such file",
        "icon-128.png: is a damaged PNG file",
    ):
        assert expected in words


def test_what_is_no_rsa_public_key_is_refused_and_never_shown(written: Written) -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for value, words in [
        (pem, "private key"),
        (base64.b64encode(der).decode(), "expected an RSA public key: DER"),
        (base64.b64encode(other).decode(), "no other kind"),
        ("not base64!", "expected an RSA public key: DER"),
        (7, "as text"),
    ]:
        with pytest.raises(manifest.ManifestError) as refused:
            packaged(written(chromium_key=value), "chromium")
        [line] = refused.value.mistakes
        assert line.startswith("extension.chromium_key: ")
        assert words in line
        assert str(value)[:40] not in line


def test_the_extension_the_repository_and_the_package_have_one_version_and_id() -> None:
    from importlib.metadata import version

    assert stamp.committed()["version"] == version("deskhours")
    ours = json.loads((ROOT / "manifest.json").read_text())["extension"]
    assert chromium_id(stamp.committed()["key"]) in ours["chromium_ids"]
    assert stamp.committed()["browser_specific_settings"]["gecko"]["id"] == ours["firefox_id"]
