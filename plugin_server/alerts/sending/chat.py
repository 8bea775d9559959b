"""A chat's incoming webhook. Most take ``{"text": …}`` (Slack, Mattermost, Rocket.Chat); Teams takes an adaptive card.

Sources: Slack's documentation "Sending messages using incoming webhooks", Mattermost's and Rocket.Chat's of the same
name; Microsoft's "Create incoming webhooks with Workflows" and the schema of adaptive cards 1.4.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp

from plugin_server.alerts import rules
from plugin_server.alerts.sending.outcome import Never, NotNow
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.i18n import gettext as _

Format = Literal["text", "adaptive_card"]

SECONDS = 15.0
_PLAIN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b", "[": "(", "]": ")", "`": "'", "*": "∗", "_": " ", "~": "∼"}
)
_PLAIN_CARD = str.maketrans({"[": "(", "]": ")", "`": "'", "*": "∗", "_": " "})


class Chat:
    """Posts to one room."""

    def __init__(self, session: aiohttp.ClientSession, url: str, form: Format, clock: Clock) -> None:
        self._session = session
        self._url = url
        self._form = form
        self._clock = clock

    async def post(self, headline: str, lines: list[str], url: str, link: str) -> None:
        """Say it; ``link`` is what ``url`` is called where the form shows no address. Raises :class:`NotNow` and
        :class:`Never`."""
        body = payload(self._form, headline, lines, url, link)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        host = urlsplit(self._url).hostname or ""
        try:
            async with self._session.post(self._url, json=body, timeout=timeout, allow_redirects=False) as response:
                status, header = response.status, response.headers.get("Retry-After", "")
        except (TimeoutError, aiohttp.ClientError, OSError):
            # The reason may name the address, which is a secret.
            raise NotNow(_("The chat at {host} does not answer.").format(host=host)) from None
        except ValueError:
            raise Never(_("The chat's address is none. Correct alerts.chat.url.")) from None
        if 200 <= status < 300:
            return
        if status == 429:
            words = _("The chat at {host} has had too many messages; it asked to wait.").format(host=host)
            raise NotNow(words, rules.retry_after(header, self._clock.now()))
        if status == 408 or status >= 500:
            words = _("The chat at {host} is in trouble ({status}).").format(host=host, status=status)
            raise NotNow(words, rules.retry_after(header, self._clock.now()))
        words = _("The chat at {host} refuses the message ({status}). Is alerts.chat.url still its webhook?")
        raise Never(words.format(host=host, status=status))


def payload(form: Format, headline: str, lines: list[str], url: str, link: str) -> dict[str, Any]:
    """The message in the chat's form. What people typed mentions nobody and marks nothing up."""
    if form == "text":
        plain = "\n".join(line.translate(_PLAIN) for line in [headline, *lines])
        return {"text": f"{plain}\n{url}"}
    heading = {"type": "TextBlock", "text": headline.translate(_PLAIN_CARD), "weight": "bolder", "wrap": True}
    body = [heading, *({"type": "TextBlock", "text": line.translate(_PLAIN_CARD), "wrap": True} for line in lines)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": link, "url": url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
