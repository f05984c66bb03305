"""The homes, and the lists that only they lead to."""

from datetime import timedelta

from sqlalchemy import update

from portal.audit import chain
from portal.loans.models import Payment, PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.vocabulary import ScoreSource
from tests.browser.acting import LONG_NAME
from tests.browser.pages.checks import fill_queue
from tests.factories import make_customer, make_kyc_check, make_score, make_staff
from tests.kyc.desk import reject, verify
from tests.loans.book import make_approved, payment_of
from tests.overview.crowd import make_messages


def home_of_a_reviewer(look, visit, rina, **_):
    fill_queue(rina)
    dian = make_staff(display_name="Maria Magdalena Simbolon")
    for number, codes in enumerate((["DATA_MISMATCH"], ["BLURRY", "DUPLICATE_OTHER_USER"], ["BLURRY"])):
        reject(visit(dian), make_kyc_check(held_by=dian, number=f"32730100000000{number:02}"), *codes)
    return look()


def home_of_an_analyst(look, **_):
    for hours, given in (
        (30, {"mandatory": frozenset(ScoreSource)}),
        (9, {}),
        (5, {"internal": 900}),
        (2, {"external": None}),
        (1, {"internal": 300}),
    ):
        make_score(age=timedelta(hours=hours), user_id=make_customer(fullname=LONG_NAME), **given)
    make_late()
    return look(staff=make_staff(Role.CREDIT_ANALYST))


def home_of_support(look, **_):
    for place, channel in enumerate(("sms", "email", "push")):
        make_messages(8 + 3 * place, status="failed", channel=channel, every=timedelta(hours=9))
        make_messages(2, status="pending", channel=channel)
    make_late()
    return look(staff=make_staff(Role.SUPPORT_AGENT))


def home_of_an_administrator(look, visit, **_):
    visit(make_staff(Role.SUPPORT_AGENT, display_name=LONG_NAME)).get("/kyc")
    make_staff(password_hash=None)
    make_messages(3, status="failed", channel="sms")
    chain.seal()
    chain.check()
    return look(staff=make_staff(Role.ADMIN))


def make_late():
    """An installment that nobody paid."""
    payment = payment_of(make_approved())
    day = {"status": PaymentStatus.OVERDUE, "due_date": clock.today() - timedelta(days=40)}
    db.session.execute(update(Payment).where(Payment.id == payment.id).values(day))
    db.session.commit()


def decisions_of_one(look, visit, rina, **_):
    reject(visit(rina), make_kyc_check(held_by=rina), "BLURRY", "DUPLICATE_OTHER_USER")
    verify(visit(rina), make_kyc_check(held_by=rina))
    return look(f"/kyc/decisions?by={rina.auth_id}")


def overdue_installments(look, **_):
    make_late()
    return look("/loans/overdue", staff=make_staff(Role.SUPPORT_AGENT))


HOMES = [home_of_a_reviewer, home_of_an_analyst, home_of_support, home_of_an_administrator]
PAGES = [*HOMES, decisions_of_one, overdue_installments]
