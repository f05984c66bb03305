"""The same document number on two customers: both are flagged, and a reviewer says what it means."""

from functools import partial
from uuid import uuid4

import pytest

from portal.kyc.intake import take_in
from portal.kyc.models import DocumentType, KycStatus
from portal.shared.crypto import document_hash
from tests.client import at_once, error_at, filled_in
from tests.factories import make_customer, make_kyc_check, make_staff, picture
from tests.kyc.desk import check_of, claim, decisions, verify

NIK = "3273014504940001"
ASKED = "Say whether this is the same person."


def submit(customer, number=NIK, document_type=DocumentType.KTP):
    return take_in(user_id=customer, document_type=document_type, number=number, front=picture(), selfie=picture("tan"))


def test_a_ktp_and_a_sim_with_the_same_digits_are_both_flagged_while_pending(in_app):
    ktp = submit(make_customer())
    assert not check_of(ktp).has_duplicate
    sim = submit(make_customer(), document_type=DocumentType.SIM)
    assert check_of(ktp).has_duplicate
    assert check_of(sim).has_duplicate


@pytest.mark.parametrize("status", [KycStatus.VERIFIED, KycStatus.REJECTED, KycStatus.EXPIRED])
def test_a_decided_document_counts_as_well(in_app, status):
    decided = make_kyc_check(number=NIK, status=status)
    assert check_of(submit(make_customer())).has_duplicate
    assert check_of(decided).has_duplicate


def test_the_same_customer_twice_is_no_duplicate(in_app):
    customer = make_customer()
    kyc_ids = [submit(customer), submit(customer), submit(customer, document_type=DocumentType.NPWP)]
    assert [check_of(kyc_id).has_duplicate for kyc_id in kyc_ids] == [False] * 3
    assert [check_of(kyc_id).attempt for kyc_id in kyc_ids] == [1, 2, 1]


@pytest.mark.parametrize(
    "written", ["32.73.01.450494.0001", "3273 0145 0494 0001", " 327301-4504940001\n", "No. " + NIK]
)
def test_dots_and_blanks_do_not_hide_a_duplicate(in_app, written):
    assert document_hash(written) == document_hash(NIK)
    first, second = submit(make_customer()), submit(make_customer(), number=written)
    assert check_of(first).has_duplicate
    assert check_of(second).has_duplicate


def test_another_number_is_no_duplicate(in_app):
    first, second = submit(make_customer()), submit(make_customer(), number="3273014504940002")
    assert not check_of(first).has_duplicate
    assert not check_of(second).has_duplicate


def test_of_two_that_come_in_at_the_same_moment_both_are_flagged(in_app):
    def submit_in_app(customer):
        with in_app.app_context():
            return submit(customer)

    kyc_ids = at_once(*(partial(submit_in_app, make_customer()) for _ in range(4)))
    assert [check_of(kyc_id).has_duplicate for kyc_id in kyc_ids] == [True] * 4


def test_every_duplicate_is_disposed_of_before_the_document_is_verified(in_app, visit):
    kyc_id = submit(make_customer())
    same, different = submit(make_customer(fullname="Siti R.")), submit(make_customer(fullname="Ani W."))
    browser = visit(make_staff())
    claim(browser, kyc_id)
    page = browser.get(f"/kyc/{kyc_id}").text
    assert "2 other accounts have this number" in page
    answers = {f"duplicates-{same}": "same", f"duplicates-{different}": "different"}
    unanswered = verify(browser, kyc_id)
    assert unanswered.status_code == 422
    assert [error_at(unanswered.text, field) for field in answers] == [ASKED, ASKED]
    half = verify(browser, kyc_id, **{f"duplicates-{same}": "same", f"duplicates-{different}": "who knows"})
    assert half.status_code == 422
    assert [error_at(half.text, field) for field in answers] == ["", ASKED]
    assert filled_in(half.text)[f"duplicates-{same}"] == ["same"]
    assert check_of(kyc_id).status is KycStatus.PENDING
    assert verify(browser, kyc_id, **answers).status_code == 303
    assert decisions(kyc_id)[0].duplicates == {str(same): "same", str(different): "different"}


def test_a_duplicate_that_comes_in_while_the_page_is_open_is_asked_about(in_app, visit):
    kyc_id = submit(make_customer())
    browser = visit(make_staff())
    claim(browser, kyc_id)
    other = submit(make_customer())
    answer = verify(browser, kyc_id)
    assert answer.status_code == 422
    assert error_at(answer.text, f"duplicates-{other}") == ASKED


def test_a_disposal_of_what_is_no_duplicate_is_ignored(in_app, visit):
    kyc_id = submit(make_customer())
    browser = visit(make_staff())
    claim(browser, kyc_id)
    assert verify(browser, kyc_id, **{f"duplicates-{uuid4()}": "same"}).status_code == 303
    assert decisions(kyc_id)[0].duplicates == {}


def test_the_queue_shows_flagged_ones_alone(in_app, visit):
    flagged, other = submit(make_customer()), submit(make_customer(), number="3273014504940002")
    submit(make_customer())
    page = visit(make_staff()).get("/kyc?flag=duplicate").text
    assert str(flagged) in page
    assert str(other) not in page
