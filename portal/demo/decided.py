"""The demo's decided identity checks: verified, rejected and expired, of the last days and of the year before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from portal.demo.checks import Check, in_days
from portal.demo.identity import id_of
from portal.demo.people import SECOND_ACCOUNTS, Customer
from portal.demo.staff import DIAN, RINA
from portal.kyc import SAME
from portal.kyc.models import DocumentType, KycStatus
from portal.shared.clock import WIB

KTP, SIM, NPWP = DocumentType
LATELY, LONG_AGO = range(42, 60), range(60, 176)
Rejection = tuple[tuple[str, ...], str, str | None]
"""The reasons' codes, what the reviewer wrote to the customer, and the internal note."""
REJECTIONS: tuple[Rejection, ...] = (
    (("BLURRY",), "", None),
    (("GLARE", "CROPPED"), "", "Flash right on the number, and the lower left corner is missing."),
    (("SCREENSHOT_OR_COPY",), "", "Photo of a screen: the pixels show."),
    (("WRONG_TYPE",), "", "A student card."),
    (
        ("SELFIE_UNCLEAR", "DATA_MISMATCH"),
        "Nama pada dokumen berbeda dengan profil Anda, dan wajah pada swafoto tertutup masker.",
        "Perhaps her maiden name in the profile.",
    ),
    (("NUMBER_MISMATCH",), "", "Two digits are swapped."),
    (("FORGED",), "", "The photo was pasted in, and the digits are of another font."),
    (("BLURRY", "GLARE", "CROPPED", "NUMBER_UNREADABLE"), "", "Taken from a moving motorbike, it seems."),
    (("DOCUMENT_EXPIRED",), "", None),
    (("OTHER",), "Sebagian dokumen tertutup jari. Foto ulang tanpa menutupi dokumen.", None),
    (("REPORTED_STOLEN",), "", "On the list that the police sent this month."),
    (("UNDER_AGE",), "", None),
)
STOLEN_NUMBER: Rejection = (("DUPLICATE_OTHER_USER",), "", "The KTP of another customer, who says he knows nothing.")
FORGED_SIM, ANOTHER_CUSTOMER, SAME_PERSON = 61, 65, 67
SIM_DAYS_LEFT = (12, -3, 26, 340, 61, 1100, 700)


def decided(customers: list[Customer], at: datetime) -> Iterator[Check]:
    """Every decided check of the customers who have none pending."""
    for number in LATELY:
        yield _lately(customers[number], at)
    for number in LONG_AGO:
        yield from _identity(customers[number], at)
        yield from _more_documents(customers[number], at)


def _lately(customer: Customer, at: datetime) -> Check:
    """Decided in the last two days."""
    place = customer.number - LATELY.start
    decided_at = at - timedelta(hours=0.25 + 2.3 * place)
    created_at = decided_at - timedelta(hours=Random(place).uniform(0.5, 22))
    document_type, expires_at = (SIM, in_days(400 + place, at)) if place % 5 == 3 else (KTP, None)
    check = Check(f"lately:{customer.number}", customer, document_type, created_at)
    if place % 3 == 1:
        return _rejected(check, REJECTIONS[place % len(REJECTIONS)], decided_at)
    return _verified(check, decided_at, expires_at=expires_at)


def _identity(customer: Customer, at: datetime) -> Iterator[Check]:
    """How somebody's identity was verified, or was not."""
    number, first = customer.number, _submitted(customer, KTP, at)
    if number == FORGED_SIM:
        yield _rejected(replace(first, document_type=SIM), REJECTIONS[6])
    elif number == ANOTHER_CUSTOMER:
        yield _rejected(first, STOLEN_NUMBER)
    elif number == SAME_PERSON:
        twin = id_of("kyc", f"ktp:{SECOND_ACCOUNTS[number]}")
        yield _verified(replace(first, document_type=SIM), expires_at=in_days(500, at), duplicates={str(twin): SAME})
    elif number % 11 == 3:
        yield _rejected(first, REJECTIONS[number // 11 % len(REJECTIONS)])
    elif number % 13 == 5:
        yield _rejected(first, REJECTIONS[number // 13 % 5])
        yield _verified(_next_attempt(first, days=2))
    elif number % 29 == 10:
        yield replace(_verified(first), was_replaced=True)
        yield _verified(_next_attempt(first, days=90), expired_kyc_id=first.kyc_id)
    elif number % 31 == 12:
        yield _lost(_verified(first))
    else:
        yield _verified(first, number_unreadable=number % 17 == 0)


def _more_documents(customer: Customer, at: datetime) -> Iterator[Check]:
    number = customer.number
    if number % 9 == 4 and number != SAME_PERSON:
        days_left = SIM_DAYS_LEFT[(number - LONG_AGO.start) // 9 % len(SIM_DAYS_LEFT)]
        yield _verified(_submitted(customer, SIM, at), expires_at=in_days(days_left, at))
    elif number % 23 == 7:
        yield _run_out(_submitted(customer, SIM, at), last_day=in_days(-20 - number % 50, at))
    if number % 8 == 2:
        yield _verified(_submitted(customer, NPWP, at))


def _submitted(customer: Customer, document_type: DocumentType, at: datetime) -> Check:
    name = f"{document_type.value}:{customer.number}"
    rng = Random(name)
    created_at = at - timedelta(days=rng.randint(100, 320), minutes=rng.randrange(1440))
    return Check(name, customer, document_type, created_at)


def _next_attempt(check: Check, *, days: int) -> Check:
    later = check.created_at + timedelta(days=days)
    return replace(check, name=f"{check.name}:2", created_at=later, attempt=check.attempt + 1)


def _verified(check: Check, at: datetime | None = None, *, expires_at: date | None = None, **said: Any) -> Check:
    return _decided(replace(check, expires_at=expires_at), KycStatus.VERIFIED, at, **said)


def _rejected(check: Check, why: Rejection, at: datetime | None = None) -> Check:
    return _decided(check, KycStatus.REJECTED, at, *why)


def _decided(check: Check, verdict: KycStatus, at: datetime | None, *why: Any, **said: Any) -> Check:
    """By one of two reviewers, within a day."""
    reviewer = (RINA, DIAN)[(check.customer.number + check.attempt) % 2]
    in_time = check.created_at + timedelta(hours=Random(f"decided:{check.name}").uniform(0.4, 23))
    return check.decided(verdict, reviewer, at or in_time, *why, **said)


def _lost(check: Check) -> Check:
    """Declared expired by a reviewer, some weeks after it was verified."""
    at = check.decisions[0].decided_at + timedelta(days=41)
    note = "The customer reported the card as lost; a new one will follow."
    return check.decided(KycStatus.EXPIRED, DIAN, at, internal_note=note)


def _run_out(check: Check, *, last_day: date) -> Check:
    """A SIM that the portal itself declared expired on the day after its last one."""
    noticed_at = datetime.combine(last_day, time(0, 15), WIB) + timedelta(days=1)
    return _verified(check, expires_at=last_day).decided(KycStatus.EXPIRED, None, noticed_at)
