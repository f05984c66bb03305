"""Identity checks: the queue, the workspace, the decision, and what became of it."""

from portal.kyc.claims import withdraw_all
from portal.kyc.decisions import SAME
from portal.kyc.images import store
from portal.kyc.intake import take_in_lines
from portal.kyc.models import CHECKLIST, STILL_VALID
from portal.kyc.nik import PROVINCES, WOMEN
from portal.kyc.queue import oldest_waiting, waiting_target
from portal.kyc.reasons import REASONS, customer_words
from portal.kyc.stats import QueueNumbers, decided_today, events_of, queue_numbers, why_rejected
from portal.kyc.workspace import holds_case_of, ids_between, is_identified

__all__ = [
    "CHECKLIST", "PROVINCES", "REASONS", "SAME", "STILL_VALID", "WOMEN", "QueueNumbers", "customer_words",
    "decided_today", "events_of", "holds_case_of", "ids_between", "is_identified", "oldest_waiting", "queue_numbers",
    "store", "take_in_lines", "waiting_target", "why_rejected", "withdraw_all",
]  # fmt: skip
