"""An identity check of the demo with its decisions and its drawing, and the rows they make."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from portal.demo.drawing import Specimen
from portal.demo.identity import id_of, number_of
from portal.demo.people import Customer, Person
from portal.kyc import CHECKLIST, STILL_VALID, customer_words
from portal.kyc.models import DocumentType, KycStatus
from portal.shared.clock import WIB
from portal.shared.crypto import document_hash


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision on a check; ``typed`` is what the reviewer wrote to the customer, ``by`` nobody is the portal."""

    verdict: KycStatus
    by: UUID | None
    at: datetime
    codes: tuple[str, ...] = ()
    typed: str = ""
    note: str | None = None
    number_unreadable: bool = False
    duplicates: Mapping[str, str] = field(default_factory=dict)
    replaced: UUID | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be seen on the two images of a check."""

    front: Specimen
    selfie: Specimen


@dataclass(frozen=True, slots=True)
class Check:
    """A submission under a name that is the same every time; without a ``drawing`` it shows another one's images."""

    name: str
    customer: Customer
    document_type: DocumentType
    created_at: datetime
    attempt: int = 1
    decisions: tuple[Decided, ...] = ()
    expires_at: date | None = None
    was_replaced: bool = False
    drawing: Drawing | None = None
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
            "updated_at": self.decisions[-1].at if self.decisions else self.created_at,
            "attempt": self.attempt,
            "has_duplicate": has_duplicate,
            "expires_at": self.expires_at,
            "number_tries": 1 if is_read else 0,
            "number_matched": True if is_read else None,
            "version": 1 + len(self.decisions) + self.was_replaced,
        }

    def decision_rows(self) -> list[dict[str, Any]]:
        return [self._decision_row(decided, place) for place, decided in enumerate(self.decisions)]

    def _decision_row(self, decided: Decided, place: int) -> dict[str, Any]:
        is_verified = decided.verdict is KycStatus.VERIFIED
        names = [name for name in CHECKLIST if name != STILL_VALID or self.document_type is DocumentType.SIM]
        return {
            "decision_id": id_of("decision", f"{self.name}:{place}"),
            "kyc_id": self.kyc_id,
            "verdict": decided.verdict,
            "decided_by": decided.by,
            "decided_at": decided.at,
            "checklist": dict.fromkeys(names, True) if is_verified else {},
            "number_unreadable": decided.number_unreadable,
            "duplicates": dict(decided.duplicates),
            "reason_codes": list(decided.codes),
            "customer_text": customer_words(decided.codes, decided.typed)["id"] if decided.codes else None,
            "internal_note": decided.note,
            "message_id": self.message_id(place),
            "expired_kyc_id": decided.replaced,
        }

    def message_id(self, place: int) -> UUID:
        """The id of the message that a decision, counted from 0, led to."""
        return id_of("message", f"{self.name}:{place}")


def specimen(who: Person, document_type: DocumentType, **given: Any) -> Specimen:
    """A person's document of that type; a SIM needs ``valid_until``."""
    values = {
        "document_type": document_type.value,
        "number": number_of(document_type, who.nik),
        "fullname": who.fullname,
        "birth_date": who.born,
        "is_woman": who.is_woman,
        "place": who.town.name,
        "province": who.town.province.upper(),
        "valid_until": None,
        "seed": who.face,
    }
    return Specimen(**{**values, **given})


def in_days(days: int, at: datetime) -> date:
    """The business day that many days after ``at``."""
    return (at.astimezone(WIB) + timedelta(days=days)).date()


def numbers_of_several(checks: Iterable[Check]) -> set[str]:
    """The document numbers that stand on checks of more than one customer."""
    holders: dict[str, set[UUID]] = defaultdict(set)
    for check in checks:
        holders[check.number].add(check.customer.user_id)
    return {number for number, customers in holders.items() if len(customers) > 1}


def illustrated(checks: list[Check]) -> list[Check]:
    """The same checks; those without a drawing show the images of a drawn one of their type and the person's sex."""
    drawn: dict[tuple[str, bool], list[UUID]] = defaultdict(list)
    for check in checks:
        if check.drawing and not check.drawing.front.flaw:
            drawn[check.drawing.front.document_type, check.customer.person.is_woman].append(check.kyc_id)
    return [check if check.drawing else _with_images(check, drawn) for check in checks]


def _with_images(check: Check, drawn: dict[tuple[str, bool], list[UUID]]) -> Check:
    fitting = drawn[check.document_type.value, check.customer.person.is_woman]
    return replace(check, images_of=fitting[check.customer.number % len(fitting)])
