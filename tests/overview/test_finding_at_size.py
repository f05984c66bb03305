"""Every kind of search and the customers' pages read an index, however many customers there are."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from bench.customers import MOST_STATEMENTS, bounds, hire, pages, searches
from bench.loans import hire as hire_analyst
from bench.queue import cost
from bench.queue import hire as hire_reviewer
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
def test_pages_and_searches_read_what_they_show(seeded: Flask, superuser: Engine) -> None:
    browsers = {}
    for name, let_in in (("adi", hire), ("bagas", hire_analyst), ("rina", hire_reviewer)):
        let_in(db.engine)
        browsers[name] = Browser(seeded)
        browsers[name].sign_in(f"{name}@portal.example", PASSWORD)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        found, terms = list(pages(connection, deep=DEEP)), list(searches(connection))

    def get(address: str) -> Any:
        response = browsers["adi"].get(address)
        assert response.status_code == 200
        return response

    broken = {name: cost(get, url, db.engine, repeat=0).problems(**bounds(name, USERS)) for name, url in found}
    for who in ("bagas", "rina"):
        for name, term in terms:

            def find(url: str, who: str = who, term: str = term) -> Any:
                response = browsers[who].post(url, term=term)
                assert response.status_code in {200, 303}
                return response

            broken[f"{who}: {name}"] = cost(find, "/search", db.engine, repeat=0).problems(**bounds(name, USERS))
    assert {name: problems for name, problems in broken.items() if problems} == {}
    assert MOST_STATEMENTS < 20
