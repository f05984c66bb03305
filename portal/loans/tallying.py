"""The loan book in numbers, none beyond 1,001, and the installments that are overdue."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Row, Uuid, bindparam, literal_column, select, text, tuple_
from sqlalchemy.orm import scoped_session

from portal.loans.models import Loan, Payment
from portal.shared.counting import capped
from portal.shared.pagination import PAGE_SIZE, Slice
from portal.shared.vocabulary import Decision

_IS_PENDING = f"status = '{Decision.PENDING}'"
_IS_OVERDUE = "status = 'overdue'"
_NUMBERS = text(f"SELECT {capped('loans', _IS_PENDING)} AS pending, {capped('loans_payments', _IS_OVERDUE)} AS overdue")


def _overdue(place: str | None) -> Any:
    """One page of the installments that are overdue, the longest first."""
    key, is_forward = (Payment.due_date, Payment.id), place != "before"
    page = select(Payment.id, Payment.loan_id, Payment.sequence_number, Payment.due_date, Payment.payment_amount)
    page = page.where(literal_column(f"loans_payments.{_IS_OVERDUE}"))
    if place:
        at = tuple_(bindparam("day", type_=Date()), bindparam("id", type_=Uuid()))
        page = page.where(tuple_(*key) > at if is_forward else tuple_(*key) < at)
    lines = page.order_by(*[c.asc() if is_forward else c.desc() for c in key]).limit(PAGE_SIZE + 1).subquery()
    shown = select(*lines.c, Loan.user_id).join(Loan, Loan.loan_id == lines.c.loan_id)
    return shown.order_by(*[c.asc() if is_forward else c.desc() for c in (lines.c.due_date, lines.c.id)])


_OVERDUE = {place: _overdue(place) for place in (None, "after", "before")}


class LoanTallies:
    """``loans`` and ``loans_payments`` in numbers."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def numbers(self) -> Row[Any]:
        """How many loans wait for a decision and how many installments are overdue, each counted up to 1,001."""
        return self.session.execute(_NUMBERS).one()

    def overdue(self, part: Slice) -> Sequence[Any]:
        """Up to one row more than a page of overdue installments, in reading order from ``part``."""
        place, cursor = "after" if part.after else "before" if part.before else None, part.after or part.before
        where = {"day": cursor.at.date(), "id": cursor.id} if cursor else {}
        return self.session.execute(_OVERDUE[place], where).all()
