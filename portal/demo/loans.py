"""The demo's loans, each with the life it had: submitted, decided, paid, late, corrected."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from portal import config
from portal.credit_scores import result_of, score_facts
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.demo.checks import Check
from portal.demo.identity import id_of
from portal.demo.people import Customer
from portal.demo.scores import EXTERNAL, Arrival, Scoring
from portal.demo.staff import BAGAS, MAYA, SARI
from portal.kyc.models import DocumentType, KycStatus
from portal.loans import (
    REASONS,
    Facts,
    Score,
    first_due_date,
    history_entry,
    installments,
    loan_facts,
    monthly_amount,
    payment_facts,
)
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

ANALYSTS = (Actor(BAGAS, Role.CREDIT_ANALYST, "Bagas Nugroho"), Actor(SARI, Role.CREDIT_ANALYST, "Sari Lestari"))
SUPPORT = Actor(MAYA, Role.SUPPORT_AGENT, "Maya Putri")
Row = Loan | Payment | Review | CreditScore | ScoreEntry


def loans(checks: Sequence[Check], at: datetime) -> "Iterator[Story]":
    """The life of each loan; but for two pending ones, customers are active and have a verified KTP."""
    verified = {
        check.customer.user_id: check.customer
        for check in checks
        if check.document_type is DocumentType.KTP
        and check.decisions
        and check.decisions[-1].verdict is KycStatus.VERIFIED
        and check.customer.status is Activity.ACTIVE
    }
    borrowers = list(verified.values())
    others = {
        OF_AN_INACTIVE: next(check.customer for check in checks if check.customer.status is not Activity.ACTIVE),
        OF_AN_UNIDENTIFIED: checks[0].customer,
    }
    for number in range(LOANS):
        yield Story(number, others.get(number, borrowers[number % len(borrowers)]), at)


class Story:
    """The life of loan ``number``; every fact follows from the number and the present moment."""

    def __init__(self, number: int, customer: Customer, at: datetime) -> None:
        self.random = Random(f"loan {number}")
        self.number, self.now = number, at
        self.rows: list[Row] = []
        self.analyst = ANALYSTS[number % 2]
        submitted = (at - self._age()).replace(microsecond=0)
        amount, tenor = Decimal(self.random.choice(AMOUNTS)), self.random.choice(TENORS)
        self.loan = Loan(
            loan_id=id_of("loan", number),
            user_id=customer.user_id,
            loan_amount=amount,
            tenor_month=tenor,
            status=Decision.PENDING,
            monthly_installment_amount=monthly_amount(amount, tenor),
            monthly_installment_due_date=(submitted.astimezone(WIB) + timedelta(days=30)).date(),
            created_at=submitted,
            updated_at=submitted,
            version=1,
        )
        self.rows.append(self.loan)
        self._tell("loan.submitted", {}, PORTAL, submitted)
        self.scoring = Scoring(number, self.loan)
        self.score = self.scoring.row
        for arrival in self.scoring.arrivals(self.analyst):
            self._score(arrival)
        if not self._is_pending():
            after = timedelta(hours=self.random.randint(2, 30))
            self._decide(at - LATELY[number] if number in LATELY else submitted + after)
            if number % 10 == 3:
                late = submitted + timedelta(hours=31)
                self._score(Arrival(EXTERNAL, 480, late, "Average of 2 vendors, one answered late"))
        self.rows += [self.score, *self.scoring.entries]

    def _is_pending(self) -> bool:
        return self.number % PENDING_EVERY == 0

    def _age(self) -> timedelta:
        if self._is_pending():
            return timedelta(minutes=20 + 37 * self.number)
        if self.number in LATELY:
            return LATELY[self.number] + timedelta(hours=20)
        return BORROWED * (self.number + 1) / LOANS

    def _decide(self, at: datetime) -> None:
        if self.number % UNDONE_EVERY == 0:
            self._reject(at - timedelta(seconds=40))
            before = self._facts()
            self.loan.reopen(first_due=self.loan.monthly_installment_due_date)
            self.score.reopen()
            self._tell("loan.decision_undone", before, self.analyst, at)
        if self.number % REJECTED_EVERY == 0:
            self._reject(at + timedelta(minutes=1))
        else:
            self._approve(at + timedelta(minutes=1))

    def _reject(self, at: datetime) -> None:
        codes = self.random.sample([*REASONS], k=self.random.randint(1, 3))
        before = self._facts()
        self.loan.reject(at=at, reason=", ".join(codes))
        self.score.decide(Decision.REJECTED, by=self.analyst.id, at=at)
        self._tell("loan.rejected", before, self.analyst, at, codes=codes, score=self._final(at))

    def _approve(self, at: datetime) -> None:
        before = self._facts()
        planned, today = self.loan.monthly_installment_due_date, at.astimezone(WIB).date()
        self.loan.approve(at=at, first_due=first_due_date(planned, today))
        self.score.decide(Decision.APPROVED, by=self.analyst.id, at=at)
        self._tell("loan.approved", before, self.analyst, at, score=self._final(at))
        for line in installments(self.loan.loan_amount, self.loan.tenor_month, self.loan.monthly_installment_due_date):
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
            self._live(payment)

    def _live(self, payment: Payment) -> None:
        """Most pay a few days early; some lately not, and a few payments were corrected."""
        today = self.now.astimezone(WIB).date()
        paid_on = datetime.combine(payment.due_date, datetime.min.time(), WIB) + timedelta(hours=9)
        paid_on -= timedelta(days=self.random.randint(0, 4))
        is_behind = self.number % 5 == 1 and (today - payment.due_date).days < 70
        if paid_on < self.now and not is_behind:
            self._post(payment, paid_on)
        if payment.sequence_number == 2 and self.number % 13 == 2 and payment.status is PaymentStatus.PAID:
            before = self._of(payment)
            payment.reverse(today=today)
            self._tell("payment.reversed", before, self.analyst, self.now - timedelta(hours=6), payment=payment,
                       note="The transfer belongs to another loan.")  # fmt: skip
        elif payment.status is PaymentStatus.PENDING and self.number % 17 == 3 and payment.due_date >= today:
            before = self._of(payment)
            payment.reschedule(payment.due_date + timedelta(days=10), today=today)
            self._tell("payment.rescheduled", before, self.analyst, self.now - timedelta(days=1), payment=payment,
                       note="The salary is paid ten days later this month.")  # fmt: skip
        if payment.status is PaymentStatus.PENDING and payment.due_date < today:
            payment.status = PaymentStatus.OVERDUE

    def _post(self, payment: Payment, at: datetime) -> None:
        before = self._of(payment)
        payment.post(at=at, reference=f"TRF-{self.number:04d}-{payment.sequence_number:02d}")
        self._tell("payment.posted", before, SUPPORT, at, payment=payment)

    def _score(self, arrival: Arrival) -> None:
        before = {"credit_score": score_facts(self.score)}
        is_first = before["credit_score"][f"{arrival.source}_score"] is None
        self.scoring.take_in(arrival)
        told = Score(arrival.score, arrival.reason, arrival.source, arrival.at)
        event = "score.recorded" if is_first else "score.superseded"
        self._tell(event, before, arrival.by, arrival.at, codes=arrival.codes, score=told)

    def _final(self, at: datetime) -> Score | None:
        final = result_of(self.score).final
        return Score(final, self.score.risk_level_reason, None, at) if final is not None else None

    def _facts(self) -> dict[str, Facts]:
        return {"loan": loan_facts(self.loan), "credit_score": score_facts(self.score)}

    def _of(self, payment: Payment) -> dict[str, Facts]:
        return {"payments": {str(payment.sequence_number): payment_facts(payment)}}

    def _tell(
        self,
        event: str,
        before: dict[str, Facts],
        actor: Actor,
        at: datetime,
        *,
        codes: Sequence[str] = (),
        note: str | None = None,
        score: Score | None = None,
        payment: Payment | None = None,
    ) -> None:
        after = self._of(payment) if payment else {"loan": loan_facts(self.loan)}
        if "credit_score" in before:
            after = {part: stands for part, stands in self._facts().items() if part in before}
        policy = config.current().score_policy.version if score else None
        review = history_entry(
            self.loan,
            event,
            before=before,
            after=after,
            actor=actor,
            codes=codes,
            note=note,
            score=score,
            policy=policy,
        )
        review.id = id_of("review", f"{self.number}-{len(self.rows)}")
        review.created_at = review.updated_at = at
        self.rows.append(review)
