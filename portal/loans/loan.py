"""What a loan's pages show: how it stands, and how it came to that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth, users
from portal.loans import history
from portal.loans.history import Change, Score
from portal.loans.models import Event, Loan, PaymentStatus
from portal.loans.reasons import reason_word
from portal.loans.repository import installments, loans, reviews
from portal.notifications import is_loan
from portal.permissions import Role
from portal.shared import clock, ids
from portal.shared.actor import Actor
from portal.shared.errors import N_, NotFound
from portal.shared.vocabulary import Decision
from portal.users import Person

TOLD_TO_ALL = {Event.REVERSED, Event.RESCHEDULED}
"""Why a payment was moved is for everybody who may read the loan: support has to explain it."""


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
class Entry:
    """One event of the review history; scores, and notes on them, are for those who may see scores.

    ``role`` and ``reasons`` are msgids. ``unchanged`` is what stood in the loan before and was left alone.
    """

    id: UUID
    event: Event
    at: datetime
    status: Decision
    by: str | None
    role: str
    reasons: list[str]
    note: str | None
    changes: list[Change]
    unchanged: list[Change]
    raw: dict[str, Any]
    score: Score | None

    @property
    def shown(self) -> list[Change]:
        """The changes, what is empty now last; what never held anything is none."""
        told = (one for one in self.changes if one.old is not None or one.new is not None)
        return sorted(told, key=lambda one: one.new is None)


@dataclass(frozen=True, slots=True)
class LoanPage:
    """Everything about one loan; ``rejection`` are the msgids of its reasons."""

    loan_id: UUID
    customer: Person
    loan_amount: Decimal
    tenor_month: int
    status: Decision
    monthly_installment_amount: Decimal
    monthly_installment_due_date: date
    rejected_at: datetime | None
    rejection: list[str]
    created_at: datetime
    installments: list[Installment]
    entries: list[Entry]

    @property
    def paid(self) -> list[Installment]:
        return self._with(PaymentStatus.PAID)

    @property
    def overdue(self) -> list[Installment]:
        return self._with(PaymentStatus.OVERDUE)

    @property
    def next_due(self) -> Installment | None:
        """Of those not paid the one that is due first: an overdue one where there is any."""
        left = [line for line in self.installments if line.status is not PaymentStatus.PAID]
        return min(left, key=lambda line: line.due_date, default=None)

    def _with(self, status: PaymentStatus) -> list[Installment]:
        return [line for line in self.installments if line.status is status]


@dataclass(frozen=True, slots=True)
class Then:
    """A loan as it stood after one entry of its history: kept values by column, and its installments by number."""

    entry: Entry
    loan: Mapping[str, Any]
    payments: Mapping[str, Mapping[str, Any]]

    @property
    def facts(self) -> history.Facts:
        return history.read("loan", self.loan)

    @property
    def lines(self) -> dict[str, history.Facts]:
        return {number: history.read(number, line) for number, line in self.payments.items()}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a loan comes to and how it stands; the amount is rupiah."""

    loan_id: UUID
    loan_amount: Decimal
    tenor_month: int
    status: Decision


def found(loan_id: UUID, *, for_update: bool = False) -> Loan:
    """The loan; ``for_update`` locks it until the transaction ends."""
    loan = loans.get(loan_id, for_update=for_update)
    if loan is None:
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    return loan


@is_loan.listen
def loan_exists(loan_id: UUID) -> bool:
    """Whether there is such a loan."""
    return loans.get(loan_id) is not None


def terms_of(ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """The loans of these ids, in one query."""
    return {row.loan_id: Terms(**row._asdict()) for row in loans.terms(ids)} if ids else {}


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID]:
    """The loans whose ids lie between these."""
    return ids.between(Loan.loan_id, least, most, limit)


def show(loan_id: UUID, *, actor: Actor, sees_scores: bool) -> LoanPage:
    """One loan with its installments and history; opening it is recorded."""
    loan = found(loan_id)
    audit.note_opening("loan.opened", loan_id, of=loan.user_id, actor=actor)
    return LoanPage(
        loan_id=loan_id,
        customer=users.names_of([loan.user_id])[loan.user_id],
        loan_amount=loan.loan_amount,
        tenor_month=loan.tenor_month,
        status=loan.status,
        monthly_installment_amount=loan.monthly_installment_amount,
        monthly_installment_due_date=loan.monthly_installment_due_date,
        rejected_at=loan.rejected_at,
        rejection=[reason_word(code) for code in loan.rejected_reason.split(", ")] if loan.rejected_reason else [],
        created_at=loan.created_at,
        installments=[Installment(**row._asdict(), days_late=_days_late(row)) for row in installments.of_loan(loan_id)],
        entries=_entries(reviews.of_loan(loan_id), sees_scores=sees_scores),
    )


def as_of(loan: LoanPage, entry_id: UUID) -> Then:
    """The loan as it stood after this entry of its history."""
    place = next((place for place, entry in enumerate(loan.entries) if entry.id == entry_id), None)
    if place is None:
        raise NotFound(N_("There is no such entry in this loan's history. Open the history again."))
    state = history.fold(entry.raw["new_data"] for entry in loan.entries[: place + 1])
    return Then(loan.entries[place], state["loan"], state["payments"])


def _days_late(line: Row[Any]) -> int:
    return 0 if line.status is PaymentStatus.PAID else max(0, (clock.today() - line.due_date).days)


def _entries(rows: Sequence[Row[Any]], *, sees_scores: bool) -> list[Entry]:
    """The history, oldest first, with the names of who acted."""
    names = auth.names_of({UUID(id_) for row in rows if (id_ := row.new_data["_meta"]["actor_id"])})
    hidden = set() if sees_scores else {"credit_score", "_meta"}
    entries: list[Entry] = []
    stands: dict[str, Change] = {}
    for row in rows:
        entries.append(_entry(row, names, stands, hidden))
        stands |= {one.field: one for one in entries[-1].changes if one.part == "loan"}
    return entries


def _entry(row: Row[Any], names: Mapping[UUID, str], stands: Mapping[str, Change], hidden: set[str]) -> Entry:
    meta, event = row.new_data["_meta"], Event(row.new_data["_meta"]["event"])
    old, new = (
        {key: value for key, value in side.items() if key not in hidden} for side in (row.old_data, row.new_data)
    )
    score = Score(row.credit_score, row.credit_score_reason, row.credit_score_source, row.credit_score_updated_at)
    return Entry(
        id=row.id,
        event=event,
        at=row.created_at,
        status=row.status,
        by=names.get(UUID(meta["actor_id"])) if meta["actor_id"] else None,
        role=Role(meta["actor_role"]).word if meta["actor_role"] else N_("The portal"),
        reasons=[reason_word(code) for code in meta["reason_codes"]],
        note=meta["note"] if not hidden or event in TOLD_TO_ALL else None,
        changes=list(history.changes(old, new)),
        unchanged=[one for field, one in stands.items() if field not in new.get("loan", {})],
        raw={"old_data": old, "new_data": new},
        score=score if row.credit_score is not None and not hidden else None,
    )
