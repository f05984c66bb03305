"""The demo's loans, each with the life it had: submitted, decided, paid, late, corrected."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from portal import config, loans
from portal.credit_scores import result_of, score_facts
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.demo.checks import Check
from portal.demo.identity import id_of
from portal.demo.people import Customer
from portal.demo.scores import EXTERNAL, Arrival, Scoring
from portal.demo.staff import MAYA, STAFF
from portal.kyc.models import DocumentType, KycStatus
from portal.loans.models import Loan, Payment, PaymentStatus, Review
from portal.permissions import Role
from portal.shared.actor import PORTAL, Actor
from portal.shared.clock import WIB
from portal.shared.vocabulary import Activity, Decision

LOANS = 120
PENDING_EVERY, REJECTED_EVERY, UNDONE_EVERY = 4, 7, 11
OF_AN_INACTIVE, OF_AN_UNIDENTIFIED = 8, 28  # pending, fully scored, and not to be approved
TENORS = (3, 6, 6, 12, 12, 18, 24)
AMOUNTS = (1_500_000, 3_000_000, 5_000_000, 7_500_000, 12_000_000, 24_000_000, 50_000_000)
BORROWED = timedelta(days=400)
LATELY = {number: timedelta(minutes=25 + 50 * place) for place, number in enumerate((2, 5, 6, 7, 10))}  # decided since

ANALYSTS = [colleague.actor for colleague in STAFF if colleague.role is Role.CREDIT_ANALYST]
SUPPORT = next(colleague.actor for colleague in STAFF if colleague.auth_id == MAYA)
Row = Loan | Payment | Review | CreditScore | ScoreEntry


def demo_loans(checks: Sequence[Check], at: datetime) -> "Iterator[DemoLoan]":
    """All of them; but for two pending ones, their customers are active and have a verified KTP."""
    active = [check for check in checks if check.customer.status is Activity.ACTIVE]
    inactive = next(check.customer for check in checks if check.customer.status is not Activity.ACTIVE)
    others = {OF_AN_INACTIVE: inactive, OF_AN_UNIDENTIFIED: checks[0].customer}
    identified = {
        check.customer.number: check.customer
        for check in active
        if check.document_type is DocumentType.KTP and check.status is KycStatus.VERIFIED
    }
    customers = list(identified.values())
    for number in range(LOANS):
        yield DemoLoan(number, others.get(number, customers[number % len(customers)]), at)


class DemoLoan:
    """A loan with all its rows; every fact follows from its number and the present moment."""

    def __init__(self, number: int, customer: Customer, at: datetime) -> None:
        self.random = Random(f"loan {number}")
        self.number, self.customer, self.now = number, customer, at
        self.analyst = ANALYSTS[number % 2]
        self.is_pending = number % PENDING_EVERY == 0
        self.loan = self._submitted((at - self._age()).replace(microsecond=0))
        submitted, facts = self.loan.created_at, {"loan": loans.loan_facts(self.loan)}
        self.rows: list[Row] = [self.loan]
        self._record("loan.submitted", submitted, before={}, after=facts, actor=PORTAL)
        self.scoring = Scoring(number, self.loan)
        self.score = self.scoring.row
        for arrival in self.scoring.arrivals(self.analyst):
            self._take_in(arrival)
        if not self.is_pending:
            after = timedelta(hours=self.random.randint(2, 30))
            self._decide(at - LATELY[number] if number in LATELY else submitted + after)
            if number % 10 == 3:
                late = submitted + timedelta(hours=31)
                self._take_in(Arrival(EXTERNAL, 480, late, "Average of 2 vendors, one answered late"))
        self.rows += [self.score, *self.scoring.entries]

    def _age(self) -> timedelta:
        if self.is_pending:
            return timedelta(minutes=20 + 37 * self.number)
        decided = LATELY.get(self.number)
        return decided + timedelta(hours=20) if decided else BORROWED * (self.number + 1) / LOANS

    def _submitted(self, at: datetime) -> Loan:
        amount, tenor = Decimal(self.random.choice(AMOUNTS)), self.random.choice(TENORS)
        return Loan(
            loan_id=id_of("loan", self.number),
            user_id=self.customer.user_id,
            loan_amount=amount,
            tenor_month=tenor,
            status=Decision.PENDING,
            monthly_installment_amount=loans.monthly_amount(amount, tenor),
            monthly_installment_due_date=(at.astimezone(WIB) + timedelta(days=30)).date(),
            created_at=at,
            updated_at=at,
            version=1,
        )

    def _take_in(self, arrival: Arrival) -> None:
        is_first = getattr(self.score, f"{arrival.source}_score") is None
        event = "score.recorded" if is_first else "score.superseded"
        score = loans.Score(arrival.score, arrival.reason, arrival.source, arrival.at)
        with self._event(event, arrival.by, arrival.at, codes=arrival.codes, score=score):
            self.scoring.take_in(arrival)

    def _decide(self, at: datetime) -> None:
        if self.number % UNDONE_EVERY == 0:
            self._reject(at - timedelta(seconds=40))
            with self._event("loan.decision_undone", self.analyst, at):
                self.loan.reopen(first_due=self.loan.monthly_installment_due_date)
                self.score.reopen()
        if self.number % REJECTED_EVERY == 0:
            self._reject(at + timedelta(minutes=1))
        else:
            self._approve(at + timedelta(minutes=1))

    def _reject(self, at: datetime) -> None:
        codes = self.random.sample([*loans.REASONS], k=self.random.randint(1, 3))
        with self._event("loan.rejected", self.analyst, at, codes=codes, score=self._final(at)):
            self.loan.reject(at=at, reason=", ".join(codes))
            self.score.decide(Decision.REJECTED, by=self.analyst.id, at=at)

    def _approve(self, at: datetime) -> None:
        first_due = loans.first_due_date(self.loan.monthly_installment_due_date, at.astimezone(WIB).date())
        with self._event("loan.approved", self.analyst, at, score=self._final(at)):
            self.loan.approve(at=at, first_due=first_due)
            self.score.decide(Decision.APPROVED, by=self.analyst.id, at=at)
        for line in loans.installments(self.loan.loan_amount, self.loan.tenor_month, first_due):
            payment = Payment(
                id=id_of("payment", f"{self.number}-{line.sequence_number}"),
                loan_id=self.loan.loan_id,
                sequence_number=line.sequence_number,
                due_date=line.due_date,
                payment_amount=line.amount,
                status=PaymentStatus.PENDING,
                version=1,
                created_at=at,
            )
            self.rows.append(payment)
            self._pay(payment)

    def _pay(self, payment: Payment) -> None:
        """Most pay a few days early; some lately not, and a few payments were corrected."""
        due, today = payment.due_date, self.now.astimezone(WIB).date()
        paid_on = datetime.combine(due, time(9), WIB) - timedelta(days=self.random.randint(0, 4))
        is_behind = self.number % 5 == 1 and (today - due).days < 70
        is_paid = paid_on < self.now and not is_behind
        if is_paid:
            with self._event("payment.posted", SUPPORT, paid_on, payment):
                payment.post(at=paid_on, reference=f"TRF-{self.number:04d}-{payment.sequence_number:02d}")
        if is_paid and payment.sequence_number == 2 and self.number % 13 == 2:
            at, note = self.now - timedelta(hours=6), "The transfer belongs to another loan."
            with self._event("payment.reversed", self.analyst, at, payment, note=note):
                payment.reverse(today=today)
        elif not is_paid and self.number % 17 == 3 and due >= today:
            at, note = self.now - timedelta(days=1), "The salary is paid ten days later this month."
            with self._event("payment.rescheduled", self.analyst, at, payment, note=note):
                payment.reschedule(due + timedelta(days=10), today=today)
        if payment.status is PaymentStatus.PENDING and payment.due_date < today:
            payment.status = PaymentStatus.OVERDUE

    def _final(self, at: datetime) -> loans.Score | None:
        final = result_of(self.score).final
        return loans.Score(final, self.score.risk_level_reason, None, at) if final is not None else None

    @contextmanager
    def _event(
        self, event: str, actor: Actor, at: datetime, payment: Payment | None = None, **told: Any
    ) -> Iterator[None]:
        """Tell the history of what changes meanwhile."""
        before = self._facts(payment)
        yield
        self._record(event, at, before=before, after=self._facts(payment), actor=actor, **told)

    def _facts(self, payment: Payment | None) -> dict[str, loans.Facts]:
        payments = {"payments": {str(payment.sequence_number): loans.payment_facts(payment)}} if payment else {}
        return {"loan": loans.loan_facts(self.loan), "credit_score": score_facts(self.score), **payments}

    def _record(self, event: str, at: datetime, **told: Any) -> None:
        policy = config.current().score_policy.version if told.get("score") else None
        review = loans.history_entry(self.loan, event, policy=policy, **told)
        review.id = id_of("review", f"{self.number}-{len(self.rows)}")
        review.created_at = review.updated_at = at
        self.rows.append(review)
