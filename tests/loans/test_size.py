"""No page of loans and credit scores reads more than it shows, however many there are; at 1/50 of `make bench`."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from bench import scores
from bench.loans import MOST_COUNTED, MOST_ENTRIES_OF_A_LOAN, MOST_STATEMENTS_OF_A_LOAN, hire, lists, page
from bench.queue import cost
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
def test_lists_and_a_loan_read_what_they_show_and_ask_a_few_times_only(seeded: Flask, superuser: Engine) -> None:
    hire(db.engine)
    browser = Browser(seeded)
    browser.sign_in("bagas@portal.example", PASSWORD)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        found = list(lists(connection, deep=DEEP))
        loan, score = page(connection), scores.page(connection)
        found += [(f"scores, {name}", address) for name, address in scores.lists(connection, deep=DEEP)]

    def get(address: str) -> Any:
        response = browser.get(address)
        assert response.status_code == 200
        return response

    broken = {
        name: cost(get, address, db.engine, repeat=0).problems(most_counted=MOST_COUNTED) for name, address in found
    }
    for name, address in (("one loan", loan), ("one score", score)):
        broken[name] = cost(get, address, db.engine, repeat=0).problems(
            most_entries=MOST_ENTRIES_OF_A_LOAN, most_statements=MOST_STATEMENTS_OF_A_LOAN
        )
    assert {name: problems for name, problems in broken.items() if problems} == {}
