"""Applications from the service that talks to customers, which hands them over one JSON object a line.

``{"loan_id": UUID (optional), "user_id": UUID, "loan_amount": "24000000.00" (rupiah), "tenor_month": 12,
"first_due_date": "2027-01-25"}``
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal import audit, config, users
from portal.loans import history, schedule
from portal.loans.models import MAX_TENOR, Event, Loan
from portal.loans.repository import loans
from portal.shared import money
from portal.shared.actor import PORTAL
from portal.shared.crypto import new_id
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Refused
from portal.shared.feed import Given, results
from portal.shared.vocabulary import Activity, Decision

DECIMALS = N_("Write the amount in rupiah with at most two decimals.")
TENOR = N_("The tenor is a whole number of months from 1 to %(most)s.")


def submit(
    *, user_id: UUID, loan_amount: Decimal, tenor_month: int, first_due_date: date, loan_id: UUID | None = None
) -> UUID:
    """Take in an application; ``loan_amount`` is rupiah. Handing over the same ``loan_id`` again changes nothing."""
    _require_sound(loan_amount, tenor_month, first_due_date)
    loan = Loan(
        loan_id=loan_id or new_id(),
        user_id=user_id,
        loan_amount=loan_amount,
        tenor_month=tenor_month,
        status=Decision.PENDING,
        monthly_installment_amount=schedule.monthly_amount(loan_amount, tenor_month),
        monthly_installment_due_date=first_due_date,
    )
    with transaction():
        loans.lock_new(loan.loan_id)
        if _is_there(loan):
            return loan.loan_id
        _lock_active(user_id)
        loans.add(loan)
        told = {"loan": history.loan_facts(loan)}
        loans.add(history.history_entry(loan, Event.SUBMITTED, before={}, after=told, actor=PORTAL))
        audit.record("loan.submitted", loan.loan_id, of=user_id, actor=PORTAL)
    return loan.loan_id


def take_in_lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in."""
    return results(lines, _read, submit)


def _lock_active(user_id: UUID) -> None:
    """Nobody deletes the customer until the transaction ends; raises :class:`Refused` unless they are active."""
    if users.names_of([user_id])[user_id].status is not Activity.ACTIVE:
        raise Refused(N_("There is no active customer with this id. Check the id."))
    users.lock(user_id)


def _require_sound(loan_amount: Decimal, tenor_month: int, first_due_date: date) -> None:
    """Raise :class:`Refused` with what to change."""
    least = config.current().smallest_loan
    if loan_amount.is_finite() and loan_amount > money.LARGEST:
        most = money.rupiah(money.LARGEST)
        raise Refused(N_("The largest amount the books can hold is %(most)s. Enter less."), most=most)
    if loan_amount.is_finite() and loan_amount < least:
        raise Refused(N_("The smallest loan is %(least)s. Enter more."), least=money.rupiah(least))
    if not loan_amount.is_finite() or loan_amount != round(loan_amount, 2):
        raise Refused(DECIMALS)
    if not 1 <= tenor_month <= MAX_TENOR:
        raise Refused(TENOR, most=MAX_TENOR)
    if not 1900 <= first_due_date.year <= 2200:
        raise Refused(N_("Enter a first due date between the years 1900 and 2200."))


def _is_there(loan: Loan) -> bool:
    """Whether this application was taken in before; raises :class:`Conflict` when its id is another one's."""
    found = loans.get(loan.loan_id)
    if found is None:
        return False
    if (found.user_id, found.loan_amount, found.tenor_month) != (loan.user_id, loan.loan_amount, loan.tenor_month):
        raise Conflict(N_("Another application has this id already."))
    return True


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
        raise Refused(DECIMALS) from error


def _tenor(given: Any) -> int:
    if type(given) is not int:
        raise Refused(TENOR, most=MAX_TENOR)
    return given


def _day(given: Any) -> date:
    day = date.fromisoformat(given)
    if day.isoformat() != given:  # Python reads week dates, and dates without hyphens, too
        raise ValueError(given)
    return day
