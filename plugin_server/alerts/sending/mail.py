"""E-mail over SMTP (RFC 5321), each mail in a session of its own.

A mail whose end nobody confirmed is sent again: the server may have taken it, and RFC 5321 (4.5.3.2.6, 6.1) prefers a
mail twice to none. Both carry the same Message-ID, by which many systems keep one.
"""

from __future__ import annotations

import asyncio
import ssl
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from plugin_server.alerts.sending.outcome import Never, NotNow
from plugin_server.runtime.i18n import gettext as _

Tls = Literal["starttls", "tls", "none"]

SECONDS = 25.0
"""Time limit of a whole session. A worker's job has 38, and one mail is always finished within it."""

LOOK_SECONDS = 10.0
FAREWELL_SECONDS = 2.0

OWN_WORDS = 160
"""Characters shown of what the mail server says."""


@dataclass(frozen=True)
class Server:
    """Where mails are handed in, and as whom. ``password`` is a secret: never in a log, never in words."""

    host: str
    port: int
    tls: Tls
    user: str | None
    password: str | None
    sender: str

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True)
class Letter:
    """A mail to be; ``key`` is the same at every try."""

    key: str
    name: str
    address: str
    subject: str
    text: str
    html: str
    lang: str
    at: datetime


def compose(server: Server, letter: Letter) -> EmailMessage:
    """The mail as it is handed in. Raises :class:`Never` for an address that is none."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address("Deskhours", addr_spec=server.sender)
        message["To"] = Address(letter.name, addr_spec=letter.address)
    except (MessageError, ValueError, IndexError):  # what the header parser raises for an address that is none
        words = _("{name} has an e-mail address that can't be written to.").format(name=letter.name)
        raise Never(words) from None
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.key}@{server.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to it
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    # Set earlier it would go to the text's part with the other headers of content.
    message["Content-Language"] = letter.lang
    return message


async def send(server: Server, message: EmailMessage) -> None:
    """Hand the mail in. Raises :class:`NotNow` and :class:`Never`."""
    try:
        async with asyncio.timeout(SECONDS), _session(server) as client:
            await client.send_message(message)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _outcome(server, message, error) from None


def _outcome(server: Server, message: EmailMessage, error: aiosmtplib.SMTPException | OSError) -> NotNow | Never:
    """What a try that raised comes to."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return NotNow(_wrong_password(server))
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refusal = error.recipients[0]
        words = _("The mail server {where} does not take mails for {address}: {words}").format(
            where=server.where, address=message["To"], words=_own(refusal.code, refusal.message)
        )
        return (Never if refusal.code >= 500 else NotNow)(words)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = _("The mail server {where} refuses: {words}").format(
            where=server.where, words=_own(error.code, error.message)
        )
        refused = error.code >= 500 and isinstance(error, (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError))
        return (Never if refused else NotNow)(words)
    return NotNow(trouble(server, error))


async def look(server: Server) -> None:
    """Whether mails could be handed in: connect, TLS, sign in; nothing is sent. Raises as :func:`send`."""
    try:
        async with asyncio.timeout(LOOK_SECONDS), _session(server) as client:
            await client.noop()
    except aiosmtplib.SMTPAuthenticationError:
        raise Never(_wrong_password(server)) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotNow(trouble(server, error)) from None


def trouble(server: Server, error: BaseException) -> str:
    """Why there was no session, in words."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 10:
        causes.append(cause)
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return _("The mail server {where} has a certificate that is not trusted here.").format(where=server.where)
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return _("The mail server {where} does not speak TLS as alerts.email.tls says.").format(where=server.where)
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return _("The mail server {where} does not offer what alerts.email asks for (TLS, or signing in).").format(
            where=server.where
        )
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return _("The mail server {where} ended the connection; it may have taken the mail.").format(where=server.where)
    return _("The mail server {where} does not answer.").format(where=server.where)


@asynccontextmanager
async def _session(server: Server) -> AsyncIterator[aiosmtplib.SMTP]:
    """A session, secured and signed in as the manifest says."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        timeout=SECONDS,
    )
    try:
        await client.connect()
        if server.user and server.password:
            await client.login(server.user, server.password)
        yield client
        with suppress(aiosmtplib.SMTPException, OSError):  # what was said has been taken, however the farewell ends
            await client.quit(timeout=FAREWELL_SECONDS)
    finally:
        client.close()


def _wrong_password(server: Server) -> str:
    return _("The mail server {where} does not take the user or the password of alerts.email.").format(
        where=server.where
    )


def _own(code: int, message: str) -> str:
    return f"{code} {textwrap.shorten(message, OWN_WORDS, placeholder='…')}"
