"""The loan book in numbers, for the home pages, and the installments that are overdue."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from portal import users
from portal.loans.tallying import LoanTallies
from portal.shared import clock
from portal.shared.database import db
from portal.shared.pagination import Cursor, Page, Slice
from portal.users import Person

tallies = LoanTallies(db.session)


@dataclass(frozen=True, slots=True)
class BookNumbers:
    """Loans that wait for a decision and installments that are overdue, each counted up to 1,001."""

    pending: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """An installment whose day has passed."""

    id: UUID
    loan_id: UUID
    customer: Person
    sequence_number: int
    due_date: date
    payment_amount: Decimal
    days_late: int

    @property
    def place(self) -> Cursor:
        return Cursor(datetime.combine(self.due_date, time(), UTC), self.id)


def book_numbers() -> BookNumbers:
    """Both in one statement."""
    return BookNumbers(**tallies.numbers()._mapping)


def overdue(part: Slice) -> Page[Overdue]:
    """A page of the overdue installments, the longest first."""
    rows, today = tallies.overdue(part), clock.today()
    people = users.names_of(row.user_id for row in rows)
    lines = [
        Overdue(
            row.id,
            row.loan_id,
            people[row.user_id],
            row.sequence_number,
            row.due_date,
            row.payment_amount,
            (today - row.due_date).days,
        )
        for row in rows
    ]
    return Page.of(lines, part, lambda line: line.place)
