"""Several people, or several clicks, at the same check at the same moment."""

from datetime import timedelta
from functools import partial
from time import sleep
from uuid import uuid4

from portal.kyc import decisions as deciding
from portal.kyc.intake import take_in
from portal.kyc.models import DocumentType, KycStatus
from tests.client import at_once
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff, picture
from tests.kyc.desk import check_of, claim, decisions, held, reject, undo, verify
from tests.notifications.working import waiting


def test_of_twenty_verifies_one_wins_and_nineteen_are_told(in_app, visit):
    kyc_id, following = make_kyc_check(), make_kyc_check(has_images=False, age=timedelta(minutes=1))
    browser = visit(make_staff())
    claim(browser, kyc_id)
    page = held(kyc_id)
    answers = at_once(*(partial(verify, browser.tab(), kyc_id, **page) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303, *[409] * 19]
    assert all("This submission has already been verified." in a.text for a in answers if a.status_code == 409)
    assert happened_once(kyc_id, KycStatus.VERIFIED)
    assert check_of(following).lease_holder is not None


def test_twenty_times_the_same_verify_acts_once_and_answers_the_same(in_app, visit):
    kyc_id, following = make_kyc_check(), make_kyc_check(has_images=False, age=timedelta(minutes=1))
    browser = visit(make_staff())
    claim(browser, kyc_id)
    page = {**held(kyc_id), "command_id": str(uuid4())}
    answers = at_once(*(partial(verify, browser.tab(), kyc_id, **page) for _ in range(20)))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/kyc/{following}")}
    assert happened_once(kyc_id, KycStatus.VERIFIED)


def test_a_verify_and_a_reject_at_once_leave_one_decision(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    page = held(kyc_id)
    answers = at_once(
        partial(verify, browser.tab(), kyc_id, **page), partial(reject, browser.tab(), kyc_id, "GLARE", **page)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert happened_once(kyc_id, check_of(kyc_id).status)


def test_ten_times_the_same_undo_acts_once(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    verify(browser, kyc_id)
    command = str(uuid4())
    answers = at_once(*(partial(undo, browser.tab(), kyc_id, command_id=command) for _ in range(10)))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/kyc/{kyc_id}")}
    assert len(audit_events("kyc.decision-undone")) == 1


def test_two_checks_of_one_customer_verified_at_once_leave_one_verified(in_app, visit):
    customer = make_customer()
    kyc_ids = [make_kyc_check(user_id=customer) for _ in range(2)]
    browsers = [visit(make_staff()) for _ in kyc_ids]
    for browser, kyc_id in zip(browsers, kyc_ids, strict=True):
        claim(browser, kyc_id)
    answers = at_once(*(partial(verify, b, k, **held(k)) for b, k in zip(browsers, kyc_ids, strict=True)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert sorted(check_of(kyc_id).status for kyc_id in kyc_ids) == [KycStatus.EXPIRED, KycStatus.VERIFIED]


def test_a_newer_check_verified_while_the_older_ones_verification_is_undone(in_app, visit, monkeypatch):
    """The undo brings back the oldest as verified; the newest, verified at that moment, must then replace it."""
    customer = make_customer()
    oldest = make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, age=timedelta(days=300))
    older, newest = make_kyc_check(user_id=customer), make_kyc_check(user_id=customer)
    rina, budi = visit(make_staff()), visit(make_staff())
    claim(rina, older)
    claim(budi, newest)
    verify(rina, older)
    restore = deciding._restore

    def slowly(kyc_id):
        restore(kyc_id)
        sleep(0.5)

    monkeypatch.setattr(deciding, "_restore", slowly)
    page = held(newest)

    def a_moment_later():
        sleep(0.2)
        return verify(budi, newest, **page)

    undone, verified = at_once(partial(undo, rina, older), a_moment_later)
    assert (undone.status_code, verified.status_code) == (303, 303)
    assert [check_of(kyc_id).status for kyc_id in (oldest, older, newest)] == ["expired", "pending", "verified"]


def test_a_submission_with_the_number_of_a_check_that_is_just_being_verified_is_taken_in(in_app, visit, monkeypatch):
    """Both want the older check and the newer one, in opposite orders: one of them has to start again."""
    customer, other, number = make_customer(), make_customer(), "3273014504940001"
    older = make_kyc_check(user_id=customer, number=number, status=KycStatus.VERIFIED, age=timedelta(days=300))
    newer = make_kyc_check(user_id=customer, number=number)
    rina = visit(make_staff())
    claim(rina, newer)
    page, find = held(newer), deciding.checks.verified_before

    def slowly(*args):
        sleep(0.4)
        return find(*args)

    monkeypatch.setattr(deciding.checks, "verified_before", slowly)

    def a_moment_later():
        sleep(0.2)
        with in_app.app_context():
            return take_in(
                user_id=other,
                document_type=DocumentType.SIM,
                number=number,
                front=picture(),
                selfie=picture(),
            )

    verified, taken_in = at_once(partial(verify, rina, newer, **page), a_moment_later)
    assert verified.status_code == 303
    assert [check_of(kyc_id).status for kyc_id in (older, newer)] == ["expired", "verified"]
    assert [check_of(kyc_id).has_duplicate for kyc_id in (older, newer, taken_in)] == [True] * 3


def happened_once(kyc_id, verdict):
    """One decision, one event and one message, and nothing that says otherwise."""
    (decision,) = decisions(kyc_id)
    (event,) = audit_events(f"kyc.{verdict}")
    (job,) = waiting()
    assert job["args"]["message_id"] == str(decision.message_id)
    assert (decision.verdict, event.subject, check_of(kyc_id).status) == (verdict, kyc_id, verdict)
    assert check_of(kyc_id).version == 2
    return True
