"""The demo's queue: what waits for a reviewer, and what these customers sent before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.demo.checks import Check, in_days
from portal.demo.identity import number_of
from portal.demo.images import Specimen
from portal.demo.people import VERIFIED_BEFORE, Customer
from portal.demo.staff import DIAN, RINA
from portal.kyc.models import DocumentType, KycStatus

# Hours, oldest first, one for each customer in the queue: four past the target of a day, three near it.
AGES = (
    30.2, 27.5, 25.1, 24.3, 23.8, 23.4, 23.1, 21.7, 20.2, 18.9, 17.4, 16.3, 15.0, 13.6, 12.8, 11.9, 11.0, 10.2, 9.5,
    8.7, 8.1, 7.4, 6.8, 6.1, 5.6, 5.0, 4.5, 4.1, 3.6, 3.2, 2.8, 2.4, 2.0, 1.7, 1.4, 1.1, 0.85, 0.6, 0.45, 0.3, 0.15,
    0.05,
)  # fmt: skip
KTP, SIM, NPWP = DocumentType
TYPES = (KTP, KTP, SIM, KTP, NPWP, KTP, SIM)

# By the place in the queue, which is the customer's number.
REJECTED_BEFORE = {1: 1, 6: 1, 11: 1, 15: 1, 22: 2, 27: 1, 35: 1}
FLAWS = {3: "blurry", 8: "glare", 12: "cropped", 19: "dark", 24: "blurry", 29: "glare", 33: "cropped", 38: "dark"}
# What else a reviewer has to notice. Faces 9 and 36 are nobody's: those customers are 5 and 7 once more.
EXPIRED_SIM = 20
OTHER_DOCUMENT: dict[int, dict[str, Any]] = {
    18: {"fullname": "Marwah Puspita"},
    36: {"face": 36},
    37: {"document_type": "ktp", "valid_until": None},
}
OTHER_SELFIE = {28: 9}

WHY_REJECTED = {
    "blurry": (("BLURRY", "NUMBER_UNREADABLE"), ""),
    "glare": (("GLARE",), ""),
    "cropped": (("CROPPED",), ""),
    "dark": (("OTHER",), "Foto terlalu gelap sehingga tulisan tidak terbaca. Ambil lagi di tempat yang terang."),
}


def pending(customers: list[Customer], at: datetime) -> Iterator[Check]:
    """The queue, and the earlier checks of the customers in it; all of them with images of their own."""
    for customer, age in zip(customers, AGES, strict=False):
        check = _pending(customer, at - timedelta(hours=age), at)
        yield check
        yield from _rejected_before(check)
        if customer.number in VERIFIED_BEFORE:
            yield _verified_before(customer, at)


def _pending(customer: Customer, created_at: datetime, at: datetime) -> Check:
    """Most show the customer and their document; a few show what a reviewer has to notice."""
    place = customer.number
    document_type = TYPES[place % len(TYPES)]
    days_left = -40 if place == EXPIRED_SIM else 200 + 37 * place
    valid_until = in_days(days_left, at) if document_type is SIM else None
    front = specimen(customer, document_type, flaw=FLAWS.get(place), valid_until=valid_until)
    front = replace(front, **OTHER_DOCUMENT.get(place, {}))
    selfie = replace(front, face=OTHER_SELFIE.get(place, front.face))
    attempt = 1 + REJECTED_BEFORE.get(place, 0)
    return Check(f"waiting:{place}", customer, document_type, created_at, attempt, front=front, selfie=selfie)


def _rejected_before(check: Check) -> Iterator[Check]:
    """The attempts before this one, each with a worse photo and the reviewer's reasons."""
    place = check.customer.number
    for attempt in range(1, check.attempt):
        flaw = list(WHY_REJECTED)[(place + attempt) % len(WHY_REJECTED)]
        created_at = check.created_at - timedelta(hours=5.2 * (check.attempt - attempt))
        assert check.front
        front = replace(check.front, flaw=flaw)
        earlier = replace(check, name=f"{check.name}:{attempt}", created_at=created_at, attempt=attempt, front=front)
        reviewer, at = DIAN if place % 2 else RINA, created_at + timedelta(hours=1.3)
        yield earlier.decided(KycStatus.REJECTED, reviewer, at, *WHY_REJECTED[flaw])


def _verified_before(customer: Customer, at: datetime) -> Check:
    rng = Random(f"before:{customer.number}")
    created_at = at - timedelta(days=rng.randint(40, 300), minutes=rng.randrange(1440))
    front = specimen(customer, KTP)
    check = Check(f"before:{customer.number}", customer, KTP, created_at, front=front, selfie=front)
    return check.decided(KycStatus.VERIFIED, RINA, created_at + timedelta(hours=rng.uniform(0.5, 20)))


def specimen(customer: Customer, document_type: DocumentType, **given: Any) -> Specimen:
    """The customer's document of that type; a SIM needs ``valid_until``."""
    who = customer.person
    return Specimen(
        document_type=document_type.value,
        number=number_of(document_type, who.nik),
        fullname=who.fullname,
        birth_date=who.born,
        is_woman=who.is_woman,
        place=who.town.name,
        province=who.town.province.upper(),
        face=who.number,
        **given,
    )
