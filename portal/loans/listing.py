"""The loan list and a loan's page: statements are built once and read columns, not entities."""

from collections.abc import Sequence
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Numeric,
    Result,
    Row,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import scoped_session

from portal.loans.models import Filters, Loan, Payment, PaymentStatus, Review
from portal.shared.counting import capped
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice
from portal.shared.vocabulary import Decision

_IS = {status: f"status = '{status}'" for status in Decision}
SCANNED = 20_000
_KEY = (Loan.created_at, Loan.loan_id)
_COLUMNS = (
    Loan.loan_id,
    Loan.user_id,
    Loan.loan_amount,
    Loan.tenor_month,
    Loan.status,
    Loan.monthly_installment_amount,
    Loan.created_at,
    Loan.approved_at,
    Loan.rejected_at,
)


def _narrowed(statement: Any, *, status: bool, tenor: bool, user: bool, since: bool, until: bool) -> Any:
    if status:
        statement = statement.where(Loan.status == bindparam("status"))
    if tenor:
        statement = statement.where(Loan.tenor_month == bindparam("tenor"))
    if user:
        statement = statement.where(Loan.user_id == bindparam("user_id", type_=Uuid()))
    if since:
        statement = statement.where(Loan.created_at >= bindparam("since", type_=DateTime(timezone=True)))
    if until:
        statement = statement.where(Loan.created_at < bindparam("until", type_=DateTime(timezone=True)))
    return statement


def _listing(place: str | None, *, amount: bool, **narrowed: bool) -> Any:
    """One page, newest first. An amount is looked for in the next 20,000 rows only, since no index orders by both."""
    statement = _narrowed(select(*_COLUMNS), **narrowed)
    is_forward = place != "before"
    if place:
        key = tuple_(*_KEY)
        at = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
        statement = statement.where(key < at if is_forward else key > at)
    statement = statement.order_by(*[c.desc() if is_forward else c.asc() for c in _KEY])
    if not amount:
        return statement.limit(PAGE_SIZE + 1)
    scanned = statement.limit(SCANNED).subquery()
    order = (scanned.c.created_at, scanned.c.loan_id)
    return (
        select(scanned)
        .where(
            scanned.c.loan_amount >= bindparam("min_amount", type_=Numeric(10, 2)),
            scanned.c.loan_amount <= bindparam("max_amount", type_=Numeric(10, 2)),
        )
        .order_by(*[c.desc() if is_forward else c.asc() for c in order])
        .limit(PAGE_SIZE + 1)
    )


_NARROWINGS = ("status", "tenor", "user", "since", "until")
_LISTINGS = {
    (place, amount, *flags): _listing(place, amount=amount, **dict(zip(_NARROWINGS, flags, strict=True)))
    for place in (None, "after", "before")
    for amount in (False, True)
    for flags in product((False, True), repeat=len(_NARROWINGS))
}
_COUNTS = text("SELECT " + ", ".join(f"{capped('loans', _IS[status])} AS {status}" for status in Decision))
_ESTIMATES = text(
    "SELECT v.value, c.reltuples * v.share AS number FROM pg_class c JOIN pg_stats s ON s.tablename = 'loans'"
    " AND s.schemaname = 'public' AND s.attname = 'status',"
    " unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS v(value, share)"
    " WHERE c.oid = 'public.loans'::regclass"
)
_BY_ID = (
    select(Loan.loan_id)
    .where(Loan.loan_id.between(bindparam("least", type_=Uuid()), bindparam("greatest", type_=Uuid())))
    .order_by(Loan.loan_id)
    .limit(bindparam("most"))
)
_PAYMENTS = (
    select(
        Payment.id,
        Payment.sequence_number,
        Payment.due_date,
        Payment.payment_amount,
        Payment.payment_date,
        Payment.status,
        Payment.reference,
        Payment.version,
    )
    .where(Payment.loan_id == bindparam("loan_id", type_=Uuid()))
    .order_by(Payment.sequence_number)
)
_REVIEWS = (
    select(Review.__table__)
    .where(Review.loan_id == bindparam("loan_id", type_=Uuid()))
    .order_by(Review.created_at, Review.id)
)
_AT_ID = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
_EVENT = Review.new_data["_meta"]["event"].astext
# An installment is late from the beginning of the day, WIB, after it was due.
_LATE_FROM = func.timezone("Asia/Jakarta", cast(Payment.due_date + 1, DateTime()))


def _newest_of(columns: Sequence[Any], at: Any, id_: Any, *where: Any) -> Any:
    """A customer's newest: those of each of his loans by index, then the newest of all."""
    one = (
        select(at.label("at"), id_.label("id"), *columns)
        .where(*where)
        .order_by(at.desc(), id_.desc())
        .limit(bindparam("most"))
        .lateral("one")
    )
    return (
        select(Loan.loan_id, *one.c)
        .join(one, literal_column("true"))
        .where(Loan.user_id == bindparam("user_id", type_=Uuid()))
        .order_by(one.c.at.desc(), one.c.id.desc())
        .limit(bindparam("most"))
    )


def _told(*extra: Any) -> Any:
    return _newest_of(
        [_EVENT.label("event"), Review.new_data],
        Review.created_at,
        Review.id,
        Review.loan_id == Loan.loan_id,
        _EVENT.not_like("score.%"),
        *extra,
    )


def _late(*extra: Any) -> Any:
    is_late = and_(Payment.status == PaymentStatus.PAID, Payment.payment_date >= _LATE_FROM)
    return _newest_of(
        [Payment.sequence_number, Payment.payment_amount],
        _LATE_FROM,
        Payment.id,
        Payment.loan_id == Loan.loan_id,
        or_(Payment.status == PaymentStatus.OVERDUE, is_late),
        *extra,
    )


_TOLD, _TOLD_BEFORE = _told(), _told(tuple_(Review.created_at, Review.id) < _AT_ID)
_LATE, _LATE_BEFORE = _late(), _late(tuple_(_LATE_FROM, Payment.id) < _AT_ID)
_TERMS = select(Loan.loan_id, Loan.loan_amount, Loan.tenor_month, Loan.status).where(
    Loan.loan_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
)
_OF_CUSTOMER = _listing(None, amount=False, status=False, tenor=False, user=True, since=False, until=False)


class LoanLists:
    """``loans`` and what belongs to them, as lists and pages show them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, filters: Filters, part: Slice) -> Sequence[Any]:
        """Up to one row more than a page, in reading order from ``part``."""
        place = "after" if part.after else "before" if part.before else None
        return self.session.execute(
            _LISTINGS[self._key(filters, place)], {**filters.parameters, **_place(part.after or part.before)}
        ).all()

    def scanned_until(self, filters: Filters, part: Slice) -> Cursor | None:
        """The last row that an amount filter looked at; None when it looked at all there is."""
        place = "after" if part.after else None
        statement = _LISTINGS[(place, False, *self._key(filters, place)[2:])]
        row = self.session.execute(
            statement.limit(1).offset(SCANNED - 1), {**filters.parameters, **_place(part.after)}
        ).first()
        return Cursor(row.created_at, row.loan_id) if row else None

    def every(self, filters: Filters, limit: int) -> Result[Any]:
        """All that match, newest first, streamed by a server-side cursor."""
        flags = self._key(filters, None)[2:]
        statement = _narrowed(select(*_COLUMNS), **dict(zip(_NARROWINGS, flags, strict=True)))
        if filters.has_amount:
            statement = statement.where(Loan.loan_amount.between(bindparam("min_amount"), bindparam("max_amount")))
        statement = statement.order_by(*[c.desc() for c in _KEY]).limit(limit)
        return self.session.execute(statement.execution_options(yield_per=1000), filters.parameters)

    def counts(self) -> Row[Any]:
        return self.session.execute(_COUNTS).one()

    def estimates(self) -> dict[str, int]:
        """About how many loans there are of each status, as the last ANALYZE saw them."""
        return {row.value: int(row.number) for row in self.session.execute(_ESTIMATES)}

    def of_customer(self, user_id: UUID) -> Sequence[Any]:
        return self.session.execute(_OF_CUSTOMER, {"user_id": user_id}).all()

    def terms(self, ids: Sequence[UUID]) -> Sequence[Any]:
        return self.session.execute(_TERMS, {"ids": list(ids)}).all()

    def ids_between(self, least: UUID, greatest: UUID, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_ID, {"least": least, "greatest": greatest, "most": most}))

    def payments(self, loan_id: UUID) -> Sequence[Any]:
        return self.session.execute(_PAYMENTS, {"loan_id": loan_id}).all()

    def reviews(self, loan_id: UUID) -> Sequence[Any]:
        """The review history, oldest first."""
        return self.session.execute(_REVIEWS, {"loan_id": loan_id}).all()

    def told(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest entries of a customer's review histories, before a place; scores left out."""
        statement = _TOLD_BEFORE if before else _TOLD
        return self.session.execute(statement, {"user_id": user_id, "most": most, **_place(before)}).all()

    def late(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest installments of a customer that were not paid in time, before a place."""
        statement = _LATE_BEFORE if before else _LATE
        return self.session.execute(statement, {"user_id": user_id, "most": most, **_place(before)}).all()

    @staticmethod
    def _key(filters: Filters, place: str | None) -> tuple[Any, ...]:
        given = (filters.status, filters.tenor, filters.user_id, filters.since, filters.until)
        return (place, filters.has_amount, *(value is not None for value in given))


def _place(cursor: Cursor | None) -> dict[str, Any]:
    return {"at": cursor.at, "id": cursor.id} if cursor else {}
