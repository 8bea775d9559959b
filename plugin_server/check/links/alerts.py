"""The ways that alerts leave by: the mail server, and the chat's address. Nothing is sent to find out."""

from __future__ import annotations

from urllib.parse import urlsplit

from plugin_server.alerts.compose import server_of
from plugin_server.alerts.sending import mail
from plugin_server.alerts.sending.outcome import Never, NotNow
from plugin_server.check.context import Context
from plugin_server.check.rules import Result, fail, ok
from plugin_server.runtime.i18n import later


async def email(context: Context) -> list[Result]:
    """Connect to the mail server, secure the connection, sign in."""
    name, settings = "alerts_email", context.settings.alerts.email
    if settings is None:
        return [ok(name, "The manifest has no mail server, so no alert goes by e-mail.")]
    server = server_of(settings)
    try:
        await mail.look(server)
    except Never as refusal:
        todo = later("Correct alerts.email.user, or put the right password where alerts.email.password says.")
        return [fail(name, str(refusal), todo)]
    except NotNow as trouble:
        todo = later(
            "Compare alerts.email.host, .port and .tls with what your mail server wants; see its own log. E-mails wait"
            " meanwhile."
        )
        return [fail(name, str(trouble), todo)]
    signed = "takes our user and password" if server.user else "answers; nobody signs in"
    return [ok(name, f"The mail server {server.where} {signed}. No mail was sent.")]


async def chat(context: Context) -> list[Result]:
    """The address alone: whoever calls it posts."""
    name, settings = "alerts_chat", context.settings.alerts.chat
    if settings is None:
        return [ok(name, "The manifest has no chat, so no alert goes to one.")]
    parts = urlsplit(settings.url.get_secret_value())
    if not parts.path.strip("/") and not parts.query:
        words = later("alerts.chat.url names the host {host} and no webhook on it.").format(host=parts.hostname)
        return [fail(name, words, later("Make an incoming webhook in the chat, and put its whole address there."))]
    return [ok(name, f"The webhook's address at {parts.hostname} has the right form. Nothing was posted.")]
