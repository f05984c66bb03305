"""What the loan list and a loan's pages show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, users
from portal.loans import history
from portal.loans.models import Filters, Loan, PaymentStatus
from portal.loans.service import loans
from portal.loans.telling import Entry, entries, lists
from portal.notifications import is_loan
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.counting import CAP
from portal.shared.errors import N_, NotFound
from portal.shared.pagination import PAGE_SIZE, Cursor, Page, Slice
from portal.shared.vocabulary import Decision
from portal.users import Person

EXPORTED_AT_MOST = 1_000_000
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LoanRow:
    """One line of the list; amounts are rupiah."""

    loan_id: UUID
    customer: Person
    loan_amount: Decimal
    tenor_month: int
    status: Decision
    monthly_installment_amount: Decimal
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list, and the customer it is narrowed to.

    ``search_older`` is where to go on when an amount filter stopped after its 20,000 rows.
    """

    page: Page[LoanRow]
    search_older: Cursor | None
    person: Person | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; ``is_estimate`` when nobody counted them one by one."""

    number: int
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class Installment:
    """One installment as it stands; ``days_late`` counts from its due date in WIB."""

    id: UUID
    sequence_number: int
    due_date: date
    payment_amount: Decimal
    payment_date: datetime | None
    status: PaymentStatus
    reference: str | None
    version: int
    days_late: int


@dataclass(frozen=True, slots=True)
class LoanPage:
    """Everything about one loan."""

    loan_id: UUID
    customer: Person
    loan_amount: Decimal
    tenor_month: int
    status: Decision
    monthly_installment_amount: Decimal
    monthly_installment_due_date: date
    approved_at: datetime | None
    rejected_at: datetime | None
    rejected_reason: str | None
    created_at: datetime
    installments: list[Installment]
    entries: list[Entry]

    @property
    def paid(self) -> Decimal:
        return sum((line.payment_amount for line in self.installments if line.status is PaymentStatus.PAID), ZERO)

    @property
    def to_pay(self) -> Decimal:
        return sum((line.payment_amount for line in self.installments), ZERO) - self.paid

    @property
    def overdue(self) -> list[Installment]:
        return [line for line in self.installments if line.status is PaymentStatus.OVERDUE]

    @property
    def next_due(self) -> Installment | None:
        """Of those not paid the one that is due first: an overdue one where there is any."""
        left = [line for line in self.installments if line.status is not PaymentStatus.PAID]
        return min(left, key=lambda line: line.due_date, default=None)


@dataclass(frozen=True, slots=True)
class Then:
    """A loan as it stood after one entry of its history: plain values by column, and its installments by number."""

    entry: Entry
    loan: Mapping[str, Any]
    payments: Mapping[str, Mapping[str, Any]]


def browse(filters: Filters, part: Slice) -> Found:
    """A page of the list, newest first."""
    rows = lists.page(filters, part)
    is_short = filters.has_amount and len(rows) <= PAGE_SIZE
    if is_short and part.before:  # more may match beyond the 20,000 looked at: the first page leads to all of it
        return browse(filters, Slice())
    people = users.names_of([*(row.user_id for row in rows), *([filters.user_id] if filters.user_id else [])])
    page = Page.of(
        [_line(row, people[row.user_id]) for row in rows], part, lambda row: Cursor(row.created_at, row.loan_id)
    )
    search_older = lists.scanned_until(filters, part) if is_short else None
    return Found(page, search_older, people[filters.user_id] if filters.user_id else None)


def count() -> dict[str, Count]:
    """How many loans there are by status: counted up to 1,000, beyond that as the statistics say."""
    counted = lists.counts()._asdict()
    estimates = lists.estimates() if any(number >= CAP for number in counted.values()) else {}
    return {
        status: Count(max(number, estimates.get(status, 0)) if number >= CAP else number, number >= CAP)
        for status, number in counted.items()
    }


def export(filters: Filters, *, actor: Actor) -> Iterator[LoanRow]:
    """All that match, streamed; who exported what is recorded first."""
    audit.note("loans.exported", None, actor=actor, filters=_named(filters))
    return _exported(filters)


def _exported(filters: Filters) -> Iterator[LoanRow]:
    """The query begins with the stream: Flask closes the session of the view before that."""
    with lists.every(filters, EXPORTED_AT_MOST) as found:
        for batch in found.partitions():
            yield from _lines(batch)


def show(loan_id: UUID, *, actor: Actor, sees_scores: bool) -> LoanPage:
    """One loan with its installments and history; opening it is recorded."""
    loan = _found(loan_id)
    audit.note_opening("loan.opened", loan_id, of=loan.user_id, actor=actor)
    return LoanPage(
        loan_id=loan_id,
        customer=users.names_of([loan.user_id])[loan.user_id],
        loan_amount=loan.loan_amount,
        tenor_month=loan.tenor_month,
        status=loan.status,
        monthly_installment_amount=loan.monthly_installment_amount,
        monthly_installment_due_date=loan.monthly_installment_due_date,
        approved_at=loan.approved_at,
        rejected_at=loan.rejected_at,
        rejected_reason=loan.rejected_reason,
        created_at=loan.created_at,
        installments=_installments(loan_id),
        entries=entries(loan_id, sees_scores=sees_scores),
    )


def as_of(loan: LoanPage, entry_id: UUID) -> Then:
    """The loan as it stood after this entry of its history."""
    place = next((place for place, entry in enumerate(loan.entries) if entry.id == entry_id), None)
    if place is None:
        raise NotFound(N_("There is no such entry in this loan's history. Open the history again."))
    state = history.fold(entry.raw["new_data"] for entry in loan.entries[: place + 1])
    return Then(loan.entries[place], state["loan"], state["payments"])


@is_loan.listen
def loan_exists(loan_id: UUID) -> bool:
    """Whether there is such a loan."""
    return loans.get(loan_id) is not None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a loan comes to and how it stands; the amount is rupiah."""

    loan_id: UUID
    loan_amount: Decimal
    tenor_month: int
    status: Decision


def terms_of(ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """The loans of these ids, in one query."""
    return {row.loan_id: Terms(**row._mapping) for row in lists.terms(ids)} if ids else {}


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID]:
    """The loans whose ids lie between these."""
    return lists.ids_between(least, most, limit)


def of_customer(user_id: UUID) -> list[LoanRow]:
    """A customer's loans, newest first, for the panel on other pages."""
    if users.names_of([user_id])[user_id].is_deleted:
        raise NotFound(N_("There is no such customer."))
    return list(_lines(lists.of_customer(user_id)))


def _found(loan_id: UUID) -> Loan:
    loan = loans.get(loan_id)
    if loan is None:
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    return loan


def _lines(rows: Sequence[Row[Any]]) -> Iterator[LoanRow]:
    people = users.names_of(row.user_id for row in rows)
    return (_line(row, people[row.user_id]) for row in rows)


def _line(row: Row[Any], customer: Person) -> LoanRow:
    return LoanRow(
        row.loan_id,
        customer,
        row.loan_amount,
        row.tenor_month,
        row.status,
        row.monthly_installment_amount,
        row.created_at,
        row.approved_at or row.rejected_at,
    )


def _installments(loan_id: UUID) -> list[Installment]:
    today = clock.today()
    return [
        Installment(
            row.id,
            row.sequence_number,
            row.due_date,
            row.payment_amount,
            row.payment_date,
            row.status,
            row.reference,
            row.version,
            max(0, (today - row.due_date).days) if row.status is not PaymentStatus.PAID else 0,
        )
        for row in lists.payments(loan_id)
    ]


def _named(filters: Filters) -> dict[str, str]:
    """The filters as ids and codes, for the trail."""
    given = {name: getattr(filters, name) for name in Filters.__slots__}
    return {name: str(value) for name, value in given.items() if value is not None}
