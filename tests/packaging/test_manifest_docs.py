"""What is written about the manifest is in step with its models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plugin_server import manifest
from plugin_server.manifest import describe

from .conftest import ROOT

DOCS = ROOT / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.json"))
MANIFESTS = [ROOT / "manifest.json", *EXAMPLES]
HOW = "Run: .venv/bin/deskhours manifest {option} > docs/{name}"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "manifest.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def valid(schema: dict[str, Any], data: object) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(data))


@pytest.mark.parametrize(
    ("name", "option", "made"),
    [
        ("manifest.schema.json", "--schema", describe.schema_text),
        ("manifest.md", "--reference", describe.reference),
    ],
)
def test_schema_and_reference_are_what_the_models_say(name: str, option: str, made: Any) -> None:
    assert (DOCS / name).read_text() == made(), HOW.format(option=option, name=name)


def test_every_setting_has_a_word_on_its_meaning() -> None:
    assert describe.undescribed() == []


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_in_the_repository_are_valid_by_schema_and_by_model(path: Path, schema: dict[str, Any]) -> None:
    data = json.loads(path.read_text())
    jsonschema.Draft202012Validator(schema).validate(data)
    loaded = manifest.load(path, secrets_optional=True)
    assert loaded.server.jwt_keys
    assert (path.parent / data["$schema"]).resolve() == DOCS / "manifest.schema.json"


def test_every_example_says_when_to_take_it() -> None:
    sections = [line[3:] for line in (DOCS / "examples" / "README.md").read_text().splitlines() if line[:3] == "## "]
    assert sorted(sections) == [path.name for path in EXAMPLES]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("helpdesk.token", "in-the-clear"),
        ("helpdesk.token", {"file": "a", "env": "B"}),
        ("helpdesk.token", {"env": "in the clear"}),
        ("server.jwt_keys", ["in-the-clear"]),
        ("server.jwt_keys", []),
        ("harvest.account_id", 0),
        ("harvest.account_id", "one"),
        ("budgets.lock.policy", "sometimes"),
        ("budgets.bands.red", 1001),
        ("time.step_hours", "a quarter"),
        ("extension.chromium_ids", ["xyz"]),
        ("extension.firefox_id", "no id"),
        ("tyop", 1),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(where: str, value: object, schema: dict[str, Any]) -> None:
    data = json.loads((ROOT / "manifest.json").read_text())
    assert valid(schema, data)
    *path, last = where.split(".")
    part = data
    for name in path:
        part = part[name]
    part[last] = value
    assert not valid(schema, data)
    with pytest.raises(manifest.ManifestError) as refused:
        manifest.validate(data, "manifest", ROOT, secrets_optional=True)
    assert all(line.startswith(where) for line in refused.value.mistakes)
    assert "clear" not in str(refused.value)
