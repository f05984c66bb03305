"""The loan book in numbers, on a customer's timeline, and whether what a message told of a loan still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from portal.loans.loan import terms_of
from portal.loans.models import PaymentStatus
from portal.loans.repository import installments, loans, reviews
from portal.notifications import Statement, checks_of
from portal.shared.clock import WIB
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening, newest_first

TOMORROW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BookNumbers:
    """Loans that wait for a decision and installments that are overdue, each counted up to 1,001."""

    pending: int
    overdue: int


def book_numbers() -> BookNumbers:
    """Both in one statement."""
    return BookNumbers(**loans.numbers()._asdict())


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest entries of a customer's review histories, and installments not paid in time, before a place.

    Scores are left out: who may see them asks the credit scores.
    """
    told = [
        Happening(row.at, row.id, row.event, row.loan_id, _actor(row.new_data), _facts(row.new_data))
        for row in reviews.told(user_id, before, limit)
    ]
    late = [
        Happening(row.at, row.id, "payment.overdue", row.loan_id,
                  facts={"number": row.sequence_number, "amount": row.payment_amount})
        for row in reviews.late(user_id, before, limit)
    ]  # fmt: skip
    return list(islice(merge(told, late, key=newest_first), limit))


def still_decided(told: Sequence[Statement]) -> list[bool]:
    """The loan stands as it was decided then."""
    now = terms_of([each.loan_id for each in told if each.loan_id])
    return [each.loan_id in now and now[each.loan_id].status == each.context.get("status") for each in told]


def still_to_pay(told: Sequence[Statement]) -> list[bool]:
    """An installment is due on the day after the message would be read; or it is overdue."""
    unpaid = installments.unpaid([each.loan_id for each in told if each.loan_id])
    return [any(row.loan_id == each.loan_id and _is_told(each, row) for row in unpaid) for each in told]


def _is_told(each: Statement, unpaid: Any) -> bool:
    if each.message == "payment-overdue":
        return bool(unpaid.status is PaymentStatus.OVERDUE)
    return bool(unpaid.due_date == each.at.astimezone(WIB).date() + TOMORROW)


def _actor(new: Mapping[str, Any]) -> UUID | None:
    actor_id = new["_meta"].get("actor_id")
    return UUID(actor_id) if actor_id else None


def _facts(new: Mapping[str, Any]) -> dict[str, Any]:
    number = next(iter(new.get("payments", {})), None)
    amount = new.get("loan", {}).get("loan_amount")
    return {"number": number, "amount": amount, "reason_codes": new["_meta"].get("reason_codes", [])}


checks_of.listen(
    {
        "loan-approved": still_decided,
        "loan-rejected": still_decided,
        "payment-due-tomorrow": still_to_pay,
        "payment-overdue": still_to_pay,
    }.get
)
