"""The admin's configuration, ``manifest.json``: every setting, typed, validated and documented.

Secrets never stand in the manifest; it names the file (relative to the manifest's own folder) or the environment
variable that holds each of them. All mistakes of a manifest are reported at once, each with its path.
"""

from plugin_server.manifest.alerts import Alerts, Chat, Digest, Email, is_here
from plugin_server.manifest.kinds import url_text
from plugin_server.manifest.loading import ManifestError, load, validate
from plugin_server.manifest.models import (
    Bands,
    Budgets,
    Extension,
    Fields,
    Harvest,
    Helpdesk,
    Lock,
    Manifest,
    RateLimit,
    Roles,
    Time,
)
from plugin_server.manifest.notes import Notes
from plugin_server.manifest.projects import ProjectRule, Projects
from plugin_server.manifest.secrets import MINIMUM_KEY_BYTES

__all__ = [
    "MINIMUM_KEY_BYTES",
    "Alerts",
    "Bands",
    "Budgets",
    "Chat",
    "Digest",
    "Email",
    "Extension",
    "Fields",
    "Harvest",
    "Helpdesk",
    "Lock",
    "Manifest",
    "ManifestError",
    "Notes",
    "ProjectRule",
    "Projects",
    "RateLimit",
    "Roles",
    "Time",
    "is_here",
    "load",
    "url_text",
    "validate",
]
