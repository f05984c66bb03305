"""Every kind of search and the customers' pages read an index, however many customers there are."""

from typing import Any

import pytest

from bench.customers import MOST_STATEMENTS, bounds, pages, searches
from bench.queue import cost
from portal.shared.database import db
from tests.stores import SEEDED, Beside, Enter

DEEP = 100


@pytest.mark.slow
def test_pages_and_searches_read_what_they_show(seeded_browsers: Enter, seeded_portal: Beside) -> None:
    browsers = seeded_browsers("adi", "bagas", "rina")
    with seeded_portal.superuser.connect() as connection:
        found, terms = list(pages(connection, deep=DEEP)), list(searches(connection))

    def get(address: str) -> Any:
        response = browsers["adi"].get(address)
        assert response.status_code == 200
        return response

    broken = {name: cost(get, url, db.engine, repeat=0).problems(**bounds(name, SEEDED)) for name, url in found}
    for who in ("bagas", "rina"):
        for name, term in terms:

            def find(url: str, who: str = who, term: str = term) -> Any:
                response = browsers[who].post(url, term=term)
                assert response.status_code in {200, 303}
                return response

            broken[f"{who}: {name}"] = cost(find, "/search", db.engine, repeat=0).problems(**bounds(name, SEEDED))
    assert {name: problems for name, problems in broken.items() if problems} == {}
    assert MOST_STATEMENTS < 20
