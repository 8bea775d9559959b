"""What a fresh Zammad brings along and nobody changes here: states, priorities, article types, senders, permissions.

Source: ``db/seeds/`` of Zammad 6.5.
"""

from __future__ import annotations

STATES = {1: "new", 2: "open", 3: "pending reminder", 4: "closed", 5: "merged", 6: "pending close"}
STATE_TYPES = {1: "new", 2: "open", 3: "pending reminder", 4: "closed", 5: "merged", 6: "pending action"}
PRIORITIES = {1: "1 low", 2: "2 normal", 3: "3 high"}
TYPES = {
    1: "email",
    2: "sms",
    3: "chat",
    4: "fax",
    5: "phone",
    6: "twitter status",
    7: "twitter direct-message",
    8: "facebook feed post",
    9: "facebook feed comment",
    10: "note",
    11: "web",
    12: "telegram personal-message",
}
SENDERS = {1: "Agent", 2: "Customer", 3: "System"}

EMAIL, PHONE, NOTE, WEB = 1, 5, 10, 11
AGENT, CUSTOMER, SYSTEM = 1, 2, 3
CLOSED, MERGED = 4, 5
PENDING = (3, 6)

SYSTEM_USER = 1
"""User 1, login ``-``: the system, and the owner of tickets that nobody owns."""

ACCESS = ("full", "read", "create", "change", "overview")
"""What a user may hold on a group; ``full`` holds the others."""

ROLES = {
    "Admin": ["admin", "report", "user_preferences"],
    "Agent": ["ticket.agent", "user_preferences"],
    "Customer": ["ticket.customer", "user_preferences.password", "user_preferences.language"],
}
"""Roles of a fresh installation, in the order of their ids; others of the seed carry no permission of their own."""

PERMISSIONS = (
    "admin",
    "admin.api",
    "admin.channel_web",
    "admin.core_workflow",
    "admin.group",
    "admin.macro",
    "admin.object",
    "admin.organization",
    "admin.role",
    "admin.tag",
    "admin.time_accounting",
    "admin.trigger",
    "admin.user",
    "admin.webhook",
    "report",
    "ticket.agent",
    "ticket.customer",
    "user_preferences",
)
"""What a personal access token may be given."""


PERMISSION_IDS = {
    name: number
    for number, name in enumerate(sorted({*PERMISSIONS, *(one for held in ROLES.values() for one in held)}), start=1)
}
"""The numbers under which roles take their permissions."""


def id_of(table: dict[int, str], name: str) -> int | None:
    """The id of a name in one of the tables above."""
    return next((key for key, value in table.items() if value == name), None)
