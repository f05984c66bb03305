"""The audit page: who did what, who looked at whom, and nothing slow about it."""

import ast
import re
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

import portal
from bench.plans import captured
from portal import audit
from portal.audit import chain
from portal.audit.events import EVENTS, LOOKED
from portal.audit.models import ACTIONS
from portal.permissions import Role
from portal.shared import clock
from portal.shared.actor import PORTAL
from portal.shared.database import db
from portal.shared.lists import Asked
from portal.shared.pagination import Cursor, Slice
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff


def words(page):
    """What was done, in the order of the rows."""
    return re.findall(r'<th scope="row"><span class="two"><span>([^<]*)</span>', page)


def test_who_looked_at_a_customer_is_one_click_away_and_recorded(in_app, visit):
    customer, rina = make_customer(), make_staff(display_name="Rina Wulandari")
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    admin = visit(make_staff(Role.ADMIN))
    url = f"/audit?of={customer}&amp;action=looks"
    assert url in admin.get(f"/customers/{customer}").text
    assert url in admin.get("/audit").text
    page = admin.get(unescape(url)).text
    assert "Rina Wulandari" in page
    assert "Opened an identity check" in page
    assert [event.of_user for event in audit_events("audit.opened")] == [customer]


def test_what_a_person_looked_at_is_one_click_away(in_app, visit):
    rina, admin = make_staff(display_name="Rina Wulandari"), visit(make_staff(Role.ADMIN))
    visit(rina).get(f"/kyc/{make_kyc_check()}")
    url = f"/audit?actor={rina.auth_id}&amp;action=looks"
    assert url in admin.get(f"/staff/{rina.auth_id}").text
    assert url in admin.get(f"/audit?actor={rina.auth_id}").text
    page = admin.get(unescape(url)).text
    assert "Person: Rina Wulandari" in page
    assert words(page) == ["Opened an identity check"]
    assert words(admin.get(f"/audit?actor={rina.auth_id}").text) == ["Opened an identity check", "Signed in"]


def test_whether_the_chain_holds_stands_above_the_list(in_app, visit, superuser):
    admin = visit(make_staff(Role.ADMIN))
    assert "The chain is walked once a day; the result will stand here" in admin.get("/audit").text
    chain.check()
    assert "The chain was verified up to link 1 at" in admin.get("/audit").text
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_events SET action = 'auth.signed-out' WHERE action = 'auth.signed-in'"))
    chain.check()
    assert "The chain is broken at link 1, found at" in admin.get("/audit").text


def test_the_chain_is_walked_once_a_day_and_catches_up(in_app):
    chain.check_job(timestamp=0)
    assert audit_events() == [], "there is no chain yet"
    audit.note("kyc.opened", uuid4())
    chain.seal()
    for _ in range(2):
        chain.check_job(timestamp=0)
    assert len(audit_events("audit.checked")) == 1


def test_every_action_that_is_recorded_has_its_words():
    recorded = {
        call.args[0].value
        for file in Path(portal.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") in {"record", "record_all", "note", "note_opening"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert len(recorded) > 30
    assert recorded <= ACTIONS.keys()


def test_the_export_is_recorded_and_holds_what_is_filtered(in_app, visit):
    rina = make_staff()
    audit.note("kyc.opened", uuid4(), of=uuid4(), actor=rina.actor, codes=["BLURRY"])
    lines = visit(make_staff(Role.ADMIN)).get(f"/audit/export.csv?actor={rina.auth_id}").text.splitlines()
    assert len(lines) == 2
    assert "kyc.opened" in lines[1]
    assert lines[1].endswith('"{""codes"": [""BLURRY""]}"')
    assert len(audit_events("audit.exported")) == 1


def test_the_export_asks_for_a_sign_in_of_late(in_app, visit):
    admin = visit(make_staff(Role.ADMIN))
    db.session.execute(text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    answer = admin.get("/audit/export.csv?action=looks")
    assert answer.location == "/login/again?next=/audit/export.csv?action%3Dlooks"
    assert audit_events("audit.exported") == []


@pytest.mark.slow
def test_of_many_events_a_page_reads_few(in_app, superuser):
    with superuser.begin() as connection:
        connection.execute(text(
            "INSERT INTO audit_events (at, action, subject, of_user, actor_id)"
            " SELECT now() - n * interval '1 second',"
            " CASE n WHEN 150000 THEN 'kyc.opened' ELSE 'kyc.a' || chr(97 + n % 7) END,"
            " md5((n % 20000)::text)::uuid, md5((n % 9000)::text)::uuid, md5((n % 40)::text)::uuid"
            " FROM generate_series(1, 200000) n"
        ))  # fmt: skip
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE audit_events"))
    row = db.session.execute(text("SELECT * FROM audit_events ORDER BY at DESC OFFSET 99999 LIMIT 1")).one()
    one, looks = {"action": row.action}, {"action": LOOKED}
    actor, subject, of = {"actor": row.actor_id}, {"subject": row.subject}, {"of": row.of_user}
    for given in ({}, actor, one, subject, of, actor | one, of | actor, looks, actor | looks):
        asked = Asked(values={**given, "to": row.at.astimezone(clock.WIB).date()})
        with captured(db.engine) as sent:
            assert EVENTS.rows(asked, Slice(after=Cursor(row.at, row.event_id)), PORTAL), given
        explained = f"EXPLAIN (ANALYZE, BUFFERS) {sent[0].text}"
        plan = db.session.connection().exec_driver_sql(explained, sent[0].parameters).scalars().all()
        assert "Seq Scan" not in "\n".join(plan), (given, plan)
        dropped = re.findall(r"Rows Removed by Filter: (\d+)", "\n".join(plan))
        assert sum(map(int, dropped)) <= 500, (given, plan)
