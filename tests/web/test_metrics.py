"""What Prometheus reads, and that nobody else does."""

import re
from dataclasses import replace

import pytest

from portal import config
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


def test_labels_are_routes_and_enums_and_never_an_id(watched, visit):
    kyc_id = make_kyc_check()
    visit(make_staff()).get(f"/kyc/{kyc_id}")
    text = visit().send("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'portal_requests_total{method="GET",route="/kyc/<uuid:kyc_id>",status="200"}' in text
    assert "portal_kyc_oldest_pending_seconds 36" in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {"method", "route", "status", "task", "le", "channel", "outcome",
                      "implementation", "major", "minor", "patchlevel", "version", "generation"}  # fmt: skip
    assert str(kyc_id) not in text
    assert "@" not in text
