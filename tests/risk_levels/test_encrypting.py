"""A vendor's raw answer: unreadable to everybody who has not said why, and shown to nobody whom it does not concern."""

import json
import logging
import secrets
from uuid import uuid4

import pytest
from bson import Binary, CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import WriteError
from sqlalchemy import text

from portal.dev.postgres import APPLICATION
from portal.permissions import Role
from portal.risk_levels import evaluations
from portal.risk_levels.models import COLLECTION
from portal.shared import vault as vaults
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vault import FieldKey, vault
from tests.client import at_once, error_at
from tests.credit_scores.book import score_of
from tests.factories import audit_events, make_customer, make_evaluation, make_score, make_staff
from tests.loans.book import said

MARKER = "planted-7f3a-marker-in-the-raw-answer"
REASON = "CUSTOMER_COMPLAINT"


@pytest.fixture(autouse=True)
def fresh_vault(app):
    """An empty vault for each test; what it remembers of its keys, and what a test configures, goes too."""
    keys = vault.keys
    mongo.database[vaults.COLLECTION].delete_many({})
    vault.configure(keys)
    yield
    mongo.database[vaults.COLLECTION].delete_many({})
    vault.configure(keys)


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


@pytest.fixture
def analyst(visit, bagas):
    return visit(bagas)


@pytest.fixture
def score_id(in_app):
    return make_score()


@pytest.fixture
def evaluation_id(score_id):
    return evaluate(score_id)


def evaluate(score_id, **given):
    raw = {"secret": MARKER, "deep": [{"again": MARKER}]}
    return make_evaluation(loan_id=score_of(score_id).loan_id, **{"raw_score": raw, **given})


def reveal(browser, evaluation_id, **fields):
    return browser.post(f"/risk-evaluations/{evaluation_id}/reveal", **{"reason": REASON, **fields})


def ciphertext(evaluation_id) -> bytes:
    return bytes(mongo.database[COLLECTION].find_one({"_id": evaluation_id})["raw_score"])


def put(evaluation_id, raw):
    mongo.database[COLLECTION].update_one({"_id": evaluation_id}, {"$set": {"raw_score": Binary(raw, 6)}})


def assert_refused(analyst, evaluation_id, sentence, status=422):
    """One sentence, a page that otherwise works, and not a word of the answer."""
    answer = reveal(analyst, evaluation_id)
    assert answer.status_code == status
    assert sentence in said(answer)
    assert MARKER not in answer.text
    score_id = evaluations.score_of(evaluation_id)
    assert analyst.get(f"/credit-scores/{score_id}").status_code == 200
    panel = analyst.get(f"/credit-scores/{score_id}/evaluations")
    assert panel.status_code == 200
    assert "Vendor" in said(panel)


# Revealing


def test_whoever_says_why_sees_it_for_a_minute_and_that_is_on_record_first(analyst, bagas, score_id, evaluation_id):
    answer = reveal(analyst, evaluation_id)
    assert answer.status_code == 200
    assert answer.text.count(MARKER) == 2
    assert answer.headers["Refresh"] == f"60; url=/credit-scores/{score_id}"
    assert "no-store" in answer.headers["Cache-Control"]
    (event,) = audit_events("risk-evaluation.revealed")
    assert (event.subject, event.of_user, event.actor_id) == (evaluation_id, score_of(score_id).user_id, bagas.auth_id)
    assert event.details == {"reason": REASON}


def test_what_the_vendor_wrote_is_shown_as_text(analyst, score_id):
    evaluation_id = evaluate(score_id, raw_score={"note": "<script>alert(1)</script>"})
    answer = reveal(analyst, evaluation_id)
    assert "<script>alert" not in answer.text
    assert "<script>alert(1)</script>" in answer.text.replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("reason", [None, "", "BECAUSE", "customer_complaint"])
def test_without_a_reason_nothing_is_revealed(analyst, evaluation_id, reason):
    answer = reveal(analyst, evaluation_id, reason=reason)
    assert answer.status_code == 422
    assert error_at(answer.text, "reason") == "Choose why you need the raw answer."
    assert MARKER not in answer.text
    assert audit_events("risk-evaluation.revealed") == []


def test_the_stored_answer_is_marked_as_encrypted(evaluation_id):
    """Subtype 6, so that tools and auditors see that it is."""
    stored = mongo.database[COLLECTION].find_one({"_id": evaluation_id})["raw_score"]
    assert (getattr(stored, "subtype", 0), stored[0]) == (6, 2)


def test_what_is_not_there_is_not_found(analyst):
    assert reveal(analyst, uuid4()).status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CREDIT_ANALYST}))
def test_other_roles_reveal_nothing(visit, evaluation_id, role):
    other = visit(make_staff(role))
    assert reveal(other, evaluation_id).status_code == 403
    score_id = evaluations.score_of(evaluation_id)
    assert other.get(f"/credit-scores/{score_id}/evaluations").status_code == 403
    assert audit_events("risk-evaluation.revealed") == []


def test_strangers_are_sent_to_sign_in(visit, evaluation_id):
    answer = reveal(visit(), evaluation_id)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")


def test_who_signed_in_long_ago_is_asked_again(analyst, evaluation_id):
    db.session.execute(text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    answer = reveal(analyst, evaluation_id)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login/again")
    assert audit_events("risk-evaluation.revealed") == []


def test_nobody_reads_what_vendors_say_of_himself(analyst, bagas):
    evaluation_id = evaluate(make_score(user_id=make_customer(auth_id=bagas.auth_id)))
    answer = reveal(analyst, evaluation_id)
    assert answer.status_code == 403
    assert "This is your own loan. A colleague has to do this." in said(answer)
    assert MARKER not in answer.text
    assert audit_events("risk-evaluation.revealed") == []


def test_twenty_an_hour_and_the_next_has_to_wait(analyst, visit, evaluation_id):
    for _ in range(20):
        assert reveal(analyst, evaluation_id).status_code == 200
    answer = reveal(analyst, evaluation_id)
    assert answer.status_code == 429
    assert "You have seen 20 raw answers within an hour." in said(answer)
    assert MARKER not in answer.text
    assert len(audit_events("risk-evaluation.revealed")) == 20
    assert reveal(visit(make_staff(Role.CREDIT_ANALYST)), evaluation_id).status_code == 200, "a colleague's own count"
    db.session.execute(text("UPDATE rate_limits SET expires = 0"))
    db.session.commit()
    assert reveal(analyst, evaluation_id).status_code == 200


def test_when_it_cannot_be_recorded_nothing_is_decrypted(analyst, evaluation_id, superuser, monkeypatch):
    opened = []
    monkeypatch.setattr(vault, "open", lambda *given: opened.append(given))
    with superuser.begin() as connection:
        connection.execute(text(f"REVOKE INSERT ON audit_events FROM {APPLICATION}"))
    try:
        answer = reveal(analyst, evaluation_id)
    finally:
        with superuser.begin() as connection:
            connection.execute(text(f"GRANT INSERT ON audit_events TO {APPLICATION}"))
    assert answer.status_code == 500
    assert opened == []
    assert MARKER not in answer.text
    reveal(analyst, evaluation_id)
    assert len(opened) == 1, "it is this that would have been called"


# No word of it anywhere


def test_no_page_but_the_reveal_decrypts_anything(analyst, score_id, evaluation_id, monkeypatch):
    opened = []
    monkeypatch.setattr(vault, "open", lambda *given: opened.append(given))
    loan_id = score_of(score_id).loan_id
    for url in (
        "/credit-scores",
        f"/credit-scores/{score_id}",
        f"/credit-scores/of-loan/{loan_id}",
        f"/credit-scores/{score_id}/evaluations",
        f"/loans/{loan_id}",
        f"/loans/{loan_id}/history",
        "/loans",
        "/",
    ):
        answer = analyst.get(url)
        assert answer.status_code == 200, url
        assert MARKER not in answer.text, url
    assert MARKER not in analyst.send("GET", "/loans/export.csv").text
    assert opened == []


def test_the_marker_is_in_no_log_no_document_and_no_row(analyst, superuser, evaluation_id, caplog, capfd):
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "pymongo"):
        assert MARKER in reveal(analyst, evaluation_id).text
    assert "risk_evaluations_collection" in caplog.text, "what the driver logs is seen"
    assert MARKER not in caplog.text + "".join(capfd.readouterr())
    names = mongo.database.list_collection_names()
    assert {COLLECTION, vaults.COLLECTION} <= set(names)
    for name in names:
        for document in mongo.database.get_collection(name, CodecOptions(document_class=RawBSONDocument)).find():
            assert MARKER.encode() not in document.raw, name
    with superuser.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        assert "audit_events" in tables
        for table in tables:
            found = text(f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%{MARKER}%'")
            assert connection.scalar(found) == 0, table


def test_the_data_files_of_mongod_hold_ciphertext_only(servers, score_id):
    """Fresh random words, since the files are compressed: of words in the clear some are found."""
    hidden, clear = ([secrets.token_urlsafe(24) for _ in range(20)] for _ in range(2))
    evaluate(score_id, raw_score={"words": hidden})
    mongo.database["scratch"].insert_one({"words": clear})
    mongo.database.client.admin.command("fsync")
    content = b"".join(path.read_bytes() for path in (servers.root / "mongo").rglob("*") if path.is_file())
    mongo.database["scratch"].drop()
    assert any(word.encode() in content for word in clear)
    assert not any(word.encode() in content for word in hidden)


def test_equal_answers_differ_as_ciphertext(score_id):
    first, second = (ciphertext(evaluate(score_id)) for _ in range(2))
    assert first != second
    assert MARKER.encode() not in first + second


def test_mongo_takes_no_raw_answer_in_the_clear(in_app):
    document = {"_id": uuid4(), "credit_score_id": uuid4(), "loan_id": uuid4(), "vendor_name": "A",
                "raw_score": {"secret": MARKER}, "created_at": None}  # fmt: skip
    with pytest.raises(WriteError, match="failed validation"):
        mongo.database[COLLECTION].insert_one(document)


def test_the_first_answers_at_once_make_one_data_key(in_app, score_id):
    def take_in():
        with in_app.app_context():
            return evaluate(score_id)

    made = at_once(*[take_in] * 8)
    assert mongo.database[vaults.COLLECTION].count_documents({}) == 1
    for one in made:
        assert vault.open(one, ciphertext(one))["secret"] == MARKER


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"": 1, "$set": {"a.b": [None, True, 0.5]}},
        {"_id": "his own", "value": 7},
        {"deep": json.loads("[" * 150 + "]" * 150)},
        {"number": 2**63 - 1, "word": "Ünïcode \U0001f512 \u202e"},
    ],
    ids=lambda raw: str(raw)[:40],
)
def test_an_answer_is_shown_as_it_came(analyst, score_id, raw):
    evaluation_id = evaluate(score_id, raw_score=raw)
    assert reveal(analyst, evaluation_id).status_code == 200
    assert vault.open(evaluation_id, ciphertext(evaluation_id)) == raw


# Ciphertext that is not as it should be: a sentence each, and a page that otherwise works


def test_another_documents_answer_is_not_shown(analyst, score_id, evaluation_id):
    other = evaluate(score_id, raw_score={"secret": "of somebody else"})
    put(evaluation_id, ciphertext(other))
    assert_refused(analyst, evaluation_id, "This value belongs to another document, and is not shown.")
    assert "of somebody else" in reveal(analyst, other).text


@pytest.mark.parametrize("place", [0, 20, 60, -40, -1])
def test_a_flipped_byte_is_noticed(analyst, evaluation_id, place):
    raw = bytearray(ciphertext(evaluation_id))
    raw[place] ^= 1
    put(evaluation_id, bytes(raw))
    assert_refused(analyst, evaluation_id, "This value is damaged or was changed, and cannot be shown.")


@pytest.mark.parametrize("length", [0, 1, 16, 17, 40])
def test_a_truncated_answer_is_noticed(analyst, evaluation_id, length):
    put(evaluation_id, ciphertext(evaluation_id)[:length])
    assert_refused(analyst, evaluation_id, "This value is damaged or was changed, and cannot be shown.")


def test_a_lost_data_key_is_said_to_be_lost(analyst, evaluation_id):
    mongo.database[vaults.COLLECTION].delete_many({})
    vault.configure(vault.keys)
    sentence = "The key of this value is not in the key vault. Restore the vault from its backup."
    assert_refused(analyst, evaluation_id, sentence)


def test_a_flipped_byte_in_the_keys_name_is_a_lost_key(analyst, evaluation_id):
    raw = bytearray(ciphertext(evaluation_id))
    raw[5] ^= 1
    put(evaluation_id, bytes(raw))
    assert_refused(analyst, evaluation_id, "The key of this value is not in the key vault.")


def test_a_key_that_left_the_configuration_is_named_as_that(analyst, evaluation_id):
    vault.configure((FieldKey("local:other", {"key": b"x" * 96}),))
    sentence = "This value is locked by a key that the portal no longer has. Put it back into FIELD_KEYS."
    assert_refused(analyst, evaluation_id, sentence)


def test_another_key_under_the_same_name_reads_nothing(analyst, evaluation_id):
    vault.configure((FieldKey(vault.keys[0].provider, {"key": b"x" * 96}),))
    sentence = "The key that locks this value is another one in FIELD_KEYS now. Put the former back under its name."
    assert_refused(analyst, evaluation_id, sentence)


def test_a_newer_key_in_front_takes_new_answers_in_and_keeps_the_old_ones(analyst, score_id, evaluation_id):
    kept = vault.keys
    vault.configure((FieldKey("local:k2", {"key": b"y" * 96}), *kept))
    assert MARKER in reveal(analyst, evaluate(score_id)).text
    assert MARKER in reveal(analyst, evaluation_id).text


# Without Mongo


def test_while_mongo_is_down_the_panel_says_so_and_the_score_goes_on(analyst, score_id, evaluation_id, servers):
    servers.stop_mongo()
    try:
        panel = analyst.get(f"/credit-scores/{score_id}/evaluations")
        assert "The vendor evaluations cannot be read right now." in said(panel)
        assert analyst.get(f"/credit-scores/{score_id}").status_code == 200
        preview = analyst.post(f"/credit-scores/{score_id}/manual-score/preview", score="720")
        assert preview.status_code == 200
        form = {"version": score_of(score_id).version, "reason_codes": ["OTHER"], "reason": "x" * 20, "score": "720"}
        assert analyst.post(f"/credit-scores/{score_id}/manual-score", **form).status_code == 303
        form = {"version": score_of(score_id).version}
        assert analyst.post(f"/credit-scores/{score_id}/approve", **form).status_code == 303
        assert reveal(analyst, evaluation_id).status_code == 503
    finally:
        servers.start_mongo()
    assert MARKER in reveal(analyst, evaluation_id).text
