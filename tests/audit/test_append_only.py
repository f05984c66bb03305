"""Neither the portal nor the owner of its tables can change what is past."""

from uuid import uuid4

import psycopg
import pytest

from portal import audit
from portal.audit import chain
from portal.loans.models import Loan, Review
from portal.shared.database import db

TABLES = ["audit_events", "audit_seals", "loans_review_history"]
CHANGES = [
    "UPDATE {0} SET {1} = {1}",
    "UPDATE {0} SET {1} = {1} WHERE false",
    "DELETE FROM {0}",
    "DELETE FROM {0} WHERE false",
    "TRUNCATE {0} CASCADE",
]
KEYS = {"audit_events": "event_id", "audit_seals": "sequence", "loans_review_history": "id"}


def run(url, statement):
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(statement)


@pytest.fixture
def past(in_app):
    """Something in each of the tables."""
    audit.note("kyc.opened", uuid4())
    chain.seal()
    loan = Loan(
        loan_id=uuid4(),
        user_id=uuid4(),
        loan_amount=1_000_000,
        tenor_month=2,
        monthly_installment_amount=500_000,
        monthly_installment_due_date=db.func.current_date(),
    )
    db.session.add(loan)
    db.session.flush()
    db.session.add(Review(id=uuid4(), loan_id=loan.loan_id, old_data={}, new_data={}, status="pending"))
    db.session.commit()


@pytest.mark.parametrize("table", TABLES)
def test_the_portal_has_no_right_to_change_them(past, servers, table):
    for change in CHANGES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            run(servers.database_url, change.format(table, KEYS[table]))


@pytest.mark.parametrize("table", TABLES)
def test_a_trigger_refuses_their_owner_too(past, servers, table):
    for change in CHANGES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is append-only"):
            run(servers.migration_url, change.format(table, KEYS[table]))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER append_only",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON audit_events",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "CREATE RULE mine AS ON INSERT TO audit_events DO INSTEAD NOTHING",
        "ALTER TABLE audit_events OWNER TO portal",
        "CREATE ROLE mine SUPERUSER",
        "SET ROLE portal_owner",
        "COPY audit_events TO PROGRAM 'cat'",
    ],
)
def test_the_portal_cannot_help_itself(past, servers, statement):
    with pytest.raises(psycopg.Error) as refused:
        run(servers.database_url, statement)
    assert isinstance(refused.value, psycopg.errors.InsufficientPrivilege), refused.value


def test_the_portal_may_add_and_read(past, servers):
    for table in TABLES:
        assert run(servers.database_url, f"SELECT count(*) FROM {table}").fetchone() == (1,)
    run(servers.database_url, "INSERT INTO audit_events (action) VALUES ('added')")
    assert run(servers.database_url, "SELECT count(*) FROM audit_events").fetchone() == (2,)
