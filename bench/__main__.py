"""``python -m bench``: the identity checks' queue at full size on servers of its own; fails when a bound is broken."""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from bench.queue import MOST_COUNTED, MOST_ENTRIES, MOST_STATEMENTS, Cost, cost, hire, keep_busy, pages
from portal.app import create_app
from portal.config import from_environment
from portal.demo.staff import PASSWORD
from portal.dev.servers import EmbeddedServers, throwaway_servers
from portal.shared.database import db

HOST = "https://localhost"


def main() -> int:
    """The exit code: 1 when a page reads more, or asks more often, than it may."""
    options = _options()
    with throwaway_servers() as servers, _portal(servers) as app:
        _prepare(app, servers, options.users)
        with app.app_context(), db.engine.connect() as connection:
            found = list(pages(connection, deep=options.page))
        client = _signed_in(app)
        print(f"{'page':<38}{'ms':>8}{'statements':>12}{'counted':>9}  read by table (at most {MOST_ENTRIES} each)")
        costs = [_measured(app, client, name, address, options.repeat) for name, address in found]
    broken = sum(bool(page.problems()) for page in costs)
    bounds = f"{MOST_STATEMENTS} statements, {MOST_ENTRIES} entries or {MOST_COUNTED} counted"
    print(f"\n{len(costs)} pages, {broken} of them beyond {bounds}.")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000, help="customers to seed (%(default)s)")
    parser.add_argument("--page", type=int, default=1_000, help="the deep page (%(default)s)")
    parser.add_argument("--repeat", type=int, default=50, help="how often each page is timed (%(default)s)")
    return parser.parse_args()


@contextmanager
def _portal(servers: EmbeddedServers) -> Iterator[Flask]:
    """The portal on these servers, as they would run it."""
    with TemporaryDirectory() as documents:
        environment = {
            "DATABASE_URL": servers.database_url,
            "MIGRATION_URL": servers.migration_url,
            "MONGO_URL": servers.mongo_url,
            "DOCUMENTS_URL": f"file://{documents}",
            "PUBLIC_URL": "http://localhost",
            "SECRET_KEY": "a secret key of the measurements, long enough",
            "DOCUMENT_HASH_KEY": "a hash key of the measurements, long enough",
            "DEMO": "1",
            "LOG_LEVEL": "WARNING",
        }
        yield create_app(from_environment(environment))


def _prepare(app: Flask, servers: EmbeddedServers, users: int) -> None:
    """Tables, one reviewer, and the seed; then what autovacuum would have done."""
    with app.app_context():
        upgrade()
        hire(db.engine)
    started = time.monotonic()
    result = app.test_cli_runner().invoke(args=["seed", "--users", str(users)])
    print(result.output.strip().splitlines()[-1])
    if result.exit_code:
        raise SystemExit(result.exit_code)
    owner = create_engine(servers.migration_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    print(f"Ready after {time.monotonic() - started:.0f} s\n")


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    page = client.get("/login", base_url=HOST).text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    form = {"csrf_token": token[1], "email": "rina@portal.example", "password": PASSWORD}
    answer = client.post("/login", base_url=HOST, data=form)
    assert answer.status_code == 303, answer.status
    return client


def _measured(app: Flask, client: FlaskClient, name: str, address: str, repeat: int) -> Cost:
    def get(address: str) -> Any:
        response = client.get(address, base_url=HOST)
        assert response.status_code == 200, response.status
        return response

    with app.app_context():
        engine = db.engine
    keep_busy(engine)
    page = cost(get, address, engine, repeat=repeat)
    read = ", ".join(f"{table} {entries}" for table, entries in page.entries.items() if entries)
    print(f"{name:<38}{page.milliseconds:>8.1f}{page.statements:>12}{page.counted:>9}  {read}")
    for problem in page.problems():
        print(f"    BROKEN  {problem}")
    return page


if __name__ == "__main__":
    sys.exit(main())
