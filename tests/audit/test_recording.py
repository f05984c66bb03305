"""What the audit trail keeps of an act, and when it keeps nothing."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from portal import audit
from portal.permissions import Role
from portal.shared.actor import PORTAL
from portal.shared.database import db, transaction
from tests.client import PASSWORD, at_once
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff


def test_an_event_outside_a_transaction_is_an_error(in_app):
    with pytest.raises(RuntimeError, match="inside `with transaction"):
        audit.record("kyc.verified", uuid4(), actor=PORTAL)
    assert audit_events() == []


def test_an_event_stands_exactly_when_its_change_does(in_app):
    def change(divisor):
        with transaction():
            audit.record("kyc.verified", uuid4(), actor=PORTAL)
            return 1 / divisor

    with pytest.raises(ZeroDivisionError):
        change(0)
    assert audit_events() == []
    change(1)
    assert len(audit_events()) == 1


def test_an_event_says_who_did_what_of_whom_from_where(in_app):
    rina, subject, customer = make_staff(), uuid4(), uuid4()
    audit.note("kyc.verified", subject, of=customer, actor=rina.actor, codes=["BLURRY"], count=2)
    [event] = audit_events()
    assert (event.action, event.subject, event.of_user) == ("kyc.verified", subject, customer)
    assert (event.actor_id, event.actor_role) == (rina.auth_id, "kyc_reviewer")
    assert event.details == {"codes": ["BLURRY"], "count": 2}
    assert event.once_key is None
    assert event.at.tzinfo is not None


def test_what_the_portal_does_by_itself_has_no_actor(in_app):
    audit.note("kyc.expired", uuid4())
    [event] = audit_events()
    assert (event.actor_id, event.actor_role, event.session_id, event.ip) == (None, None, None, None)


def test_an_event_a_page_causes_knows_the_session_and_the_address(in_app, visit):
    browser, kyc_id = visit(make_staff()), make_kyc_check()
    browser.send("GET", f"/kyc/{kyc_id}", environ_overrides={"REMOTE_ADDR": "2001:db8::7"})
    [event] = audit_events("kyc.opened")
    assert str(event.ip) == "2001:db8::7"
    assert event.session_id == audit_events("auth.signed-in")[0].session_id


def test_opening_a_page_counts_once_per_person_subject_and_hour(in_app, visit, superuser):
    rina, dian = visit(make_staff()), visit(make_staff())
    customer = make_customer()
    first, second = make_kyc_check(user_id=customer), make_kyc_check()
    for _ in range(3):
        rina.get(f"/kyc/{first}")
    assert [(event.subject, event.of_user) for event in audit_events("kyc.opened")] == [(first, customer)]
    rina.get(f"/kyc/{second}")
    dian.get(f"/kyc/{first}")
    assert len(audit_events("kyc.opened")) == 3
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_events SET once_key = once_key || 'earlier' WHERE once_key IS NOT NULL"))
    rina.get(f"/kyc/{first}")
    rina.get(f"/kyc/{first}")
    assert len(audit_events("kyc.opened")) == 4, "another hour"


def test_a_different_act_on_the_same_subject_counts_for_itself(in_app):
    rina, subject = make_staff(), uuid4()
    for action in ("kyc.opened", "loan.opened", "kyc.opened"):
        audit.note_opening(action, subject, of=uuid4(), actor=rina.actor)
    assert [event.action for event in audit_events()] == ["kyc.opened", "loan.opened"]


def test_of_many_openings_at_once_one_is_kept(in_app):
    rina, subject, customer = make_staff(), uuid4(), uuid4()

    def open_it():
        with in_app.app_context():
            audit.note_opening("kyc.opened", subject, of=customer, actor=rina.actor)

    at_once(*[open_it] * 8)
    assert len(audit_events("kyc.opened")) == 1


def test_the_trail_holds_ids_and_codes_but_no_personal_data(in_app, visit, superuser):
    number, typed = "3273014504940001", ["a wrong password", "Looks like his brother", "Please send it again soon"]
    customer = make_customer(fullname="Siti Rahmawati", email="siti@gmail.com", phone_number="+628123456789")
    rina = make_staff(email="rina@example.com", display_name="Rina Wulandari")
    kyc_id = make_kyc_check(user_id=customer, number=number, held_by=rina)
    token = db.session.scalar(text("SELECT lease_token FROM user_kyc"))
    visit().post("/login", email="rina@example.com", password=typed[0])
    browser = visit(rina)
    browser.get(f"/kyc/{kyc_id}")
    browser.get(f"/kyc/{kyc_id}/images/front")
    browser.post(f"/kyc/{kyc_id}/number", number=number, lease_token=token)
    browser.post("/login/again", password=PASSWORD)
    browser.get("/")
    rejected = browser.post(
        f"/kyc/{kyc_id}/reject",
        version=1,
        lease_token=token,
        reason_codes="BLURRY",
        internal_note=typed[1],
        customer_text=typed[2],
    )
    assert rejected.status_code == 303
    browser.post(f"/kyc/{kyc_id}/undo")
    visit(make_staff(Role.ADMIN)).get("/kyc")
    browser.post("/logout")
    with superuser.connect() as connection:
        trail = connection.scalars(text("SELECT to_jsonb(e)::text FROM audit_events e")).all()
    assert {event.action for event in audit_events()} == {
        "auth.sign-in-failed", "auth.signed-in", "auth.confirmed", "auth.signed-out", "access.refused", "kyc.opened",
        "kyc.image-viewed", "kyc.number-checked", "kyc.rejected", "kyc.decision-undone",
    }  # fmt: skip
    for personal in (number, "Siti", "siti@", "8123456789", "rina@", "Rina", "brother", "again soon", PASSWORD, *typed):
        assert not [row for row in trail if personal in row], personal
