"""What happened to a customer's identity: submissions and the decisions on them."""

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from uuid import UUID

from portal.kyc.holding import lists
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening, newest_first


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest submissions and decisions of a customer before a place, newest first."""
    submitted = [
        Happening(row.at, row.id, "kyc.submitted", row.kyc_id, facts={"document_type": row.document_type})
        for row in lists.submitted(user_id, before, limit)
    ]
    decided = [
        Happening(
            row.at, row.id, f"kyc.{row.verdict}", row.kyc_id, row.decided_by,
            {"document_type": row.document_type, "reason_codes": row.reason_codes, "is_undone": row.is_undone},
        )
        for row in lists.decided(user_id, before, limit)
    ]  # fmt: skip
    return list(islice(merge(submitted, decided, key=newest_first), limit))
