"""What a form said, as a use case gets it: typed values, and a sentence for whatever could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.shared.errors import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The base of what a form says; a field that could not be read has its default, and its sentence in ``unread``."""

    unread: Mapping[str, str] = field(default_factory=dict)

    def judged(self) -> Problems:
        """``with answers.judged() as wrong:`` collects what else is wrong and raises all of it at its end."""
        return Problems(self.unread)
