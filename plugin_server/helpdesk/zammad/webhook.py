"""Zammad's webhook calls: their signature, their delivery id, and the ticket they are about.

Source: Zammad's ``TriggerWebhookJob``: ``X-Hub-Signature`` is the HMAC-SHA1 of the raw body, ``X-Zammad-Delivery``
stays the same over retries. What else a payload says is not used: it was built when the job ran, in no certain order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from plugin_server.helpdesk import base
from plugin_server.runtime.i18n import gettext as _


def read(headers: Mapping[str, str], body: bytes, secret: str) -> base.Delivery:
    """Verify and read a call; raises as :meth:`~plugin_server.helpdesk.base.Helpdesk.delivery`."""
    expected = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    if not hmac.compare_digest(headers.get("X-Hub-Signature", "").encode(), expected.encode()):
        raise base.Unauthorized(_("The webhook's signature is not right."))
    delivery = headers.get("X-Zammad-Delivery", "")
    try:
        ticket_id = json.loads(body)["ticket"]["id"]
    except (ValueError, KeyError, TypeError):
        raise base.HelpdeskError(_("The webhook's payload names no ticket.")) from None
    if not isinstance(ticket_id, int) or isinstance(ticket_id, bool) or not 0 < ticket_id < 10**15:
        raise base.HelpdeskError(_("The webhook's payload names no ticket."))
    if not 0 < len(delivery) <= 100:
        raise base.HelpdeskError(_("The webhook's delivery has no id."))
    return base.Delivery(delivery, ticket_id)
