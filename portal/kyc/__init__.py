"""Identity checks: the queue, the workspace, the decision, and what became of it."""

from portal.kyc import standing as _standing  # noqa: F401  it answers for messages
from portal.kyc.browsing import waiting_target
from portal.kyc.claiming import withdraw_all
from portal.kyc.deciding import CHECKLIST, SAME, STILL_VALID
from portal.kyc.feed import take_in_lines
from portal.kyc.images import store
from portal.kyc.nik import PROVINCES, WOMEN
from portal.kyc.picture import QueueNumbers, decided_today, oldest_waiting, queue_numbers, why_rejected
from portal.kyc.reading import holds_case_of, ids_between, is_identified
from portal.kyc.reasons import REASONS, customer_words
from portal.kyc.timeline import events_of

__all__ = [
    "CHECKLIST", "PROVINCES", "REASONS", "SAME", "STILL_VALID", "WOMEN", "QueueNumbers", "customer_words",
    "decided_today", "events_of", "holds_case_of", "ids_between", "is_identified", "oldest_waiting", "queue_numbers",
    "store", "take_in_lines", "waiting_target", "why_rejected", "withdraw_all",
]  # fmt: skip
