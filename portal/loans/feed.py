"""Loan applications as the service that talks to customers hands them over: one JSON object a line.

``{"loan_id": UUID (optional), "user_id": UUID, "loan_amount": "24000000.00" (rupiah), "tenor_month": 12,
"first_due_date": "2027-01-25"}``
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.loans.models import LONGEST_TENOR
from portal.loans.service import submit
from portal.shared import money
from portal.shared.errors import N_, Refused
from portal.shared.feed import Given, results


def take_in_lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in."""
    return results(lines, _read, submit)


def _read(given: Given) -> Given:
    return {
        "user_id": UUID(given["user_id"]),
        "loan_amount": _amount(given["loan_amount"]),
        "tenor_month": _tenor(given["tenor_month"]),
        "first_due_date": _day(given["first_due_date"]),
        "loan_id": UUID(given["loan_id"]) if given.get("loan_id") else None,
    }


def _amount(given: Any) -> Decimal:
    try:
        return money.parse(str(given))
    except ValueError as error:
        raise Refused(N_("Write the amount in rupiah with at most two decimals.")) from error


def _tenor(given: Any) -> int:
    if type(given) is not int:
        raise Refused(N_("The tenor is a whole number of months from 1 to %(most)s."), most=LONGEST_TENOR)
    return given


def _day(given: Any) -> date:
    day = date.fromisoformat(given)
    if day.isoformat() != given:  # Python reads week dates, and dates without hyphens, too
        raise ValueError(given)
    return day
