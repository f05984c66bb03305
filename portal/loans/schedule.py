"""Installments: equal amounts that add up to the cent, one a month."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.01")
NOTICE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Installment:
    """One line of a schedule; ``amount`` is rupiah."""

    sequence_number: int
    due_date: date
    amount: Decimal


def monthly_amount(loan_amount: Decimal, tenor_month: int) -> Decimal:
    """What is due each month, in rupiah and cents, rounded down; the last installment takes the rest."""
    return (loan_amount / tenor_month).quantize(CENT, ROUND_DOWN)


def installments(loan_amount: Decimal, tenor_month: int, first_due: date) -> Iterator[Installment]:
    """The whole schedule: ``tenor_month`` lines whose amounts add up to ``loan_amount`` exactly."""
    monthly = monthly_amount(loan_amount, tenor_month)
    for number in range(1, tenor_month + 1):
        is_last = number == tenor_month
        amount = loan_amount - monthly * (tenor_month - 1) if is_last else monthly
        yield Installment(number, months_later(first_due, number - 1), amount)


def months_later(day: date, months: int) -> date:
    """The same day ``months`` later, or that month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def first_due_date(planned: date, approved_on: date) -> date:
    """The planned first due date; when already past, the first same-day month at least 14 days after approval."""
    if planned >= approved_on:
        return planned
    months = (approved_on.year - planned.year) * 12 + approved_on.month - planned.month
    while months_later(planned, months) < approved_on + NOTICE:
        months += 1
    return months_later(planned, months)
