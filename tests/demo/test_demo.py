"""The demo data: the same every time, whole, and never among other people's data."""

from collections import Counter
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from portal.demo.load import Demo
from portal.demo.staff import DIAN, PASSWORD
from portal.kyc import nik
from portal.kyc.images import store
from portal.kyc.models import DocumentType, KycCheck, KycStatus
from portal.shared import clock
from portal.shared.crypto import document_hash
from portal.shared.database import db
from portal.shared.mongo import mongo
from tests.client import Browser
from tests.factories import make_customer
from tests.portals import settings
from tests.sessions import signed_in
from tests.stores import Beside

IDS = {
    "users_auth": "auth_id",
    "staff_members": "auth_id",
    "user_profile": "id",
    "user_kyc": "kyc_id",
    "kyc_decisions": "decision_id",
}
ROLES = {
    "rina": "kyc_reviewer",
    "dian": "kyc_reviewer",
    "bagas": "credit_analyst",
    "sari": "credit_analyst",
    "maya": "support_agent",
    "adi": "admin",
}


def run(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["demo", *options])


def ids() -> dict[str, set[Any]]:
    db.session.rollback()
    rows = {table: set(db.session.scalars(text(f"SELECT {id_} FROM {table}"))) for table, id_ in IDS.items()}
    return rows | {"messages": {message["_id"] for message in mongo.database["notifications_collection"].find()}}


def count(question: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {question}")) or 0)


@pytest.mark.slow
def test_the_ids_are_the_same_every_time(own_demo: Flask, demo_portal: Beside) -> None:
    first = ids()
    with demo_portal.opened():
        assert ids() == first
    assert len(first["user_profile"]) == 200


@pytest.mark.slow
def test_a_second_load_changes_nothing(demo: Flask) -> None:
    before = ids()
    again = run(demo, "--if-empty")
    assert (again.exit_code, "there already" in again.output) == (0, True)
    refused = run(demo)
    assert (refused.exit_code, "there already" in refused.output) == (1, True)
    assert ids() == before


@pytest.mark.parametrize("options", [(), ("--if-empty",)])
def test_other_peoples_data_are_left_alone(in_app: Flask, options: tuple[str, ...]) -> None:
    make_customer()
    refused = run(in_app, *options)
    assert (refused.exit_code, "other data" in refused.output) == (1, True)
    assert count("users_auth") == 0


def test_without_demo_mode_it_is_refused(in_app: Flask) -> None:
    with settings(is_demo=False):
        refused = run(in_app)
    assert (refused.exit_code, "DEMO=1" in refused.output) == (1, True)
    assert count("users_auth") == 0


@pytest.mark.slow
def test_the_accounts_sign_in(demo: Flask) -> None:
    roles = text("SELECT split_part(email, '@', 1), role FROM staff_members JOIN users_auth USING (auth_id)")
    assert ROLES.items() <= dict(db.session.execute(roles).all()).items()
    for name in ROLES:
        browser = Browser(demo)
        assert browser.sign_in(f"{name}@portal.example", PASSWORD).status_code == 303
    for former in ("yoga", "tuti"):
        assert Browser(demo).sign_in(f"{former}@portal.example", PASSWORD).status_code == 422


@pytest.mark.slow
def test_every_image_of_the_demo_is_there_and_whole(demo: Flask) -> None:
    for check in db.session.query(KycCheck):
        store.require_whole(check.document_front_image_path)
        store.require_whole(check.document_selfie_image_path)


@pytest.mark.slow
def test_the_queue_has_something_of_everything(own_demo: Flask) -> None:
    waiting = db.session.query(KycCheck).filter_by(status=KycStatus.PENDING).all()
    assert len(waiting) == 42
    assert {check.document_type for check in waiting} == {*DocumentType}
    ages = [(clock.now() - check.created_at).total_seconds() / 3600 for check in waiting]
    assert sum(age >= 24 for age in ages) >= 3
    assert sum(23 <= age < 24 for age in ages) >= 1
    assert min(ages) < 0.5
    assert max(check.attempt for check in waiting) == 3
    assert sum(check.has_duplicate for check in waiting) >= 5
    assert {*db.session.scalars(text("SELECT DISTINCT status FROM user_kyc"))} == {*KycStatus}
    browser = signed_in(own_demo, DIAN)
    assert browser.get("/kyc").status_code == 200
    assert browser.get(browser.post("/kyc/next").location).status_code == 200


@pytest.mark.slow
def test_duplicates_are_flagged_and_nothing_else_is(demo: Flask) -> None:
    same = "o.document_number_hash = k.document_number_hash AND o.user_id <> k.user_id"
    assert count(f"user_kyc k WHERE has_duplicate <> EXISTS (SELECT 1 FROM user_kyc o WHERE {same})") == 0
    assert count(f"user_kyc k JOIN user_kyc o ON {same} WHERE k.document_type = 'ktp' AND o.document_type = 'sim'") > 0


@pytest.mark.slow
def test_every_decided_check_has_its_decisions_and_messages(demo: Flask) -> None:
    decided = "(SELECT count(*) FROM kyc_decisions d WHERE d.kyc_id = k.kyc_id)"
    assert count(f"user_kyc k WHERE (status = 'pending') <> ({decided} = 0)") == 0
    assert (
        count("kyc_decisions d JOIN user_kyc k USING (kyc_id) WHERE d.decided_at NOT BETWEEN k.created_at AND now()")
        == 0
    )
    assert count("user_kyc k JOIN user_profile p ON p.id = k.user_id WHERE k.created_at < p.created_at") == 0
    assert count("kyc_decisions WHERE verdict = 'rejected' AND cardinality(reason_codes) NOT BETWEEN 1 AND 4") == 0
    of_checks = mongo.database["notifications_collection"].find({"notification_category": "kyc"})
    assert {message["_id"] for message in of_checks} == set(
        db.session.scalars(text("SELECT message_id FROM kyc_decisions"))
    )


def test_what_a_card_says_is_what_was_hashed_and_what_the_nik_says(in_app: Flask) -> None:
    drawn = [check for check in Demo.of(clock.now()).checks if check.front]
    lengths: Counter[int] = Counter()
    for check in drawn:
        card = check.front
        assert document_hash(card.number) == check.row(has_duplicate=False)["document_number_hash"]
        hints = nik.decode(card.number, today=clock.today())
        lengths[len(card.number)] += 1
        if hints:
            assert (hints.province or "").upper() == card.province
            assert (hints.birth_date, hints.is_woman, hints.warnings) == (card.birth_date, card.is_woman, ())
    assert lengths[16] > len(drawn) * 0.8
    assert {check.status for check in drawn} >= {KycStatus.PENDING, KycStatus.REJECTED, KycStatus.VERIFIED}
