"""What Prometheus reads, and that nobody else does."""

import re
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from portal import config
from portal.audit import chain
from portal.notifications import drafts as notifications
from portal.permissions import Role
from portal.shared.database import db, transaction
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.notifications.providers import mailbox, send_all
from tests.portals import settings

TOKEN = "a token of the tests, long enough for it"


def queue():
    with transaction():
        notifications.queue("kyc-verified", to=make_customer(preferences={"channels": ["email"]}))


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


def sends(channel, outcome):
    return REGISTRY.get_sample_value("portal_messages_total", {"channel": channel, "outcome": outcome}) or 0


def test_tries_to_send_are_told_by_channel_and_outcome(watched, visit):
    before = {outcome: sends("email", outcome) for outcome in ("sent", "permanent")}
    with mailbox() as box, settings(email_url=box.url):
        for _ in range(2):
            queue()
            send_all(watched, "email")
            box.answers["RCPT"] = "550 no such mailbox"
    assert {outcome: sends("email", outcome) - count for outcome, count in before.items()} == {
        "sent": 1,
        "permanent": 1,
    }


def test_a_broken_chain_is_told(watched, visit, superuser):
    chain.check()
    assert "portal_audit_chain_broken 0.0" in read(visit)
    chain.seal()
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_events SET action = 'x'"))
    chain.check()
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
