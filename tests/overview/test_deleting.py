"""Deleting a customer: gone from every list, signed out, nobody's to decide; and what stays of it."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.auth.models import AuthSession
from portal.kyc import intake
from portal.kyc.models import DocumentType, KycStatus
from portal.notifications import drafts as notifications
from portal.overview.deletion import DeleteAnswers, delete, deletion_of
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db, transaction
from portal.shared.errors import Conflict, Forbidden, NotFound, Refused
from portal.users.models import Profile
from tests.client import at_once, error_at
from tests.credit_scores.book import approve as approve_score
from tests.credit_scores.book import reject as reject_score
from tests.credit_scores.book import score_of
from tests.factories import (
    audit_events,
    make_borrower,
    make_customer,
    make_kyc_check,
    make_loan,
    make_score,
    make_staff,
    picture,
)
from tests.kyc.desk import check_of, claim, held, undo, verify
from tests.notifications.working import release_all, work_off, written

NAME, PHONE, EMAIL = "Dewi Lestari", "+6281234567890", "dewi.lestari@example.com"


@pytest.fixture
def admin(in_app):
    return make_staff(Role.ADMIN, display_name="Adi Nugroho")


@pytest.fixture
def dewi(in_app):
    return make_customer(fullname=NAME, phone_number=PHONE, email=EMAIL)


def fields(user_id, **given):
    return {"reason": "CUSTOMER_REQUEST", "version": "1", "confirmation": str(user_id)[:8], **given}


def remove(user_id, by):
    answers = DeleteAnswers(version=1, reason="CUSTOMER_REQUEST", confirmation=str(user_id)[:8])
    delete(user_id, answers, by=uuid4(), actor=by.actor)


def profile_of(user_id):
    db.session.rollback()
    return db.session.get(Profile, user_id, populate_existing=True)


def test_an_administrator_deletes_a_customer_on_a_page_that_says_what_follows(dewi, admin, visit):
    browser = visit(admin)
    page = browser.get(f"/customers/{dewi}/delete")
    assert f"Delete {NAME}?" in page.text
    assert "this cannot be undone" in page.text
    answer = browser.post(f"/customers/{dewi}/delete", **fields(dewi))
    assert (answer.status_code, answer.location) == (303, f"/customers/{dewi}")
    assert profile_of(dewi).deleted_at is not None
    (event,) = audit_events("customer.deleted")
    assert (event.subject, event.of_user, event.actor_id) == (dewi, dewi, admin.auth_id)
    assert event.details == {"reason": "CUSTOMER_REQUEST", "submissions": 0}


@pytest.mark.parametrize(
    ("spoiled", "field", "said"),
    [
        ({"reason": ""}, "reason", "Choose a reason."),
        ({"reason": "FUN"}, "reason", "Choose a reason."),
        ({"confirmation": ""}, "confirmation", "Type the first 8 characters of the ID as they stand above."),
        ({"confirmation": "12345678"}, "confirmation", "Type the first 8 characters of the ID as they stand above."),
    ],
)
def test_without_reason_and_typed_confirmation_nobody_is_deleted(dewi, admin, visit, spoiled, field, said):
    answer = visit(admin).post(f"/customers/{dewi}/delete", **fields(dewi, **spoiled))
    assert answer.status_code == 422
    assert error_at(answer.text, field) == said
    assert profile_of(dewi).deleted_at is None


def test_a_sign_in_of_late_is_asked_for(dewi, admin, visit):
    browser = visit(admin)
    db.session.execute(text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    assert browser.get(f"/customers/{dewi}/delete").location.startswith("/login/again?next=")
    assert browser.post(f"/customers/{dewi}/delete", **fields(dewi)).location.startswith("/login/again")
    assert profile_of(dewi).deleted_at is None


def test_a_second_press_changes_nothing_and_a_second_administrator_is_told(dewi, admin, visit):
    browser, command = visit(admin), str(uuid4())
    for _ in range(2):
        assert browser.post(f"/customers/{dewi}/delete", **fields(dewi, command_id=command)).status_code == 303
    late = visit(make_staff(Role.ADMIN)).post(f"/customers/{dewi}/delete", **fields(dewi))
    assert late.status_code == 409
    assert "This customer has already been deleted." in late.text
    assert len(audit_events("customer.deleted")) == 1


def test_of_many_at_once_one_deletes(dewi, in_app):
    admins = [make_staff(Role.ADMIN) for _ in range(4)]

    def act(by):
        def one():
            with in_app.app_context():
                try:
                    remove(dewi, by)
                except (Conflict, NotFound):
                    return False
                return True

        return one

    db.session.rollback()
    assert sum(at_once(*map(act, admins))) == 1
    assert len(audit_events("customer.deleted")) == 1


def test_a_customer_changed_meanwhile_is_not_deleted(dewi, admin, visit):
    db.session.execute(text("UPDATE user_profile SET version = 2 WHERE id = :id"), {"id": dewi})
    db.session.commit()
    answer = visit(admin).post(f"/customers/{dewi}/delete", **fields(dewi))
    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.text
    assert profile_of(dewi).deleted_at is None


def test_nobody_deletes_or_blocks_himself(admin, visit):
    own = make_customer(auth_id=admin.auth_id)
    with pytest.raises(Forbidden):
        remove(own, admin)
    browser = visit(admin)
    assert browser.post(f"/customers/{own}/delete", **fields(own)).status_code == 403
    assert browser.post(f"/customers/{own}/deactivate", reason="MISTAKE", version="1").status_code == 403


def test_all_or_nothing(dewi, admin, superuser):
    kyc_id = make_kyc_check(user_id=dewi, has_images=False)
    with superuser.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION no_events() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
                "CREATE TRIGGER no_events BEFORE INSERT ON audit_events FOR EACH ROW"
                " WHEN (NEW.action = 'customer.deleted') EXECUTE FUNCTION no_events()"
            )
        )
    try:
        with pytest.raises(Exception, match="no"):
            remove(dewi, admin)
    finally:
        with superuser.begin() as connection:
            connection.execute(text("DROP TRIGGER no_events ON audit_events; DROP FUNCTION no_events()"))
    assert profile_of(dewi).deleted_at is None
    assert check_of(kyc_id).withdrawn_at is None


def test_a_deleted_customer_appears_nowhere(dewi, admin, visit):
    make_loan(user_id=dewi)
    remove(dewi, admin)
    for role in Role:
        browser = visit(make_staff(role))
        for term in (NAME, PHONE, EMAIL, str(dewi), "dewi"):
            for url in ("/customers", "/search"):
                answer = browser.post(url, term=term)
                assert "data-row" not in answer.text, (role, url, term)
        assert NAME not in browser.get("/customers").text
        for panel in ("kyc", "loans", "credit-scores"):
            assert browser.get(f"/{panel}/of-customer/{dewi}").status_code in {403, 404}
        assert browser.get(f"/customers/{dewi}/timeline").status_code == 404


def test_only_an_administrator_sees_that_there_was_one_and_nothing_personal(dewi, admin, visit):
    remove(dewi, admin)
    for role in set(Role) - {Role.ADMIN}:
        assert visit(make_staff(role)).get(f"/customers/{dewi}").status_code == 404
    answer = visit(make_staff(Role.ADMIN)).get(f"/customers/{dewi}")
    assert answer.status_code == 200
    assert "Adi Nugroho" in answer.text
    assert "The customer asked for it" in answer.text
    for personal in (NAME, "d***@e***.com", "+62812"):
        assert personal not in answer.text
    assert visit(admin).get(f"/customers/{uuid4()}").status_code == 404


def test_one_deleted_without_a_trail_is_shown_all_the_same(admin, visit):
    gone = make_customer(deleted_at=clock.now())
    assert deletion_of(gone).by is None
    assert "Deleted customer" in visit(admin).get(f"/customers/{gone}").text


def sign_in(auth_id):
    """An open session of this account."""
    session = AuthSession(
        id=uuid4(), auth_id=auth_id, refresh_token=str(uuid4()), expired_at=clock.now().replace(year=2099),
        family_id=uuid4(),
    )  # fmt: skip
    db.session.add(session)
    db.session.commit()
    return session.id


def account_of(email):
    db.session.rollback()
    row = db.session.execute(text("SELECT auth_id, status FROM users_auth WHERE email = :email"), {"email": email})
    return row.one()


def is_open(session_id):
    db.session.rollback()
    return db.session.get(AuthSession, session_id, populate_existing=True).revoked_at is None


def test_his_account_closes_and_his_sessions_end(admin):
    email = make_borrower()
    auth_id, _ = account_of(email)
    session_id, customer = sign_in(auth_id), make_customer(auth_id=auth_id)
    remove(customer, admin)
    assert account_of(email).status == "inactive"
    assert not is_open(session_id)


def test_deactivating_ends_sessions_too_and_activating_opens_the_account_again(admin, visit):
    email = make_borrower()
    auth_id, _ = account_of(email)
    session_id, customer = sign_in(auth_id), make_customer(auth_id=auth_id)
    browser = visit(admin)
    assert browser.post(f"/customers/{customer}/deactivate", reason="FRAUD_SUSPECTED", version="1").status_code == 303
    assert (account_of(email).status, is_open(session_id)) == ("inactive", False)
    assert browser.post(f"/customers/{customer}/activate", reason="CLEARED", version="2").status_code == 303
    assert account_of(email).status == "active"


def test_a_colleague_who_is_a_customer_keeps_his_place(admin, visit):
    rina = make_staff()
    browser = visit(rina)
    remove(make_customer(auth_id=rina.auth_id), admin)
    assert account_of(rina.email).status == "active"
    assert browser.get("/kyc").status_code == 200


def test_his_submissions_leave_the_queue_and_nobody_can_decide_them(dewi, admin, visit):
    rina = make_staff()
    browser = visit(rina)
    waiting = make_kyc_check(user_id=dewi, held_by=rina)
    other = make_kyc_check(user_id=dewi, document_type=DocumentType.SIM, has_images=False)
    verified = make_kyc_check(user_id=dewi, status=KycStatus.VERIFIED, has_images=False)
    form = held(waiting)
    remove(dewi, admin)
    assert audit_events("customer.deleted")[0].details["submissions"] == 3
    for status in ("pending", "verified"):
        assert "data-row" not in browser.get(f"/kyc?status={status}").text
    assert "data-row" not in browser.get("/kyc?held=me").text
    assert browser.get("/kyc/export.csv").text.count("\n") == 1
    assert browser.post("/kyc/next").location == "/kyc"
    said = "The customer was deleted. Nobody can decide this submission any more."
    for answer in (
        claim(browser, other),
        verify(browser, waiting, **form),
        browser.post(f"/kyc/{waiting}/reject", reason_codes="BLURRY", **form),
        browser.post(f"/kyc/{waiting}/hold", lease_token=form["lease_token"]),
        browser.post(f"/kyc/{waiting}/number", number="3273010101010001", lease_token=form["lease_token"]),
        browser.post(f"/kyc/{verified}/expire", reason="The card was reported stolen.", version="2"),
    ):
        assert answer.status_code == 409
        assert said in answer.text
    assert browser.get(f"/kyc/{waiting}/images/front").status_code == 423
    record = browser.get(f"/kyc/{waiting}")
    assert "Nobody can decide this submission any more." in record.text
    assert "Deleted customer" in record.text
    assert "/claim" not in record.text
    assert [check_of(kyc_id).status for kyc_id in (waiting, other)] == [KycStatus.PENDING] * 2


def test_a_decision_on_a_deleted_customer_cannot_be_undone(dewi, admin, visit):
    rina = make_staff()
    browser, kyc_id = visit(rina), make_kyc_check(user_id=dewi, held_by=rina)
    assert verify(browser, kyc_id).status_code == 303
    remove(dewi, admin)
    assert 'action="/kyc/' not in browser.get("/kyc").text.replace("/kyc/next", "")
    assert undo(browser, kyc_id).status_code == 409


def test_nothing_new_is_taken_in_for_a_deleted_customer(dewi, admin):
    remove(dewi, admin)
    with pytest.raises(NotFound):
        intake.take_in(
            user_id=dewi, document_type=DocumentType.KTP, number="3273010101010001", front=picture(), selfie=picture()
        )
    with pytest.raises(Refused):
        make_loan(user_id=dewi)


def test_his_loans_stay_readable_and_nobody_decides_one(dewi, admin, visit):
    analyst = make_staff(Role.CREDIT_ANALYST)
    score_id = make_score(user_id=dewi)
    loan_id = score_of(score_id).loan_id
    remove(dewi, admin)
    for role in (Role.CREDIT_ANALYST, Role.SUPPORT_AGENT, Role.ADMIN):
        browser = visit(make_staff(role))
        for url in ("/loans", f"/loans/{loan_id}", f"/loans/{loan_id}/history", f"/loans?user={dewi}"):
            answer = browser.get(url)
            assert answer.status_code == 200, url
            assert "Deleted customer" in answer.text
            assert NAME not in answer.text
    browser = visit(analyst)
    assert "Deleted customer" in browser.get(f"/credit-scores/{score_id}").text
    for act in (lambda: approve_score(score_id, analyst), lambda: reject_score(score_id, "FRAUD", by=analyst)):
        with pytest.raises(Refused, match="The customer was deleted"):
            act()
    assert score_of(score_id).decision == "pending"


def test_the_deleted_customer_is_named_so_in_indonesian_too(dewi, admin, visit):
    loan_id = make_loan(user_id=dewi)
    remove(dewi, admin)
    browser = visit(admin)
    browser.post("/account/preferences", language="id")
    assert "Nasabah yang dihapus" in browser.get(f"/loans/{loan_id}").text


def test_no_message_is_written_to_a_deleted_customer(dewi, admin, in_app):
    with transaction():
        notifications.queue("kyc-verified", to=dewi)
    remove(dewi, admin)
    release_all()
    work_off(in_app)
    assert written() == []


def test_a_decision_and_a_deletion_at_once_leave_one_of_the_two_orders(in_app, admin):
    """Whoever comes second sees the first: no approval of a deleted customer, no deadlock."""
    for _ in range(5):
        customer = make_customer()
        score_id, analyst = make_score(user_id=customer), make_staff(Role.CREDIT_ANALYST)
        db.session.rollback()

        def decide(score_id=score_id, analyst=analyst):
            with in_app.app_context():
                try:
                    approve_score(score_id, analyst)
                except Refused:
                    return "refused"
                return "approved"

        def go(customer=customer):
            with in_app.app_context():
                remove(customer, admin)
                return "deleted"

        outcome, gone = at_once(decide, go)
        assert gone == "deleted"
        assert outcome == ("approved" if score_of(score_id).decision == "approved" else "refused")
