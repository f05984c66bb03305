"""What every provider is given, and what it says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

MAX_KEPT = 200


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way. The address never shows where this is printed."""

    id: UUID
    channel: str
    address: str = field(repr=False)
    title: str = field(repr=False)
    content: str = field(repr=False)
    link: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Result:
    """How it went: no ``error_class`` when the provider took it. ``answer`` holds no personal data."""

    error_class: str | None = None
    provider_id: str | None = None
    answer: str = ""
    retry_after: timedelta | None = None


class Provider(Protocol):
    """``is_repeatable``: a second send of the same message reaches nobody twice."""

    name: str
    is_repeatable: bool

    def send(self, message: Outgoing) -> Result:
        """Send it, within seconds; whatever goes wrong is a result."""
