"""Which scores came in for a customer's loans."""

from collections.abc import Sequence
from uuid import UUID

from portal.credit_scores.reading import lists
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest score entries of a customer before a place, newest first."""
    return [
        Happening(
            row.at, row.id, "score.entered", row.credit_score_id, row.entered_by,
            {"source": row.credit_score_source, "score": row.credit_score},
        )
        for row in lists.entries_of_customer(user_id, before, limit)
    ]  # fmt: skip
