"""The secrets that setup writes itself: the OAuth application's id and secret, and what signs the webhook."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from plugin_server.manifest import Manifest
from plugin_server.manifest.places import Place
from plugin_server.runtime.embedded.secret import write_private

CLIENT_ID = "helpdesk.client_id"
CLIENT_SECRET = "helpdesk.client_secret"  # noqa: S105 - the name of a setting
WEBHOOK_SECRET = "helpdesk.webhook_secret"  # noqa: S105
WRITTEN = (CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET)

SIGNATURE_BYTES = 32


class CannotKeep(Exception):
    """A secret can't be written where the manifest says. The message is for people."""


class Keeper:
    """Writes the secrets that are missing, and only those."""

    def __init__(self, settings: Manifest, places: Mapping[str, Place]) -> None:
        self._places = places
        named = settings.helpdesk.webhook_secret
        self.webhook_secret: str | None = None if named is None else named.get_secret_value()
        """What signs the webhook: what is there, else a new one, which is not written yet; None: no webhook."""
        if self.webhook_secret == "":
            self.webhook_secret = secrets.token_urlsafe(SIGNATURE_BYTES)
        self._fresh = self.webhook_secret

    @property
    def missing(self) -> tuple[Place, ...]:
        """What setup has to write."""
        return tuple(self._places[name] for name in WRITTEN if name in self._places and self._places[name].empty)

    @property
    def elsewhere(self) -> tuple[Place, ...]:
        """What is missing and can't be written: variables of the environment are a person's to set."""
        return tuple(place for place in self.missing if place.kind == "env")

    @property
    def wants_application(self) -> bool:
        """Whether the application's id or secret is missing."""
        return any(place.setting in (CLIENT_ID, CLIENT_SECRET) for place in self.missing)

    @property
    def forgets_application(self) -> bool:
        """Whether id and secret can be taken back, which are of no use without the application."""
        named = [self._places.get(name) for name in (CLIENT_ID, CLIENT_SECRET)]
        return all(place is not None and place.kind == "file" for place in named)

    def keep_webhook_secret(self) -> None:
        """Write it before Zammad gets it: the other way round, a broken run would leave one that nobody knows."""
        if self._fresh is not None and any(place.setting == WEBHOOK_SECRET for place in self.missing):
            keep(Path(self._places[WEBHOOK_SECRET].where), self._fresh)

    def keep_application(self, client_id: str, client_secret: str) -> None:
        """Write id and secret of the application that stands in Zammad."""
        for name, text in ((CLIENT_ID, client_id), (CLIENT_SECRET, client_secret)):
            if self._places.get(name) in self.missing:
                keep(Path(self._places[name].where), text)

    def forget_application(self) -> None:
        """Take both away again."""
        for name in (CLIENT_ID, CLIENT_SECRET):
            with contextlib.suppress(FileNotFoundError):
                Path(self._places[name].where).unlink()


def keep(path: Path, text: str) -> None:
    """Write a secret that only its owner may read, in a folder that only its owner may enter. One that is there
    already, and differs, stays: :class:`CannotKeep`."""
    try:
        if path.is_file() and (held := path.read_text(encoding="utf-8").strip()):
            if held != text:
                raise CannotKeep(f"{path} holds another secret by now. Look which is right, and run setup again.")
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, text)
    except OSError as error:
        raise CannotKeep(f"{path} can't be written: {error.strerror}. Run setup as who may write there.") from None
