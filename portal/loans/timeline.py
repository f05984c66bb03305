"""What happened to a customer's loans: submitted, decided, paid, overdue."""

from collections.abc import Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from portal.loans.telling import lists
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening, newest_first


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest entries of a customer's review histories, and installments not paid in time, before a place.

    Scores are left out: who may see them asks the credit scores.
    """
    told = [
        Happening(row.at, row.id, row.event, row.loan_id, _actor(row.new_data), _facts(row.new_data))
        for row in lists.told(user_id, before, limit)
    ]
    late = [
        Happening(row.at, row.id, "payment.overdue", row.loan_id,
                  facts={"number": row.sequence_number, "amount": row.payment_amount})
        for row in lists.late(user_id, before, limit)
    ]  # fmt: skip
    return list(islice(merge(told, late, key=newest_first), limit))


def _actor(new: Mapping[str, Any]) -> UUID | None:
    actor_id = new["_meta"].get("actor_id")
    return UUID(actor_id) if actor_id else None


def _facts(new: Mapping[str, Any]) -> dict[str, Any]:
    number = next(iter(new.get("payments", {})), None)
    amount = new.get("loan", {}).get("loan_amount")
    return {"number": number, "amount": amount, "reason_codes": new["_meta"].get("reason_codes", [])}
