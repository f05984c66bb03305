"""An identity check of the demo with its decisions and what its images show, and the rows they make."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from portal.demo.identity import id_of, number_of
from portal.demo.images import Specimen
from portal.demo.people import Customer
from portal.kyc import CHECKLIST, STILL_VALID, customer_words
from portal.kyc.models import DocumentType, KycStatus
from portal.shared.clock import WIB
from portal.shared.crypto import document_hash


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision on a check; ``typed`` is what the reviewer wrote to the customer, ``decided_by`` None the portal."""

    verdict: KycStatus
    decided_by: UUID | None
    decided_at: datetime
    reason_codes: tuple[str, ...] = ()
    typed: str = ""
    internal_note: str | None = None
    number_unreadable: bool = False
    duplicates: Mapping[str, str] = field(default_factory=dict)
    expired_kyc_id: UUID | None = None

    def words(self, language: str) -> str | None:
        """Why it was rejected, as the customer reads it."""
        return customer_words(self.reason_codes, self.typed)[language] if self.reason_codes else None


@dataclass(frozen=True, slots=True)
class Check:
    """A submission under a name that is the same every time.

    ``front`` and ``selfie`` are what its images show; without them it shows those of another check, ``images_of``.
    """

    name: str
    customer: Customer
    document_type: DocumentType
    created_at: datetime
    attempt: int = 1
    decisions: tuple[Decided, ...] = ()
    expires_at: date | None = None
    was_replaced: bool = False
    front: Specimen | None = None
    selfie: Specimen | None = None
    images_of: UUID | None = None

    @property
    def kyc_id(self) -> UUID:
        return id_of("kyc", self.name)

    @property
    def number(self) -> str:
        return number_of(self.document_type, self.customer.person.nik)

    @property
    def status(self) -> KycStatus:
        if self.was_replaced:
            return KycStatus.EXPIRED
        return self.decisions[-1].verdict if self.decisions else KycStatus.PENDING

    def message_id(self, place: int) -> UUID:
        """The id of the message that a decision, counted from 0, led to."""
        return id_of("message", f"{self.name}:{place}")

    def decided(self, verdict: KycStatus, by: UUID | None, at: datetime, *why: Any, **given: Any) -> Self:
        """The same check with one decision more."""
        return replace(self, decisions=(*self.decisions, Decided(verdict, by, at, *why, **given)))

    def row(self, *, has_duplicate: bool) -> dict[str, Any]:
        folder = f"kyc/{self.images_of or self.kyc_id}"
        is_read = any(d.verdict is KycStatus.VERIFIED and not d.number_unreadable for d in self.decisions)
        return {
            "kyc_id": self.kyc_id,
            "user_id": self.customer.user_id,
            "status": self.status,
            "document_type": self.document_type,
            "document_number_hash": document_hash(self.number),
            "document_front_image_path": f"{folder}/front.jpg",
            "document_selfie_image_path": f"{folder}/selfie.jpg",
            "created_at": self.created_at,
            "updated_at": self.decisions[-1].decided_at if self.decisions else self.created_at,
            "attempt": self.attempt,
            "has_duplicate": has_duplicate,
            "expires_at": self.expires_at,
            "number_tries": 1 if is_read else 0,
            "number_matched": True if is_read else None,
            "version": 1 + len(self.decisions) + self.was_replaced,
        }

    def decision_rows(self) -> list[dict[str, Any]]:
        checklist = {name: True for name in CHECKLIST if name != STILL_VALID or self.document_type is DocumentType.SIM}
        rows = []
        for place, decided in enumerate(self.decisions):
            row = asdict(decided) | {
                "decision_id": id_of("decision", f"{self.name}:{place}"),
                "kyc_id": self.kyc_id,
                "checklist": checklist if decided.verdict is KycStatus.VERIFIED else {},
                "customer_text": decided.words("id"),
                "message_id": self.message_id(place),
            }
            del row["typed"]
            rows.append(row)
        return rows


def in_days(days: int, at: datetime) -> date:
    """The business day that many days after ``at``."""
    return (at.astimezone(WIB) + timedelta(days=days)).date()


def numbers_of_several(checks: Iterable[Check]) -> set[str]:
    """The document numbers that stand on checks of more than one customer."""
    holders = Counter(number for number, _ in {(check.number, check.customer.user_id) for check in checks})
    return {number for number, count in holders.items() if count > 1}


def illustrated(checks: list[Check]) -> list[Check]:
    """The same checks; those without images show those of another one of their type and the person's sex."""
    shown: dict[tuple[str, bool], list[UUID]] = defaultdict(list)
    for check in checks:
        if check.front and not check.front.flaw:
            shown[check.front.document_type, check.customer.person.is_woman].append(check.kyc_id)

    def images_of(check: Check) -> UUID:
        fitting = shown[check.document_type, check.customer.person.is_woman]
        return fitting[check.customer.number % len(fitting)]

    return [check if check.front else replace(check, images_of=images_of(check)) for check in checks]
