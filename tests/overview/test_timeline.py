"""Everything about a customer in one list: from every context, in order, page by page, for whoever may see it."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from portal.kyc.models import KycStatus
from portal.kyc.reasons import REASONS
from portal.loans import payments
from portal.notifications import stats as messages
from portal.notifications.log import LOG
from portal.notifications.models import COLLECTION, Notification
from portal.overview import timeline
from portal.permissions import GRANTS, Role
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.database import db
from portal.shared.lists import Asked
from portal.shared.mongo import mongo
from portal.shared.mongo_lists import places
from portal.shared.pagination import Cursor, Slice
from tests.credit_scores.book import approve, score_of
from tests.factories import make_customer, make_kyc_check, make_loan, make_score, make_staff
from tests.kyc.desk import reject
from tests.loans.book import new_reference, payment_of

READS_MESSAGES = GRANTS[Role.SUPPORT_AGENT] | {"message:read"}


def write(user_id, *, at=None, status="sent", title="Pinjaman Anda disetujui"):
    """A message in Mongo, as the worker writes it."""
    message = Notification(
        id=uuid4(), user_id=user_id, loan_id=None, notification_category="loan", notification_type="email",
        notification_title=title, notification_content="…", created_at=at or clock.now(), notification_status=status,
    )  # fmt: skip
    mongo.database[COLLECTION].insert_one(message.to_document())
    return message.id


def told(answer):
    """The kinds of what a page tells, in its order."""
    return re.findall(r'data-kind="([a-z_.-]+)"', answer.text)


def reader(permissions=READS_MESSAGES):
    staff = make_staff(Role.SUPPORT_AGENT)
    return Actor(staff.auth_id, staff.role, staff.name, frozenset(permissions))


@pytest.fixture
def story(in_app, visit):
    """A customer of whom every context has something to tell; returns (user_id, loan_id, score_id)."""
    rina, analyst, maya = make_staff(), make_staff(Role.CREDIT_ANALYST), make_staff(Role.SUPPORT_AGENT)
    customer = make_customer(fullname="Putri Amelia")
    reject(visit(rina), make_kyc_check(user_id=customer, held_by=rina), "BLURRY")
    score_id = make_score(user_id=customer)
    approve(score_id, analyst)
    loan_id = score_of(score_id).loan_id
    payment = payment_of(loan_id)
    payments.post(
        loan_id, payment.id,
        payments.PostAnswers(version=payment.version, amount=payment.payment_amount, reference=new_reference()),
        by=uuid4(), actor=maya.actor,
    )  # fmt: skip
    db.session.execute(
        text(
            "UPDATE loans_payments SET status = 'overdue', due_date = :day"
            " WHERE loan_id = :loan AND sequence_number = 2"
        ),
        {"day": clock.today() - timedelta(days=3), "loan": loan_id},
    )
    db.session.commit()
    write(customer)
    return customer, loan_id, score_id


EVERYBODY = {"kyc.submitted", "kyc.rejected"}
LOANS = {"loan.submitted", "loan.approved", "payment.posted", "payment.overdue"}
LOOKED = {"customer.opened", "kyc.opened"}
SEEN = {
    Role.KYC_REVIEWER: EVERYBODY,
    Role.CREDIT_ANALYST: EVERYBODY | LOANS | {"score.entered"},
    Role.SUPPORT_AGENT: EVERYBODY | LOANS,
    Role.ADMIN: EVERYBODY | LOANS,
}


@pytest.mark.parametrize("role", [*Role])
def test_everybody_is_told_what_he_may_know_newest_first(story, visit, role):
    customer, loan_id, score_id = story
    browser = visit(make_staff(role))
    answer = browser.get(f"/customers/{customer}/timeline")
    kinds = [kind for kind in told(answer) if not kind.startswith("message.")]
    without_looks = {kind for kind in kinds if kind.partition(".")[2] not in {"opened", "image-viewed"}}
    assert without_looks == SEEN[role] | ({"kyc.verified"} & set(kinds))
    assert (f"/loans/{loan_id}" in answer.text) == (role is not Role.KYC_REVIEWER)
    assert (f"/credit-scores/{score_id}" in answer.text) == (role is Role.CREDIT_ANALYST)
    assert ('href="/kyc/' in answer.text) == (role is Role.KYC_REVIEWER)
    assert (REASONS["BLURRY"].label in answer.text) == (role is Role.KYC_REVIEWER)
    times = re.findall(r'timeline__meta"><time datetime="([^"]+)"', answer.text)
    assert times == sorted(times, reverse=True)


def test_only_an_administrator_is_told_who_looked(story, visit):
    customer, _, _ = story
    visit(make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")).get(f"/customers/{customer}")
    for role in Role:
        answer = visit(make_staff(role)).get(f"/customers/{customer}/timeline")
        assert ("customer.opened" in told(answer)) == (role is Role.ADMIN)
        assert ("Maya Putri" in answer.text) == (role is Role.ADMIN)


def test_who_may_read_messages_is_told_of_those(story):
    customer, _, _ = story
    kinds = [one.kind for one in timeline.page(customer, before=None, actor=reader()).happenings]
    assert "message.sent" in kinds
    kinds = [
        one.kind for one in timeline.page(customer, before=None, actor=reader(GRANTS[Role.KYC_REVIEWER])).happenings
    ]
    assert "message.sent" not in kinds


def test_pages_follow_each_other_without_gap_or_repetition(in_app):
    """Times that are equal, or differ within a millisecond that Mongo does not keep, lose nobody."""
    customer, at = make_customer(), clock.now().replace(microsecond=123_000)
    for number in range(20):
        make_kyc_check(user_id=customer, age=timedelta(minutes=number), has_images=False)
        make_loan(user_id=customer, age=timedelta(minutes=number))
        write(customer, at=at - timedelta(minutes=number))
    db.session.execute(text("UPDATE user_kyc SET created_at = :at"), {"at": at + timedelta(microseconds=456)})
    db.session.commit()
    for _ in range(5):
        write(customer, at=at)
    actor, seen, before = reader(), [], None
    while True:
        page = timeline.page(customer, before=before, actor=actor)
        seen += [(one.kind, one.id) for one in page.happenings]
        before = page.older
        if before is None:
            break
        assert len(page.happenings) == 25
    assert len(seen) == len(set(seen)) == 65
    assert sorted(kind for kind, _ in seen).count("message.sent") == 25


def test_a_place_within_a_millisecond_parts_messages_as_their_ids_do(in_app):
    customer, at = make_customer(), clock.now().replace(microsecond=5_000)
    ids = sorted(write(customer, at=at) for _ in range(3))
    found = messages.events_of(customer, before=Cursor(at, ids[1]), limit=5)
    assert [one.id for one in found] == [ids[0]]
    found = messages.events_of(customer, before=Cursor(at + timedelta(microseconds=7), UUID(int=0)), limit=5)
    assert [one.id for one in found] == ids[::-1]


def test_the_page_leads_to_older_ones_and_back(in_app, visit):
    customer = make_customer()
    for number in range(30):
        make_kyc_check(user_id=customer, age=timedelta(minutes=number), has_images=False)
    browser = visit(make_staff())
    first = browser.get(f"/customers/{customer}/timeline")
    older = re.search(rf'href="(/customers/{customer}/timeline\?after=[^"]+)"', first.text)[1]
    second = browser.get(older)
    assert (len(told(first)), len(told(second))) == (25, 5)
    assert f'href="/customers/{customer}/timeline"' in second.text


def test_one_who_did_nothing_yet_has_an_empty_list(in_app, visit):
    answer = visit(make_staff()).get(f"/customers/{make_customer()}/timeline")
    assert "Nothing has happened yet" in answer.text


def test_an_installment_paid_late_was_overdue_all_the_same(story):
    customer, loan_id, _ = story
    payment = payment_of(loan_id, 2)
    payments.post(
        loan_id, payment.id,
        payments.PostAnswers(version=payment.version, amount=payment.payment_amount, reference=new_reference()),
        by=uuid4(), actor=make_staff(Role.SUPPORT_AGENT).actor,
    )  # fmt: skip
    page = timeline.page(customer, before=None, actor=reader())
    kinds = [one.kind for one in page.happenings]
    assert kinds.count("payment.overdue") == 1
    (late,) = [one for one in page.happenings if one.kind == "payment.overdue"]
    assert late.at.astimezone(clock.WIB).date() == clock.today() - timedelta(days=2)
    assert late.at.astimezone(clock.WIB).hour == 0


def test_messages_are_read_by_the_index_of_their_customer(in_app):
    customer = make_customer()
    for _ in range(200):
        write(customer)
        write(make_customer())
    asked, far = Asked(values={"user": customer}), Cursor(clock.now(), uuid4())
    for place in (*places(Slice()), *places(Slice(after=far))):
        found = mongo.database[COLLECTION].find(LOG.query(asked, place), hint=LOG.hint(asked.values))
        plan = found.sort([("created_at", -1), ("_id", -1)]).limit(26).explain()
        assert plan["executionStats"]["totalKeysExamined"] <= 100


@pytest.mark.slow
def test_without_mongo_the_rest_is_told_and_what_is_missing_is_said(story, visit, servers):
    customer, _, _ = story
    actor = reader()
    servers.stop_mongo()
    try:
        page = timeline.page(customer, before=None, actor=actor)
        assert page.missing == ["messages"]
        assert {one.kind for one in page.happenings} >= LOANS | EVERYBODY
        assert visit(make_staff(Role.SUPPORT_AGENT)).get(f"/customers/{customer}").status_code == 200
    finally:
        servers.start_mongo()
    assert timeline.page(customer, before=None, actor=actor).missing == []


def test_a_verified_submission_stands_with_its_decision(in_app, visit):
    customer = make_customer()
    make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, has_images=False)
    assert told(visit(make_staff()).get(f"/customers/{customer}/timeline")) == ["kyc.submitted"]
