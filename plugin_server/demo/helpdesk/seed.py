"""The first people, groups and tickets, out of the seed that the simulated Harvest reads too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from . import catalog, history, macros, oauth_store
from .database import LOCK, Connection, Pool, create_tables
from .digests import digest, password_hash
from .settings import Settings

ADDRESS = "support@example.com"
FIELDS = ("harvest_project", "budget_hours", "quoted_hours", "hours_used", "budget_pm")
"""Values that the seed's tickets have had in attributes which an administrator is still to add."""


async def prepare(pool: Pool, settings: Settings) -> None:
    """Make the tables, fill them when empty, and let the OAuth application point at this run's product."""
    data = json.loads(settings.seed.read_text(encoding="utf-8"))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await create_tables(connection)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM users)"):
            await _fill(connection, _bare(data) if settings.bare else data)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM macros)"):
            for name, perform in macros.SEEDED:
                await connection.execute("INSERT INTO macros (name, perform) VALUES ($1, $2)", name, perform)
        if settings.bare:
            return
        client = data["oauth"]["zammad"]
        await oauth_store.save_application(
            connection,
            name="Deskhours",
            uid=client["client_id"],
            secret=client["client_secret"],
            redirect_uri=settings.product_url.rstrip("/") + client["redirect_path"],
        )


def _bare(data: dict[str, Any]) -> dict[str, Any]:
    """The seed's world before anybody has thought of the product: people with the roles that Zammad brings along."""
    people = [
        {**one, "helpdesk_roles": [name for name in one["helpdesk_roles"] if name in catalog.ROLES]}
        for one in data["people"]
    ]
    return {**data, "people": people, "service_user": None}


async def _fill(connection: Connection, data: dict[str, Any]) -> None:
    password = password_hash(data["password"])
    roles = await _roles(connection, data)
    for group in data["groups"]:
        await connection.execute(
            "INSERT INTO groups (id, name, email_address) VALUES ($1, $2, $3)", group["id"], group["name"], ADDRESS
        )
    for one in data["organisations"]:
        await connection.execute("INSERT INTO organizations (id, name) VALUES ($1, $2)", one["id"], one["name"])
    await connection.execute(
        "INSERT INTO users (id, login, firstname, active) VALUES ($1, '-', '-', false)", catalog.SYSTEM_USER
    )
    for person in _staff(data):
        role_ids = sorted(roles[name] for name in person["helpdesk_roles"])
        # The service user has a token and no password.
        own = password if person in data["people"] else ""
        await _user(connection, person, role_ids, own, None)
    for one in data["organisations"]:
        await _user(connection, one["customer"], [roles["Customer"]], password, one["id"])
    for group in data["groups"]:
        await connection.execute(
            "INSERT INTO user_groups SELECT id, $1, 'full' FROM users WHERE login = ANY($2)",
            group["id"],
            group["members"],
        )
    if data["service_user"] is not None:
        await connection.execute(
            "INSERT INTO access_tokens (digest, user_id, name, permissions) VALUES ($1, $2, 'Deskhours', $3)",
            digest(data["tokens"]["zammad"]),
            data["service_user"]["helpdesk_id"],
            ["admin", "ticket.agent", "user_preferences"],
        )
    await connection.execute(
        "INSERT INTO access_tokens (digest, user_id, name, permissions)"
        " SELECT $1, id, 'Set up Deskhours', $3 FROM users WHERE login = $2",
        digest(data["tokens"]["zammad_setup"]),
        data["tokens"]["zammad_setup_owner"],
        ["admin"],
    )
    for index, ticket in enumerate(data["tickets"]):
        await _ticket(connection, ticket, data, datetime.now(UTC) - timedelta(days=21 - 2 * index))
    for table in ("roles", "groups", "organizations", "users", "tickets"):
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608 - ours
        )
    await connection.execute("SELECT setval('ticket_number', (SELECT max(number::int) FROM tickets))")


def _staff(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [*data["people"], *([data["service_user"]] if data["service_user"] else [])]


async def _roles(connection: Connection, data: dict[str, Any]) -> dict[str, int]:
    named = dict(catalog.ROLES)
    for person in _staff(data):
        for name in person["helpdesk_roles"]:
            named.setdefault(name, [])
    found = {}
    for number, (name, permits) in enumerate(named.items(), start=1):
        await connection.execute("INSERT INTO roles (id, name, permissions) VALUES ($1, $2, $3)", number, name, permits)
        found[name] = number
    return found


async def _user(
    connection: Connection, person: dict[str, Any], role_ids: list[int], password: str, organization_id: int | None
) -> None:
    await connection.execute(
        "INSERT INTO users (id, login, email, firstname, lastname, password, organization_id, role_ids) "
        "VALUES ($1, $2, $2, $3, $4, $5, $6, $7)",
        person["helpdesk_id"],
        person["email"],
        person["first_name"],
        person["last_name"],
        password,
        organization_id,
        role_ids,
    )


async def _ticket(connection: Connection, ticket: dict[str, Any], data: dict[str, Any], opened: datetime) -> None:
    organisation = next(one for one in data["organisations"] if one["id"] == ticket["organisation_id"])
    customer = organisation["customer"]
    owner = await connection.fetchval("SELECT id FROM users WHERE login = $1", ticket["owner"]) or catalog.SYSTEM_USER
    # Shown as soon as somebody adds the attributes. State and utilization are for the product to find out and write.
    custom = {name: ticket[name] or None for name in FIELDS if name in ticket}
    await connection.execute(
        "INSERT INTO tickets (id, number, title, group_id, state_id, priority_id, owner_id, customer_id, "
        "organization_id, custom, article_count, create_article_type_id, create_article_sender_id, last_contact_at, "
        "created_by_id, updated_by_id, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, 2, $6, $7, $8, $9, $10, 1, 2, $11, $7, $7, $11, $11)",
        ticket["id"],
        ticket["number"],
        ticket["title"],
        ticket["group_id"],
        1 if owner == catalog.SYSTEM_USER else 2,
        owner,
        customer["helpdesk_id"],
        organisation["id"],
        custom,
        len(ticket["articles"]),
        opened,
    )
    await history.ticket_event(connection, ticket["id"], customer["helpdesk_id"], "created")
    for step, article in enumerate(ticket["articles"]):
        await _article(connection, ticket["id"], article, customer, opened + timedelta(hours=3 * step))


async def _article(
    connection: Connection, ticket_id: int, article: dict[str, Any], customer: dict[str, Any], when: datetime
) -> None:
    address = f"{customer['first_name']} {customer['last_name']} <{customer['email']}>"
    if article["from"] == "customer":
        author, sender, source, target = customer["helpdesk_id"], catalog.CUSTOMER, address, ADDRESS
    else:
        row = await connection.fetchrow("SELECT * FROM users WHERE login = $1", article["from"])
        assert row is not None
        author, sender, target = row["id"], catalog.AGENT, address
        source = f'"{row["firstname"]} {row["lastname"]} via Support" <{ADDRESS}>'
    await connection.execute(
        'INSERT INTO articles (ticket_id, type_id, sender_id, "from", "to", body, created_by_id, updated_by_id, '
        "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $8)",
        ticket_id,
        catalog.EMAIL,
        sender,
        source,
        target,
        article["text"],
        author,
        when,
    )
    await connection.execute("UPDATE tickets SET updated_at = $2 WHERE id = $1", ticket_id, when)
