"""What Mozilla's own linter says of the package, which is what addons.mozilla.org asks first."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from plugin_server.extension.stamp import Browser, Stamp, files
from tests.support import node

STAMP = Stamp("https://hours.example.com", "https://desk.example.com", "zammad", "Deskhours")
EXPLAINED = {"KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION", "UNSUPPORTED_API"}
"""Warnings that docs/extension.md explains."""


def lint(folder: Path) -> dict[str, list[dict[str, str]]]:
    """The linter's findings by kind: ``errors``, ``warnings``, ``notices``."""
    command = [node.tool("web-ext"), "lint", "--source-dir", folder, "--output", "json", "--no-config-discovery"]
    done = subprocess.run(command, capture_output=True, text=True, env=node.environment(), timeout=120, check=False)
    assert done.stdout.startswith("{"), done.stderr or done.stdout
    found: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
    return found


def unpack(folder: Path, browser: Browser) -> Path:
    for name, content in files(STAMP, browser).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_package_for_firefox_has_no_errors_and_no_warning_that_is_not_explained(tmp_path: Path) -> None:
    found = lint(unpack(tmp_path, "firefox"))
    assert found["errors"] == []
    assert {warning["code"] for warning in found["warnings"]} == EXPLAINED
    docs = (node.ROOT / "docs" / "extension.md").read_text(encoding="utf-8")
    assert [code for code in EXPLAINED if code not in docs] == []


@pytest.mark.parametrize("wrong", ["gecko", "background"])
def test_the_linter_looks(wrong: str, tmp_path: Path) -> None:
    """A package that Firefox could not use is told; else the test above would prove nothing."""
    manifest = unpack(tmp_path, "firefox") / "manifest.json"
    made = json.loads(manifest.read_text())
    if wrong == "gecko":
        del made["browser_specific_settings"]
    else:
        made["background"] = {"service_worker": "background/worker.js"}
    manifest.write_text(json.dumps(made))
    assert lint(tmp_path)["errors"] != []
