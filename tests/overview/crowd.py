"""Many rows at once, for what is counted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.notifications.models import COLLECTION, Notification
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.loans.book import sql

HOUR = timedelta(hours=1)


def make_checks(superuser: Any, number: int, **columns: str) -> None:
    """So many submissions at once; each column is an SQL expression over ``i``."""
    _insert(
        superuser,
        "user_kyc",
        number,
        {
            "kyc_id": "gen_random_uuid()",
            "user_id": "gen_random_uuid()",
            "document_type": "'ktp'",
            "document_number_hash": "md5(random()::text)",
            "document_front_image_path": "'front'",
            "document_selfie_image_path": "'selfie'",
            "created_at": "now() - i * interval '11 minutes'",
            **columns,
        },
    )


def make_decisions(superuser: Any, by: UUID, number: int, **columns: str) -> None:
    """So many decisions of this person, each on a check of its own."""
    make_checks(
        superuser, number, kyc_id="md5('decided' || i)::uuid", status="'verified'", user_id="md5(i::text)::uuid"
    )
    _insert(
        superuser,
        "kyc_decisions",
        number,
        {
            "decision_id": "gen_random_uuid()",
            "kyc_id": "md5('decided' || i)::uuid",
            "verdict": "'verified'",
            "decided_by": f"'{by}'",
            "decided_at": "now()",
            **columns,
        },
    )


def _insert(superuser: Any, table: str, number: int, values: dict[str, str]) -> None:
    columns, selected = ", ".join(values), ", ".join(values.values())
    sql(superuser, f"INSERT INTO {table} ({columns}) SELECT {selected} FROM generate_series(1, {number}) i")


def make_messages(
    number: int, *, status: str, channel: str, at: datetime | None = None, every: timedelta = HOUR
) -> None:
    """So many messages, the newest written just now."""
    customer, newest = make_customer(), at or clock.now()
    mongo.database[COLLECTION].insert_many(
        Notification(
            id=uuid4(),
            user_id=customer,
            loan_id=None,
            notification_category="kyc",
            notification_type=channel,
            notification_title="Dokumen Anda",
            notification_content="Halo",
            created_at=newest - place * every,
            notification_status=status,
        ).to_document()
        for place in range(number)
    )
