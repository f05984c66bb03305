"""A decision happens as a whole or not at all, whatever breaks in the middle of it."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from portal.kyc import decisions as deciding
from portal.kyc.models import KycDecision, KycStatus
from portal.shared import commands
from portal.shared.database import db
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, decisions, held, reject, traces, undo, verify
from tests.notifications.working import waiting


class Broken(Exception):
    """What breaks."""


STEPS = {
    "the command": (commands, "earlier_answer"),
    "the lock on the customer": (deciding.checks, "lock_person"),
    "the message": (deciding.notifications, "queue"),
    "the decision": (deciding.checks, "add"),
    "the audit event": (deciding.audit, "record"),
    "the next check": (deciding, "take_oldest"),
    "the answer": (deciding, "remember"),
}


@pytest.fixture
def case(in_app, visit):
    """A held check that replaces an older one, the browser of its holder, and a check that waits."""
    customer = make_customer()
    make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, has_images=False)
    kyc_id, following = make_kyc_check(user_id=customer), make_kyc_check(age=timedelta(minutes=1), has_images=False)
    browser = visit(make_staff())
    claim(browser, kyc_id)
    browser.get(f"/kyc/{kyc_id}")
    return browser, kyc_id, following


def breaks_after(step, monkeypatch):
    """Let a step of the decision do its work, and break right after it."""
    owner, name = STEPS[step]
    does = getattr(owner, name)

    def and_breaks(*args, **kwargs):
        does(*args, **kwargs)
        if args[:1] != ("kyc.opened",):  # the page's own record, before the decision begins
            raise Broken

    monkeypatch.setattr(owner, name, and_breaks)


def test_a_verify_that_breaks_at_any_step_leaves_nothing_and_the_same_form_sent_again_does_it_all(
    case, superuser, monkeypatch
):
    browser, kyc_id, following = case
    before, page = traces(superuser), {**held(kyc_id), "command_id": str(uuid4())}
    for step in STEPS:
        with monkeypatch.context() as broken:
            breaks_after(step, broken)
            assert verify(browser, kyc_id, **page).status_code == 500, step
        assert traces(superuser) == before, step
    is_all_there(verify(browser, kyc_id, **page), kyc_id, following)


def test_a_reject_that_breaks_at_any_step_leaves_nothing(case, superuser, monkeypatch):
    browser, kyc_id, following = case
    before = traces(superuser)
    for step in STEPS.keys() - {"the lock on the customer"}:
        with monkeypatch.context() as broken:
            breaks_after(step, broken)
            assert reject(browser, kyc_id, "BLURRY").status_code == 500, step
        assert traces(superuser) == before, step
    assert reject(browser, kyc_id, "BLURRY").location == f"/kyc/{following}"


def test_an_undo_that_breaks_at_any_step_leaves_the_decision(case, superuser, monkeypatch):
    browser, kyc_id, _ = case
    verify(browser, kyc_id)
    before = traces(superuser)
    for step in ("the command", "the lock on the customer", "the audit event", "the answer"):
        with monkeypatch.context() as broken:
            breaks_after(step, broken)
            assert undo(browser, kyc_id).status_code == 500, step
        assert traces(superuser) == before, step
    assert undo(browser, kyc_id).status_code == 303


def test_a_verify_whose_rows_cannot_be_written_leaves_nothing(case, superuser):
    browser, kyc_id, following = case
    before, page = traces(superuser), {**held(kyc_id), "command_id": str(uuid4())}

    def breaks(session, context):
        if any(isinstance(row, KycDecision) for row in session.new):
            raise Broken

    event.listen(db.session, "after_flush", breaks)
    try:
        assert verify(browser, kyc_id, **page).status_code == 500
    finally:
        event.remove(db.session, "after_flush", breaks)
    assert traces(superuser) == before
    is_all_there(verify(browser, kyc_id, **page), kyc_id, following)


def test_a_verify_that_breaks_before_its_commit_leaves_nothing(case, superuser, monkeypatch):
    browser, kyc_id, following = case
    before, page = traces(superuser), {**held(kyc_id), "command_id": str(uuid4())}
    transaction = deciding.transaction

    @contextmanager
    def without_commit():
        with transaction() as session:
            yield session
            raise Broken

    with monkeypatch.context() as broken:
        broken.setattr(deciding, "transaction", without_commit)
        assert verify(browser, kyc_id, **page).status_code == 500
    assert traces(superuser) == before
    is_all_there(verify(browser, kyc_id, **page), kyc_id, following)


def test_a_verify_whose_commit_the_database_refuses_leaves_nothing(case, superuser, refusing_commits):
    browser, kyc_id, following = case
    before, page = traces(superuser), {**held(kyc_id), "command_id": str(uuid4())}
    with refusing_commits("audit_events", "NEW.action = 'kyc.verified'"):
        assert verify(browser, kyc_id, **page).status_code == 500
    assert traces(superuser) == before
    is_all_there(verify(browser, kyc_id, **page), kyc_id, following)


def test_an_event_that_cannot_be_recorded_keeps_the_decision_from_happening(case, superuser):
    browser, kyc_id, _ = case
    before = traces(superuser)
    run(superuser, "REVOKE INSERT ON audit_events FROM portal")
    try:
        assert verify(browser, kyc_id).status_code == 500
    finally:
        run(superuser, "GRANT INSERT ON audit_events TO portal")
    assert traces(superuser) == before


KILLED = """
import os, signal, sys
from uuid import UUID
from sqlalchemy import event
from portal.app import create_app
from portal.kyc.decisions import VerifyAnswers, verify
from portal.kyc.models import CHECKLIST, STILL_VALID
from portal.permissions import GRANTS, Role
from portal.shared.actor import Actor
from portal.shared.database import db

kyc_id, lease_token, auth_id = (UUID(word) for word in sys.argv[1:])
actor = Actor(auth_id, Role.KYC_REVIEWER, "Killed", GRANTS[Role.KYC_REVIEWER])
app = create_app()

def verify_and_die_after(statements):
    seen = 0
    def count(*_):
        nonlocal seen
        seen += 1
        if seen == statements:
            os.kill(os.getpid(), signal.SIGKILL)
    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", count)
        event.listen(db.engine, "commit", lambda connection: os._exit(7))
        checks = {name: "yes" for name in CHECKLIST if name != STILL_VALID}
        answers = VerifyAnswers(version=1, lease_token=lease_token, checks=checks, number_unreadable=True)
        verify(kyc_id, answers, by=UUID(int=statements), actor=actor)

killed = 0
while True:
    child = os.fork()
    if child == 0:
        verify_and_die_after(killed + 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != -signal.SIGKILL:
        sys.exit(print(killed, status))
    killed += 1
"""


@pytest.mark.slow
def test_a_process_killed_after_any_statement_of_a_verify_leaves_nothing_and_no_lock(
    in_app, visit, superuser, environment
):
    rina = make_staff()
    customer = make_customer()
    make_kyc_check(user_id=customer, status=KycStatus.VERIFIED, has_images=False)
    kyc_id, following = (
        make_kyc_check(user_id=customer, held_by=rina),
        make_kyc_check(age=timedelta(minutes=1), has_images=False),
    )
    browser = visit(rina)
    browser.get(f"/kyc/{kyc_id}")
    before = traces(superuser)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(kyc_id), held(kyc_id)["lease_token"], str(rina.auth_id)],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    killed, last = (int(word) for word in done.stdout.split())
    assert killed >= 15, "the decision takes about that many statements"
    assert last == 7, "and then came its commit, which was not sent"
    assert traces(superuser) == before
    is_all_there(verify(browser, kyc_id), kyc_id, following)


def is_all_there(answer, kyc_id, following):
    """The answer, the status, the replaced check, the decision, the event, the message and the next check."""
    assert (answer.status_code, answer.location) == (303, f"/kyc/{following}")
    check = check_of(kyc_id)
    assert (check.status, check.version, check.lease_holder) == (KycStatus.VERIFIED, 2, None)
    (decision,) = decisions(kyc_id)
    assert check_of(decision.expired_kyc_id).status is KycStatus.EXPIRED
    assert [job["args"]["message_id"] for job in waiting()] == [str(decision.message_id)]
    assert [event.subject for event in audit_events("kyc.verified")] == [kyc_id]
    assert check_of(following).lease_holder == decision.decided_by


@pytest.fixture
def refusing_commits(superuser):
    """``with refusing_commits(table, rule):`` the database refuses to commit a new row of which ``rule`` holds."""

    @contextmanager
    def refusing(table, rule):
        run(
            superuser,
            "CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the commit is refused'; END $$",
            f"CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW WHEN ({rule}) EXECUTE FUNCTION refuse_commit()",
        )
        try:
            yield
        finally:
            run(superuser, f"DROP TRIGGER refuse_commit ON {table}", "DROP FUNCTION refuse_commit()")

    return refusing


def run(superuser, *statements):
    with superuser.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
