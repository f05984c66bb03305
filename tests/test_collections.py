"""The collections of the data model: their documents, what is refused, and their indexes."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from pymongo.errors import WriteError

from portal.shared.mongo import mongo

NOTIFICATION = {
    "user_id": uuid4(),
    "loan_id": None,
    "notification_category": "kyc",
    "notification_type": "email",
    "notification_title": "Verified",
    "notification_content": "Hello",
    "notification_link": None,
    "notification_status": "pending",
    "notification_sent_at": None,
    "notification_failed_at": None,
    "notification_read_at": None,
    "created_at": datetime(2026, 1, 5, tzinfo=UTC),
}
EVALUATION = {
    "credit_score_id": uuid4(),
    "loan_id": uuid4(),
    "vendor_name": "Vendor",
    "raw_score": b"encrypted",
    "normalized_score": {"score": 1, "min": 0, "max": 10, "reason_codes": []},
    "risk_level": "low",
    "created_at": datetime(2026, 1, 5, tzinfo=UTC),
}
KINDS = ["notification_status", "notification_category", "notification_type"]
COLLECTIONS = {"notifications_collection": NOTIFICATION, "risk_evaluations_collection": EVALUATION}
WRONG = [
    ("notifications_collection", {"notification_category": "marketing"}),
    ("notifications_collection", {"notification_type": "fax"}),
    ("notifications_collection", {"notification_status": "SENT"}),
    ("notifications_collection", {"notification_status": None}),
    ("notifications_collection", {"user_id": str(UUID(int=7))}),
    ("notifications_collection", {"loan_id": str(UUID(int=7))}),
    ("notifications_collection", {"_id": str(UUID(int=7))}),
    ("notifications_collection", {"created_at": "2026-01-05"}),
    ("notifications_collection", {"notification_sent_at": 1767571200}),
    ("notifications_collection", {"notification_title": "x" * 256}),
    ("notifications_collection", {"notification_link": "x" * 256}),
    ("notifications_collection", {"notification_content": 7}),
    ("risk_evaluations_collection", {"risk_level": "critical"}),
    ("risk_evaluations_collection", {"credit_score_id": str(UUID(int=7))}),
    ("risk_evaluations_collection", {"loan_id": str(UUID(int=7))}),
    ("risk_evaluations_collection", {"_id": "1"}),
    ("risk_evaluations_collection", {"raw_score": {"score": 712}}),
    ("risk_evaluations_collection", {"raw_score": "712"}),
    ("risk_evaluations_collection", {"normalized_score": "712"}),
    ("risk_evaluations_collection", {"vendor_name": "x" * 256}),
    ("risk_evaluations_collection", {"created_at": "2026-01-05"}),
]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_document_as_the_data_model_writes_it_is_kept(app, collection):
    document = {"_id": uuid4(), **COLLECTIONS[collection]}
    mongo.database[collection].insert_one(document)
    assert mongo.database[collection].find_one({"_id": document["_id"]}) == document


@pytest.mark.parametrize(("collection", "change"), WRONG, ids=lambda value: str(value)[:60])
def test_a_document_that_is_not_is_refused(app, collection, change):
    with pytest.raises(WriteError, match="Document failed validation"):
        mongo.database[collection].insert_one({"_id": uuid4(), **COLLECTIONS[collection], **change})
    kept = {"_id": uuid4(), **COLLECTIONS[collection]}
    mongo.database[collection].insert_one(kept)
    if "_id" not in change:
        with pytest.raises(WriteError, match="Document failed validation"):
            mongo.database[collection].update_one({"_id": kept["_id"]}, {"$set": change})


@pytest.mark.parametrize(
    ("collection", "needed"),
    [
        ("notifications_collection", [KINDS, ["user_id", *KINDS], ["loan_id", *KINDS]]),
        ("risk_evaluations_collection", [["credit_score_id"], ["loan_id"]]),
    ],
)
def test_lists_have_their_indexes(portal, collection, needed):
    indexes = [list(index["key"]) for index in mongo.database[collection].list_indexes()]
    for fields in needed:
        assert [*fields, "created_at", "_id"] in indexes, fields


def test_preparing_the_collections_again_changes_nothing(portal, app):
    def state():
        found = {name: mongo.database[name] for name in COLLECTIONS}
        return {name: (c.options()["validator"], sorted(c.index_information())) for name, c in found.items()}

    before = state()
    answer = portal.test_cli_runner().invoke(args=["mongo", "indexes"])
    assert (answer.exit_code, answer.output) == (0, "")
    assert state() == before
    assert all(validator["$jsonSchema"] for validator, _ in before.values())
