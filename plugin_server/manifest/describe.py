"""What a manifest may hold, made from the models: as a JSON Schema for editors, as a page for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import CoreSchema

from plugin_server.manifest.models import Manifest

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HEAD = """\
# The manifest: every setting

`manifest.json` is the admin's configuration. `deskhours init` writes a first one, `deskhours manifest` says every
mistake in it; [examples](examples/README.md) has one for each case. `deskhours manifest --schema` prints its JSON
Schema ([manifest.schema.json](manifest.schema.json)); with `"$schema": "manifest.schema.json"`, wherever you keep it,
editors complete and check the manifest while you type.

This page is printed by `deskhours manifest --reference`.

Secrets never stand in the manifest: it names the file, relative to its own folder, or the environment variable that
holds each of them. In the tables that is *secret*: `{"file": "secrets/harvest_token"}` or `{"env": "HARVEST_TOKEN"}`.
"""


class _Plain(GenerateJsonSchema):
    """Without the titles that only repeat a setting's name, and with sets in an order that is always the same."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def encode_default(self, dft: Any) -> Any:
        return _ordered(super().encode_default(dft))

    def generate(self, schema: CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        made = super().generate(schema, mode)
        return {"$schema": _DIALECT, **made, "title": "Deskhours' manifest"}


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(item) for name, item in value.items()}
    return sorted(value) if isinstance(value, list) else value


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a manifest as it is written: secrets are objects that name a file or a variable."""
    return Manifest.model_json_schema(schema_generator=_Plain)


def schema_text() -> str:
    """The schema as it stands in ``docs/manifest.schema.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    """The page ``docs/manifest.md``: a table for each section."""
    whole = schema()
    return "\n".join([_HEAD, *(_table(*section) for section in _sections(whole, "", whole))])


def _sections(whole: dict[str, Any], name: str, part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with settings of its own, by its dotted name; what it holds comes after it."""
    for key, value in part["properties"].items():
        if inner := _definition(whole, value):
            yield from [(f"{name}{key}", inner), *_sections(whole, f"{name}{key}.", inner)]


def _definition(whole: dict[str, Any], value: dict[str, Any]) -> dict[str, Any] | None:
    """The object that a setting is, if it is one; one that may be left out is too."""
    for form in (value.get("items", value), *value.get("anyOf", [])):
        found: dict[str, Any] | None = whole["$defs"].get(form.get("$ref", "").removeprefix("#/$defs/"))
        if found is not None:
            return found
    return None


def _table(name: str, section: dict[str, Any]) -> str:
    rows = [
        f"| `{key}` | {_kind(value)} | {_default(key, value, section)} | {value['description']} |".replace("\n", " ")
        for key, value in section["properties"].items()
        if "$ref" not in value
    ]
    head = ["| setting | what it may be | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## `{name}`", "", section["description"], "", *head, *rows, ""])


def _default(key: str, value: dict[str, Any], section: dict[str, Any]) -> str:
    if key in section.get("required", []):
        return "*required*"
    return f"`{json.dumps(value.get('default', {}), ensure_ascii=False)}`".replace("|", "\\|")


def _kind(value: dict[str, Any]) -> str:
    """What a setting may be, in words."""
    if "$ref" in value:
        return "a section"
    if choices := value.get("anyOf") or value.get("oneOf"):
        kinds = [_kind(choice) for choice in choices if choice.get("type") != "object"]
        if len(kinds) < len(choices):
            kinds.append("secret")
        if kinds[0].startswith("number"):
            kinds.remove("text")  # the same number, written so that it keeps its places
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if value["type"] == "array" and "$ref" in value["items"]:
        return "list of objects, as below"
    if value["type"] == "array":
        return f"list of {_kind(value['items'])}"
    if value["type"] == "object":
        return "object"
    names = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`", "null": "`null`"}
    formats = {"uri": "URL", "regex": "regular expression", "path": "folder", "date": "day"}
    kind: str = value["type"]
    return formats.get(value.get("format", ""), names.get(kind, kind)) + _limits(value)


def _limits(value: dict[str, Any]) -> str:
    least, most, above = (value.get(name) for name in ("minimum", "maximum", "exclusiveMinimum"))
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    limits = [f"above {above:g}" if above is not None else "", f"up to {most:g}" if most is not None else ""]
    return "".join(f" {limit}" for limit in limits if limit)


def undescribed() -> list[str]:
    """Settings without a word on their meaning, by dotted name; there are to be none."""
    whole = schema()
    return [
        f"{name}.{key}"
        for name, section in _sections(whole, "", whole)
        for key, value in section["properties"].items()
        if "description" not in value
    ]
