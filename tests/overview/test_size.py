"""No home, and no list that only homes lead to, reads more than it shows; at a fiftieth of `make bench`."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from bench import customers, homes, loans, queue
from portal.demo.staff import PASSWORD
from portal.shared.database import db
from tests.client import Browser

USERS, DEEP = 20_000, 100
SEEDED = (
    "users_auth, user_profile, user_kyc, kyc_decisions, loans, loans_payments, loans_review_history,"
    " credit_scores, credit_scores_list"
)


@pytest.fixture
def seeded(in_app: Flask, superuser: Engine) -> Iterator[Flask]:
    """The portal with as many customers as that; their tables are left as small as they were."""
    result = in_app.test_cli_runner().invoke(args=["seed", "--users", str(USERS)])
    assert result.exit_code == 0, result.output
    yield in_app
    db.session.remove()
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {SEEDED} CASCADE"))
        connection.execute(text(f"ANALYZE {SEEDED}"))


@pytest.mark.slow
def test_homes_read_what_they_show_and_ask_ten_times_at_most(seeded: Flask, superuser: Engine) -> None:
    for team in (queue, loans, customers, homes):
        team.hire(db.engine)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        found = list(homes.pages(connection, deep=DEEP))
    browsers = {email: Browser(seeded) for email, *_ in found}
    for email, browser in browsers.items():
        browser.sign_in(email, PASSWORD)

    def problems(browser: Browser, address: str, most: int) -> list[str]:
        def get(address: str) -> Any:
            response = browser.send("GET", address)
            assert response.status_code == 200
            return response

        queue.keep_busy(db.engine)
        return queue.cost(get, address, db.engine, repeat=0).problems(most_entries=most, **homes.LIMITS)

    broken = {name: problems(browsers[email], address, most) for email, name, address, most in found}
    assert {name: found for name, found in broken.items() if found} == {}
