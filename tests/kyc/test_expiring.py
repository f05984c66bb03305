"""Documents that are no longer valid: by their date, or by a reviewer's word."""

from datetime import date, timedelta
from uuid import uuid4

from portal.kyc import decisions as deciding
from portal.kyc.decisions import expire_past_date
from portal.kyc.models import DocumentType, KycStatus
from tests.client import error_at, filled_in
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, decisions
from tests.notifications.working import waiting, work_off, written

TODAY = date(2026, 3, 31)
REASON = "Its owner reported it as lost"


def make_sim(until, **given):
    return make_kyc_check(
        **{"status": KycStatus.VERIFIED, "document_type": DocumentType.SIM, "has_images": False, **given},
        expires_at=until,
    )


def expire(browser, kyc_id, **fields):
    return browser.post(f"/kyc/{kyc_id}/expire", **{"version": check_of(kyc_id).version, "reason": REASON, **fields})


def test_a_sim_expires_the_day_after_its_last_one(in_app):
    past, last_day = make_sim(TODAY - timedelta(days=1)), make_sim(TODAY)
    ktp = make_kyc_check(status=KycStatus.VERIFIED, has_images=False)
    rejected = make_sim(TODAY - timedelta(days=9), status=KycStatus.REJECTED)
    assert expire_past_date(TODAY) == 1
    assert check_of(past).status is KycStatus.EXPIRED
    assert {check_of(kyc_id).status for kyc_id in (last_day, ktp)} == {KycStatus.VERIFIED}
    assert check_of(rejected).status is KycStatus.REJECTED
    assert expire_past_date(TODAY) == 0
    assert expire_past_date(TODAY + timedelta(days=1)) == 1


def test_an_expired_sim_leaves_a_decision_of_the_portal_an_event_and_a_message(in_app):
    customer = make_customer(fullname="Siti", preferences={"language": "en"})
    kyc_id = make_sim(TODAY - timedelta(days=1), user_id=customer)
    expire_past_date(TODAY)
    (decision,) = decisions(kyc_id)
    assert (decision.verdict, decision.decided_by) == (KycStatus.EXPIRED, None)
    (event,) = audit_events("kyc.expired")
    assert (event.subject, event.of_user, event.actor_id) == (kyc_id, customer, None)
    work_off(in_app)
    (message,) = written()
    assert message["_id"] == decision.message_id
    assert message["notification_title"] == "Renew your identity document"
    assert message["notification_content"].startswith("Hello Siti, your identity document is no longer valid.")


def test_everything_past_its_date_expires_however_much_it_is(in_app, monkeypatch):
    monkeypatch.setattr(deciding, "BATCH_SIZE", 2)
    for _ in range(5):
        make_sim(TODAY - timedelta(days=1))
    assert expire_past_date(TODAY) == 5
    assert len(waiting()) == 5


def test_a_reviewer_expires_a_verified_document_with_a_reason(in_app, visit):
    rina = make_staff(display_name="Rina")
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED)
    browser = visit(rina)
    assert "Mark as expired" in browser.get(f"/kyc/{kyc_id}").text
    answer = expire(browser, kyc_id)
    assert (answer.status_code, answer.location) == (303, f"/kyc/{kyc_id}")
    assert check_of(kyc_id).status is KycStatus.EXPIRED
    (decision,) = decisions(kyc_id)
    assert (decision.verdict, decision.decided_by, decision.internal_note) == ("expired", rina.auth_id, REASON)
    (job,) = waiting()
    assert job["args"]["message"] == "kyc-expired"
    assert REASON not in str(job)
    assert audit_events("kyc.expired")[0].details == {}
    assert REASON in browser.get(f"/kyc/{kyc_id}").text


def test_expiring_needs_a_reason(in_app, visit):
    kyc_id, browser = make_kyc_check(status=KycStatus.VERIFIED), visit(make_staff())
    for reason, said in (
        ("", "Write why this document no longer counts."),
        ("too short", "Use 10 to 500 characters."),
        ("x" * 501, "Use 10 to 500 characters."),
    ):
        answer = expire(browser, kyc_id, reason=reason)
        assert answer.status_code == 422
        assert error_at(answer.text, "reason") == said
        assert filled_in(answer.text)["reason"] == [reason]
    assert check_of(kyc_id).status is KycStatus.VERIFIED


def test_a_document_changed_meanwhile_is_not_expired(in_app, visit):
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED, version=3)
    answer = expire(visit(make_staff()), kyc_id, version=2)
    assert answer.status_code == 409
    assert "Only a verified submission can expire; this one was changed meanwhile." in answer.text
    assert check_of(kyc_id).status is KycStatus.VERIFIED
    assert waiting() == []


def test_only_a_verified_document_expires_whatever_is_wrong_with_the_form(in_app, visit):
    browser = visit(make_staff())
    for status in (KycStatus.PENDING, KycStatus.REJECTED, KycStatus.EXPIRED):
        kyc_id = make_kyc_check(status=status, has_images=False)
        for reason in (REASON, ""):
            assert expire(browser, kyc_id, reason=reason).status_code == 409
        assert check_of(kyc_id).status is status


def test_nobody_expires_his_own_document(in_app, visit):
    rina = make_staff()
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED, user_id=make_customer(auth_id=rina.auth_id))
    assert expire(visit(rina), kyc_id).status_code == 403
    assert check_of(kyc_id).status is KycStatus.VERIFIED


def test_the_same_expiry_sent_twice_happens_once(in_app, visit):
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED)
    browser, page = visit(make_staff()), {"version": "1", "command_id": str(uuid4())}
    assert [expire(browser, kyc_id, **page).status_code for _ in range(2)] == [303, 303]
    assert len(decisions(kyc_id)) == 1
    assert len(waiting()) == 1
