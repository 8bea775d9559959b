"""Manifests of deployments that are nobody's, to package the extension for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes the repository's manifest for a helpdesk and a server on example.com, with other settings of its
    extension; the secrets it names are not there. Returns its path."""

    def write(public_url: str = "https://hours.example.com", **extension: Any) -> Path:
        data = json.loads((ROOT / "manifest.json").read_text())
        data["server"]["public_url"] = public_url
        data["helpdesk"]["url"] = "https://desk.example.com:8443/"
        data["extension"] |= extension
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(data))
        return path

    return write
