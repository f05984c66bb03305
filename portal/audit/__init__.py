"""The audit trail: who did or saw what, of whom, in which role; sealed into a hash chain."""

from portal.audit.looking import events_of, looks_at, newest_about
from portal.audit.picture import chain_health, counts_today
from portal.audit.service import (
    actor_names,
    head,
    last_recorded,
    latest,
    note,
    note_opening,
    record,
    record_all,
    verify,
)
from portal.audit.wording import action_word

__all__ = [
    "action_word", "actor_names", "chain_health", "counts_today", "events_of", "head", "last_recorded", "latest",
    "looks_at", "newest_about", "note", "note_opening", "record", "record_all", "verify",
]  # fmt: skip
