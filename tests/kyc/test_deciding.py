"""Verifying, rejecting and undoing, through the pages."""

from portal.kyc.models import KycCheck, KycDecision, KycStatus
from portal.shared.database import db
from tests.factories import make_kyc_check, make_staff

YES = {f"checks-{name}": "yes" for name in ("readable", "right_type", "name_matches", "same_person", "not_altered")}


def held(kyc_id):
    """The fields that the page of a held check carries."""
    check = db.session.get(KycCheck, kyc_id, populate_existing=True)
    return {"version": check.version, "lease_token": str(check.lease_token)}


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
    check = db.session.get(KycCheck, first, populate_existing=True)
    assert check.status is KycStatus.PENDING
    assert check.lease_holder == rina.auth_id
    assert db.session.query(KycDecision).filter_by(undone_at=None).count() == 0
