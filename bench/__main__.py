"""``python -m bench``: queue, loans and messages at full size on servers of its own; fails when a bound is broken."""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from bench import customers, homes, loans, messages, scores, speed
from bench.queue import MOST_COUNTED, MOST_ENTRIES, MOST_STATEMENTS, Cost, cost, hire, keep_busy, pages
from portal import notifications
from portal.app import create_app
from portal.config import from_environment
from portal.demo.staff import PASSWORD
from portal.dev.servers import EmbeddedServers, throwaway_servers
from portal.shared.database import db

HOST = "https://localhost"


class Measured(NamedTuple):
    """What a page costs, and whether that is more than it may."""

    cost: Cost
    is_broken: bool


def main() -> int:
    """The exit code: 1 when a page reads more, or asks more often, than it may."""
    options = _options()
    with throwaway_servers() as servers, _portal(servers) as app:
        _prepare(app, servers, options.users)
        with app.app_context(), db.engine.connect() as connection:
            found = list(pages(connection, deep=options.page))
            of_loans, one_loan = list(loans.lists(connection, deep=options.page)), loans.page(connection)
            of_homes = list(homes.pages(connection, deep=options.page))
            of_scores, one_score = list(scores.lists(connection, deep=options.page)), scores.page(connection)
            of_customers = list(customers.pages(connection, deep=options.page))
            terms = list(customers.searches(connection))
        reviewer = _signed_in(app, "rina@portal.example")
        print(f"{'page':<44}{'ms':>8}{'statements':>12}{'counted':>9}  read by table (at most {MOST_ENTRIES} each)")
        costs = [_measured(app, reviewer, name, address, options.repeat) for name, address in found]
        analyst = _signed_in(app, "bagas@portal.example")
        limits = {"most_counted": loans.MOST_COUNTED}
        costs += [
            _measured(app, analyst, f"{room}, {name}", address, options.repeat, **limits)
            for room, found in (("loans", of_loans), ("scores", of_scores))
            for name, address in found
        ]
        limits |= {
            "most_entries": loans.MOST_ENTRIES_OF_A_LOAN,
            "most_statements": loans.MOST_STATEMENTS_OF_A_LOAN,
        }
        costs.append(_measured(app, analyst, "one loan", one_loan, options.repeat, **limits))
        costs.append(_measured(app, analyst, "one score", one_score, options.repeat, **limits))
        admin = _signed_in(app, "adi@portal.example")
        costs += [
            _measured(app, admin, name, address, options.repeat, **customers.bounds(name, options.users))
            for name, address in of_customers
        ]
        costs += [
            _measured(
                app,
                client,
                f"search, {name}",
                "/search",
                options.repeat,
                term=term,
                **customers.bounds(name, options.users),
            )
            for client in (analyst, reviewer)
            for name, term in terms
        ]
        clients = {email: _signed_in(app, email) for email, *_ in of_homes}
        costs += [
            _measured(app, clients[email], name, address, options.repeat, most_entries=most, **homes.LIMITS)
            for email, name, address, most in of_homes
        ]
        _export(app, analyst)
        beyond = messages.report(servers.mongo_url, *messages.somebody(servers.mongo_url), deep=options.page)
    broken = sum(page.is_broken for page in costs)
    bounds = f"{MOST_STATEMENTS} statements, {MOST_ENTRIES} entries or {MOST_COUNTED} counted"
    print(f"\n{len(costs)} pages, {broken} of them beyond {bounds}.\n")
    slow = speed.report()
    return 1 if broken or beyond or slow else 0


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
            "FIELD_KEYS": "k1=" + "b3Vy" * 32,
            "DEMO": "1",
            "LOG_LEVEL": "WARNING",
        }
        yield create_app(from_environment(environment))


def _prepare(app: Flask, servers: EmbeddedServers, users: int) -> None:
    """Tables, one reviewer, and the seed; then what autovacuum would have done."""
    with app.app_context():
        upgrade()
        notifications.prepare()
        hire(db.engine)
        loans.hire(db.engine)
        customers.hire(db.engine)
        homes.hire(db.engine)
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


def _export(app: Flask, client: FlaskClient) -> None:
    """Stream 500,000 loans and more, and say how much this process grew meanwhile."""
    before, started, size = _resident(), time.monotonic(), 0
    peak = before
    with client.get("/loans/export.csv", base_url=HOST, buffered=False) as response:
        for chunk in response.iter_encoded():
            size += chunk.count(b"\n")
            peak = max(peak, _resident())
    seconds = time.monotonic() - started
    print(f"CSV: {size:,} rows in {seconds:.1f} s ({size / seconds:,.0f} rows/s), {peak - before:.0f} MB more memory")


def _resident() -> float:
    """This process's memory in MB."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    token = _token(client.get("/login", base_url=HOST).text)
    form = {"csrf_token": token, "email": email, "password": PASSWORD}
    answer = client.post("/login", base_url=HOST, data=form)
    assert answer.status_code == 303, answer.status
    return client


def _token(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    return found[1]


def _measured(
    app: Flask, client: FlaskClient, name: str, address: str, repeat: int, term: str = "", **limits: int
) -> Measured:
    token = _token(client.get("/", base_url=HOST).text)

    def get(address: str) -> Any:
        form = {"csrf_token": token, "term": term}
        response = client.post(address, base_url=HOST, data=form) if term else client.get(address, base_url=HOST)
        assert response.status_code in {200, 303}, response.status
        return response

    with app.app_context():
        engine = db.engine
    keep_busy(engine)
    page = cost(get, address, engine, repeat=repeat)
    read = ", ".join(f"{table} {entries}" for table, entries in page.entries.items() if entries)
    print(f"{name:<44}{page.milliseconds:>8.1f}{page.statements:>12}{page.counted:>9}  {read}")
    problems = page.problems(**limits)
    for problem in problems:
        print(f"    BROKEN  {problem}")
    return Measured(page, bool(problems))


if __name__ == "__main__":
    sys.exit(main())
