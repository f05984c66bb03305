"""The audit trail: who did or saw what, of whom, in which role; sealed into a hash chain."""

from portal.audit.chain import head, verify
from portal.audit.events import latest
from portal.audit.lookups import events_of, looks_at, newest_about
from portal.audit.models import action_word
from portal.audit.stats import chain_health, counts_today
from portal.audit.trail import actor_names, last_recorded, note, note_opening, record, record_all

__all__ = [
    "action_word", "actor_names", "chain_health", "counts_today", "events_of", "head", "last_recorded", "latest",
    "looks_at", "newest_about", "note", "note_opening", "record", "record_all", "verify",
]  # fmt: skip
