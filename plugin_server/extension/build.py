"""Packages of the extension, one for each browser."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from plugin_server.extension import archive, stamp
from plugin_server.extension.icons import IconsRefused
from plugin_server.extension.identity import chromium_id
from plugin_server.extension.stamp import Browser, Stamp
from plugin_server.manifest import Extension, Manifest


class BuildRefused(Exception):
    """What keeps a package from being of use, and what to do."""


@dataclass(frozen=True)
class Package:
    """One package. ``identity`` is the extension's id in that browser; None while its store has not given one."""

    browser: Browser
    name: str
    content: bytes
    identity: str | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def build(manifest: Manifest, browser: Browser, *, store: bool = False) -> Package:
    """The package for a browser; the same manifest and the same extension make the same bytes. ``store``: as Chromium's
    stores take it, which give it a key and thereby an id of their own.

    Raises :class:`BuildRefused` where nobody could use it.
    """
    try:
        wanted = Stamp.of(manifest)
    except IconsRefused as error:
        raise BuildRefused(f"extension.icons can't be used:\n{error}") from None
    version = stamp.committed()["version"]
    keyless = store and browser == "chromium"
    identity = None if keyless else _identity(manifest.extension, browser)
    name = f"deskhours-{version}-{browser}{'-store' if keyless else ''}.zip"
    return Package(browser, name, archive.pack(stamp.files(wanted, browser, keyless=keyless)), identity)


def write(package: Package, folder: Path) -> Path:
    """Write a package into the folder, whole or not at all; its path. Raises :class:`BuildRefused`."""
    path = folder / package.name
    fresh = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(package.content)
        fresh.replace(path)
    except OSError as error:
        raise BuildRefused(f"{path} can't be written: {error.strerror}") from None
    return path


def _identity(settings: Extension, browser: Browser) -> str:
    if browser == "firefox":
        if settings.firefox_id is None:
            raise BuildRefused(
                "extension.firefox_id is missing. Give the extension an id in Firefox, for example deskhours@ and your"
                " own domain; sign-ins from Firefox are taken from that id alone."
            )
        return settings.firefox_id
    identity = chromium_id(settings.chromium_key or stamp.committed()["key"])
    if identity not in settings.chromium_ids:
        key = "extension.chromium_key" if settings.chromium_key else "the repository's key"
        raise BuildRefused(
            f"The package would have the id {identity} in Chromium browsers (from {key}), which"
            " extension.chromium_ids does not name: nobody could sign in. Add that id there, or put the key of an id"
            " that is named into extension.chromium_key."
        )
    return identity
