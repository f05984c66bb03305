"""In which order a form is refused: who may, who was faster, who holds it, and only then what is wrong with it."""

from uuid import uuid4

import pytest

from portal.permissions import Role
from tests.client import filled_in
from tests.factories import make_kyc_check, make_staff
from tests.kyc.desk import claim, held, let_lease_run_out, reject, verify


def verify_badly(browser, kyc_id, **fields):
    return verify(browser, kyc_id, **{"checks-readable": None, "checks-same_person": "no", **fields})


def reject_badly(browser, kyc_id, **fields):
    return reject(browser, kyc_id, customer_text="Foto terpotong", internal_note="Third try", **fields)


BADLY = pytest.mark.parametrize("badly", [verify_badly, reject_badly])


@BADLY
def test_a_check_decided_meanwhile_is_a_conflict_whatever_is_wrong_with_the_form(in_app, visit, badly):
    dewi, rina = make_staff(display_name="Dewi Lestari"), make_staff()
    kyc_id = make_kyc_check(held_by=rina)
    browser, page = visit(rina), held(kyc_id)
    let_lease_run_out(kyc_id)
    others = visit(dewi)
    claim(others, kyc_id)
    verify(others, kyc_id)
    answer = badly(browser, kyc_id, **page)
    assert answer.status_code == 409
    assert "This submission has already been verified." in answer.text
    assert "Dewi Lestari verified this at" in answer.text


def test_what_was_typed_stands_beside_what_changed_meanwhile(in_app, visit):
    rina = make_staff()
    kyc_id = make_kyc_check(held_by=rina)
    browser, page = visit(rina), held(kyc_id)
    let_lease_run_out(kyc_id)
    others = visit(make_staff())
    claim(others, kyc_id)
    reject(others, kyc_id, "FORGED")
    answer = reject_badly(browser, kyc_id, **page)
    assert "Foto terpotong" in answer.text
    assert "Third try" in answer.text


@BADLY
def test_a_check_that_another_holds_is_locked_whatever_is_wrong_with_the_form(in_app, visit, badly):
    rina = make_staff()
    kyc_id = make_kyc_check(held_by=rina)
    browser, page = visit(rina), held(kyc_id)
    let_lease_run_out(kyc_id)
    claim(visit(make_staff()), kyc_id)
    answer = badly(browser, kyc_id, **page)
    assert answer.status_code == 423
    assert "Another reviewer holds this submission now." in answer.text


@BADLY
def test_a_form_without_version_and_claim_still_says_who_was_faster(in_app, visit, badly):
    kyc_id = make_kyc_check(held_by=make_staff())
    browser = visit(make_staff())
    assert badly(browser, kyc_id, version="", lease_token="").status_code == 423
    mine = make_kyc_check()
    claim(browser, mine)
    reject(browser, mine, "BLURRY")
    assert badly(browser, mine, version="x", lease_token="y").status_code == 409


@BADLY
def test_a_form_of_ones_own_that_is_incomplete_is_refused_as_such(in_app, visit, badly):
    rina = make_staff()
    kyc_id = make_kyc_check(held_by=rina)
    answer = badly(visit(rina), kyc_id)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert filled_in(answer.text)["version"] == ["1"]


@BADLY
def test_an_old_version_is_a_conflict(in_app, visit, badly):
    rina = make_staff()
    kyc_id = make_kyc_check(held_by=rina, version=4)
    answer = badly(visit(rina), kyc_id, version="3", lease_token=held(kyc_id)["lease_token"])
    assert answer.status_code == 409
    assert "This submission was changed since you opened it. Look at it once more." in answer.text


@pytest.mark.parametrize("role", [Role.CREDIT_ANALYST, Role.SUPPORT_AGENT, Role.ADMIN])
def test_another_role_is_refused_before_anything_is_looked_up(in_app, visit, role):
    browser = visit(make_staff(role))
    for kyc_id in (make_kyc_check(has_images=False), uuid4()):
        for act in ("claim", "hold", "release", "number", "verify", "reject", "undo", "expire"):
            assert browser.post(f"/kyc/{kyc_id}/{act}").status_code == 403, act
        assert browser.get(f"/kyc/{kyc_id}").status_code == 403
        assert browser.get(f"/kyc/{kyc_id}/images/front").status_code == 403
    assert browser.post("/kyc/next").status_code == 403


def test_a_command_of_another_form_is_refused(in_app, visit):
    rina = make_staff()
    kyc_id, command = make_kyc_check(), str(uuid4())
    browser = visit(rina)
    claim(browser, kyc_id, command_id=command)
    answer = verify(browser, kyc_id, command_id=command)
    assert answer.status_code == 422
    assert "This form was already used for something else. Open the page again." in answer.text
