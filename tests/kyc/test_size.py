"""No page of the queue reads more than it shows, however many checks there are; at a fiftieth of `make bench`."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from bench.queue import cost, hire, keep_busy, pages
from portal.demo.staff import PASSWORD
from portal.shared.database import db
from tests.client import Browser

USERS, DEEP = 20_000, 100
SEEDED = "users_auth, user_profile, user_kyc, kyc_decisions"


@pytest.fixture
def seeded(in_app: Flask, superuser: Engine) -> Iterator[Flask]:
    """The portal with as many customers as that; their tables are left as small as they were."""
    result = in_app.test_cli_runner().invoke(args=["seed", "--users", str(USERS)])
    assert result.exit_code == 0, result.output
    yield in_app
    db.session.remove()
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"TRUNCATE {SEEDED} CASCADE"))
        connection.execute(text(f"ANALYZE {SEEDED}"))


@pytest.mark.slow
def test_a_page_reads_what_it_shows_and_asks_six_times_at_most(seeded: Flask, superuser: Engine) -> None:
    hire(db.engine)
    browser = Browser(seeded)
    browser.sign_in("rina@portal.example", PASSWORD)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        found = list(pages(connection, deep=DEEP))

    def get(address: str) -> Any:
        response = browser.get(address)
        assert response.status_code == 200
        return response

    costs = {}
    for name, address in found:
        keep_busy(db.engine)
        costs[name] = cost(get, address, db.engine, repeat=0)
    assert {name: page.problems() for name, page in costs.items() if page.problems()} == {}
    assert costs[f"pending, page {DEEP}"].entries["user_kyc"] == 26
