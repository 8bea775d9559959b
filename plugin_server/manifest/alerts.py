"""The settings of alerts: who is told of a budget's levels, and in which ways."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_core.core_schema import ValidationInfo

from plugin_server.manifest.secrets import OPTIONAL, NamedText, Secret
from plugin_server.manifest.strict import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MailAddress = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")
]


def is_here(host: str) -> bool:
    """Whether a host is this machine: what goes there passes no network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _webhook(url: SecretStr, info: ValidationInfo) -> SecretStr:
    """An address of https. What stands there instead is never echoed: it is a secret."""
    parts = urlsplit(url.get_secret_value())
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or ""))
    if url.get_secret_value() and not (is_safe and parts.hostname):
        raise ValueError("expected the webhook's address, which begins with https://")
    if not url.get_secret_value() and not (info.context or {}).get(OPTIONAL):
        raise ValueError("expected the webhook's address")
    return url


class Email(Strict):
    """Alerts by e-mail, over an SMTP server."""

    host: str = Field(min_length=1, max_length=253, description="The mail server's name.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls.")
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="starttls: the connection is secured before anything is said. tls: from its first byte. none: not"
        " at all, for a mail server on this machine or in a network of your own; nobody signs in there.",
    )
    user: NamedText | None = Field(default=None, description="Who signs in; without one nobody does.")
    password: Secret | None = Field(default=None, description="The user's password.")
    sender: MailAddress = Field(description="The address that alerts come from.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("expected both user and password, or neither")
        if self.tls == "none" and self.user is not None and not is_here(self.host):
            raise ValueError("expected tls to be starttls or tls: the password would travel for everybody to read")
        return self


class Chat(Strict):
    """Alerts to a room of a chat, over its incoming webhook."""

    url: Annotated[Secret, AfterValidator(_webhook)] = Field(
        description="The webhook's address. Whoever has it may post, so it is a secret."
    )
    format: Literal["text", "adaptive_card"] = Field(
        default="text",
        description="text: Slack, Mattermost, Rocket.Chat and most others. adaptive_card: a workflow of Teams.",
    )


class Digest(Strict):
    """One e-mail a day for each project manager."""

    hour: int = Field(default=8, ge=0, le=23, description="From this hour of the day on, in each person's own zone.")
    weekdays: frozenset[Weekday] = Field(
        default=frozenset({"mon", "tue", "wed", "thu", "fri"}), description="On these days of the week."
    )
    instead: bool = Field(
        default=False, description="It takes the place of the single e-mails; without, it comes besides."
    )


class Alerts(Strict):
    """Who is told when a budget reaches a level; a ticket's project manager and its agent are."""

    levels: frozenset[Literal["yellow", "orange", "red"]] = Field(
        default=frozenset({"yellow", "orange", "red"}),
        description="The levels that are told of; where each begins, budgets.bands says. None: no alerts at all.",
    )
    note: bool = Field(default=True, description="As an internal note in the ticket that mentions both.")
    desktop: bool = Field(default=True, description="As a notification of the browser, where the extension is.")
    email: Email | None = Field(default=None, description="By e-mail.")
    chat: Chat | None = Field(default=None, description="In a chat's room.")
    digest: Digest | None = Field(
        default=None, description="Besides or instead of single e-mails, one a day for each project manager."
    )

    @model_validator(mode="after")
    def _mailable(self) -> Self:
        if self.digest is not None and self.email is None:
            raise ValueError("expected email too: the digest is one")
        return self
