"""The stores of a run, emptied for each test, and others beside them, filled once for the tests that only read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
import structlog
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from portal.config import Settings, current
from portal.dev.servers import EmbeddedServers
from portal.shared.database import db, patience
from portal.shared.mongo import mongo
from portal.shared.vault import COLLECTION as KEY_VAULT
from tests.client import Browser
from tests.portals import another_portal, put_in_force

SETTINGS = {
    "SECRET_KEY": "a secret key of the tests, long enough",
    "DOCUMENT_HASH_KEY": "a hash key of the tests, long enough too",
    "FIELD_KEYS": "k1=" + "b3Vy" * 32,
    "PUBLIC_URL": "http://localhost",
    "DEMO": "1",
    "LOG_LEVEL": "WARNING",
}
# In one round trip. A table that never grew holds nothing; one that has grown is made anew, since nobody vacuums here.
EMPTY = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name, pg_relation_size(oid) AS size FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
        AND relname NOT IN ('alembic_version', 'procrastinate_version')
    LOOP
        IF found.size > 500000 THEN
            EXECUTE 'TRUNCATE ' || found.name || ' CASCADE';
        ELSE
            EXECUTE 'DELETE FROM ' || found.name;
        END IF;
    END LOOP;
END $$
"""

SEEDED = 20_000  # customers
Enter = Callable[..., dict[str, Browser]]
DATABASES = ("DATABASE_URL", "MIGRATION_URL", "MONGO_URL")


def environment_of(servers: EmbeddedServers, documents: Path) -> dict[str, str]:
    """What a process of the portal needs to find these servers."""
    return {
        **SETTINGS,
        "DATABASE_URL": servers.database_url,
        "MIGRATION_URL": servers.migration_url,
        "MONGO_URL": servers.mongo_url,
        "DOCUMENTS_URL": f"file://{documents}",
        **dict.fromkeys(("EMAIL_URL", "SMS_URL", "PUSH_URL"), f"outbox:{documents.with_name('outbox')}"),
    }


def empty(superuser: Engine) -> None:
    """Remove every row and document, but no keys: processes remember those. Triggers rest meanwhile."""
    with superuser.begin() as connection:
        connection.exec_driver_sql(EMPTY)
    with pymongo.timeout(120):  # after a test at size there is much to remove
        for collection in _collections_in_use():
            mongo.database[collection].delete_many({})


def _collections_in_use() -> list[str]:
    """Those that hold a document, in one question."""
    first, *others = mongo.database.list_collection_names(filter={"name": {"$ne": KEY_VAULT}})

    def one_of(name: str) -> list[dict[str, Any]]:
        return [{"$limit": 1}, {"$project": {"_id": 0, "of": {"$literal": name}}}]

    others_too = [{"$unionWith": {"coll": name, "pipeline": one_of(name)}} for name in others]
    return [found["of"] for found in mongo.database[first].aggregate([*one_of(first), *others_too])]


@contextmanager
def another_database(servers: EmbeddedServers, name: str) -> Iterator[Engine]:
    """A database that nobody has migrated: its superuser's way in."""
    postgres = create_engine(servers.superuser_url, isolation_level="AUTOCOMMIT")
    with postgres.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER portal_owner"))
    superuser = create_engine(servers.superuser_url.replace("/postgres?", f"/{name}?"))
    try:
        yield superuser
    finally:
        superuser.dispose()
        with suppress(OperationalError), postgres.connect() as connection:  # a server that ends takes it along
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        postgres.dispose()


@dataclass(frozen=True)
class Beside:
    """A portal beside that of the run, with a database of its own in either store."""

    app: Flask
    settings: Settings
    superuser: Engine

    @contextmanager
    def opened(self) -> Iterator[Flask]:
        """This process is that portal's for a while, in the course of no request."""
        usual = current()
        put_in_force(self.settings)
        structlog.contextvars.clear_contextvars()
        patience.set(None)
        try:
            with self.app.app_context():
                yield self.app
        finally:
            put_in_force(usual)


@contextmanager
def portal_beside(environment: dict[str, str], servers: EmbeddedServers, name: str) -> Iterator[Beside]:
    """Such a portal, migrated and empty; its documents are those of the run."""
    urls = {key: environment[key].replace("/portal?", f"/{name}?") for key in DATABASES}
    with another_database(servers, name) as superuser:
        with another_portal({**environment, **urls}) as app:
            migrate(app)
            beside = Beside(app, current(), superuser)
        yield beside
        with app.app_context():
            db.engine.dispose()


def migrate(app: Flask) -> None:
    """Make its tables, collections and indexes."""
    with app.app_context():
        upgrade()
    app.test_cli_runner().invoke(args=["mongo", "indexes"])
