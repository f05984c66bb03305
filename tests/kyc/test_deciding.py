"""Verifying, rejecting and undoing, through the pages."""

from portal.kyc.models import KycStatus
from tests.factories import make_kyc_check, make_staff
from tests.kyc.desk import YES, check_of, decisions, held


def test_a_verified_check_leads_to_the_next_one_and_can_be_undone(in_app, visit):
    rina = make_staff()
    first, second = make_kyc_check(number="3273014504940001"), make_kyc_check()
    browser = visit(rina)
    assert browser.post("/kyc/next").location == f"/kyc/{first}"
    assert browser.get(f"/kyc/{first}").status_code == 200
    answer = browser.post(f"/kyc/{first}/number", number="3273 0145 0494 0001", lease_token=held(first)["lease_token"])
    assert answer.status_code == 200
    assert "Matches the number" in answer.text
    verified = browser.post(f"/kyc/{first}/verify", **YES, **held(first))
    assert (verified.status_code, verified.location) == (303, f"/kyc/{second}")
    assert "Undo" in browser.get(f"/kyc/{second}").text
    undone = browser.post(f"/kyc/{first}/undo")
    assert (undone.status_code, undone.location) == (303, f"/kyc/{first}")
    assert check_of(first).status is KycStatus.PENDING
    assert check_of(first).lease_holder == rina.auth_id
    assert [decision.undone_at is None for decision in decisions(first)] == [False]
