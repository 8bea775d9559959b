"""PostgreSQL: whether it lets us in, whether we may write there, and whether its tables are this version's."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import asyncpg

from plugin_server.check import rules, store
from plugin_server.check.context import Context
from plugin_server.check.rules import Result, fail, ok, warn
from plugin_server.runtime import database as postgres
from plugin_server.runtime import migrations as done

CONNECT_SECONDS = 8.0


async def database(context: Context) -> list[Result]:
    """Connect, and ask for version and rights."""
    name = "database"
    if context.pool is None:
        if not context.database_url:
            todo = "Set it to postgresql://user:password@host/database, or name a running demo with --data."
            return [fail(name, "DATABASE_URL is not set.", todo)]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                context.pool = await postgres.connect(context.database_url, maximum=4)
        except Exception as error:
            return [_not_let_in(name, context.database_url, error)]
    found = await store.server(context.pool)
    if found.read_only:
        todo = "Let DATABASE_URL name the primary server, not a standby or one that is being restored."
        return [fail(name, "PostgreSQL answers, but takes no writes.", todo)]
    if not found.may_create or found.unwritable:
        lacking = "make tables" if not found.may_create else f"write {', '.join(found.unwritable[:5])}"
        todo = (
            f"Let the role {found.role} own the database: ALTER DATABASE … OWNER TO {found.role}, and its tables, too."
        )
        return [fail(name, f"PostgreSQL's role {found.role} may not {lacking}.", todo)]
    return [rules.postgres_version(name, found.version)]


async def migrations(context: Context) -> list[Result]:
    """The tables against the migrations of this version."""
    missing = await done.pending(context.database)
    unknown = await done.unknown(context.database)
    if unknown and not missing:
        words = f"A newer Deskhours has been here: {', '.join(unknown)} is not known to this version, which serves on."
        return [warn("migrations", words, "Replace what still runs of this version by the newer one.")]
    if missing:
        words = f"{len(missing)} migration(s) are still to be done: {', '.join(missing)}."
        return [fail("migrations", words, "Run deskhours migrate, then restart server and worker.")]
    return [ok("migrations", "The tables are those of this version.")]


def _not_let_in(name: str, url: str, error: Exception) -> Result:
    """Why there is no connection. PostgreSQL's own words may hold no password, but a URL does: none of it is told but
    host, port, user and database."""
    try:
        parts = urlsplit(url)
        where, user = f"{parts.hostname or 'this machine'}:{parts.port or 5432}", parts.username or "nobody"
        base = parts.path.lstrip("/") or user
    except ValueError:
        return fail(name, "DATABASE_URL is no address.", "Write it as postgresql://user:password@host/database.")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        todo = "Check user and password in DATABASE_URL, and pg_hba.conf on the server."
        return fail(name, f"PostgreSQL at {where} does not let {user} in.", todo)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        todo = f"Make it (createdb -O {user} {base}), or correct DATABASE_URL; then run deskhours migrate."
        return fail(name, f"PostgreSQL at {where} has no database {base}.", todo)
    if isinstance(error, asyncpg.CannotConnectNowError):
        return fail(name, f"PostgreSQL at {where} is just starting or ending.", "Check again in a moment.")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        todo = "Raise max_connections, or run fewer processes against it."
        return fail(name, f"PostgreSQL at {where} has no connection left.", todo)
    todo = "Check host and port in DATABASE_URL, whether PostgreSQL runs there, and the network to it."
    if isinstance(error, socket.gaierror):
        return fail(name, f"Nobody knows the host of the database, {parts.hostname}.", todo)
    if isinstance(error, TimeoutError):
        return fail(name, f"PostgreSQL at {where} did not answer within {CONNECT_SECONDS:g} s.", todo)
    if isinstance(error, OSError):
        return fail(name, f"Nothing answers as PostgreSQL at {where}.", todo)
    return fail(name, f"PostgreSQL at {where} can't be used ({type(error).__name__}).", todo)
