"""No home, and no list that only homes lead to, reads more than it shows; at a fiftieth of `make bench`."""

from typing import Any

import pytest

from bench import homes, queue
from portal.shared.database import db
from tests.client import Browser
from tests.stores import Beside, Enter

DEEP = 100


@pytest.mark.slow
def test_homes_read_what_they_show_and_ask_ten_times_at_most(seeded_browsers: Enter, seeded_portal: Beside) -> None:
    browsers = seeded_browsers("rina", "bagas", "maya", "adi")
    with seeded_portal.superuser.connect() as connection:
        found = list(homes.pages(connection, deep=DEEP))

    def problems(browser: Browser, address: str, most: int) -> list[str]:
        def get(address: str) -> Any:
            response = browser.send("GET", address)
            assert response.status_code == 200
            return response

        queue.keep_busy(db.engine)
        return queue.cost(get, address, db.engine, repeat=0).problems(most_entries=most, **homes.LIMITS)

    broken = {name: problems(browsers[email.split("@")[0]], address, most) for email, name, address, most in found}
    assert {name: found for name, found in broken.items() if found} == {}
