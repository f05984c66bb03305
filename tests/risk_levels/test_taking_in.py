"""Evaluations coming in: what is kept, what is refused, and that nobody who reads Mongo reads a raw answer."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from portal.risk_levels import evaluations
from portal.risk_levels.repository.evaluations import MAX_SHOWN
from portal.shared.errors import Conflict, Refused
from portal.shared.mongo import mongo
from portal.shared.vocabulary import RiskLevel
from tests.client import at_once
from tests.factories import make_evaluation
from tests.risk_levels.answers import data_keys, document, loan_of, make_answer, own_key

GIVEN = {
    "credit_score_id": uuid4(),
    "loan_id": uuid4(),
    "user_id": uuid4(),
    "vendor_name": "Nusantara Biro Kredit",
    "raw_score": {"score": 724, "grade": "B+", "factors": [1.5, None, True, {"name": "Sri Wahyuni"}]},
    "normalized_score": {
        "score": 724,
        "min": 300,
        "max": 850,
        "reason_codes": [{"code": "R1", "text": "Few open loans", "direction": "positive"}],
    },
    "risk_level": RiskLevel.LOW,
    "created_at": datetime(2026, 3, 1, 4, 5, 6, 789_012, tzinfo=UTC),
}


@pytest.fixture(autouse=True)
def in_its_app(in_app):
    return in_app


def take_in(**changes):
    evaluations.take_in(**{"evaluation_id": uuid4(), **GIVEN, **changes})


def normalized(**changes):
    return {"normalized_score": {**GIVEN["normalized_score"], **changes}}


def test_an_evaluation_is_kept_as_the_vendor_gave_it():
    evaluation_id = uuid4()
    take_in(evaluation_id=evaluation_id)
    (kept,) = evaluations.of_score(GIVEN["credit_score_id"])
    assert (kept.id, kept.vendor_name, kept.risk_level) == (evaluation_id, "Nusantara Biro Kredit", RiskLevel.LOW)
    assert (kept.least, kept.score, kept.most, kept.share) == (300, 724, 850, 77.09)
    assert [(one.code, one.direction) for one in kept.reason_codes] == [("R1", "positive")]
    assert kept.created_at == GIVEN["created_at"].replace(microsecond=789_000)


def test_the_same_evaluation_again_changes_nothing_and_another_under_its_id_is_refused():
    evaluation_id = uuid4()
    take_in(evaluation_id=evaluation_id)
    first = document(evaluation_id)
    take_in(evaluation_id=evaluation_id)
    assert document(evaluation_id) == first
    for changes in ({"vendor_name": "Cek Niaga"}, {"risk_level": None}, normalized(score=300), {"raw_score": {"a": 1}}):
        with pytest.raises(Conflict):
            take_in(evaluation_id=evaluation_id, **changes)
    assert document(evaluation_id) == first


def test_two_that_come_in_under_one_id_at_once_do_not_both_count():
    evaluation_id = uuid4()

    def hand_over(vendor):
        try:
            take_in(evaluation_id=evaluation_id, vendor_name=vendor)
        except Conflict:
            return None
        return vendor

    vendors = [f"Vendor {number}" for number in range(6)]
    taken = [said for said in at_once(*(lambda v=vendor: hand_over(v) for vendor in vendors)) if said]
    assert taken == [document(evaluation_id)["vendor_name"]]


def test_the_first_answers_of_all_vendors_at_once_make_one_key():
    ids = [uuid4() for _ in range(8)]
    at_once(*(lambda one=one: take_in(evaluation_id=one) for one in ids))
    (key,) = data_keys()
    assert {bytes(document(one)["raw_score"])[1:17] for one in ids} == {key["_id"].bytes}


@pytest.mark.parametrize(
    "changes",
    [
        {"vendor_name": ""},
        {"vendor_name": "  "},
        {"vendor_name": "v" * 256},
        {"vendor_name": "Nusan\0tara"},
        {"vendor_name": "Nusan\ntara"},
        {"vendor_name": "Nusan\ud800tara"},
        {"vendor_name": None},
        {"normalized_score": None},
        {"normalized_score": []},
        {"normalized_score": {}},
        normalized(score=299),
        normalized(score=851),
        normalized(score=640.5),
        normalized(score="640"),
        normalized(score=True),
        normalized(min=850),
        normalized(min=-(10**9), max=10**9, score=0),
        normalized(reason_codes=None),
        normalized(reason_codes="R1"),
        normalized(reason_codes=["R1"]),
        normalized(reason_codes=[{"code": "R1", "text": "Few open loans"}]),
        normalized(reason_codes=[{"code": "R1", "text": "Few open loans", "direction": "sideways"}]),
        normalized(reason_codes=[{"code": "R1", "text": "Few open loans", "direction": []}]),
        normalized(reason_codes=[{"code": 1, "text": "Few open loans", "direction": "positive"}]),
        normalized(reason_codes=[{"code": "R1", "text": "t" * 501, "direction": "positive"}]),
        normalized(reason_codes=[{"code": "R1", "text": "a\0b", "direction": "positive"}]),
        normalized(reason_codes=[{"code": "R1", "text": "Few", "direction": "positive"}] * 51),
        {"raw_score": None},
        {"raw_score": []},
        {"raw_score": "724"},
        {"raw_score": {"a": "x" * 64_000}},
        {"raw_score": {"a": "b\ud800"}},
        {"raw_score": {"a\0": 1}},
        {"raw_score": {"a": 2**63}},
        {"raw_score": {"a": json.loads("[" * 200 + "]" * 200)}},
        {"raw_score": {"a": json.loads("[" * 700 + "]" * 700)}},
    ],
)  # fmt: skip
def test_what_no_page_could_show_is_refused_with_a_sentence(changes):
    with pytest.raises(Refused) as refused:
        take_in(**changes)
    assert refused.value.message.endswith(".")
    assert evaluations.of_score(GIVEN["credit_score_id"]) == []


def test_the_newest_come_first_and_no_more_than_a_page_holds():
    credit_score_id, start = uuid4(), datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(MAX_SHOWN + 3):
        take_in(credit_score_id=credit_score_id, created_at=start + timedelta(minutes=number))
    found = evaluations.of_score(credit_score_id)
    assert len(found) == MAX_SHOWN
    assert [one.created_at for one in found] == sorted((one.created_at for one in found), reverse=True)
    assert found[0].created_at == start + timedelta(minutes=MAX_SHOWN + 2)


def test_no_raw_answer_lies_in_mongo_or_on_its_disk(servers):
    secret, plain = uuid4().hex, uuid4().hex
    _, evaluation_id = make_answer(vendor_name=plain, raw_score={"name": secret})
    mongo.database.client.admin.command("fsync")
    kept = repr(document(evaluation_id))
    assert plain in kept
    assert secret not in kept
    kept = {}
    for file in (servers.root / "mongo").rglob("*"):
        with suppress(FileNotFoundError):  # mongod removes old journals meanwhile
            kept |= {file.name: file.read_bytes()} if file.is_file() else {}
    holding = {word: [name for name, held in kept.items() if word.encode() in held] for word in (plain, secret)}
    assert holding[plain], "the vendor's name is plain, so this search finds what is there"
    assert holding[secret] == []


def test_an_answer_that_cannot_be_encrypted_is_refused_and_nothing_is_kept(unlocked_by):
    credit_score_id, evaluation_id = make_answer()
    for key in (own_key("k1", 9), own_key("k2", 2)):
        unlocked_by(key)
        with pytest.raises(Refused, match="FIELD_KEYS"):
            make_evaluation(loan_id=loan_of(credit_score_id))
    assert [one.id for one in evaluations.of_score(credit_score_id) or []] == [evaluation_id]
