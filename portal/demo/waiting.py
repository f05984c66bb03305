"""The demo's queue: what waits for a reviewer, and what these customers sent before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from portal.demo.checks import Check, Decided, Drawing, in_days, specimen
from portal.demo.people import Customer
from portal.demo.staff import DIAN, RINA
from portal.kyc.models import DocumentType, KycStatus

# Hours, oldest first: four past the target of a day, three near it.
AGES = (
    30.2, 27.5, 25.1, 24.3, 23.8, 23.4, 23.1, 21.7, 20.2, 18.9, 17.4, 16.3, 15.0, 13.6, 12.8, 11.9, 11.0, 10.2, 9.5,
    8.7, 8.1, 7.4, 6.8, 6.1, 5.6, 5.0, 4.5, 4.1, 3.6, 3.2, 2.8, 2.4, 2.0, 1.7, 1.4, 1.1, 0.85, 0.6, 0.45, 0.3, 0.15,
    0.05,
)  # fmt: skip
KTP, SIM, NPWP = DocumentType.KTP, DocumentType.SIM, DocumentType.NPWP
TYPES = (KTP, KTP, SIM, KTP, NPWP, KTP, SIM)

# By the place in the queue, which is the customer's number.
FLAWS = {3: "blurry", 8: "glare", 12: "cropped", 19: "dark", 24: "blurry", 29: "glare", 33: "cropped", 38: "dark"}
REJECTED_BEFORE = {1: 1, 6: 1, 11: 1, 15: 1, 22: 2, 27: 1, 35: 1}
KTP_VERIFIED_BEFORE = (2, 4, 13, 18, 30, 39)
OTHER_NAME, EXPIRED_SIM, OTHER_SELFIE, OTHER_FACE, WRONG_TYPE = 18, 20, 28, 36, 37
STRANGER = 9000

WHY_REJECTED = {
    "blurry": (("BLURRY", "NUMBER_UNREADABLE"), ""),
    "glare": (("GLARE",), ""),
    "cropped": (("CROPPED",), ""),
    "dark": (("OTHER",), "Foto terlalu gelap sehingga tulisan tidak terbaca. Ambil lagi di tempat yang terang."),
}


def waiting(customers: list[Customer], at: datetime) -> Iterator[Check]:
    """The queue, and the earlier checks of the customers in it; all of them drawn."""
    for place, age in enumerate(AGES):
        check = _pending(customers[place], at - timedelta(hours=age), at)
        yield check
        yield from _rejected_before(check)
        if place in KTP_VERIFIED_BEFORE:
            yield _verified_before(customers[place], at)


def _pending(customer: Customer, created_at: datetime, at: datetime) -> Check:
    place = customer.number
    document_type = TYPES[place % len(TYPES)]
    return Check(
        f"waiting:{place}",
        customer,
        document_type,
        created_at,
        attempt=1 + REJECTED_BEFORE.get(place, 0),
        drawing=_drawing(customer, document_type, at),
    )


def _drawing(customer: Customer, document_type: DocumentType, at: datetime) -> Drawing:
    """Most show the customer and his document; a few show what a reviewer has to notice."""
    place, who = customer.number, customer.person
    days_left = -40 if place == EXPIRED_SIM else 200 + 37 * place
    valid_until = in_days(days_left, at) if document_type is SIM else None
    front = specimen(who, document_type, flaw=FLAWS.get(place), valid_until=valid_until)
    if place == WRONG_TYPE:
        front = replace(front, document_type=KTP.value, valid_until=None)
    if place == OTHER_NAME:
        front = replace(front, fullname=f"{who.fullname.split()[0]} Puspita")
    if place == OTHER_FACE:
        front = replace(front, seed=STRANGER + place)
    return Drawing(front, replace(front, seed=STRANGER) if place == OTHER_SELFIE else front)


def _rejected_before(check: Check) -> Iterator[Check]:
    """The attempts before this one, each with a worse photo and the reviewer's reasons."""
    place = check.customer.number
    tries = REJECTED_BEFORE.get(place, 0)
    for attempt in range(1, tries + 1):
        flaw = list(WHY_REJECTED)[(place + attempt) % len(WHY_REJECTED)]
        codes, typed = WHY_REJECTED[flaw]
        created_at = check.created_at - timedelta(hours=5.2 * (tries + 1 - attempt))
        decided = Decided(
            KycStatus.REJECTED, DIAN if place % 2 else RINA, created_at + timedelta(hours=1.3), codes, typed
        )
        assert check.drawing
        yield replace(
            check,
            name=f"{check.name}:{attempt}",
            created_at=created_at,
            attempt=attempt,
            decisions=(decided,),
            drawing=replace(check.drawing, front=replace(check.drawing.front, flaw=flaw)),
        )


def _verified_before(customer: Customer, at: datetime) -> Check:
    rng = Random(f"before:{customer.number}")
    created_at = at - timedelta(days=rng.randint(40, 300), minutes=rng.randrange(1440))
    decided = Decided(KycStatus.VERIFIED, RINA, created_at + timedelta(hours=rng.uniform(0.5, 20)))
    front = specimen(customer.person, KTP)
    return Check(
        f"before:{customer.number}", customer, KTP, created_at, decisions=(decided,), drawing=Drawing(front, front)
    )
