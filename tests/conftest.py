"""Real Postgres and real mongod for every test, empty at its start; browsers without a browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from bench import customers, homes, loans, queue
from portal.app import create_app
from portal.config import from_environment
from portal.demo.identity import id_of
from portal.dev.servers import EmbeddedServers, throwaway_servers
from portal.shared.database import db, patience
from tests.client import Browser
from tests.sessions import signed_in
from tests.stores import SEEDED, Beside, Enter, empty, environment_of, migrate, portal_beside


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last: from the first one on, Playwright's event loop occupies the main thread, and no other can run."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n 2`` each process has servers of its own, and this order holds in both."""
    from tests.processes import ByStores

    config.option.loadscopereorder = False
    return ByStores(config, log)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    with throwaway_servers() as running:
        yield running


@pytest.fixture(scope="session")
def environment(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a process of the portal needs to find these servers."""
    return environment_of(servers, tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="session")
def portal(environment: dict[str, str]) -> Iterator[Flask]:
    """The portal on migrated stores; one for the whole run."""
    portal = create_app(from_environment(environment))
    portal.config["TESTING"] = False
    migrate(portal)
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
        return Browser(app) if staff is None else signed_in(app, staff.auth_id)

    return visit


@pytest.fixture(scope="session")
def seeded_portal(portal: Flask, environment: dict[str, str], servers: EmbeddedServers) -> Iterator[Beside]:
    """20,000 customers, a fiftieth of `make bench`, and who looks at them there."""
    with portal_beside(environment, servers, "seeded") as beside:
        with beside.opened() as app:
            result = app.test_cli_runner().invoke(args=["seed", "--users", str(SEEDED)])
            assert result.exit_code == 0, result.output
            for desk in (queue, loans, customers, homes):
                desk.hire(db.engine)
        yield beside


@pytest.fixture
def seeded(seeded_portal: Beside) -> Iterator[Flask]:
    """The portal with as many customers as that, for tests that only read."""
    with seeded_portal.opened() as app:
        yield app


@pytest.fixture
def seeded_browsers(seeded: Flask, seeded_portal: Beside) -> Iterator[Enter]:
    """``seeded_browsers("rina")``: theirs by name, and no other sessions; and what autovacuum would have done."""

    def enter(*names: str) -> dict[str, Browser]:
        browsers = {name: signed_in(seeded, id_of("staff", name)) for name in names}
        with seeded_portal.superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        return browsers

    yield enter
    with seeded_portal.superuser.begin() as connection:
        connection.execute(text("DELETE FROM auth_sessions"))
