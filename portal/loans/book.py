"""The lists of the book: all loans, newest first, and the installments that are overdue, the longest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from portal import users
from portal.loans.models import MAX_TENOR, Loan, Payment
from portal.loans.repository import loans
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.counting import CAP
from portal.shared.errors import N_, NotFound, Sentence
from portal.shared.fields import Amount, Choice, Id, Since, Until, Whole, nowhere
from portal.shared.lists import Export, Listing, Tab
from portal.shared.pagination import Slice
from portal.shared.vocabulary import Decision
from portal.users import Person

MAX_SCANNED = 20_000
"""So many loans are looked through for an amount, since no index orders by both."""


@dataclass(frozen=True, slots=True)
class LoanRow:
    """One line of the list; amounts are rupiah."""

    loan_id: UUID
    user_id: UUID
    loan_amount: Decimal
    tenor_month: int
    status: Decision
    monthly_installment_amount: Decimal
    created_at: datetime
    approved_at: datetime | None
    rejected_at: datetime | None
    customer: Person

    @property
    def decided_at(self) -> datetime | None:
        return self.approved_at or self.rejected_at


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """An installment whose day has passed."""

    id: UUID
    loan_id: UUID
    sequence_number: int
    due_date: date
    payment_amount: Decimal
    user_id: UUID
    customer: Person
    days_late: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; ``is_estimate`` when nobody counted them one by one."""

    number: int
    is_estimate: bool


def _loan_rows(rows: Sequence[Row[Any]], actor: Actor) -> list[LoanRow]:
    people = users.names_of(row.user_id for row in rows)
    return [LoanRow(**row._asdict(), customer=people[row.user_id]) for row in rows]


def _overdue_rows(rows: Sequence[Row[Any]], actor: Actor) -> list[OverdueRow]:
    people, today = users.names_of(row.user_id for row in rows), clock.today()
    return [
        OverdueRow(**row._asdict(), customer=people[row.user_id], days_late=(today - row.due_date).days) for row in rows
    ]


def _borrower(user_id: UUID, rows: Sequence[LoanRow]) -> str:
    """The customer's name, which the rows have when there are any."""
    person = rows[0].customer if rows else users.names_of([user_id])[user_id]
    return Sentence(person.fullname) if person.is_deleted else person.fullname


def _with_loan(page: Any) -> Any:
    return select(*page.c, Loan.user_id).join(Loan, Loan.loan_id == page.c.loan_id)


LOANS: Listing[LoanRow] = Listing(
    Loan.loan_id,
    Loan.user_id,
    Loan.loan_amount,
    Loan.tenor_month,
    Loan.status,
    Loan.monthly_installment_amount,
    Loan.created_at,
    Loan.approved_at,
    Loan.rejected_at,
    key=(Loan.created_at, Loan.loan_id),
    scan=MAX_SCANNED,
    is_strict=True,
    tabs_keep=True,
    fields=[
        Choice(
            name="status",
            among=Decision,
            column=Loan.status,
            in_bar=nowhere,
            wrong=N_("Choose one of the statuses."),
        ),
        Whole(
            name="tenor",
            label=N_("Tenor (months)"),
            column=Loan.tenor_month,
            least=1,
            most=MAX_TENOR,
            wrong=N_("Enter a whole number of months from 1 to 60."),
        ),
        Id(
            name="user",
            column=Loan.user_id,
            wrong=N_("This is no customer id. Look the customer up by phone or email."),
            token=N_("Customer: %(name)s"),
            all=N_("Show the loans of all customers"),
            named=_borrower,
        ),
        Since(name="from", label=N_("From"), column=Loan.created_at),
        Until(name="to", label=N_("To"), column=Loan.created_at, above="from"),
        Amount(name="min_amount", label=N_("From amount (Rp)"), column=Loan.loan_amount, is_scanned=True),
        Amount(
            name="max_amount",
            label=N_("To amount (Rp)"),
            column=Loan.loan_amount,
            is_most=True,
            is_scanned=True,
            above="min_amount",
            below=N_("Enter an amount at least as large as the first."),
        ),
    ],
    tabs=[
        Tab("all", N_("All")),
        *(Tab(status, status.word, {"status": status}, f"status = '{status}'") for status in Decision),
    ],
    export=Export(
        "loans.exported",
        "loans.csv",
        {
            "loan_id": "loan_id",
            "customer": "customer.fullname",
            "phone": "customer.phone",
            "loan_amount": "loan_amount",
            "tenor_month": "tenor_month",
            "status": "status",
            "created_at": "created_at",
            "decided_at": "decided_at",
        },
    ),
    shown=_loan_rows,
)
OVERDUE: Listing[OverdueRow] = Listing(
    Payment.id,
    Payment.loan_id,
    Payment.sequence_number,
    Payment.due_date,
    Payment.payment_amount,
    key=(Payment.due_date, Payment.id),
    where=[text("status = 'overdue'")],
    is_ascending=lambda values: True,
    wrapped=_with_loan,
    shown=_overdue_rows,
)


def count() -> dict[str, Count]:
    """How many loans there are by status: counted up to 1,000, beyond that as the statistics say."""
    counted = LOANS.counts()
    estimates = loans.estimates() if max(counted.values()) >= CAP else {}
    return {
        status: Count(max(number, estimates.get(status, 0)) if number >= CAP else number, number >= CAP)
        for status, number in counted.items()
    }


def of_customer(user_id: UUID) -> Sequence[LoanRow]:
    """A customer's newest loans, for the panel on other pages."""
    if users.names_of([user_id])[user_id].is_deleted:
        raise NotFound(N_("There is no such customer."))
    return LOANS.page(LOANS.read({"user": str(user_id)}), Slice(), actor=PORTAL).rows
