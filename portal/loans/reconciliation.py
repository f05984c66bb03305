"""Whether every loan is what its history says: folded from its first entry and compared with the live rows."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from portal.loans import history
from portal.loans.models import PaymentStatus
from portal.loans.repository import installments, loans, reviews
from portal.shared.database import hold_still

BATCH_SIZE = 500


def count_loans() -> int:
    """How many loans there are to look at."""
    return loans.count()


def differences() -> Iterator[tuple[UUID, list[str]]]:
    """For every loan by id the differences between its history and its rows, in words; constant memory."""
    hold_still()
    every = loans.every()
    while batch := list(islice(every, BATCH_SIZE)):
        ids = [row.loan_id for row in batch]
        told: dict[UUID, list[Any]] = defaultdict(list)
        for entry in reviews.of_loans(ids):
            told[entry.loan_id].append(entry)
        lines: dict[UUID, list[Any]] = defaultdict(list)
        for payment in installments.of_loans(ids):
            lines[payment.loan_id].append(payment)
        for row in batch:
            yield row.loan_id, list(_of_loan(row, told[row.loan_id], lines[row.loan_id]))


def _of_loan(row: Any, told: list[Any], lines: list[Any]) -> Iterator[str]:
    if not told:
        yield "has no history"
        return
    state = history.fold(entry.new_data for entry in told)
    if told[-1].status != row.status:
        yield f"the last entry says status {told[-1].status}, the row {row.status}"
    for name in history.LOAN_FACTS:
        expected, found = state["loan"].get(name), history.plain(getattr(row, name))
        if expected != found:
            yield f"loan.{name}: history {expected}, row {found}"
    yield from _of_payments(state["payments"], lines)


def _of_payments(expected: dict[str, Any], lines: list[Any]) -> Iterator[str]:
    found = {str(line.sequence_number): line for line in lines}
    for number in sorted(expected.keys() | found.keys(), key=int):
        if number not in found:
            yield f"installment {number}: missing"
        elif number not in expected:
            yield f"installment {number}: not in the history"
        else:
            yield from _of_payment(number, expected[number], found[number])


def _of_payment(number: str, expected: dict[str, Any], line: Any) -> Iterator[str]:
    """An installment turns overdue by the calendar, without an entry; that is no difference."""
    for name in history.PAYMENT_FACTS:
        told, found = expected[name], history.plain(getattr(line, name))
        if name == "status":
            told, found = told == PaymentStatus.PAID, found == PaymentStatus.PAID
        if told != found:
            yield f"installment {number}.{name}: history {told}, row {found}"
