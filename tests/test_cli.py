"""The commands of the portal, as somebody at a terminal meets them."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal import audit
from portal.audit import chain
from portal.permissions import GRANTS, Role
from tests.factories import audit_events


@pytest.fixture
def run(in_app):
    return lambda *words: in_app.test_cli_runner().invoke(args=words)


def test_access_prints_every_route_with_its_permission_and_roles(run, portal):
    answer = run("access")
    assert answer.exit_code == 0
    lines = [re.split(" {2,}", line) for line in answer.output.splitlines()]
    assert {len(line) for line in lines} == {4}
    printed = {(line[0], line[1]) for line in lines}
    assert printed == {
        (method, rule.rule)
        for rule in portal.url_map.iter_rules()
        for method in [",".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))]
    }
    assert len(lines) == len(printed)


@pytest.mark.parametrize(
    "line",
    [
        "GET  /login  public  everybody",
        "GET  /  portal:enter  kyc_reviewer, credit_analyst, support_agent, admin",
        "POST  /kyc/<uuid:kyc_id>/verify  kyc:decide  kyc_reviewer",
        "GET  /kyc/of-customer/<uuid:user_id>  kyc:status  kyc_reviewer, credit_analyst, support_agent, admin",
    ],
)
def test_a_line_of_it_can_be_read(run, line):
    assert line in [re.sub(" {2,}", "  ", printed) for printed in run("access").output.splitlines()]


def test_every_permission_is_somebodys_and_every_role_has_some():
    assert GRANTS.keys() == {*Role}
    assert all(GRANTS.values())


def test_the_help_names_every_command(run):
    for words, commands in (
        ([], ["access", "audit", "db", "intake", "mongo", "staff", "worker"]),
        (["audit"], ["head", "verify"]),
        (["staff"], ["add"]),
    ):
        answer = run(*words, "--help")
        assert answer.exit_code == 0
        for command in commands:
            assert re.search(rf"^  {command} +\S", answer.output, flags=re.MULTILINE), command


def test_the_audit_trail_is_verified_and_its_head_printed(run):
    for _ in range(3):
        audit.note("kyc.opened", uuid4())
    chain.seal()
    audit.note("kyc.opened", uuid4())
    head = run("audit", "head")
    assert head.exit_code == 0
    assert re.fullmatch("3:[0-9a-f]{64}\n", head.output)
    verified = run("audit", "verify")
    assert verified.exit_code == 0
    assert verified.output == f"3 links, 1 events not yet sealed.\nUnbroken. Head: {head.output}"
    assert run("audit", "verify", "--head", head.output.strip()).exit_code == 0
    assert len(audit_events()) == 4, "looking leaves no trace"


def test_an_empty_trail_has_a_head_too(run):
    assert run("audit", "head").output == "0:" + "0" * 64 + "\n"
    assert run("audit", "verify").output == f"0 links, 0 events not yet sealed.\nUnbroken. Head: 0:{'0' * 64}\n"


def test_a_broken_trail_is_said_and_fails_the_command(run, superuser):
    for _ in range(3):
        audit.note("kyc.opened", uuid4())
    chain.seal()
    head = run("audit", "head").output.strip()
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM audit_seals WHERE sequence = 3"))
    assert run("audit", "verify").exit_code == 0
    cut = run("audit", "verify", "--head", head)
    assert cut.exit_code == 1
    assert "BROKEN: the chain ends at 2; the exported head was 3: its tail was cut off\n" in cut.output
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_events SET action = 'loan.opened'"))
    changed = run("audit", "verify")
    assert changed.exit_code == 1
    assert re.search("^BROKEN: link 1: event [0-9a-f-]{36} was changed or moved$", changed.output, flags=re.MULTILINE)


@pytest.mark.parametrize("head", ["", "3", "x:y", "-1:" + "a" * 64, "3:" + "g" * 64, "1:2:3", "٣:" + "a" * 64])
def test_a_head_that_is_none_is_said(run, head):
    answer = run("audit", "verify", "--head", head)
    assert answer.exit_code == 2
    assert "what `audit head` printed" in answer.output
    assert "Traceback" not in answer.output
