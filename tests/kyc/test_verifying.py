"""What must hold before a document is verified, and what verifying changes."""

from datetime import timedelta

import pytest

from portal.kyc.images import store
from portal.kyc.models import DocumentType, KycStatus
from portal.shared import clock
from tests.client import error_at, filled_in
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.kyc.desk import CHECKLIST, YES, check_of, claim, decisions, held, undo, verify

LABELS = {
    "readable": "Corners and text clear",
    "right_type": "Right type of document",
    "name_matches": "Name matches the profile",
    "same_person": "Same person on both",
    "not_altered": "No edits or screen photo",
}


def held_check(visit, **given):
    """The browser of a reviewer and the check he holds."""
    kyc_id = make_kyc_check(**given)
    browser = visit(make_staff())
    claim(browser, kyc_id)
    return browser, kyc_id


def untouched(kyc_id):
    return check_of(kyc_id).status is KycStatus.PENDING and decisions(kyc_id) == []


def test_every_missing_answer_is_asked_for_where_it_is_missing_and_the_others_stay(in_app, visit):
    browser, kyc_id = held_check(visit)
    for name in CHECKLIST:
        answer = verify(browser, kyc_id, **{f"checks-{name}": None})
        assert answer.status_code == 422
        assert error_at(answer.text, f"checks-{name}") == f"Answer the check “{LABELS[name]}”."
        shown = filled_in(answer.text)
        assert {key for key in shown if key.startswith("checks-")} == YES.keys() - {f"checks-{name}"}
        assert shown["number_unreadable"] == ["y"]
    assert untouched(kyc_id)


def test_every_no_is_answered_by_advice_to_reject_and_stays_chosen(in_app, visit):
    browser, kyc_id = held_check(visit)
    for name in CHECKLIST:
        answer = verify(browser, kyc_id, **{f"checks-{name}": "no"})
        assert answer.status_code == 422
        said = f"“{LABELS[name]}” is answered with No. Reject it instead."
        assert error_at(answer.text, f"checks-{name}") == said
        assert filled_in(answer.text)[f"checks-{name}"] == ["no"]
    assert untouched(kyc_id)


def test_an_answer_that_no_page_offers_counts_as_none(in_app, visit):
    browser, kyc_id = held_check(visit)
    answer = verify(browser, kyc_id, **{"checks-readable": "maybe"})
    assert answer.status_code == 422
    assert error_at(answer.text, "checks-readable") == "Answer the check “Corners and text clear”."
    assert untouched(kyc_id)


def test_the_number_must_match_or_be_marked_unreadable(in_app, visit):
    browser, kyc_id = held_check(visit, number="3273014504940001")
    unchecked = verify(browser, kyc_id, number_unreadable=None)
    browser.post(f"/kyc/{kyc_id}/number", number="3273014504940002", lease_token=held(kyc_id)["lease_token"])
    mismatched = verify(browser, kyc_id, number_unreadable=None, number="3273014504940002")
    for answer in (unchecked, mismatched):
        assert answer.status_code == 422
        said = "Check the document number first, or mark it as unreadable."
        assert error_at(answer.text, "number_unreadable") == said
        assert filled_in(answer.text).items() >= {key: ["yes"] for key in YES}.items()
    assert filled_in(mismatched.text)["number"] == ["3273014504940002"]
    assert untouched(kyc_id)
    browser.post(f"/kyc/{kyc_id}/number", number="3273014504940001", lease_token=held(kyc_id)["lease_token"])
    assert verify(browser, kyc_id, number_unreadable=None).status_code == 303
    assert not decisions(kyc_id)[0].number_unreadable


def test_a_sim_needs_a_date_that_has_not_passed(in_app, visit):
    unlike = "Write the date as year-month-day, such as 2027-03-31."
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    browser, kyc_id = held_check(visit, document_type=DocumentType.SIM)
    for day, said in {
        "": "Enter the date until which the SIM is valid.",
        yesterday: "This date has passed. Reject the document as expired.",
        "31-12-2030": unlike,
        "2030-02-30": unlike,
        "2030-W01-1": unlike,
        "9999-12-31": unlike,
    }.items():
        answer = verify(browser, kyc_id, **{"checks-still_valid": "yes", "expires_on": day})
        assert answer.status_code == 422
        assert error_at(answer.text, "expires_on") == said
        assert filled_in(answer.text)["expires_on"] == [day]
    assert untouched(kyc_id)


def test_a_sim_needs_to_be_still_valid(in_app, visit):
    browser, kyc_id = held_check(visit, document_type=DocumentType.SIM)
    answer = verify(browser, kyc_id, expires_on="2099-05-31")
    assert answer.status_code == 422
    assert error_at(answer.text, "checks-still_valid") == "Answer the check “Still valid”."
    assert filled_in(answer.text)["expires_on"] == ["2099-05-31"]
    assert untouched(kyc_id)


def test_a_verified_sim_keeps_the_date_it_is_valid_until(in_app, visit):
    today = clock.today()
    browser, kyc_id = held_check(visit, document_type=DocumentType.SIM)
    assert verify(browser, kyc_id, **{"checks-still_valid": "yes", "expires_on": today.isoformat()}).status_code == 303
    assert (check_of(kyc_id).status, check_of(kyc_id).expires_at) == (KycStatus.VERIFIED, today)
    undo(browser, kyc_id)
    assert check_of(kyc_id).expires_at is None


def test_a_ktp_has_no_date_whatever_is_sent(in_app, visit):
    browser, kyc_id = held_check(visit)
    assert "Valid until" not in browser.get(f"/kyc/{kyc_id}").text
    assert verify(browser, kyc_id, **{"expires_on": "2030-01-01", "checks-still_valid": "no"}).status_code == 303
    assert check_of(kyc_id).expires_at is None


@pytest.mark.parametrize("side", ["front", "selfie"])
def test_a_missing_or_damaged_image_keeps_the_document_from_being_verified(in_app, visit, side):
    browser, kyc_id = held_check(visit)
    image = store._folder / "kyc" / str(kyc_id) / f"{side}.jpg"
    whole = image.read_bytes()
    for left in (whole[: len(whole) // 2], b"", b"%PDF-1.7", None):
        image.unlink()
        if left is not None:
            image.write_bytes(left)
        answer = verify(browser, kyc_id)
        assert answer.status_code == 422
        assert (
            "An image of this submission cannot be read. Reject it, so that the customer sends it again." in answer.text
        )
        assert filled_in(answer.text).items() >= {key: ["yes"] for key in YES}.items()
    assert untouched(kyc_id)
    image.write_bytes(whole)
    assert verify(browser, kyc_id).status_code == 303


def test_verifying_expires_the_older_verified_one_of_the_same_type_and_undoing_brings_it_back(in_app, visit):
    customer = make_customer()
    older = make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, has_images=False)
    others = [
        make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, document_type=DocumentType.NPWP, has_images=False),
        make_kyc_check(status=KycStatus.VERIFIED, has_images=False),
    ]
    browser, kyc_id = held_check(visit, user_id=customer)
    verify(browser, kyc_id)
    assert check_of(kyc_id).status is KycStatus.VERIFIED
    assert check_of(older).status is KycStatus.EXPIRED
    assert {check_of(other).status for other in others} == {KycStatus.VERIFIED}
    undo(browser, kyc_id)
    assert check_of(kyc_id).status is KycStatus.PENDING
    assert check_of(older).status is KycStatus.VERIFIED


def test_a_decision_keeps_who_decided_and_what_he_answered(in_app, visit):
    rina = make_staff()
    kyc_id = make_kyc_check(held_by=rina)
    verify(visit(rina), kyc_id)
    (decision,) = decisions(kyc_id)
    assert decision.decided_by == rina.auth_id
    assert decision.checklist == dict.fromkeys(CHECKLIST, True)
    assert decision.number_unreadable
