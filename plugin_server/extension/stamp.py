"""The extension's files as one deployment has them. Pure but for reading the extension as it is committed.

A package may reach the helpdesk's pages and our server, and nothing else. Match patterns have no ports, for Firefox
refuses them; the extension compares the whole origin itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import AnyHttpUrl

from plugin_server.extension import icons
from plugin_server.manifest import Manifest
from plugin_server.runtime.shipped import shipped

Browser = Literal["chromium", "firefox"]

_LEFT_OUT = {".py", ".svg"}
"""What icons are made with, not what browsers need."""


@dataclass(frozen=True)
class Stamp:
    """What a deployment's extension has of its own. ``server`` and ``helpdesk`` are origins; a key, id or name that is
    None is the committed one."""

    server: str
    helpdesk: str
    kind: str
    name: str
    short_name: str | None = None
    chromium_key: str | None = None
    firefox_id: str | None = None
    icons: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Stamp:
        """As the manifest has it. Raises :class:`~plugin_server.extension.icons.IconsRefused`."""
        settings = manifest.extension
        return cls(
            server=_origin(manifest.server.public_url),
            helpdesk=_origin(manifest.helpdesk.url),
            kind=manifest.helpdesk.kind,
            name=settings.name,
            short_name=settings.short_name,
            chromium_key=settings.chromium_key,
            firefox_id=settings.firefox_id,
            icons=icons.read(settings.icons) if settings.icons else {},
        )


def source() -> Path:
    """The extension as it is committed."""
    return shipped("extension")


def committed() -> dict[str, Any]:
    """The browser's manifest as it is committed."""
    found: dict[str, Any] = json.loads((source() / "manifest.json").read_text(encoding="utf-8"))
    return found


def files(stamp: Stamp, browser: Browser | None, *, keyless: bool = False) -> dict[str, bytes]:
    """Every file of the package by its path in it; for both browsers at once, to be loaded unpacked, when none is
    named. ``keyless``: without Chromium's key, as its stores want it."""
    folder = source()
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in _LEFT_OUT and not _hidden(path.relative_to(folder))
    }
    browsers_manifest = _manifest(stamp, browser, keyless=keyless)
    text = json.dumps(browsers_manifest, indent=2, ensure_ascii=False) + "\n"
    return {**found, **stamp.icons, "manifest.json": text.encode(), "config.js": _config(stamp).encode()}


def unpack(stamp: Stamp, folder: Path) -> None:
    """Write the files into a new folder, for both browsers at once."""
    for name, content in files(stamp, None).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _manifest(stamp: Stamp, browser: Browser | None, *, keyless: bool) -> dict[str, Any]:
    made = committed()
    made["action"]["default_title"] = stamp.name
    made["key"] = stamp.chromium_key or made["key"]
    pages, server = _pattern(stamp.helpdesk), _pattern(stamp.server)
    made["host_permissions"] = list(dict.fromkeys([pages, server]))
    for part in (*made["content_scripts"], *made["web_accessible_resources"]):
        part["matches"] = [pages]
    gecko = made["browser_specific_settings"]["gecko"]
    gecko["id"] = stamp.firefox_id or gecko["id"]
    if browser == "chromium":
        # Chromium warns of both; Firefox has no service workers for extensions.
        del made["background"]["scripts"], made["browser_specific_settings"]
    if browser == "firefox":
        del made["background"]["service_worker"]
    if browser == "firefox" or keyless:
        del made["key"]
    named = {"name": stamp.name} | ({"short_name": stamp.short_name} if stamp.short_name else {})
    return {"manifest_version": made.pop("manifest_version"), **named} | {k: v for k, v in made.items() if k != "name"}


def _config(stamp: Stamp) -> str:
    server, kind, origin = (json.dumps(text) for text in (stamp.server, stamp.kind, stamp.helpdesk))
    return f"export default {{\n  server: {server},\n  helpdesk: {{ kind: {kind}, origin: {origin} }},\n}};\n"


def _origin(url: AnyHttpUrl) -> str:
    """Scheme, host and port, as browsers write an origin: a port that goes without saying is not said."""
    default = {"http": 80, "https": 443}[url.scheme]
    return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port not in (None, default) else "")


def _pattern(origin: str) -> str:
    url = AnyHttpUrl(origin)
    return f"{url.scheme}://{url.host}/*"


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)
