"""Taking back one's own decision within a minute."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.kyc.models import KycStatus
from portal.shared.database import db
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, decisions, held, let_pass, reject, undo, verify
from tests.notifications.working import release_all, waiting, work_off, written

TOO_LATE = "It is too late to undo this: the message to the customer has been released."


@pytest.fixture
def rina(in_app):
    return make_staff()


@pytest.fixture
def rinas(visit, rina):
    """Rina's browser."""
    return visit(rina)


def decide(rinas, kyc_id, how=verify):
    claim(rinas, kyc_id)
    assert how(rinas, kyc_id).status_code == 303


def reject_blurry(rinas, kyc_id):
    return reject(rinas, kyc_id, "BLURRY")


@pytest.mark.parametrize("how", [verify, reject_blurry])
def test_after_an_undo_nothing_ever_reaches_the_customer(in_app, rinas, how):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id, how)
    assert undo(rinas, kyc_id).status_code == 303
    release_all()
    work_off(in_app)
    assert waiting() == []
    assert written() == []
    assert check_of(kyc_id).status is KycStatus.PENDING
    assert decisions(kyc_id)[0].undone_at is not None


def test_the_check_is_held_again_and_the_one_taken_meanwhile_is_free(rinas, rina, visit):
    kyc_id, following = make_kyc_check(), make_kyc_check(age=timedelta(minutes=5), has_images=False)
    decide(rinas, kyc_id)
    assert check_of(following).lease_holder == rina.auth_id
    undo(rinas, kyc_id)
    assert check_of(kyc_id).lease_holder == rina.auth_id
    assert check_of(following).lease_holder is None
    assert visit(make_staff()).post("/kyc/next").location == f"/kyc/{following}"


def test_an_undone_check_can_be_decided_anew(in_app, rinas):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id)
    undo(rinas, kyc_id)
    assert reject(rinas, kyc_id, "GLARE").status_code == 303
    first, second = decisions(kyc_id)
    assert (first.verdict, first.undone_at is None) == (KycStatus.VERIFIED, False)
    assert (second.verdict, second.undone_at) == (KycStatus.REJECTED, None)
    release_all()
    work_off(in_app)
    assert [message["context"]["message"] for message in written()] == ["kyc-rejected"]


def test_only_who_decided_can_undo(rinas, visit):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id)
    answer = undo(visit(make_staff()), kyc_id)
    assert answer.status_code == 403
    assert "Only the reviewer who decided can undo it." in answer.text
    assert check_of(kyc_id).status is KycStatus.VERIFIED
    assert len(waiting()) == 1


def test_it_is_too_late_after_a_minute(rinas):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id)
    let_pass(timedelta(seconds=58), kyc_id)
    assert f"/kyc/{kyc_id}/undo" in rinas.get("/kyc").text
    let_pass(timedelta(seconds=2), kyc_id)
    answer = undo(rinas, kyc_id)
    assert answer.status_code == 409
    assert TOO_LATE in answer.text
    assert f"/kyc/{kyc_id}/undo" not in rinas.get("/kyc").text
    assert check_of(kyc_id).status is KycStatus.VERIFIED
    assert len(waiting()) == 1


def test_it_is_too_late_once_a_worker_has_taken_the_message(rinas):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id)
    db.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    db.session.commit()
    answer = undo(rinas, kyc_id)
    assert answer.status_code == 409
    assert TOO_LATE in answer.text
    assert check_of(kyc_id).status is KycStatus.VERIFIED
    assert audit_events("kyc.decision-undone") == []


def test_it_is_too_late_once_the_message_is_written(in_app, rinas):
    kyc_id = make_kyc_check()
    decide(rinas, kyc_id)
    release_all()
    work_off(in_app)
    assert undo(rinas, kyc_id).status_code == 409
    assert len(written()) == 1


def test_the_same_undo_sent_twice_is_harmless(rinas, rina):
    kyc_id, command = make_kyc_check(), str(uuid4())
    decide(rinas, kyc_id)
    answers = [undo(rinas, kyc_id, command_id=command) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, f"/kyc/{kyc_id}")] * 2
    assert check_of(kyc_id).lease_holder == rina.auth_id
    assert len(audit_events("kyc.decision-undone")) == 1


def test_the_same_undo_after_deciding_anew_does_not_undo_that(rinas):
    kyc_id, command = make_kyc_check(), str(uuid4())
    decide(rinas, kyc_id)
    undo(rinas, kyc_id, command_id=command)
    verify(rinas, kyc_id)
    undo(rinas, kyc_id, command_id=command)
    assert check_of(kyc_id).status is KycStatus.VERIFIED


def test_there_is_nothing_to_undo_on_a_pending_check(rinas):
    kyc_id = make_kyc_check()
    answer = undo(rinas, kyc_id)
    assert answer.status_code == 409
    assert "There is no decision to undo." in answer.text


def test_a_form_drawn_before_the_undo_is_out_of_date(rinas):
    kyc_id = make_kyc_check()
    claim(rinas, kyc_id)
    old = held(kyc_id)
    verify(rinas, kyc_id)
    undo(rinas, kyc_id)
    answer = verify(rinas, kyc_id, **old)
    assert answer.status_code == 409
    assert "This submission was changed since you opened it. Look at it once more." in answer.text


def test_a_verification_that_a_newer_one_replaced_is_not_undone_before_that(rinas, visit):
    customer = make_customer()
    older, other = make_kyc_check(user_id=customer), visit(make_staff())
    decide(rinas, older)
    newer = make_kyc_check(user_id=customer)
    decide(other, newer)
    assert undo(rinas, older).status_code == 409
    assert undo(other, newer).status_code == 303
    assert check_of(older).status is KycStatus.VERIFIED
    assert undo(rinas, older).status_code == 303
    assert [check_of(kyc_id).status for kyc_id in (older, newer)] == [KycStatus.PENDING] * 2


def test_an_expiry_cannot_be_undone(rinas):
    kyc_id = make_kyc_check(status=KycStatus.VERIFIED)
    reason = {"version": check_of(kyc_id).version, "reason": "Its owner reported it as lost"}
    assert rinas.post(f"/kyc/{kyc_id}/expire", **reason).status_code == 303
    answer = undo(rinas, kyc_id)
    assert answer.status_code == 409
    assert check_of(kyc_id).status is KycStatus.EXPIRED
    assert len(waiting()) == 1
