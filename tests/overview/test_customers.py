"""The customers' room: who is listed, what is masked, who sees a contact in full, who may block."""

import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError

from bench.plans import captured, plan_of, reads_of
from portal.kyc.models import KycStatus
from portal.loans import book as loans
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.users import find
from tests.client import error_at
from tests.factories import audit_events, make_customer, make_kyc_check, make_score, make_staff
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
    assert visit(make_staff(Role.SUPPORT_AGENT)).get(f"/customers/{gone}").status_code == 404
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
    assert f'http-equiv="refresh" content="60; url=/customers/{putri}"' in answer.text
    assert 'data-masked="+62812••••890"' in answer.text
    (event,) = audit_events("customer.revealed")
    assert event.details == {"field": "phone", "reason": "CALL_BACK", "length": len(WHY["text"])}
    assert f"Hides after 60 seconds, at {clock.now().astimezone(clock.WIB):%H}" in answer.text
    assert PHONE not in browser.get(f"/customers/{putri}").text


@pytest.mark.parametrize(
    ("spoiled", "field", "said"),
    [
        ({"field": None}, "field", "Choose the phone or the email."),
        ({"field": "address"}, "field", "Choose the phone or the email."),
        ({"reason": ""}, "reason", "Choose a reason."),
        ({"reason": "CURIOSITY"}, "reason", "Choose a reason."),
        ({"text": " "}, "text", "Write what you need it for."),
        ({"text": "x" * 501}, "text", "Use at most 500 characters."),
    ],
)
def test_a_contact_is_shown_only_with_all_that_is_asked(putri, visit, spoiled, field, said):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    answer = browser.post(f"/customers/{putri}/reveal", **{"field": "phone", **WHY, **spoiled})
    assert answer.status_code == 422
    assert error_at(answer.text, field) == said
    assert PHONE not in answer.text
    assert audit_events("customer.revealed") == []


@pytest.mark.parametrize("reason", ["", "FUN", None])
def test_blocking_needs_a_reason(putri, visit, reason):
    answer = visit(make_staff(Role.ADMIN)).post(f"/customers/{putri}/deactivate", reason=reason, version="1")
    assert answer.status_code == 422
    assert error_at(answer.text, "reason") == "Choose a reason."
    assert "Deactivate customer" in answer.text


def test_preferences_can_be_read(in_app, visit):
    told = {"language": "en", "timezone": "Asia/Makassar", "channels": ["sms", "pigeon", "email"]}
    answer = visit(make_staff(Role.SUPPORT_AGENT)).get(f"/customers/{make_customer(preferences=told)}")
    for word in ("English", "Asia/Makassar", "SMS, Email"):
        assert word in answer.text
    assert "pigeon" not in answer.text
    odd = make_customer(preferences={"language": 7, "timezone": None, "channels": "sms"}, email=None, phone_number=None)
    assert visit(make_staff(Role.SUPPORT_AGENT)).get(f"/customers/{odd}").status_code == 200


def test_only_an_administrator_sees_who_looked(putri, visit):
    maya = make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")
    visit(maya).post(f"/customers/{putri}/reveal", field="phone", **WHY)
    for role in Role:
        answer = visit(make_staff(role)).get(f"/customers/{putri}")
        assert ("Who looked at this customer" in answer.text) == (role is Role.ADMIN)
        assert ("Maya Putri" in answer.text) == (role is Role.ADMIN)
        assert ("The customer asked to be called</td>" in answer.text) == (role is Role.ADMIN)
        assert WHY["text"] not in answer.text


def test_a_verified_ktp_stands_at_the_name(putri, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    assert "KYC verified" not in browser.get(f"/customers/{putri}").text
    make_kyc_check(user_id=putri, status=KycStatus.VERIFIED, has_images=False)
    assert "KYC verified" in browser.get(f"/customers/{putri}").text


def test_the_panel_of_scores_is_the_analysts_and_tells_how_each_stands(putri, visit):
    score_id = make_score(user_id=putri, internal=700, external=700)
    waiting = make_score(user_id=putri, internal=700, external=None, is_identified=False)
    panel = visit(make_staff(Role.CREDIT_ANALYST)).get(f"/credit-scores/of-customer/{putri}")
    assert listed(panel) == [waiting, score_id]
    assert "Score 700" in panel.text
    assert "Not final" in panel.text
    empty = visit(make_staff(Role.CREDIT_ANALYST)).get(f"/credit-scores/of-customer/{make_customer()}")
    assert "No score has come in for this customer yet." in empty.text


@pytest.mark.slow
def test_with_mongo_gone_the_page_and_the_panels_of_postgres_stand(putri, visit, servers):
    make_score(user_id=putri)
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    servers.stop_mongo()
    try:
        for url in (f"/customers/{putri}", f"/customers/{putri}/timeline", f"/kyc/of-customer/{putri}",
                    f"/loans/of-customer/{putri}", f"/credit-scores/of-customer/{putri}"):  # fmt: skip
            assert browser.get(url).status_code == 200, url
    finally:
        servers.start_mongo()


def test_a_panel_that_breaks_costs_nothing_but_itself(putri, visit, monkeypatch):
    """A store that fails in one context: its panel answers 503, the page and the other panels stand."""

    def break_down(user_id):
        raise OperationalError("SELECT", {}, Exception("the store is down"))

    monkeypatch.setattr(loans, "of_customer", break_down)
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    page = browser.get(f"/customers/{putri}")
    assert page.status_code == 200
    assert "data-lost=" in page.text
    assert browser.get(f"/loans/of-customer/{putri}", htmx=True).status_code == 503
    assert browser.get(f"/kyc/of-customer/{putri}").status_code == 200


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
