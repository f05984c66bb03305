"""The data at size: as many as asked for, the same every time, and true to the rules."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from portal.demo.seed.customers import nik
from portal.shared.database import db
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.portals import settings

USERS = 400


def seed(app: Flask, users: int = USERS) -> Result:
    return app.test_cli_runner().invoke(args=["seed", "--users", str(users)])


def count(question: str) -> int:
    db.session.rollback()
    return int(db.session.scalar(text(f"SELECT count(*) FROM {question}")) or 0)


def test_there_are_as_many_as_asked_for(in_app: Flask) -> None:
    result = seed(in_app)
    assert result.exit_code == 0, result.output
    assert f"Seeded {USERS} customers" in result.output
    assert count("users_auth JOIN user_profile USING (auth_id)") == USERS
    assert count("user_kyc WHERE status = 'pending'") == USERS // 5
    assert count("user_kyc WHERE status <> 'pending'") == USERS


def test_the_seed_keeps_the_rules(in_app: Flask) -> None:
    seed(in_app)
    same = "o.document_number_hash = k.document_number_hash AND o.user_id <> k.user_id"
    assert count(f"user_kyc k WHERE has_duplicate <> EXISTS (SELECT 1 FROM user_kyc o WHERE {same})") == 0
    assert count("user_kyc WHERE has_duplicate AND status = 'pending'") > 0
    decided = "(SELECT count(*) FROM kyc_decisions d WHERE d.kyc_id = k.kyc_id)"
    assert count(f"user_kyc k WHERE (status = 'pending') <> ({decided} = 0)") == 0
    assert (
        count("kyc_decisions d JOIN user_kyc k USING (kyc_id) WHERE d.decided_at NOT BETWEEN k.created_at AND now()")
        == 0
    )
    assert count("user_kyc k JOIN user_profile p ON p.id = k.user_id WHERE k.created_at < p.created_at") == 0
    assert count("user_kyc WHERE created_at > now()") == 0


def test_a_user_is_the_same_whatever_the_size(in_app: Flask) -> None:
    seed(in_app, 3)
    few = set(db.session.scalars(text("SELECT kyc_id FROM user_kyc")))
    db.session.rollback()
    db.session.execute(text("DELETE FROM kyc_decisions"))
    for table in ("user_kyc", "user_profile", "users_auth"):
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.commit()
    mongo.database["notifications_collection"].delete_many({})
    seed(in_app)
    assert few < set(db.session.scalars(text("SELECT kyc_id FROM user_kyc")))


def test_nobody_shares_a_number_by_accident() -> None:
    apart = 9000 * 99
    numbers = [*range(20_000), *(n + turn * apart for n in range(100) for turn in range(1, 16))]
    assert len({nik(number) for number in numbers}) == len(numbers)


def test_a_second_seed_is_refused(in_app: Flask) -> None:
    seed(in_app, 3)
    refused = seed(in_app, 5)
    assert (refused.exit_code, "there already" in refused.output) == (1, True)
    assert count("users_auth") == 3


@pytest.mark.parametrize(("is_demo", "exit_code"), [(True, 0), (False, 1)])
def test_other_peoples_data_are_joined_in_demo_mode_only(in_app: Flask, is_demo: bool, exit_code: int) -> None:
    make_customer()
    with settings(is_demo=is_demo):
        assert seed(in_app, 3).exit_code == exit_code
