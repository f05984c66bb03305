"""One id from the click over its log line to the job that it asked for."""

import json
import logging

import pytest
import structlog

from portal.permissions import Role
from portal.shared import mail
from tests.factories import make_staff
from tests.notifications.working import work_off


@pytest.fixture
def lines(caplog):
    """The log lines of requests and jobs, as they are written."""
    caplog.set_level(logging.INFO)

    def lines(event):
        written = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        return [line for line in written if line["event"] == event]

    return lines


def test_a_job_logs_the_id_of_the_request_that_asked_for_it(in_app, visit, lines, monkeypatch):
    log = structlog.get_logger("portal.tests")
    monkeypatch.setattr(mail, "send", lambda *_: log.info("mailed"))
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    answer = admin.post(f"/staff/{rina.auth_id}/deactivate", version=1)
    work_off(in_app)
    [mailed] = lines("mailed")
    assert mailed["request_id"] == answer.headers["X-Request-ID"]
    assert mailed["task"] == "staff.mail"
    asked = [line for line in lines("request") if line["request_id"] == mailed["request_id"]]
    assert [(line["route"], line["status"]) for line in asked] == [("/staff/<uuid:auth_id>/deactivate", 303)]


def test_no_line_tells_of_whom_a_request_was(in_app, visit, lines):
    rina, admin = make_staff(display_name="Rina Wulandari"), visit(make_staff(Role.ADMIN))
    admin.get(f"/staff/{rina.auth_id}")
    [line] = [line for line in lines("request") if line["route"] == "/staff/<uuid:auth_id>"]
    written = json.dumps(line, default=str)
    assert not [told for told in ("Rina", rina.email, str(rina.auth_id)) if told in written]
