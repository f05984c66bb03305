"""The audit page: who did what, who looked at whom, and nothing slow about it."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.audit import listing
from portal.audit import service as audit
from portal.permissions import Role
from portal.shared.database import db
from portal.shared.pagination import Slice
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff


def test_who_looked_at_a_customer_is_one_click_away_and_recorded(in_app, visit):
    customer, rina = make_customer(), make_staff(display_name="Rina Wulandari")
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    admin = visit(make_staff(Role.ADMIN))
    assert f"/audit?of={customer}" in admin.get("/audit").text
    page = admin.get(f"/audit?of={customer}").text
    assert "Rina Wulandari" in page
    assert "Opened an identity check" in page
    assert [event.of_user for event in audit_events("audit.opened")] == [customer]


def test_the_export_is_recorded_and_holds_what_is_filtered(in_app, visit):
    rina = make_staff()
    audit.note("kyc.opened", uuid4(), of=uuid4(), actor=rina.actor)
    lines = visit(make_staff(Role.ADMIN)).get(f"/audit/export.csv?actor={rina.auth_id}").text.splitlines()
    assert len(lines) == 2
    assert "kyc.opened" in lines[1]
    assert len(audit_events("audit.exported")) == 1


@pytest.mark.slow
def test_of_many_events_a_page_reads_few(in_app, superuser):
    with superuser.begin() as connection:
        connection.execute(text(
            "INSERT INTO audit_events (at, action, subject, of_user, actor_id)"
            " SELECT now() - n * interval '1 second', 'kyc.a' || chr(97 + n % 7),"
            " md5((n % 20000)::text)::uuid, md5((n % 9000)::text)::uuid, md5((n % 40)::text)::uuid"
            " FROM generate_series(1, 200000) n"
        ))  # fmt: skip
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE audit_events"))
    row = db.session.execute(text("SELECT * FROM audit_events ORDER BY at DESC OFFSET 99000 LIMIT 1")).one()
    given = {"actor": row.actor_id, "action": row.action, "subject": row.subject, "of": row.of_user}
    for names in ([], ["actor"], ["action"], ["subject"], ["of"], ["actor", "action"], ["of", "actor"]):
        filters = listing.Filters(**{name: given[name] for name in names}, until=row.at)
        statement = listing._newest(listing._narrowed(filters)).limit(26)
        sql = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = db.session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {sql}".replace(":", r"\:"))).scalars().all()
        assert "Seq Scan" not in "\n".join(plan), (names, plan)
        dropped = re.findall(r"Rows Removed by Filter: (\d+)", "\n".join(plan))
        assert sum(map(int, dropped)) <= 500, (names, plan)
        assert len(listing.Trail(db.session).page(filters, Slice())) > 0
