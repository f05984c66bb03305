"""Plain factories: what a test does not say is filled in."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy import select, update

from portal.audit.models import AuditEvent
from portal.auth.models import Account, Passkey, StaffMember
from portal.auth.passwords import hash_password
from portal.credit_scores.models import CreditScore
from portal.credit_scores.service import enter_manual, take_in, take_in_evaluation
from portal.kyc.images import clean, store
from portal.kyc.models import DocumentType, KycCheck, KycStatus
from portal.loans.intake import submit
from portal.loans.models import Loan
from portal.permissions import GRANTS, Role
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.crypto import document_hash
from portal.shared.database import db
from portal.shared.vocabulary import RiskLevel, ScoreSource
from portal.users.models import Profile
from tests.client import PASSWORD

_numbers = count(1)


@dataclass(frozen=True)
class Staff:
    """A member of staff as tests speak of him."""

    auth_id: UUID
    email: str
    name: str
    role: Role

    @property
    def actor(self) -> Actor:
        return Actor(self.auth_id, self.role, self.name, GRANTS[self.role])


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def make_staff(role: Role = Role.KYC_REVIEWER, **given: Any) -> Staff:
    """Somebody who may sign in with :data:`PASSWORD`."""
    number = next(_numbers)
    account = Account(
        auth_id=uuid4(),
        email=given.pop("email", f"staff{number}@example.com"),
        password_hash=given.pop("password_hash", _password_hash()),
        status=given.pop("status", "active"),
    )
    name = given.pop("display_name", f"Reviewer {number}")
    db.session.add(account)
    db.session.flush()
    db.session.add(StaffMember(auth_id=account.auth_id, role=role, display_name=name, **given))
    db.session.commit()
    return Staff(account.auth_id, account.email, name, role)


def make_passkey(staff: Staff, **given: Any) -> UUID:
    """One of his that no test uses to sign in with."""
    id_ = uuid4()
    values = {"credential_id": id_.bytes, "public_key": b"", "sign_count": 0, "name": "Phone", **given}
    db.session.add(Passkey(id=id_, auth_id=staff.auth_id, **values))
    db.session.execute(update(Account).where(Account.auth_id == staff.auth_id).values(is_biometric_enabled=True))
    db.session.commit()
    return id_


def make_borrower(**given: Any) -> str:
    """Somebody with an account and no place in the portal; returns his e-mail."""
    account = Account(
        **{
            "auth_id": uuid4(),
            "email": f"borrower{next(_numbers)}@example.com",
            "password_hash": _password_hash(),
            **given,
        }
    )
    db.session.add(account)
    db.session.commit()
    return account.email


def audit_events(action: str = "") -> list[AuditEvent]:
    """The trail, oldest first, or what it holds of one action."""
    db.session.rollback()
    wanted = select(AuditEvent).where((AuditEvent.action == action) | (action == "")).order_by(AuditEvent.at)
    return list(db.session.scalars(wanted, execution_options={"populate_existing": True}))


def make_customer(**given: Any) -> UUID:
    number = next(_numbers)
    values = {
        "id": uuid4(),
        "auth_id": uuid4(),
        "fullname": f"Siti Rahmawati {number}",
        "email": f"customer{number}@example.com",
        "phone_number": f"+628120000{number:04d}",
        "preferences": {"language": "id", "channels": ["email"]},
        **given,
    }
    db.session.add(Profile(**values))
    db.session.commit()
    return UUID(str(values["id"]))


@cache
def picture(color: str = "steelblue", size: tuple[int, int] = (640, 400)) -> bytes:
    """A small real JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


@cache
def _clean_picture() -> bytes:
    """As the store keeps :func:`picture`."""
    return clean(picture())


def make_kyc_check(**given: Any) -> UUID:
    """A submission; ``number`` is the document's, ``age`` how long ago it came in, ``held_by`` who holds it now."""
    number = given.pop("number", f"3273010000{next(_numbers):06d}")
    age = given.pop("age", timedelta(hours=1))
    holder = given.pop("held_by", None)
    kyc_id = given.pop("kyc_id", uuid4())
    now = datetime.now(UTC)
    if given.pop("has_images", True):
        for side in ("front", "selfie"):
            store.keep(kyc_id, side, _clean_picture())
    values = {
        "user_id": given.pop("user_id", None) or make_customer(),
        "document_type": DocumentType.KTP,
        "document_number_hash": document_hash(number),
        "document_front_image_path": f"kyc/{kyc_id}/front.jpg",
        "document_selfie_image_path": f"kyc/{kyc_id}/selfie.jpg",
        "created_at": now - age,
        **given,
    }
    if holder:
        values |= {"lease_holder": holder.auth_id, "lease_token": uuid4(), "lease_until": now + timedelta(minutes=10)}
    db.session.add(KycCheck(kyc_id=kyc_id, **values))
    db.session.commit()
    return kyc_id


def make_loan(**given: Any) -> UUID:
    """An application, taken in as any other; ``loan_amount`` as text, ``age`` how long ago it came in."""
    age = given.pop("age", None)
    values = {
        "user_id": given.pop("user_id", None) or make_customer(),
        "loan_amount": Decimal(given.pop("loan_amount", "24000000.00")),
        "tenor_month": 12,
        "first_due_date": clock.today() + timedelta(days=30),
        **given,
    }
    loan_id = submit(**values)
    if age is not None:
        at = {"created_at": clock.now() - age, "updated_at": Loan.updated_at}
        db.session.execute(update(Loan).where(Loan.loan_id == loan_id).values(at))
        db.session.commit()
    return loan_id


def make_score(**given: Any) -> UUID:
    """The credit score of a loan; ``internal`` and ``external`` are taken in as any other, ``manual`` is entered.

    ``mandatory`` names what a decision waits for, ``age`` how long ago it came in. The customer may be approved unless
    ``is_identified`` or ``user_id`` says otherwise.
    """
    loan_id = given.pop("loan_id", None)
    user_id = given.pop("user_id", None) or make_customer()
    loan_id = loan_id or make_loan(user_id=user_id)
    scores = {source: given.pop(source, 640) for source in (ScoreSource.INTERNAL, ScoreSource.EXTERNAL)}
    manual, mandatory = given.pop("manual", None), given.pop("mandatory", frozenset(scores))
    if given.pop("is_identified", True):
        make_kyc_check(user_id=user_id, status=KycStatus.VERIFIED, has_images=False)
    flags = {f"{source}_score_mandatory": source in mandatory for source in ScoreSource}
    row = CreditScore(
        credit_score_id=uuid4(),
        loan_id=loan_id,
        user_id=user_id,
        created_at=clock.now() - given.pop("age", timedelta()),
        vendor_levels={},
        **flags,
        **given,
    )
    credit_score_id = row.credit_score_id
    db.session.add(row)
    db.session.commit()
    for source, score in scores.items():
        if score is not None:
            take_in(loan_id=loan_id, source=source, score=score)
    if manual is not None:
        version = db.session.scalar(select(CreditScore.version).where(CreditScore.credit_score_id == credit_score_id))
        enter_manual(
            credit_score_id,
            score=manual,
            codes=["INCOME_VERIFIED"],
            reason="Payslips of three months were seen",
            version=version or 1,
            command=uuid4(),
            actor=make_staff(Role.CREDIT_ANALYST).actor,
        )
    return credit_score_id


def make_evaluation(**given: Any) -> UUID:
    """What a vendor says of a loan, taken in as any other; ``score`` lies between 300 and 850."""
    values = {
        "evaluation_id": uuid4(),
        "vendor_name": f"Vendor {next(_numbers)}",
        "raw_score": {"answer": "as the vendor gave it"},
        "normalized_score": {
            "score": given.pop("score", 640),
            "min": 300,
            "max": 850,
            "reason_codes": [{"code": "R1", "text": "Few open loans", "direction": "positive"}],
        },
        "risk_level": RiskLevel.LOW,
        "at": clock.now(),
        **given,
    }
    return take_in_evaluation(**values)
