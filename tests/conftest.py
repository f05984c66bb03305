"""Real Postgres and real mongod for every test, empty at its start; browsers without a browser."""

from collections.abc import Callable, Iterator

import pymongo
import pytest
import structlog
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text

from portal.app import create_app
from portal.config import from_environment
from portal.dev.servers import EmbeddedServers, throwaway_servers
from portal.shared.database import db, patience
from portal.shared.mongo import mongo
from portal.shared.vault import COLLECTION as KEY_VAULT
from tests.client import Browser

SETTINGS = {
    "SECRET_KEY": "a secret key of the tests, long enough",
    "DOCUMENT_HASH_KEY": "a hash key of the tests, long enough too",
    "FIELD_KEYS": "k1=" + "b3Vy" * 32,
    "PUBLIC_URL": "http://localhost",
    "DEMO": "1",
    "LOG_LEVEL": "WARNING",
}


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    with throwaway_servers() as running:
        yield running


@pytest.fixture(scope="session")
def environment(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a process of the portal needs to find these servers."""
    documents = tmp_path_factory.mktemp("documents")
    return {
        **SETTINGS,
        "DATABASE_URL": servers.database_url,
        "MIGRATION_URL": servers.migration_url,
        "MONGO_URL": servers.mongo_url,
        "DOCUMENTS_URL": f"file://{documents}",
        **dict.fromkeys(("EMAIL_URL", "SMS_URL", "PUSH_URL"), f"outbox:{documents.with_name('outbox')}"),
    }


@pytest.fixture(scope="session")
def portal(environment: dict[str, str]) -> Iterator[Flask]:
    """The portal on migrated stores; one for the whole run."""
    portal = create_app(from_environment(environment))
    portal.config["TESTING"] = False
    with portal.app_context():
        upgrade()
    portal.test_cli_runner().invoke(args=["mongo", "indexes"])
    yield portal
    with portal.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def superuser(servers: EmbeddedServers, portal: Flask) -> Iterator[Engine]:
    """May do what the application's role may not."""
    engine = create_engine(servers.superuser_url.replace("/postgres?", "/portal?"))
    yield engine
    engine.dispose()


@pytest.fixture
def app(portal: Flask, superuser: Engine) -> Flask:
    """The portal with empty stores."""
    empty(superuser)
    return portal


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """For tests that call factories and services themselves, in the course of no request."""
    structlog.contextvars.clear_contextvars()
    patience.set(None)
    with app.app_context():
        yield app


@pytest.fixture
def visit(app: Flask) -> Callable[..., Browser]:
    """``visit()`` is a stranger's browser, ``visit(staff)`` that of somebody signed in."""

    def visit(staff: object = None) -> Browser:
        browser = Browser(app)
        if staff is not None:
            browser.sign_in(staff.email)
        return browser

    return visit


def empty(superuser: Engine) -> None:
    """Remove every row and document, but no keys: processes remember those. Triggers rest meanwhile."""
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = connection.scalars(
            text(
                "SELECT format('%I', relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'alembic_version'"
                " AND relname <> 'procrastinate_version'"
            )
        ).all()
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))
    with pymongo.timeout(120):  # after a test at size there is much to remove
        for collection in mongo.database.list_collection_names(filter={"name": {"$ne": KEY_VAULT}}):
            mongo.database[collection].delete_many({})
