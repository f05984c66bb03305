"""Taking checks from the queue, keeping them, and giving them back."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from portal.kyc.models import KycStatus
from tests.client import at_once
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.kyc.desk import (
    check_of,
    claim,
    decisions,
    held,
    let_lease_run_out,
    place_of,
    reject,
    verify,
)


@pytest.mark.slow
def test_fifty_reviewers_at_once_get_fifty_different_checks(in_app, visit):
    waiting = [make_kyc_check(has_images=False) for _ in range(50)]
    reviewers = [make_staff() for _ in range(50)]
    browsers = [visit(reviewer) for reviewer in reviewers]
    answers = at_once(*(partial(browser.post, "/kyc/next") for browser in browsers))
    assert {answer.status_code for answer in answers} == {303}
    assert sorted(answer.location for answer in answers) == sorted(f"/kyc/{kyc_id}" for kyc_id in waiting)
    assert {check_of(kyc_id).lease_holder for kyc_id in waiting} == {reviewer.auth_id for reviewer in reviewers}


def test_ten_reviewers_at_once_cannot_take_the_same_check(in_app, visit):
    wanted = make_kyc_check(has_images=False)
    browsers = [visit(make_staff()) for _ in range(10)]
    answers = at_once(*(partial(claim, browser, wanted) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, *[423] * 9]


def test_one_reviewer_in_ten_tabs_holds_one_check(in_app, visit):
    waiting = [make_kyc_check(has_images=False) for _ in range(10)]
    rina = make_staff()
    browser = visit(rina)
    answers = at_once(*(partial(browser.tab().post, "/kyc/next") for _ in waiting))
    assert {answer.status_code for answer in answers} == {303}
    assert [check_of(kyc_id).lease_holder for kyc_id in waiting].count(rina.auth_id) == 1


def test_a_double_click_on_next_takes_one_check_and_answers_the_same(in_app, visit):
    first, second = make_kyc_check(has_images=False), make_kyc_check(has_images=False, age=timedelta(minutes=5))
    browser, command = visit(make_staff()), str(uuid4())
    answers = at_once(*(partial(browser.tab().post, "/kyc/next", command_id=command) for _ in range(4)))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/kyc/{first}")}
    assert check_of(second).lease_holder is None


def test_the_oldest_check_is_handed_out_first(in_app, visit):
    make_kyc_check(has_images=False, age=timedelta(hours=1))
    oldest = make_kyc_check(has_images=False, age=timedelta(hours=3))
    make_kyc_check(has_images=False, age=timedelta(hours=2))
    assert visit(make_staff()).post("/kyc/next").location == f"/kyc/{oldest}"


def test_an_empty_queue_leads_back_to_it_and_says_so(in_app, visit):
    browser = visit(make_staff())
    assert browser.post("/kyc/next").location == "/kyc"
    assert "You are at the end of the queue." in browser.get("/kyc").text


def test_skipping_takes_the_next_one_behind(in_app, visit):
    oldest, middle, newest = (make_kyc_check(age=timedelta(hours=age)) for age in (3, 2, 1))
    rina = make_staff()
    browser = visit(rina)
    browser.post(f"/kyc/{middle}/claim")
    skipped = browser.post("/kyc/next", after=place_of(browser.get(f"/kyc/{middle}").text))
    assert skipped.location == f"/kyc/{newest}"
    assert check_of(newest).lease_holder == rina.auth_id
    assert check_of(middle).lease_holder is None
    assert check_of(oldest).lease_holder is None


def test_taking_another_check_releases_the_first(in_app, visit):
    first, second = make_kyc_check(has_images=False), make_kyc_check(has_images=False)
    browser = visit(make_staff())
    claim(browser, first)
    assert claim(browser, second).location == f"/kyc/{second}"
    assert check_of(first).lease_holder is None
    assert check_of(first).lease_token is None
    assert visit(make_staff()).post("/kyc/next").location == f"/kyc/{first}"


def test_nobody_is_handed_his_own_check(in_app, visit):
    rina = make_staff()
    own = make_kyc_check(has_images=False, user_id=make_customer(auth_id=rina.auth_id), age=timedelta(hours=9))
    others = make_kyc_check(has_images=False)
    browser = visit(rina)
    assert browser.post("/kyc/next").location == f"/kyc/{others}"
    refused = claim(browser, own)
    assert refused.status_code == 403
    assert "This is your own submission. A colleague has to decide it." in refused.text
    assert check_of(own).lease_holder is None
    assert check_of(others).lease_holder == rina.auth_id, "what he held stays his"
    assert visit(make_staff()).post("/kyc/next").location == f"/kyc/{own}"


def test_a_deleted_profile_still_counts_as_ones_own(in_app, visit):
    rina = make_staff()
    profile = make_customer(auth_id=rina.auth_id, deleted_at=datetime.now(UTC))
    own = make_kyc_check(has_images=False, user_id=profile)
    browser = visit(rina)
    assert browser.post("/kyc/next").location == "/kyc"
    assert claim(browser, own).status_code == 403


def test_nobody_decides_his_own_check_even_when_he_holds_it(in_app, visit):
    rina = make_staff()
    own = make_kyc_check(user_id=make_customer(auth_id=rina.auth_id), held_by=rina)
    browser = visit(rina)
    for answer in (verify(browser, own), reject(browser, own, "BLURRY")):
        assert answer.status_code == 403
        assert "This is your own submission. A colleague has to decide it." in answer.text
    assert check_of(own).status is KycStatus.PENDING
    assert decisions(own) == []


def test_a_lease_that_ran_out_frees_the_check(in_app, visit):
    kyc_id = make_kyc_check()
    rina, budi = make_staff(), make_staff()
    visit_of_rina = visit(rina)
    visit_of_rina.post("/kyc/next")
    before = held(kyc_id)
    let_lease_run_out(kyc_id)
    assert "Nobody holds this submission." in visit_of_rina.get(f"/kyc/{kyc_id}").text
    assert visit(budi).post("/kyc/next").location == f"/kyc/{kyc_id}"
    assert check_of(kyc_id).lease_holder == budi.auth_id
    late = verify(visit_of_rina, kyc_id, **before)
    assert late.status_code == 423
    assert "Another reviewer holds this submission now." in late.text


def test_nothing_is_decided_after_the_lease_ran_out(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    let_lease_run_out(kyc_id)
    for answer in (verify(browser, kyc_id), reject(browser, kyc_id, "BLURRY")):
        assert answer.status_code == 423
        assert "You no longer hold this submission. Take it again to decide it." in answer.text
    assert check_of(kyc_id).status is KycStatus.PENDING


def test_holding_on_renews_the_lease_and_nothing_else(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    before, until, written = held(kyc_id), check_of(kyc_id).lease_until, check_of(kyc_id).updated_at
    answer = browser.post(f"/kyc/{kyc_id}/hold", htmx=True, lease_token=before["lease_token"])
    assert answer.status_code == 200
    assert 'id="lease"' in answer.text
    after = check_of(kyc_id)
    assert after.lease_until > until
    assert held(kyc_id) == before, "the page that is open stays good"
    assert after.updated_at == written


def test_a_lease_that_ran_out_is_renewed_unless_somebody_took_the_check(in_app, visit):
    kyc_id = make_kyc_check()
    rina, budi = visit(make_staff()), visit(make_staff())
    claim(rina, kyc_id)
    token = held(kyc_id)["lease_token"]
    let_lease_run_out(kyc_id)
    assert rina.post(f"/kyc/{kyc_id}/hold", htmx=True, lease_token=token).status_code == 200
    assert verify(rina, kyc_id, lease_token=token, **{"checks-readable": "no"}).status_code == 422, "it is hers again"
    let_lease_run_out(kyc_id)
    claim(budi, kyc_id)
    refused = rina.post(f"/kyc/{kyc_id}/hold", htmx=True, lease_token=token)
    assert refused.status_code == 423
    assert "You no longer hold this submission." in refused.text


def test_a_decided_check_cannot_be_held_on_to(in_app, visit):
    kyc_id = make_kyc_check()
    browser = visit(make_staff())
    claim(browser, kyc_id)
    token = held(kyc_id)["lease_token"]
    verify(browser, kyc_id)
    assert browser.post(f"/kyc/{kyc_id}/hold", htmx=True, lease_token=token).status_code == 409


def test_a_check_put_back_is_free_at_once(in_app, visit):
    kyc_id = make_kyc_check(has_images=False)
    rina, budi = visit(make_staff()), visit(make_staff())
    claim(rina, kyc_id)
    released = rina.post(f"/kyc/{kyc_id}/release", lease_token=held(kyc_id)["lease_token"])
    assert (released.status_code, released.location) == (303, "/kyc")
    assert check_of(kyc_id).lease_until is None
    assert budi.post("/kyc/next").location == f"/kyc/{kyc_id}"


def test_putting_back_from_an_old_page_does_not_free_the_new_holders_check(in_app, visit):
    kyc_id = make_kyc_check(has_images=False)
    rina, dewi = visit(make_staff()), make_staff()
    claim(rina, kyc_id)
    old = held(kyc_id)["lease_token"]
    let_lease_run_out(kyc_id)
    claim(visit(dewi), kyc_id)
    assert rina.post(f"/kyc/{kyc_id}/release", lease_token=old).status_code == 303
    assert check_of(kyc_id).lease_holder == dewi.auth_id


def test_a_check_that_another_holds_cannot_be_claimed(in_app, visit):
    dewi = make_staff(display_name="Dewi Lestari")
    kyc_id = make_kyc_check(held_by=dewi)
    refused = claim(visit(make_staff()), kyc_id)
    assert refused.status_code == 423
    assert "Another reviewer holds this submission now." in refused.text
    assert "Dewi Lestari is reviewing this now" in refused.text
    assert check_of(kyc_id).lease_holder == dewi.auth_id


def test_a_decided_check_cannot_be_claimed(in_app, visit):
    kyc_id = make_kyc_check(status=KycStatus.REJECTED)
    refused = claim(visit(make_staff()), kyc_id)
    assert refused.status_code == 409
    assert "This submission was decided meanwhile." in refused.text
    assert check_of(kyc_id).lease_holder is None


def test_a_check_that_does_not_exist_is_not_found_by_any_form(in_app, visit):
    browser, nothing = visit(make_staff()), uuid4()
    fields = {"version": "1", "lease_token": str(uuid4()), "number": "3273014504940001", "reason": "Lost by its owner"}
    for act in ("claim", "hold", "release", "number", "verify", "reject", "undo", "expire"):
        assert browser.post(f"/kyc/{nothing}/{act}", **fields).status_code == 404, act
    assert browser.get(f"/kyc/{nothing}").status_code == 404
    assert browser.get(f"/kyc/{nothing}/images/front").status_code == 404
