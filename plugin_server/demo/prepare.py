"""What the demo writes into its data folder before anything starts: secrets, manifest, a copy of the extension."""

import json
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from plugin_server import manifest as manifests
from plugin_server.extension import stamp
from plugin_server.runtime.datadir import RunningDemo
from plugin_server.runtime.embedded.secret import kept_secret, write_private

CLONE = Path(__file__).resolve().parents[2]
"""The clone that the demo runs from: the manifest and the extension lie beside the package."""

DEFAULT_PORT = 8700
"""The server's port as committed in the manifest and the extension; helpdesk and Harvest have the two after it."""

BARE_SETTINGS: tuple[tuple[str, Any], ...] = (("helpdesk.client_id", {"file": "secrets/helpdesk_client_id"}),)
"""What the manifest says otherwise where ``deskhours setup`` has not run yet: it makes the application and its id."""

_SEED = Path(__file__).with_name("seed.json")


class NoCloneError(Exception):
    """The demo's files are not where a clone has them."""


@dataclass(frozen=True)
class Seed:
    """What the launcher needs to know of the demo's world."""

    people: list[str]
    """E-mail addresses, agents first; everybody's password is `password`."""
    password: str
    account: int
    harvest_token: str
    harvest_client_secret: str
    helpdesk_token: str
    helpdesk_setup_token: str
    helpdesk_client_secret: str

    @classmethod
    def load(cls) -> "Seed":
        """Read ``seed.json``, which the simulated Harvest and the demo helpdesk read as well."""
        seed: dict[str, Any] = json.loads(_SEED.read_text(encoding="utf-8"))
        return cls(
            people=[
                person["email"]
                for person in sorted(seed["people"], key=lambda person: "member" not in person["access_roles"])
            ],
            password=seed["password"],
            account=seed["account"]["id"],
            harvest_token=seed["tokens"]["harvest"],
            harvest_client_secret=seed["oauth"]["harvest"]["client_secret"],
            helpdesk_token=seed["tokens"]["zammad"],
            helpdesk_setup_token=seed["tokens"]["zammad_setup"],
            helpdesk_client_secret=seed["oauth"]["zammad"]["client_secret"],
        )


def write_secrets(folder: Path, seed: Seed, *, bare: bool = False) -> None:
    """Write the files that the manifest names: our own keys, and the demo world's tokens and client secrets.

    Our keys are kept over restarts, so that people stay signed in and stored tokens stay readable. ``bare``: without
    what a person, or ``deskhours setup``, is to put there for the helpdesk.
    """
    kept_secret(folder / "secrets" / "jwt_key", lambda: secrets.token_urlsafe(48))
    kept_secret(folder / "secrets" / "token_key", lambda: Fernet.generate_key().decode())
    names = ["harvest_token", "harvest_client_secret"]
    if not bare:
        kept_secret(folder / "secrets" / "webhook_secret", lambda: secrets.token_urlsafe(32))
        names += ["helpdesk_token", "helpdesk_client_secret"]
    for name in names:
        write_private(folder / "secrets" / name, getattr(seed, name))


def _on_ports(text: str, port: int) -> str:
    """A text with the demo's three default origins moved to `port` and the two after it."""
    return re.sub(r"127\.0\.0\.1:(870[012])\b", lambda found: f"127.0.0.1:{port + int(found[1]) - DEFAULT_PORT}", text)


def write_manifest(folder: Path, port: int, settings: Sequence[tuple[str, Any]] = ()) -> Path:
    """The repository's manifest for these ports, with other ``settings`` by their dotted names. Its secrets are files
    relative to the manifest's folder."""
    manifest = folder / "manifest.json"
    text = _on_ports(_of_clone("manifest.json").read_text(encoding="utf-8"), port)
    if settings:
        data = json.loads(text)
        for name, value in settings:
            *path, last = name.split(".")
            part = data
            for step in path:
                part = part.setdefault(step, {})
            part[last] = value
        text = json.dumps(data, indent=2)
    manifest.write_text(text, encoding="utf-8")
    return manifest


def copy_extension(folder: Path, manifest: Path) -> Path:
    """A copy of the extension as this manifest has it, to be loaded unpacked by any browser. Its path stays the
    same over restarts."""
    target = folder / "extension"
    shutil.rmtree(target, ignore_errors=True)
    # Nothing in it is secret, and not every secret need be there yet.
    stamp.unpack(stamp.Stamp.of(manifests.load(manifest, secrets_optional=True)), target)
    return target


def _of_clone(name: str) -> Path:
    path = CLONE / name
    if not path.exists():
        raise NoCloneError(f"{path} is missing. The demo runs from a clone of the repository: try 'make demo' there.")
    return path


def welcome(folder: Path, demo: RunningDemo, seed: Seed) -> str:
    """What the demo says when it is ready; scripts wait for the first line."""
    return f"""\
ready: {demo.product_url}

  1. Load the extension (the browser that the demo opens has it): in Chromium open chrome://extensions, switch on
     "Developer mode", "Load unpacked", and choose {demo.extension}
  2. Open ticket 1: {demo.helpdesk_url}/#ticket/zoom/1
     Sign in as {", ".join(seed.people)}; the password is: {seed.password}
  3. Below the reply, choose Connect; the same people and password sign in to Harvest.
  4. Write a reply, tick "Log time to Harvest", log 0.5 hours, and send it.
  5. See the entry in the simulated Harvest: {demo.harvest_url}

Tokens for scripts: Harvest {seed.harvest_token} (account {seed.account}), Zammad {seed.helpdesk_token}
Other commands find this demo by --data {folder}
Stop it with Ctrl-C. The data stay until it is started with --reset."""


def welcome_bare(folder: Path, demo: RunningDemo, seed: Seed) -> str:
    """What a demo says that is to be set up by hand; scripts wait for the first line."""
    return f"""\
ready: {demo.helpdesk_url}

  The helpdesk has people and tickets and nothing of Deskhours; server and worker are not started. docs/setup.md says
  what to do. Addresses: helpdesk {demo.helpdesk_url}, Harvest {demo.harvest_url}, server {demo.product_url}
  People: {", ".join(seed.people)}; the password is: {seed.password}

Harvest: account {seed.account}, token {seed.harvest_token}; the helpdesk's token for setup: {seed.helpdesk_setup_token}
Databases: deskhours migrate, serve and worker find them by --data {folder}
A manifest for these addresses: {demo.manifest}
Stop it with Ctrl-C. The data stay until it is started with --reset."""
