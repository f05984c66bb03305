"""The customers' room: who is listed, what is masked, who sees a contact in full, who may block."""

import re
from uuid import UUID, uuid4

import pytest

from bench.plans import captured, plan_of, reads_of
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.users.service import find
from tests.client import error_at
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.loans.book import sql

PHONE, EMAIL = "+6281234567890", "putri.amelia@example.com"
WHY = {"reason": "CALL_BACK", "text": "She asked to be called back."}


@pytest.fixture
def putri(in_app):
    make_customer(fullname="Budi Santoso")
    return make_customer(fullname="Putri Amelia Sari", phone_number=PHONE, email=EMAIL)


def listed(answer):
    return [UUID(found) for found in re.findall(r'data-row="([0-9a-f-]{36})"', answer.text)]


@pytest.mark.parametrize(
    "term", ["Putri", "putri am", "amelia", "Putry Amelia", "PUTRI  AMELIA", "0812 3456 7890", EMAIL]
)
def test_a_customer_is_found_by_name_however_it_is_typed(putri, visit, term):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for url in ("/customers", "/search"):
        answer = browser.post(url, term=term)
        assert listed(answer) == [putri]
        assert f'href="/customers/{putri}"' in answer.text


def test_a_name_is_no_pattern_and_a_deleted_customer_is_nowhere(putri, visit):
    gone = make_customer(fullname="Dewi Lestari", deleted_at=clock.now())
    browser = visit(make_staff(Role.ADMIN))
    for term in ("p%", "p_tri", "Dewi", str(gone)):
        assert listed(browser.post("/customers", term=term)) == []
    assert gone not in listed(browser.get("/customers"))
    assert browser.get(f"/customers/{gone}").status_code == 404
    assert error_at(browser.post("/customers", term=" ").text, "term")


def test_more_than_fifty_ask_to_be_narrowed(in_app, visit):
    for number in range(51):
        make_customer(fullname=f"Agus Wijaya {number}")
    answer = visit(make_staff(Role.ADMIN)).post("/customers", term="agus")
    assert len(listed(answer)) == 50
    assert "narrow it" in answer.text


def test_all_customers_are_paged_newest_first(in_app, visit):
    made = [make_customer() for _ in range(30)]
    browser = visit(make_staff(Role.KYC_REVIEWER))
    first = browser.get("/customers")
    older = re.search(r'href="(/customers\?after=[^"]+)"', first.text)[1]
    second = browser.get(older)
    assert listed(first) + listed(second) == made[::-1]
    newer = re.search(r'href="(/customers\?before=[^"]+)"', second.text)[1]
    assert listed(browser.get(newer)) == listed(first)


@pytest.mark.parametrize("role", [*Role])
def test_the_page_is_masked_and_has_the_panels_of_the_role(putri, visit, role):
    browser = visit(make_staff(role))
    for _ in range(2):
        answer = browser.get(f"/customers/{putri}")
        assert PHONE not in answer.text
        assert EMAIL not in answer.text
        assert "p***@e***.com" in answer.text
    assert f'hx-get="/kyc/of-customer/{putri}"' in answer.text
    assert (f'hx-get="/loans/of-customer/{putri}"' in answer.text) == (role != Role.KYC_REVIEWER)
    assert ("/reveal" in answer.text) == (role == Role.SUPPORT_AGENT)
    assert ("/deactivate" in answer.text) == (role == Role.ADMIN)
    assert [event.of_user for event in audit_events("customer.opened")] == [putri]


def test_support_sees_a_contact_for_a_minute_and_the_trail_knows(putri, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    answer = browser.post(f"/customers/{putri}/reveal", field="phone", **WHY)
    assert PHONE in answer.text
    assert EMAIL not in answer.text
    assert answer.headers["Refresh"] == f"60; url=/customers/{putri}"
    (event,) = audit_events("customer.revealed")
    assert event.details == {"field": "phone", "reason": "CALL_BACK", "length": len(WHY["text"])}
    assert browser.post(f"/customers/{putri}/reveal", field="phone", reason="CALL_BACK").status_code == 422
    assert len(audit_events("customer.revealed")) == 1


def test_a_reviewer_sees_a_contact_only_while_holding_the_case(putri, visit):
    reviewer = make_staff(Role.KYC_REVIEWER)
    browser = visit(reviewer)
    refused = browser.post(f"/customers/{putri}/reveal", field="email", **WHY)
    assert refused.status_code == 403
    assert EMAIL not in refused.text
    assert audit_events("customer.revealed") == []
    make_kyc_check(user_id=putri, held_by=reviewer)
    assert EMAIL in browser.post(f"/customers/{putri}/reveal", field="email", **WHY).text


def test_after_sixty_contacts_an_hour_no_more_is_shown(putri, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for _ in range(60):
        assert browser.post(f"/customers/{putri}/reveal", field="phone", **WHY).status_code == 200
    answer = browser.post(f"/customers/{putri}/reveal", field="phone", **WHY)
    assert answer.status_code == 429
    assert PHONE not in answer.text
    assert len(audit_events("customer.revealed")) == 60


def test_an_administrator_blocks_a_customer_once_and_lets_him_in_again(putri, visit):
    browser, command = visit(make_staff(Role.ADMIN)), str(uuid4())
    given = {"reason": "FRAUD_SUSPECTED", "version": "1", "command_id": command}
    for _ in range(2):
        assert browser.post(f"/customers/{putri}/deactivate", **given).status_code == 303
    assert "Activate customer" in browser.get(f"/customers/{putri}").text
    assert [event.details for event in audit_events("customer.deactivated")] == [{"reason": "FRAUD_SUSPECTED"}]
    late = browser.post(f"/customers/{putri}/deactivate", reason="MISTAKE", version="1")
    assert late.status_code == 409
    assert browser.post(f"/customers/{putri}/activate", reason="CLEARED", version="2").status_code == 303


def test_every_kind_of_input_is_looked_up_by_index(putri, superuser):
    sql(
        superuser,
        "INSERT INTO user_profile (id, auth_id, fullname, email, phone_number) SELECT gen_random_uuid(),"
        " gen_random_uuid(), md5(n::text), n || '@example.net', '+6290000' || n FROM generate_series(1, 50000) n",
    )
    sql(superuser, "ANALYZE user_profile")
    for term in ("Putri Amelia", "Putry", EMAIL, PHONE, str(putri)):
        with captured(db.engine) as statements:
            assert [person.user_id for person in find(term)] == [putri]
        db.session.rollback()
        with db.engine.connect() as connection:
            for statement in statements:
                reads = reads_of(plan_of(connection, statement))
                assert sum(read.entries for read in reads) <= 100, (term, reads)
