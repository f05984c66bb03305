"""Installments: they add up to the cent, and fall due once a month."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.loans.schedule import first_due_date, installments, months_later

AMOUNTS = st.decimals("100000.00", "99999999.99", places=2, allow_nan=False)
TENORS = st.integers(1, 60)
DAYS = st.dates(date(1900, 1, 1), date(2190, 12, 31))


@given(amount=AMOUNTS, tenor=TENORS, first_due=DAYS)
def test_any_loan_adds_up_to_the_cent(amount, tenor, first_due):
    lines = list(installments(amount, tenor, first_due))
    assert sum(line.amount for line in lines) == amount
    assert [line.sequence_number for line in lines] == list(range(1, tenor + 1))
    assert all(line.amount > 0 and line.amount == round(line.amount, 2) for line in lines)
    *equal, last = (line.amount for line in lines)
    assert len(set(equal)) <= 1
    assert all(0 <= last - each < Decimal("0.01") * tenor for each in equal), "the last one takes the rest, no more"


@given(tenor=TENORS, first_due=DAYS)
def test_due_dates_neither_skip_nor_repeat_a_month_and_keep_their_day(tenor, first_due):
    days = [line.due_date for line in installments(Decimal(100_000), tenor, first_due)]
    assert days[0] == first_due
    assert all(_month(later) - _month(day) == 1 for day, later in pairwise(days))
    assert all(day.day == min(first_due.day, monthrange(day.year, day.month)[1]) for day in days)


@pytest.mark.parametrize(
    ("first_due", "following"),
    [
        (date(2027, 1, 31), [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]),
        (date(2028, 1, 31), [date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]),
        (date(2027, 1, 30), [date(2027, 2, 28), date(2027, 3, 30), date(2027, 4, 30)]),
        (date(2027, 12, 31), [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]),
        (date(2100, 1, 29), [date(2100, 2, 28), date(2100, 3, 29), date(2100, 4, 29)]),
    ],
)
def test_a_shorter_month_has_its_last_day_and_the_next_its_own_again(first_due, following):
    days = [line.due_date for line in installments(Decimal(400_000), 4, first_due)]
    assert days == [first_due, *following]


@pytest.mark.parametrize(
    ("amount", "tenor", "each", "last"),
    [
        ("100000.00", 3, "33333.33", "33333.34"),
        ("99999999.99", 60, "1666666.66", "1666667.05"),
        ("100000.01", 60, "1666.66", "1667.07"),
        ("24000000.00", 12, "2000000.00", "2000000.00"),
        ("123456.78", 1, None, "123456.78"),
    ],
)
def test_what_cannot_be_divided_stands_in_the_last_one(amount, tenor, each, last):
    amounts = [f"{line.amount:.2f}" for line in installments(Decimal(amount), tenor, date(2027, 1, 1))]
    assert amounts == [each] * (tenor - 1) + [last]


@given(planned=DAYS, approved_on=DAYS)
def test_a_first_due_date_still_ahead_is_kept_and_a_past_one_moves_to_the_first_month_that_leaves_two_weeks(
    planned, approved_on
):
    first = first_due_date(planned, approved_on)
    if planned >= approved_on:
        assert first == planned
    else:
        notice = approved_on + timedelta(days=14)
        assert first == next(day for n in count() if (day := months_later(planned, n)) >= notice)


@pytest.mark.parametrize(
    ("planned", "approved_on", "first"),
    [
        (date(2027, 3, 10), date(2027, 3, 10), date(2027, 3, 10)),
        (date(2027, 3, 10), date(2027, 3, 11), date(2027, 4, 10)),
        (date(2027, 3, 10), date(2027, 3, 27), date(2027, 4, 10)),
        (date(2027, 3, 10), date(2027, 3, 28), date(2027, 5, 10)),
        (date(2026, 8, 31), date(2027, 2, 10), date(2027, 2, 28)),
        (date(2026, 8, 31), date(2027, 2, 15), date(2027, 3, 31)),
        (date(2026, 12, 20), date(2026, 12, 21), date(2027, 1, 20)),
    ],
)
def test_two_weeks_are_left_to_the_day(planned, approved_on, first):
    assert first_due_date(planned, approved_on) == first


def _month(day):
    return day.year * 12 + day.month
