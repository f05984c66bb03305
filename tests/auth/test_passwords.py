"""Which passwords nobody may have, and what somebody unknown costs."""

import pytest

from portal.auth import passwords
from portal.shared.errors import Refused


@pytest.mark.parametrize(
    "password",
    [
        "leavemealone",  # common
        "LeaveMeAlone",
        "123456654321",
        "Portal_2026_portal",  # of this portal
    ],
)
def test_a_password_that_people_try_first_is_refused(password):
    with pytest.raises(Refused, match="people try first"):
        passwords.require_good(password)


@pytest.mark.parametrize("password", ["four unrelated words", "x9f-2kq-lm3-zz1", "kuda terbang merah"])
def test_any_other_is_taken(password):
    passwords.require_good(password)


def test_somebody_unknown_costs_what_a_wrong_password_costs():
    assert not passwords.needs_rehash(passwords._OF_NOBODY)
    assert not passwords.is_right(None, "four unrelated words")
