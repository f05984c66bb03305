"""Messages to customers: queued with the change they tell of, delivered, sent again."""

from portal.notifications.drafts import queue, withdraw
from portal.notifications.log import is_loan
from portal.notifications.messages import MESSAGES
from portal.notifications.models import Channel
from portal.notifications.repository.messages import prepare
from portal.notifications.resends.facts import Statement, checks_of
from portal.notifications.stats import (
    DAYS_COUNTED,
    DeliveryNumbers,
    delivery_numbers,
    events_of,
    ids_between,
    newest_failed,
)

__all__ = [
    "DAYS_COUNTED", "MESSAGES", "Channel", "DeliveryNumbers", "Statement", "checks_of", "delivery_numbers",
    "events_of", "ids_between", "is_loan", "newest_failed", "prepare", "queue", "withdraw",
]  # fmt: skip
