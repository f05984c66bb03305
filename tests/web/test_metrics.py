"""What Prometheus reads, and that nobody else does."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal import config
from portal.audit import service as audit
from portal.permissions import Role
from portal.shared.database import db
from tests.factories import make_kyc_check, make_staff

TOKEN = "a token of the tests, long enough for it"


@pytest.fixture
def watched(in_app):
    before = config.current()
    config.use(replace(before, metrics_token=TOKEN))
    yield in_app
    config.use(before)


def test_without_the_token_there_is_nothing(in_app, visit):
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}"}):
        assert visit().send("GET", "/metrics", headers=headers).status_code == 404


def read(visit):
    return visit().send("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text


def test_queues_are_told_by_task_state_and_age(watched, visit):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    admin.post(f"/staff/{rina.auth_id}/deactivate", version=1)
    db.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '10 minutes'"))
    db.session.commit()
    told = read(visit)
    assert 'portal_jobs{status="todo",task="staff.mail"} 1.0' in told
    assert 'portal_jobs_oldest_seconds{status="todo",task="staff.mail"} 600' in told


def test_a_broken_chain_is_told(watched, visit, superuser):
    audit.check()
    assert "portal_audit_chain_broken 0.0" in read(visit)
    audit.seal()
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_events SET action = 'x'"))
    audit.check()
    assert "portal_audit_chain_broken 1.0" in read(visit)


def test_labels_are_routes_and_enums_and_never_an_id(watched, visit):
    kyc_id = make_kyc_check()
    visit(make_staff()).get(f"/kyc/{kyc_id}")
    told = read(visit)
    assert 'portal_request_seconds_bucket{le="15.0",method="GET",route="/kyc/<uuid:kyc_id>"}' in told
    assert 'portal_requests_total{method="GET",route="/kyc/<uuid:kyc_id>",status="200"}' in told
    assert "portal_kyc_oldest_pending_seconds 36" in told
    labels = set(re.findall(r'(\w+)="', told))
    assert labels <= {"method", "route", "status", "task", "le", "channel", "outcome",
                      "implementation", "major", "minor", "patchlevel", "version", "generation"}  # fmt: skip
    assert str(kyc_id) not in told
    assert "@" not in told
