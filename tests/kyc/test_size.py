"""No page of the queue reads more than it shows, however many checks there are; at a fiftieth of `make bench`."""

from typing import Any

import pytest

from bench.queue import cost, keep_busy, pages
from portal.shared.database import db
from tests.stores import Beside, Enter

DEEP = 100


@pytest.mark.slow
def test_a_page_reads_what_it_shows_and_asks_six_times_at_most(seeded_browsers: Enter, seeded_portal: Beside) -> None:
    [browser] = seeded_browsers("rina").values()
    with seeded_portal.superuser.connect() as connection:
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
