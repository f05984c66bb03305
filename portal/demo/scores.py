"""The demo's credit scores: what came in when, what still lacks, and what vendors said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.credit_scores import weigh
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.demo.identity import id_of
from portal.loans.models import Loan
from portal.shared.actor import PORTAL, Actor
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource

INTERNAL, EXTERNAL, MANUAL = ScoreSource
FIRST_IN_LINE = 116  # the pending loan that waits longest
VENDORS = (("Nusantara Biro Kredit", 300, 850), ("SkorData Telko", 0, 1000), ("Cek Niaga", 0, 1000))
FACTORS = (
    {"code": "INC-1", "text": "Stable income for two years", "direction": "positive"},
    {"code": "HIST-2", "text": "Every installment of earlier loans paid in time", "direction": "positive"},
    {"code": "INQ-3", "text": "Two inquiries within a month", "direction": "negative"},
    {"code": "AGE-4", "text": "Young account", "direction": "negative"},
)
WHY = (
    (("INCOME_VERIFIED",), "Mutasi rekening 6 bulan menunjukkan gaji tetap. Tidak ada cicilan lain."),
    (("THIN_FILE", "EMPLOYER_UNVERIFIED"), "Little history, and the employer could not be reached twice."),
    (("GOOD_REPEAT_CUSTOMER",), "Third loan with us, all installments of the first two paid early."),
    (("OVER_INDEBTED",), "Cicilan di tempat lain sudah setengah dari penghasilan bulanannya."),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A score that comes in: which, when, from whom."""

    source: ScoreSource
    score: int
    at: datetime
    reason: str
    codes: tuple[str, ...] = ()
    by: Actor = PORTAL


class Scoring:
    """The credit score of loan ``number`` from its opening on, and what vendors said, as ``take_in`` takes it."""

    def __init__(self, number: int, loan: Loan) -> None:
        self.number, self.loan = number, loan
        is_decided, kind = bool(number % 4), 0 if number == FIRST_IN_LINE else number // 4 % 5
        mandatory = {0: ScoreSource, 1: ScoreSource, 4: ()}.get(kind, (INTERNAL, EXTERNAL))
        self.has_external = is_decided or kind not in (3, 4)
        self.has_manual = is_decided and MANUAL in mandatory
        self.entries: list[ScoreEntry] = []
        self.row = CreditScore(
            credit_score_id=id_of("score", number),
            loan_id=loan.loan_id,
            user_id=loan.user_id,
            decision=Decision.PENDING,
            created_at=loan.created_at,
            updated_at=loan.created_at,
            version=1,
            vendor_levels={},
            **{f"{source}_score_mandatory": source in mandatory for source in ScoreSource},
        )
        asked = 3 if number == FIRST_IN_LINE else 1 + number % 3
        self.evaluations = [self._evaluation(place) for place in range(asked)] if self.has_external else []

    def arrivals(self, analyst: Actor) -> Iterator[Arrival]:
        """What came in before the decision, oldest first."""
        at, is_first, rng = self.loan.created_at, self.number == FIRST_IN_LINE, Random(f"score {self.number}")
        internal = 642 if is_first else rng.randint(430, 860)
        yield Arrival(INTERNAL, internal, at + timedelta(minutes=2), "Model 4.2: short account history, stable income")
        if self.has_external:
            external = 701 if is_first else max(300, min(900, internal + rng.randint(-120, 120)))
            reason = f"Average of {len(self.evaluations)} vendors"
            yield Arrival(EXTERNAL, external, at + timedelta(minutes=5), reason)
        if self.has_manual:
            codes, reason = WHY[self.number % len(WHY)]
            manual = rng.randint(450, 880)
            yield Arrival(MANUAL, manual, at + timedelta(minutes=50), reason, codes, analyst)
            if self.number % 9 == 1:
                yield Arrival(MANUAL, manual - 40, at + timedelta(minutes=70), WHY[3][1], WHY[3][0], analyst)

    def take_in(self, arrival: Arrival) -> None:
        """Keep it; before the decision it becomes the headline."""
        raw: dict[str, Any] | None = {"reason_codes": list(arrival.codes)} if arrival.codes else None
        if self.row.decision is Decision.PENDING:
            self.row.put(arrival.source, arrival.score)
            for said in self.evaluations:
                self.row.hear(said["vendor_name"], said["risk_level"], said["created_at"])
            weigh(self.row)
        else:
            raw = {"late": True}
        self.entries.append(
            ScoreEntry(
                id=id_of("score-entry", f"{self.number}-{len(self.entries)}"),
                credit_score_id=self.row.credit_score_id,
                credit_score=arrival.score,
                credit_score_reason=arrival.reason,
                credit_score_raw=raw,
                credit_score_source=arrival.source,
                credit_score_updated_at=arrival.at,
                entered_by=arrival.by.auth_id,
            )
        )
        self.row.version += 1

    def _evaluation(self, place: int) -> dict[str, Any]:
        name, least, most = VENDORS[place]
        rng = Random(f"vendor {self.number} {name}")
        share = rng.uniform(0.35, 0.95)
        return {
            "evaluation_id": id_of("evaluation", f"{self.number}-{place}"),
            "credit_score_id": self.row.credit_score_id,
            "loan_id": self.loan.loan_id,
            "user_id": self.loan.user_id,
            "vendor_name": name,
            "raw_score": {"model": "v3", "score": round(share, 4), "factors": [factor["code"] for factor in FACTORS]},
            "normalized_score": {
                "score": round(least + share * (most - least)),
                "min": least,
                "max": most,
                "reason_codes": rng.sample(FACTORS, 2),
            },
            "risk_level": RiskLevel.LOW if share > 0.7 else RiskLevel.MEDIUM if share > 0.4 else RiskLevel.HIGH,
            "created_at": self.loan.created_at + timedelta(minutes=3 + place),
        }
