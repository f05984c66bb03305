"""No page of loans and credit scores reads more than it shows, however many there are; at 1/50 of `make bench`."""

from typing import Any

import pytest

from bench import scores
from bench.loans import MOST_COUNTED, MOST_ENTRIES_OF_A_LOAN, MOST_STATEMENTS_OF_A_LOAN, lists, page
from bench.queue import cost
from portal.shared.database import db
from tests.stores import Beside, Enter

DEEP = 100


@pytest.mark.slow
def test_lists_and_a_loan_read_what_they_show_and_ask_a_few_times_only(
    seeded_browsers: Enter, seeded_portal: Beside
) -> None:
    [browser] = seeded_browsers("bagas").values()
    with seeded_portal.superuser.connect() as connection:
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
