"""Loan applications as the service that talks to customers hands them over: one JSON object a line.

``{"loan_id": UUID (optional), "user_id": UUID, "loan_amount": "24000000.00" (rupiah), "tenor_month": 12,
"first_due_date": "2027-01-25"}``
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.loans.service import submit
from portal.shared import money
from portal.shared.errors import N_, Refusal, Refused


def take_in_lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in; one bad line does not stop the next."""
    for line in lines:
        try:
            yield f"taken in as {_take_in_line(line)}", True
        except Refusal as refusal:
            yield f"refused: {refusal.message % refusal.parameters}", False


def _take_in_line(line: str) -> UUID:
    try:
        given: dict[str, Any] = json.loads(line)
        tenor = given["tenor_month"]
        if not isinstance(tenor, int) or isinstance(tenor, bool):
            raise Refused(N_("The tenor is a whole number of months from 1 to %(most)s."), most=60)
        return submit(
            user_id=UUID(given["user_id"]),
            loan_amount=_amount(given["loan_amount"]),
            tenor_month=tenor,
            first_due_date=date.fromisoformat(given["first_due_date"]),
            loan_id=UUID(given["loan_id"]) if given.get("loan_id") else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(N_("A field is missing: the line needs all that docs/interface.md names.")) from error
    except (json.JSONDecodeError, ValueError) as error:
        raise Refused(N_("The line is not as docs/interface.md describes it.")) from error


def _amount(given: Any) -> Decimal:
    try:
        return money.parse(str(given))
    except ValueError as error:
        raise Refused(N_("Write the amount in rupiah with at most two decimals.")) from error
