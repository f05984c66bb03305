"""One thing that happened to a customer, as every context tells it to the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.shared.pagination import Cursor


@dataclass(frozen=True, slots=True)
class Happening:
    """``kind`` says what happened, ``subject`` to what, ``facts`` what else is to be told; nothing personal."""

    at: datetime
    id: UUID
    kind: str
    subject: UUID | None
    actor_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Cursor:
        return Cursor(self.at, self.id)


def newest_first(happening: Happening) -> tuple[float, int]:
    """Sorts by time and id, the newest first."""
    return -happening.at.timestamp(), -happening.id.int
